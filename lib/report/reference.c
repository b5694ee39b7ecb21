// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What other tools say of the same CPUs, with our figures for the same thing below theirs. Not all is the same thing:
 * where a tool or ours has no such figure there is a dash.
 */
#include <stdlib.h>
#include <string.h>

#include "report/parts.h"

#define P50   0
#define P99   2
#define P99_9 3
#define MAX   (TN_PERCENTILES - 1)

/* Rounds of one tool on one CPU. */
struct group {
	const struct tn_run_reference *first;
	size_t rounds, failed;
	uint64_t samples;
	double min, max;
	const char *failure;
	uint32_t failed_round;
};

static bool same(const struct tn_run_reference *a, const struct tn_run_reference *b)
{
	return a->cpu == b->cpu && !strcmp(a->tool, b->tool);
}

static struct group group_of(const struct tn_run *run, const struct tn_run_reference *first)
{
	struct group g = {.first = first, .min = NAN, .max = NAN};

	for (size_t i = 0; i < run->n_references; i++) {
		const struct tn_run_reference *f = &run->reference[i];

		if (!same(first, f))
			continue;
		g.rounds++;
		if (f->failure[0] && !g.failed++) {
			g.failure = f->failure;
			g.failed_round = f->round;
		}
		g.samples += f->samples;
		g.min = fmin(g.min, f->min_ns);
		g.max = fmax(g.max, f->max_ns);
	}
	return g;
}

/* The median over the rounds that worked of the figure at @offset; NaN if one of them has none. */
static double median_of(const struct tn_run *run, const struct tn_run_reference *first, size_t offset)
{
	tn_autofree double *v = calloc(run->n_references, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v && i < run->n_references; i++) {
		const struct tn_run_reference *f = &run->reference[i];

		if (!same(first, f) || f->failure[0])
			continue;
		v[n] = *(const double *)(const void *)((const char *)f + offset);
		if (isnan(v[n++]))
			return NAN;
	}
	return v ? tn_median(v, n) : NAN;
}

static void add_tool(const struct report *r, struct report_table *t, const struct group *g)
{
	struct report_buf b[6];
	char cpu[16];

	snprintf(cpu, sizeof(cpu), "%d", g->first->cpu);
	report_table_row(t, g->first->tool, cpu, report_count(&b[0], g->samples), report_ns(&b[1], g->min),
			 report_ns(&b[2], median_of(r->run, g->first, offsetof(struct tn_run_reference, p50_ns))),
			 report_ns(&b[3], median_of(r->run, g->first, offsetof(struct tn_run_reference, p99_ns))),
			 report_ns(&b[4], median_of(r->run, g->first, offsetof(struct tn_run_reference, p999_ns))),
			 report_ns(&b[5], g->max));
	if (g->failed)
		report_table_note(t, "%zu of %zu rounds failed, round %u: %s", g->failed, g->rounds,
				  g->failed_round + 1, g->failure);
}

/* Our timer on the same CPU. */
static void add_timer(const struct report *r, struct report_table *t, int cpu)
{
	char number[16];
	struct report_buf b[6];

	snprintf(number, sizeof(number), "%d", cpu);
	for (size_t i = 0; i < r->kinds.n_wakeups; i++) {
		const struct tn_wakeup_total *w = &r->kinds.wakeup[i];
		const struct tn_metric_total *p = w->latency.percentile;

		if (w->first->cpu != cpu)
			continue;
		report_table_row(t, "our timer", number, report_count(&b[0], w->latency.all.count),
				 report_ticks(&b[1], r->run, (double)w->latency.all.min),
				 report_ns(&b[2], p[P50].median), report_ns(&b[3], p[P99].median),
				 report_ns(&b[4], p[P99_9].median), report_ns(&b[5], p[MAX].merged));
	}
}

/* Our loop on the same CPU: passes, the floor, and the longest gap. Passes below the threshold are not kept one by one.
 */
static void add_spin(const struct report *r, struct report_table *t, int cpu)
{
	uint64_t passes = 0, floor = UINT64_MAX, longest = 0, median = 0;
	char number[16];
	struct report_buf b[4];
	bool any = false;

	for (size_t i = 0; i < r->run->n_cpus; i++) {
		const struct tn_run_cpu *c = &r->run->cpu[i];

		if (c->cpu != cpu)
			continue;
		any = true;
		passes += c->quanta * c->quantum_passes;
		floor = c->floor_min_ticks < floor ? c->floor_min_ticks : floor;
		median = c->floor_median_ticks > median ? c->floor_median_ticks : median;
		longest = c->interruptions.count && c->interruptions.max > longest ? c->interruptions.max : longest;
	}
	if (!any)
		return;
	snprintf(number, sizeof(number), "%d", cpu);
	report_table_row(t, "our spin", number, report_count(&b[0], passes), report_ticks(&b[1], r->run, (double)floor),
			 report_ticks(&b[2], r->run, (double)median), "-", "-",
			 longest ? report_ticks(&b[3], r->run, (double)longest) : "-");
}

static void say_commands(struct report *r)
{
	const struct tn_run *run = r->run;

	for (size_t i = 0; i < run->n_references; i++) {
		const struct tn_run_reference *f = &run->reference[i];
		size_t k = 0;

		while (k < i && strcmp(run->reference[k].tool, f->tool))
			k++;
		if (k == i)
			report_text(r, REPORT_PLAIN, 2, 4, "%s %s: %s", f->tool, f->version, f->command);
	}
}

int report_references(struct report *r)
{
	static const struct report_column columns[] = {
		{"TOOL", true}, {"CPU", false}, {"SAMPLES", false}, {"MIN", false},
		{"P50", false}, {"P99", false}, {"P99.9", false},   {"MAX", false},
	};
	const struct tn_run *run = r->run;
	struct report_table *t;
	int rc;

	if (!run->n_references)
		return 0;
	report_heading(r, "Other tools on the same CPUs");
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"In rounds of their own under the same churn, without kernel events armed; our windows of kind spin have "
		"them armed. MIN and MAX are over all rounds, percentiles the median over rounds. oslat counts passes of its "
		"loop, cyclictest wake-ups, both in steps of %.0f us. A dash: not known.",
		isfinite(run->reference[0].resolution_ns) ? run->reference[0].resolution_ns / 1000 : 1.0);
	t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	for (size_t i = 0; i < run->n_references; i++) {
		const struct tn_run_reference *f = &run->reference[i];
		struct group g;
		size_t k = 0;

		while (k < i && !same(&run->reference[k], f))
			k++;
		if (k < i)
			continue;
		g = group_of(run, f);
		add_tool(r, t, &g);
		if (!strcmp(f->tool, "cyclictest"))
			add_timer(r, t, f->cpu);
		else
			add_spin(r, t, f->cpu);
	}
	rc = report_table_print(t, r);
	say_commands(r);
	return rc;
}
