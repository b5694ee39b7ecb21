// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who did it: the table of causes, the classes with their conservation, and the kernel's counters where
 * there is nothing better.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/parts.h"

#define CAUSES_SHOWN      20
#define CAUSES_SHOWN_HTML 200

/* What the rate of a class counts: where no kernel event was seen there are no entries, only interruptions. */
uint64_t report_events(enum tn_class class, uint64_t entries, uint64_t interruptions)
{
	return class == TN_CLASS_UNEXPLAINED || class == TN_CLASS_NONE ? interruptions : entries;
}

static int compare_causes(const void *a, const void *b, void *userdata)
{
	const struct tn_run *run = userdata;
	const struct tn_run_cause *x = &run->cause[*(const size_t *)a], *y = &run->cause[*(const size_t *)b];

	if (x->stolen_ticks != y->stolen_ticks)
		return x->stolen_ticks < y->stolen_ticks ? 1 : -1;
	if (x->entries != y->entries)
		return x->entries < y->entries ? 1 : -1;
	return *(const size_t *)a < *(const size_t *)b ? -1 : 1;
}

size_t *report_causes_sorted(const struct tn_run *run)
{
	size_t *order = calloc(run->n_causes + 1, sizeof(*order));

	for (size_t i = 0; order && i < run->n_causes; i++)
		order[i] = i;
	if (order)
		qsort_r(order, run->n_causes, sizeof(*order), compare_causes, (void *)run);
	return order;
}

static void append(char *buf, size_t size, const char *fmt, const char *text)
{
	size_t len = strlen(buf);

	if (text[0])
		snprintf(buf + len, size - len, "%s%s%s", len ? ", " : "", fmt, text);
}

/* What an interruption was in which no kernel event was seen. */
const char *report_unexplained(const struct tn_run *run)
{
	return tn_run_events_lost(run) ? "no kernel event seen inside: not known, since events were lost"
				       : "no kernel event inside: hardware or hypervisor";
}

/* "sent by CPU 0 (bpf)", or that nothing was sent. */
static void append_sender(const struct tn_run_cause *c, char *buf, size_t size)
{
	char who[REPORT_TEXT + 64] = "the probed CPU";
	struct report_buf cpus;
	size_t len;

	if (tn_cpus_empty(&c->sender_cpus) && !c->local)
		return;
	if (!tn_cpus_empty(&c->sender_cpus))
		snprintf(who, sizeof(who), "CPU %s", report_cpus(&cpus, &c->sender_cpus));
	append(buf, size, c->local ? "run by " : "sent by ", who);
	len = strlen(buf);
	snprintf(buf + len, size - len, "%s%s%s%s%s", c->local ? "'s own task" : "", c->sender_comm[0] ? " (" : "",
		 c->sender_comm, c->sender_comm[0] ? ")" : "", c->local ? ", no IPI" : "");
}

/* "do_kernel_range_flush, from __purge_vmap_area_lazy, sent by CPU 0 (bpf)"; "" when nothing is known. */
void report_who(const struct tn_run *run, const struct tn_run_cause *c, char *buf, size_t size)
{
	buf[0] = '\0';
	if (c->class == TN_CLASS_UNEXPLAINED)
		append(buf, size, "", report_unexplained(run));
	append(buf, size, "", c->function);
	/* the vector says nothing more where function and sender are known, or when it is the class */
	if ((!c->function[0] || !c->sender_comm[0]) && strcmp(c->detail, tn_class_name(c->class)))
		append(buf, size, "", c->detail);
	append(buf, size, "from ", c->culprit);
	append_sender(c, buf, size);
}

/* Whether what report_events() gives is the whole truth, so that it has an interval. */
static bool is_whole(const struct tn_run *run, enum tn_class class)
{
	return class == TN_CLASS_UNEXPLAINED || class == TN_CLASS_NONE ? tn_run_causes_whole(run)
								       : tn_run_entries_whole(run);
}

