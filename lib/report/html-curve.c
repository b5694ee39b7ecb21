// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the plots of the distributions draw, as JSON: percentiles of jitter with the intervals that the comparison
 * would give, and counts of interruptions by length. Percentiles lie evenly in -log10(1 - p), where a tenth of what
 * is left is always as wide: 90 %, 99 %, 99.9 %.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "report/html-parts.h"

#define CURVE_STEP      0.125 /* in -log10(1 - p) */
#define CURVE_MAX       9.0
#define BINS_PER_DECADE 20
#define BINS            (12 * BINS_PER_DECADE) /* from 1 ns to 1000 s */

static void put_point(FILE *out, bool first, double u, double value, double low, double high)
{
	fprintf(out, "%s[%.6g,", first ? "" : ",", u);
	html_number(out, value);
	fputc(',', out);
	html_number(out, low);
	fputc(',', out);
	html_number(out, high);
	fputc(']', out);
}

/* [u, value, low, high], as far as ten values lie beyond; the last point is the maximum. */
static int put_curve(FILE *out, const struct tn_html_side *side, struct tn_error *err)
{
	tn_cleanup(html_rounds_free) struct html_rounds rounds = {0};
	struct tn_estimate e;
	bool first = true;
	double last;
	int r = html_rounds_make(side, &rounds);

	if (r < 0)
		return tn_error_set(err, r, "no memory for the curve of jitter");
	last = rounds.quanta > 1.0 ? fmin(log10(rounds.quanta), CURVE_MAX) : 0.0;
	fputc('[', out);
	for (double u = CURVE_STEP; u <= last - 1.0; u += CURVE_STEP) {
		r = html_rounds_percentile(&rounds, 100.0 * (1.0 - pow(10.0, -u)), &e, err);
		if (r < 0)
			return r;
		put_point(out, first, u, e.value, e.interval.low, e.interval.high);
		first = false;
	}
	if (rounds.quanta > 1.0)
		put_point(out, first, last, rounds.max_ns, NAN, NAN);
	fputc(']', out);
	return 0;
}

/* Adds the buckets of @h, each with all its values at its middle. */
static void add_up(const struct tn_run *run, const struct tn_hist *h, double *count)
{
	for (unsigned int k = 0; k < TN_HIST_BUCKETS; k++) {
		double middle = ((double)tn_hist_bucket_low(k) + (double)tn_hist_bucket_high(k)) / 2;
		double ns = tn_ticks_to_ns(&run->clock, middle);
		int bin = ns >= 1.0 ? (int)(log10(ns) * BINS_PER_DECADE) : 0;

		if (h->bucket[k])
			count[bin < BINS ? bin : BINS - 1] += (double)h->bucket[k];
	}
}

/* [number of the bin, count]; bin i holds lengths from 10^(i / BINS_PER_DECADE) ns. Rounds that were cut short too. */
static void put_histogram(FILE *out, const struct tn_html_side *side)
{
	double count[BINS] = {0};
	bool first = true;

	for (size_t i = 0; i < side->n; i++)
		for (size_t k = 0; k < side->document[i].run->n_cpus; k++)
			add_up(side->document[i].run, &side->document[i].run->cpu[k].interruptions, count);
	fputc('[', out);
	for (int i = 0; i < BINS; i++)
		if (count[i] > 0.0) {
			fprintf(out, "%s[%d,%.0f]", first ? "" : ",", i, count[i]);
			first = false;
		}
	fputc(']', out);
}

static double seconds_of(const struct tn_html_side *side)
{
	double s = 0.0;

	for (size_t i = 0; i < side->n; i++)
		s += tn_run_cpu_seconds(side->document[i].run);
	return s;
}

/* Below the coarsest grain of a side's clocks a difference means nothing. */
static double grain_of(const struct tn_html_side *side)
{
	double grain = 0.0;

	for (size_t i = 0; i < side->n; i++) {
		const struct tn_clock *c = &side->document[i].run->clock;

		grain = fmax(grain, tn_ticks_to_ns(c, (double)c->quantum_ticks));
	}
	return grain;
}

/* A JSON list: name, curve and histogram of each side. */
int html_curves(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	char label[256];
	int r = 0;

	fputc('[', out);
	for (unsigned int i = 0; i < TN_SIDES && page->side[i].n; i++) {
		const struct tn_html_side *side = &page->side[i];

		fputs(i ? ",\n{\"name\":" : "\n{\"name\":", out);
		html_json_text(out, html_side_label(page, i, label, sizeof(label)));
		fputs(",\"kernel\":", out);
		html_json_text(out, side->document[0].run->env.kernel_release);
		fputs(",\"seconds\":", out);
		html_number(out, seconds_of(side));
		fputs(",\"grain\":", out);
		html_number(out, grain_of(side));
		fputs(",\"curve\":", out);
		r = put_curve(out, side, err);
		if (r < 0)
			return r;
		fputs(",\"histogram\":", out);
		put_histogram(out, side);
		fputc('}', out);
	}
	fprintf(out, "],\n\"bins_per_decade\":%d", BINS_PER_DECADE);
	return 0;
}
