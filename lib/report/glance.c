// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The result as small pictures, for terminals alone: pages have plots. How jitter is spread, on log scales both ways,
 * since most quanta are undisturbed and the rare ones matter; and what stole the time.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/parts.h"
#include "report/term.h"

#define CPUS_DRAWN 16
#define LABEL      10 /* "  CPU 127 " */
#define DECADES    12 /* 1 ns to 1000 s */
#define NAME       18 /* a class and the blanks around it */
#define FIGURES    20 /* " 61.2%   1.23 ms" */

/* The columns of all CPUs: the same decades, @per columns each. */
struct axis {
	int first, decades; /* of ns */
	unsigned int per;
};

static int decade_of(double ns)
{
	return ns > 1.0 ? (int)log10(ns) : 0;
}

static struct axis make_axis(const struct report *r)
{
	struct axis a = {.first = DECADES};
	int last = 0;

	for (size_t i = 0; i < r->totals.n; i++) {
		const struct tn_hist *h = &r->totals.cpu[i].jitter;

		if (!h->count)
			continue;
		last = (int)fmax(last, decade_of(tn_ticks_to_ns(&r->run->clock, (double)h->max)));
		a.first = (int)fmin(a.first, decade_of(tn_ticks_to_ns(&r->run->clock, (double)h->min)));
	}
	last = last < DECADES ? last : DECADES - 1;
	a.decades = last - a.first + 1;
	if (a.decades > 0)
		a.per = (r->opt.width < TN_TERM_COLUMNS ? r->opt.width : TN_TERM_COLUMNS) - LABEL;
	a.per = a.decades > 0 ? a.per / (unsigned int)a.decades : 0;
	return a;
}

/* Counts by column, then their logarithms, so that one quantum is one step and not nothing. */
static double fill_columns(const struct report *r, const struct tn_hist *h, const struct axis *a, double *v)
{
	size_t n = (size_t)a->decades * a->per;
	double highest = 0.0;

	memset(v, 0, n * sizeof(*v));
	for (unsigned int i = 0; i < TN_HIST_BUCKETS; i++) {
		double ns, at;

		if (!h->bucket[i])
			continue;
		ns = tn_ticks_to_ns(&r->run->clock, (double)tn_hist_bucket_low(i));
		at = ns > 1.0 ? (log10(ns) - a->first) * a->per : 0.0;
		at = fmin(fmax(at, 0.0), (double)n - 1);
		v[(size_t)at] += (double)h->bucket[i];
	}
	for (size_t i = 0; i < n; i++) {
		v[i] = v[i] > 0.0 ? 0.5 + log2(v[i]) : 0.0;
		highest = fmax(highest, v[i]);
	}
	return highest;
}

static void draw_axis(const struct report *r, const struct axis *a)
{
	static const char *const name[DECADES] = {"1ns", "10ns", "100ns", "1us", "10us", "100us",
						  "1ms", "10ms", "100ms", "1s",  "10s",  "100s"};

	int last = a->first + a->decades - 1;

	fprintf(r->out, "%*s", LABEL, "");
	for (int i = a->first; i < last; i++)
		fprintf(r->out, "|%-*.*s", (int)a->per - 1, (int)a->per - 1, name[i]);
	fprintf(r->out, "|%.*s", (int)a->per - 1, name[last]);
	fputc('\n', r->out);
}

static void draw_jitter(struct report *r)
{
	struct axis a = make_axis(r);
	double v[TN_TERM_COLUMNS], highest;
	char line[TN_TERM_BYTES];
	size_t n;

	if (a.per < 3) /* no room for decades */
		return;
	report_text(r, REPORT_PLAIN, 2, 2, "Jitter of all quanta, both scales logarithmic:");
	for (size_t i = 0; i < r->totals.n && i < CPUS_DRAWN; i++) {
		highest = fill_columns(r, &r->totals.cpu[i].jitter, &a, v);
		for (n = (size_t)a.decades * a.per; n && !(v[n - 1] > 0.0); n--)
			; /* no blanks at the end of a line */
		fprintf(r->out, "  CPU %-4d%s\n", r->totals.cpu[i].cpu,
			tn_term_spark(line, v, n, highest, r->opt.unicode));
	}
	draw_axis(r, &a);
}

/* Time stolen by class, the most first. */
struct share {
	unsigned int class;
	uint64_t ticks;
};

static int by_ticks(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	if (x->ticks != y->ticks)
		return x->ticks < y->ticks ? 1 : -1;
	return x->class < y->class ? -1 : x->class > y->class;
}

static uint64_t add_up(const struct report *r, struct share *share)
{
	uint64_t sum = 0;

	for (unsigned int c = 0; c < TN_CLASS_COUNT; c++) {
		share[c] = (struct share){.class = c};
		for (size_t i = 0; i < r->totals.n; i++)
			share[c].ticks += r->totals.cpu[i].by_class[c].stolen_ticks;
		sum += share[c].ticks;
	}
	qsort(share, TN_CLASS_COUNT, sizeof(*share), by_ticks);
	return sum;
}

static void draw_share(struct report *r, const struct share *s, uint64_t sum)
{
	enum tn_class class = (enum tn_class)s->class;
	double share = (double)s->ticks / (double)sum;
	struct report_buf time, percent;
	char bar[TN_TERM_BYTES];

	fprintf(r->out, "  %-*s%s%s%s %7s %9s\n", NAME, tn_class_name(class),
		r->opt.colour ? tn_term_colour(class) : "",
		tn_term_bar(bar, share, r->opt.width - NAME - FIGURES, r->opt.unicode),
		r->opt.colour ? TN_TERM_PLAIN : "", report_share(&percent, share),
		report_ticks(&time, r->run, (double)s->ticks));
}

static void draw_classes(struct report *r)
{
	struct share share[TN_CLASS_COUNT];
	uint64_t sum = add_up(r, share);

	if (!sum || r->run->level > TN_TRACE_ENTRY)
		return;
	report_text(r, REPORT_PLAIN, 2, 2, "Time stolen, by class of cause:");
	for (unsigned int i = 0; i < TN_CLASS_COUNT && share[i].ticks; i++)
		draw_share(r, &share[i], sum);
}

static bool any_jitter(const struct report *r)
{
	for (size_t i = 0; i < r->totals.n; i++)
		if (r->totals.cpu[i].jitter.count)
			return true;
	return false;
}

void report_glance(struct report *r)
{
	if (r->opt.html || !any_jitter(r))
		return;
	report_heading(r, "At a glance");
	draw_jitter(r);
	draw_classes(r);
}
