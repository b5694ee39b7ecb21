// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The distributions: jitter, which is the headline, and the lengths of interruptions, which mislead when
 * read alone. Each with its spread over the rounds.
 */
#include <stdio.h>

#include "report/parts.h"

static const struct report_column columns[] = {
	{"CPU", false}, {"ROUNDS", true}, {"P50", false},    {"P90", false},
	{"P99", false}, {"P99.9", false}, {"P99.99", false}, {"MAX", false},
};

enum figure { MERGED, LOWEST, HIGHEST };

static const char *figure(struct report_buf *b, const struct tn_run_total *t, unsigned int metric, enum figure which)
{
	const struct tn_metric_total *m = &t->metric[metric];

	return report_ns(b, which == MERGED ? m->merged : which == LOWEST ? m->lowest : m->highest);
}

static void add_row(struct report_table *t, const struct tn_run_total *total, unsigned int first, enum figure which)
{
	static const char *const name[] = {"together", "lowest", "highest"};
	struct report_buf b[TN_PERCENTILES];
	char cpu[16] = "";

	if (which == MERGED)
		snprintf(cpu, sizeof(cpu), "%d", total->cpu);
	for (unsigned int p = 0; p < TN_PERCENTILES; p++)
		figure(&b[p], total, first + p, which);
	report_table_row(t, cpu, name[which], b[0].text, b[1].text, b[2].text, b[3].text, b[4].text, b[5].text);
}

static int print_percentiles(struct report *r, unsigned int first)
{
	struct report_table *t = report_table_new(columns, TN_ARRAY_SIZE(columns));

	for (size_t i = 0; i < r->totals.n; i++) {
		add_row(t, &r->totals.cpu[i], first, MERGED);
		if (r->totals.cpu[i].rounds - r->totals.cpu[i].partial < 2)
			continue;
		add_row(t, &r->totals.cpu[i], first, LOWEST);
		add_row(t, &r->totals.cpu[i], first, HIGHEST);
	}
	return report_table_print(t, r);
}

static bool any_partial(const struct report *r)
{
	for (size_t i = 0; i < r->totals.n; i++)
		if (r->totals.cpu[i].partial)
			return true;
	return false;
}

int report_jitter(struct report *r)
{
	struct report_buf quantum;
	char title[96];

	if (!r->totals.n)
		return 0;
	snprintf(title, sizeof(title), "Jitter: extra time that %s of work needed",
		 report_ns(&quantum, (double)r->run->quantum_ns));
	report_heading(r, title);
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"Percentiles over all quanta of the window, interrupted or not. \"together\" takes all rounds as one; "
		"\"lowest\" and \"highest\" are the extremes of single rounds%s. A dash: too few for that percentile.",
		any_partial(r) ? ", without those that were cut short" : "");
	return print_percentiles(r, TN_METRIC_JITTER);
}

static bool any_interruption(const struct report *r)
{
	for (size_t i = 0; i < r->totals.n; i++)
		if (r->totals.cpu[i].interruptions.count)
			return true;
	return false;
}

int report_interruptions(struct report *r)
{
	if (!any_interruption(r))
		return 0;
	report_heading(r, "Length of interruptions");
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"Percentiles over interruptions only. They rise when short ones are removed: judge a change by jitter "
		"and rate. A dash: too few for that percentile.");
	return print_percentiles(r, TN_METRIC_INTERRUPTION);
}

/* "0.1% to 0.2%"; "-" where there are no whole rounds to have a range. */
static void format_share_range(char *buf, size_t size, double low, double high)
{
	struct report_buf l, h;

	if (isfinite(low) && isfinite(high))
		snprintf(buf, size, "%s to %s", report_share(&l, low), report_share(&h, high));
	else
		snprintf(buf, size, "-");
}

int report_rates(struct report *r)
{
	static const struct report_column rate_columns[] = {
		{"CPU", false},         {"COUNT", false},  {"PER S", false},       {"95% INTERVAL", false},
		{"OVER ROUNDS", false}, {"STOLEN", false}, {"OVER ROUNDS", false},
	};
	struct report_table *t;

	if (!r->totals.n)
		return 0;
	report_heading(r, "Interruptions per second, and time stolen");
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"The interval is exact if interruptions come independently. They come in bursts where the spread over "
		"the rounds is wider.");
	t = report_table_new(rate_columns, TN_ARRAY_SIZE(rate_columns));
	for (size_t i = 0; i < r->totals.n; i++) {
		const struct tn_run_total *c = &r->totals.cpu[i];
		const struct tn_metric_total *rate = &c->metric[TN_METRIC_PER_S],
					     *stolen = &c->metric[TN_METRIC_STOLEN_SHARE];
		struct report_buf b[5];
		char cpu[16], shares[2 * REPORT_TEXT + 8];

		snprintf(cpu, sizeof(cpu), "%d", c->cpu);
		format_share_range(shares, sizeof(shares), stolen->lowest, stolen->highest);
		report_table_row(t, cpu, report_count(&b[0], c->interruptions.count),
				 report_number(&b[1], rate->merged), report_interval(&b[2], c->per_s),
				 report_interval(&b[3], (struct tn_interval){rate->lowest, rate->highest, 0}),
				 report_share(&b[4], stolen->merged), shares);
	}
	return report_table_print(t, r);
}
