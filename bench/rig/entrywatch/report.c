// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was seen, as JSON with addresses: the launcher gives them names. Counts of all vCPUs are added up, since
 * the question is the same for each; entries are also given by vCPU.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "watch.h"

static void write_entries(FILE *f, const struct watch *w)
{
	const struct kernel *k = &w->kernel;

	fprintf(f, "  \"entries\": [\n");
	for (unsigned int e = 0; e < k->n_entries; e++) {
		uint64_t watched = 0, nested = 0, elsewhere = 0;

		for (unsigned int i = 0; i < w->n_cpus; i++) {
			watched += w->vcpu[i].entered[e].watched;
			nested += w->vcpu[i].entered[e].nested;
			elsewhere += w->vcpu[i].entered[e].elsewhere;
		}
		fprintf(f,
			"    {\"symbol\": \"%s\", \"watched\": %" PRIu64 ", \"nested\": %" PRIu64
			", \"elsewhere\": %" PRIu64 "}%s\n",
			k->entry[e].name, watched, nested, elsewhere, e + 1 < k->n_entries ? "," : "");
	}
	fprintf(f, "  ],\n");
}

static void write_lengths(FILE *f, const struct watch *w)
{
	for (unsigned int p = 0; p < PHASES; p++) {
		uint64_t windows = 0, seen = 0, at[LENGTHS] = {0};
		unsigned int longest = 0, median = 0;

		for (unsigned int i = 0; i < w->n_cpus; i++) {
			windows += w->vcpu[i].windows[p];
			if (w->vcpu[i].longest[p] > longest)
				longest = w->vcpu[i].longest[p];
			for (unsigned int l = 0; l < LENGTHS; l++)
				at[l] += w->vcpu[i].lengths[p][l];
		}
		while (median < LENGTHS - 1 && (seen += at[median]) * 2 < windows)
			median++;
		fprintf(f,
			"  \"windows_%s\": {\"count\": %" PRIu64
			", \"median_instructions\": %u, \"longest_instructions\": %u},\n",
			phase_name((enum phase)p), windows, median, longest);
	}
}

static void write_access(FILE *f, const struct watch *w, const struct access *a, const char *before)
{
	fprintf(f,
		"%s    {\"instruction\": \"%" PRIx64 "\", \"target\": \"%s\", \"phase\": \"%s\", \"count\": %" PRIu64
		", \"stores\": %" PRIu64 ", \"entry\": \"%s\", \"addresses\": [",
		before, a->instruction, target_name(a->target), phase_name(a->phase), a->count, a->stores,
		a->first_entry < 0 ? "" : w->kernel.entry[a->first_entry].name);
	for (unsigned int i = 0; i < a->n_addresses; i++)
		fprintf(f, "%s\"%" PRIx64 "\"", i ? ", " : "", a->address[i]);
	fprintf(f, "]}");
}

static uint64_t write_table(FILE *f, const struct watch *w, const char *key, size_t offset)
{
	struct table *sum = calloc(1, sizeof(*sum));
	const char *before = "";

	if (!sum)
		abort();
	for (unsigned int i = 0; i < w->n_cpus; i++)
		table_merge(sum, (const struct table *)((const char *)&w->vcpu[i] + offset));
	fprintf(f, "  \"%s\": [\n", key);
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		if (!sum->slot[i].instruction)
			continue;
		write_access(f, w, &sum->slot[i], before);
		before = ",\n";
	}
	fprintf(f, "\n  ],\n");
	uint64_t dropped = sum->dropped;
	free(sum);
	return dropped;
}

/**
 * watch_report() - write what was seen
 * @w: the watch; vCPUs have stopped
 *
 * The file comes to its name only when it is whole.
 */
void watch_report(struct watch *w)
{
	uint64_t work = 0, dropped = 0;
	char part[4096];
	FILE *f;

	snprintf(part, sizeof(part), "%s.part", w->out);
	f = fopen(part, "w");
	if (!f) {
		perror(part);
		return;
	}
	for (unsigned int i = 0; i < w->n_cpus; i++)
		work += w->vcpu[i].with_work;
	fprintf(f, "{\n  \"ready\": %s,\n", atomic_load(&w->ready) ? "true" : "false");
	fprintf(f, "  \"vmalloc\": [\"%" PRIx64 "\", \"%" PRIx64 "\"],\n", w->kernel.vmalloc_start,
		w->kernel.vmalloc_end);
	write_entries(f, w);
	write_lengths(f, w);
	dropped += write_table(f, w, "accesses", offsetof(struct vcpu, accesses));
	dropped += write_table(f, w, "outside", offsetof(struct vcpu, outside));
	fprintf(f, "  \"with_work\": %" PRIu64 ",\n  \"dropped\": %" PRIu64 "\n}\n", work, dropped);
	if (fclose(f) == 0 && rename(part, w->out) == 0)
		return;
	perror(w->out);
}