static void add_cause(struct report *r, struct report_table *t, const struct tn_run_cause *c)
{
	uint64_t events = report_events(c->class, c->entries, c->interruptions);
	struct tn_interval i = tn_poisson_interval(events, r->totals.cpu_s, TN_CONFIDENCE);
	struct report_buf b[7];
	char who[512];

	report_table_row(t, tn_class_name(c->class),
			 report_number(&b[0], r->totals.cpu_s > 0.0 ? (double)events / r->totals.cpu_s : NAN),
			 is_whole(r->run, c->class) ? report_interval(&b[1], i) : "-", report_count(&b[2], c->entries),
			 report_count(&b[3], c->matched), report_count(&b[4], c->too_short),
			 report_ticks(&b[5], r->run, (double)c->stolen_ticks),
			 report_ticks(&b[6], r->run, (double)c->max_ticks));
	report_who(r->run, c, who, sizeof(who));
	if (who[0])
		report_table_note(t, "%s", who);
}

int report_causes(struct report *r)
{
	static const struct report_column columns[] = {
		{"CLASS", true}, {"PER S", false}, {"95% INTERVAL", false}, {"ENTRIES", false},
		{"SEEN", false}, {"SHORT", false}, {"STOLEN", false},       {"MAX", false},
	};
	tn_autofree size_t *order = report_causes_sorted(r->run);
	size_t shown = r->opt.html ? CAUSES_SHOWN_HTML : CAUSES_SHOWN;
	struct report_table *t;
	int rc;

	if (!order)
		return -ENOMEM;
	if (!r->run->n_causes)
		return 0;
	report_heading(r, r->totals.n > 1 ? "Causes, by time stolen; per second of one CPU" : "Causes, by time stolen");
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"An interruption counts for one cause, with all its time: the task switched to if there was one, else "
		"the first entry in it. SHORT: too short to be seen%s.%s",
		r->run->lost.ring ? ", or in an interruption that the full ring lost" : "",
		tn_run_events_lost(r->run)
			? " Kernel events were lost: rates are lower bounds, and interruptions whose events were "
			  "lost count as unexplained."
			: "");
	t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	for (size_t i = 0; i < r->run->n_causes && i < shown; i++)
		add_cause(r, t, &r->run->cause[order[i]]);
	rc = report_table_print(t, r);
	if (r->run->n_causes > shown)
		report_text(r, REPORT_PLAIN, 2, 2,
			    "%zu more causes, each with less time stolen, are in the run document.",
			    r->run->n_causes - shown);
	return rc;
}

static void add_up(const struct report *r, struct tn_run_class sum[TN_CLASS_COUNT])
{
	for (size_t k = 0; k < r->totals.n; k++) {
		for (unsigned int i = 0; i < TN_CLASS_COUNT; i++) {
			const struct tn_run_class *c = &r->totals.cpu[k].by_class[i];

			sum[i].entries += c->entries;
			sum[i].matched += c->matched;
			sum[i].too_short += c->too_short;
			sum[i].interruptions += c->interruptions;
			sum[i].stolen_ticks += c->stolen_ticks;
			if (c->max_ticks > sum[i].max_ticks)
				sum[i].max_ticks = c->max_ticks;
		}
	}
}

static void add_class(const struct report *r, struct report_table *t, const char *name, const struct tn_run_class *c)
{
	struct report_buf b[6];

	report_table_row(t, name, report_count(&b[0], c->entries), report_count(&b[1], c->matched),
			 report_count(&b[2], c->too_short), report_count(&b[3], c->interruptions),
			 report_ticks(&b[4], r->run, (double)c->stolen_ticks),
			 report_ticks(&b[5], r->run, (double)c->max_ticks));
}

/* Zero seen is a result too, with its upper bound, but not of what could not be seen. */
static void say_unseen(struct report *r, const struct tn_run_class *sum)
{
	struct tn_interval i = tn_poisson_interval(0, r->totals.cpu_s, TN_CONFIDENCE);
	char unseen[512] = "", dark[512] = "";
	struct report_buf bound;

	for (unsigned int k = 0; k < TN_CLASS_COUNT; k++) {
		const char *name = tn_class_name((enum tn_class)k);

		if (!tn_class_observable(r->run->level, (enum tn_class)k))
			append(dark, sizeof(dark), "", name);
		else if (!sum[k].entries && !sum[k].interruptions && is_whole(r->run, (enum tn_class)k))
			append(unseen, sizeof(unseen), "", name);
	}
	if (unseen[0])
		report_text(r, REPORT_PLAIN, 2, 2, "Not seen, so each below %s/s (95%%): %s.",
			    report_number(&bound, i.high), unseen);
	if (tn_run_events_lost(r->run))
		report_text(
			r, REPORT_PLAIN, 2, 2,
			"Kernel events were lost: what is not listed may have happened too, and there are no bounds.");
	if (dark[0])
		report_text(
			r, REPORT_PLAIN, 2, 2,
			"Cannot be told at level %s, or only in part, since it does not name the function that an IPI "
			"ran and counts all of these as other-ipi: %s.",
			tn_trace_level_name(r->run->level), dark);
}

