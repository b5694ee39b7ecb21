// SPDX-License-Identifier: GPL-2.0-or-later
/* Wake-up latency, by CPU. */
#include "report/parts.h"

#define P50 0
#define P99 2
#define MAX (TN_PERCENTILES - 1)

static void add_row(const struct report *r, struct report_table *t, const struct tn_wakeup_total *w)
{
	const struct tn_metric_total *p = w->latency.percentile;
	struct report_buf b[7];

	report_table_row(t, report_cpu_and_kind(&b[0], r->run, w->first->cpu, w->first->isolated),
			 report_ns(&b[1], p[P50].merged), report_interval_ns(&b[2], p[P50].interval),
			 report_ns(&b[3], p[P99].merged), report_interval_ns(&b[4], p[P99].interval),
			 report_ns(&b[5], p[P99 + 1].merged), report_ns(&b[6], p[MAX].merged));
	report_table_note(t, "%s wake-ups; %s periods missed", report_count(&b[0], w->latency.all.count),
			  report_count(&b[1], w->missed));
}

int report_wakeups(struct report *r)
{
	static const struct report_column columns[] = {
		{"CPU", true},       {"P50", false},   {"INTERVAL", false}, {"P99", false},
		{"INTERVAL", false}, {"P99.9", false}, {"MAX", false},
	};
	const struct tn_wakeup_total *w = r->kinds.wakeup;
	struct report_buf interval, confidence;
	struct report_table *t;

	if (!r->kinds.n_wakeups)
		return 0;
	report_heading(r, "Wake-up latency");
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"From the programmed time, every %s, to the return to userspace. Percentiles are over all rounds as one, the "
		"intervals are those of the median over whole rounds (%s). Missed periods had passed when the "
		"wake-up for an earlier one came. A dash: too few for that percentile.",
		report_ns(&interval, (double)w->first->interval_ns),
		report_confidence(&confidence, w->latency.percentile[P50].interval.confidence));
	t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	for (size_t i = 0; i < r->kinds.n_wakeups; i++)
		add_row(r, t, &w[i]);
	return report_table_print(t, r);
}

void report_say_wakeups(struct report *r)
{
	for (size_t i = 0; i < r->kinds.n_wakeups; i++) {
		const struct tn_wakeup_total *w = &r->kinds.wakeup[i];
		struct report_buf b[2];

		report_text(r, REPORT_PLAIN, 2, 4, "- CPU %d (%s): wakes up %s late at the median, at most %s.",
			    w->first->cpu, report_cpu_kind(r->run, w->first->cpu, w->first->isolated),
			    report_ns(&b[0], w->latency.percentile[P50].merged),
			    report_ns(&b[1], w->latency.percentile[MAX].merged));
	}
}
