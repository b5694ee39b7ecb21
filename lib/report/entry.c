// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it costs to enter the kernel and come back, by operation, CPU and condition: the price of a kernel change
 * beside its gain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/parts.h"

#define P50   0
#define P99   2
#define P99_9 3

/* What kind of CPU it is in this run. */
const char *report_cpu_kind(const struct tn_run *run, int cpu, bool isolated)
{
	if (isolated)
		return "isolated";
	return tn_cpus_has(&run->housekeeping, (unsigned int)cpu) ? "housekeeping" : "not isolated";
}

/* "1 isolated", to save a column. */
const char *report_cpu_and_kind(struct report_buf *b, const struct tn_run *run, int cpu, bool isolated)
{
	snprintf(b->text, sizeof(b->text), "%d %s", cpu, report_cpu_kind(run, cpu, isolated));
	return b->text;
}

static int compare(const void *a, const void *b)
{
	const struct tn_run_entry_cost *x = (*(const struct tn_entry_total *const *)a)->first;
	const struct tn_run_entry_cost *y = (*(const struct tn_entry_total *const *)b)->first;
	int by_operation = strcmp(x->operation, y->operation);

	if (by_operation)
		return by_operation;
	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return (int)x->condition - (int)y->condition;
}

/* By operation, CPU and condition; free() */
static const struct tn_entry_total **sorted(const struct report *r)
{
	const struct tn_entry_total **order = calloc(r->kinds.n_entries + 1, sizeof(*order));

	for (size_t i = 0; order && i < r->kinds.n_entries; i++)
		order[i] = &r->kinds.entry[i];
	if (order)
		qsort(order, r->kinds.n_entries, sizeof(*order), compare);
	return order;
}

static void add_row(const struct report *r, struct report_table *t, const struct tn_entry_total *e)
{
	const struct tn_metric_total *p = e->cost.percentile;
	struct report_buf b[6];

	report_table_row(t, report_cpu_and_kind(&b[0], r->run, e->first->cpu, e->first->isolated),
			 tn_condition_name(e->first->condition), report_ns(&b[1], p[P50].merged),
			 report_interval_ns(&b[2], p[P50].interval), report_ns(&b[3], p[P99].merged),
			 report_interval_ns(&b[4], p[P99].interval), report_ns(&b[5], p[P99_9].merged));
}

static bool any_traced(const struct tn_run *run)
{
	for (size_t i = 0; i < run->n_entry_costs; i++)
		if (run->entry_cost[i].traced)
			return true;
	return false;
}

/* Those of the operation at @from; @next: the first of another. */
static int print_operation(struct report *r, const struct tn_entry_total **order, size_t from, size_t *next)
{
	static const struct report_column columns[] = {
		{"CPU", true},  {"WITH", true},      {"P50", false},   {"INTERVAL", false},
		{"P99", false}, {"INTERVAL", false}, {"P99.9", false},
	};
	struct report_table *t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	const char *operation = order[from]->first->operation;
	size_t i;

	report_text(r, REPORT_BOLD, 2, 2, "%s:", operation);
	for (i = from; i < r->kinds.n_entries && !strcmp(order[i]->first->operation, operation); i++)
		add_row(r, t, order[i]);
	*next = i;
	return report_table_print(t, r);
}

int report_entry_costs(struct report *r)
{
	tn_autofree const struct tn_entry_total **order = NULL;
	struct report_buf clock, grain, confidence;
	int rc = 0;

	if (!r->kinds.n_entries)
		return 0;
	order = sorted(r);
	if (!order)
		return -ENOMEM;
	report_heading(r, "Cost of entering the kernel, and of coming back");
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"Each call was timed on its own, less the %s that reading the clock costs; the clock's grain is %s. Percentiles "
		"are over all rounds as one, the intervals are those of the median over whole rounds (%s). A page-fault is "
		"a write to a page that is there and not mapped. Kernel events were %s.",
		report_ticks(&clock, r->run, (double)order[0]->first->clock_ticks),
		report_ticks(&grain, r->run, (double)r->run->clock.quantum_ticks),
		report_confidence(&confidence, order[0]->cost.percentile[P50].interval.confidence),
		any_traced(r->run) ? "armed in some of these windows, which makes entries dearer" : "not armed");
	for (size_t i = 0, next; i < r->kinds.n_entries && !rc; i = next)
		rc = print_operation(r, order, i, &next);
	return rc;
}

/* "- CPU 1 (isolated): getpid takes 111 ns quiet, 121 ns under churn." */
void report_say_entry_costs(struct report *r)
{
	tn_autofree const struct tn_entry_total **order = sorted(r);
	size_t n = order ? r->kinds.n_entries : 0, next;

	for (size_t i = 0; i < n; i = next) {
		const struct tn_run_entry_cost *e = order[i]->first;
		char text[160] = "";
		struct report_buf b;
		size_t len;

		for (next = i; next < n && order[next]->first->cpu == e->cpu &&
			       !strcmp(order[next]->first->operation, e->operation);
		     next++) {
			len = strlen(text);
			snprintf(text + len, sizeof(text) - len, "%s%s %s", len ? ", " : "",
				 report_ns(&b, order[next]->cost.percentile[P50].merged),
				 order[next]->first->condition == TN_CONDITION_QUIET ? "quiet" : "under churn");
		}
		report_text(r, REPORT_PLAIN, 2, 4, "- CPU %d (%s): %s takes %s (medians).", e->cpu,
			    report_cpu_kind(r->run, e->cpu, e->isolated), e->operation, text);
	}
}