static void say_edges(struct report *r)
{
	uint64_t outside = 0, local = 0, unknown = 0;
	struct report_buf b[3];

	for (size_t i = 0; i < r->run->n_cpus; i++) {
		outside += r->run->cpu[i].entries_outside;
		local += r->run->cpu[i].flush_local;
		unknown += r->run->cpu[i].senders_unknown;
	}
	if (outside + local + unknown)
		report_text(
			r, REPORT_PLAIN, 2, 2,
			"Beside these: %s entries outside the windows, not counted; %s kernel TLB flushes that the probed "
			"CPU's own tasks ran without an IPI; %s IPIs whose sender was not seen.",
			report_count(&b[0], outside), report_count(&b[1], local), report_count(&b[2], unknown));
}

int report_classes(struct report *r)
{
	static const struct report_column columns[] = {
		{"CLASS", true},          {"ENTRIES", false}, {"= SEEN", false}, {"+ TOO SHORT", false},
		{"INTERRUPTIONS", false}, {"STOLEN", false},  {"MAX", false},
	};
	struct tn_run_class sum[TN_CLASS_COUNT] = {0};
	struct report_table *t;
	int rc;

	if (!r->totals.n || r->run->level > TN_TRACE_ENTRY)
		return 0;
	report_heading(r, tn_run_events_lost(r->run)
				  ? "Conservation: the kernel events on the probed CPUs that were not lost"
				  : "Conservation: every kernel event on the probed CPUs inside the windows");
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"An entry was seen by the probe, as part of an interruption, or was too short to reach the threshold%s.",
		r->run->lost.ring ? ", or in an interruption that the full ring lost" : "");
	add_up(r, sum);
	t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	for (unsigned int i = 0; i < TN_CLASS_COUNT; i++)
		if (sum[i].entries || sum[i].interruptions)
			add_class(r, t, tn_class_name((enum tn_class)i), &sum[i]);
	rc = report_table_print(t, r);
	say_unseen(r, sum);
	say_edges(r);
	return rc;
}

static void add_counters(struct report_table *t, const struct tn_run_cpu *c)
{
	char cpu[16], round[16];
	struct report_buf n;

	for (size_t i = 0; i < c->n_counters; i++) {
		snprintf(cpu, sizeof(cpu), "%d", c->cpu);
		snprintf(round, sizeof(round), "%u", c->round);
		if (c->counter[i].delta)
			report_table_row(t, cpu, round, report_count(&n, c->counter[i].delta), c->counter[i].name,
					 c->counter[i].text);
	}
}

/* The kernel's own counts, where no events could be had. */
int report_counters(struct report *r)
{
	static const struct report_column columns[] = {
		{"CPU", false}, {"ROUND", false}, {"COUNT", false}, {"ROW", true}, {"WHAT", true}};
	struct report_table *t;
	struct report_buf n;
	uint64_t dropped = 0;
	char time[128], title[160];
	bool more;

	if (r->run->level != TN_TRACE_COUNTERS)
		return 0;
	more = report_evidence_time(r->run, time, sizeof(time));
	snprintf(title, sizeof(title), "What the kernel counted%s", time);
	report_heading(r, title);
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"From /proc/interrupts and /proc/softirqs. Level counters tells how many, not which interruption each "
		"caused nor who sent it%s.",
		more ? "; the counts cover more than the windows" : "");
	for (size_t i = 0; i < r->run->n_cpus; i++)
		dropped += r->run->cpu[i].counters_dropped;
	if (dropped)
		report_text(r, REPORT_PLAIN, 2, 2, "%s rows of /proc/interrupts found no room and are not below.",
			    report_count(&n, dropped));
	t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	for (size_t i = 0; i < r->run->n_cpus; i++)
		add_counters(t, &r->run->cpu[i]);
	return report_table_print(t, r);
}
