// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From p and intervals to verdicts. Many metrics are looked at in one comparison, and each false alarm costs
 * somebody a day; so the chance of any false verdict is held, by Holm's method, within two families: the few
 * headline metrics, which get most of that chance, and the rest. A verdict then asks for three things at once:
 * a corrected p below the level, an interval without 1, and an effect of a size that matters.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/compare-internal.h"
#include "base/cleanup.h"

#define ROUNDS_MAX 1000

/* One family of tested metrics: indices into the caller's arrays. */
struct family {
	size_t n;
	size_t *index;
	double *p; /* those of the members but one; scratch */
	double share;
};

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * The p of one member after correction, if its own were @p: the largest of p_(i) (n + 1 - i) up to its place in
 * the rising order. S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
 * Statistics 6 (1979). A family that has a share of the level multiplies by its inverse as well (Bonferroni).
 * May exceed 1.
 */
static double holm(const struct family *f, const struct tn_compared *compared, size_t member, double p)
{
	double corrected = 0.0;
	size_t n = 0, i;

	for (i = 0; i < f->n; i++) {
		if (f->index[i] != member)
			f->p[n++] = compared[f->index[i]].p;
	}
	qsort(f->p, n, sizeof(*f->p), compare_doubles);
	for (i = 0; i < n && f->p[i] < p; i++)
		corrected = fmax(corrected, f->p[i] * (double)(f->n - i));
	return fmax(corrected, p * (double)(f->n - i)) / f->share;
}

/* The least effect that matters, as a region around "the same" that intervals may lie in. */
static bool ratio_is_small(double ratio, double relative)
{
	return ratio >= 1.0 / (1.0 + relative) && ratio <= 1.0 + relative;
}

static bool is_equivalent(const struct tn_compare_metric *m, const struct tn_compared *c)
{
	struct tn_interval r = c->ratio_interval, d = c->difference_interval;

	if (m->relative > 0.0 && ratio_is_small(r.low, m->relative) && ratio_is_small(r.high, m->relative))
		return true;
	return m->absolute > 0.0 && d.low > -m->absolute && d.high < m->absolute;
}

static bool matters(const struct tn_compare_metric *m, const struct tn_compared *c)
{
	return !ratio_is_small(c->ratio, m->relative) && fabs(c->difference) >= m->absolute;
}

static bool is_wide(const struct tn_compared *c, double detectable)
{
	struct tn_interval r = c->ratio_interval;

	return !(r.low >= 1.0 / (1.0 + detectable) && r.high <= 1.0 + detectable);
}

static void decide(struct tn_compared *c, enum tn_verdict verdict, enum tn_reason reason)
{
	c->verdict = verdict;
	c->reason = reason;
}

static enum tn_verdict direction(const struct tn_compare_metric *m, double ratio)
{
	if (m->better == TN_BETTER_NEITHER)
		return TN_VERDICT_CHANGED;
	return (ratio < 1.0) == (m->better == TN_BETTER_LOWER) ? TN_VERDICT_IMPROVED : TN_VERDICT_REGRESSED;
}

/* Why there is nothing to judge, if there is nothing. */
static bool lacks_data(const struct tn_compare_metric *m, struct tn_compared *c)
{
	if (isnan(c->a.value) || isnan(c->b.value))
		decide(c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_NO_DATA);
	else if (c->a.units < 2 || c->b.units < 2)
		decide(c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_FEW_ROUNDS);
	else if (c->method == TN_METHOD_NONE)
		decide(c, TN_VERDICT_NOT_ENOUGH_DATA,
		       m->quantity == TN_QUANTITY_PERCENTILE ? TN_REASON_FEW_SAMPLES : TN_REASON_NO_DATA);
	else
		return false;
	return true;
}

/* So many rounds a side that the rank-sum test could pass if all else stayed as it is. */
static size_t rounds_needed(double level, double factor)
{
	size_t n = 2;

	while (n < ROUNDS_MAX && tn_rank_least(n, n) * factor > level)
		n++;
	return n;
}

static bool contains_one(struct tn_interval i)
{
	return i.low <= 1.0 && i.high >= 1.0;
}

/* @best: the corrected p if the data had been as different as so many rounds can be. */
static void judge_insignificant(const struct tn_compare_options *o, double best, struct tn_compared *c)
{
	double level = 1.0 - o->confidence;

	if (c->a.value == 0.0 && c->b.value == 0.0) {
		decide(c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_NONE_SEEN);
	} else if (c->test == TN_METHOD_RANKS && best > level) {
		decide(c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_FEW_FOR_LEVEL);
		c->rounds_needed = rounds_needed(level, best / c->p_least);
	} else if (best > level || is_wide(c, o->detectable)) {
		decide(c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_WIDE);
	} else if (!contains_one(c->ratio_interval)) {
		decide(c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_SUGGESTIVE);
	} else {
		decide(c, TN_VERDICT_NO_DIFFERENCE, TN_REASON_NOT_SIGNIFICANT);
	}
}

static void judge(const struct tn_compare_metric *m, const struct tn_compare_options *o, double best,
		  struct tn_compared *c)
{
	bool significant = c->p_corrected <= 1.0 - o->confidence && !contains_one(c->ratio_interval);

	if (is_equivalent(m, c))
		decide(c, TN_VERDICT_NO_DIFFERENCE, TN_REASON_EQUIVALENT);
	else if (significant && matters(m, c))
		decide(c, direction(m, c->ratio), TN_REASON_SIGNIFICANT);
	else if (significant)
		decide(c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_SIZE_OPEN);
	else
		judge_insignificant(o, best, c);
}

static void judge_family(const struct family *f, const struct tn_compare_metric *metrics,
			 const struct tn_compare_options *o, struct tn_compared *compared)
{
	for (size_t i = 0; i < f->n; i++) {
		struct tn_compared *c = &compared[f->index[i]];

		c->family = f->n;
		c->p_corrected = fmin(1.0, holm(f, compared, f->index[i], c->p));
		judge(&metrics[f->index[i]], o, holm(f, compared, f->index[i], c->p_least), c);
	}
}

static size_t members(const struct tn_compare_metric *metrics, const struct tn_compared *compared, size_t n,
		      bool headline, double level, size_t *index)
{
	struct tn_compared c;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		c = compared[i];
		if (metrics[i].headline == headline && !lacks_data(&metrics[i], &c) && c.p_least <= level)
			index[found++] = i;
	}
	return found;
}

/* Those that are in no family: nothing to test, or nothing that a test could find. */
static void judge_others(const struct tn_compare_metric *metrics, size_t n, const struct tn_compare_options *o,
			 struct tn_compared *compared)
{
	for (size_t i = 0; i < n; i++) {
		struct tn_compared *c = &compared[i];

		if (c->family || lacks_data(&metrics[i], c))
			continue;
		c->p_corrected = c->p;
		judge(&metrics[i], o, c->p_least, c);
	}
}

/**
 * tn_compare_decide() - correct p for the number of metrics, and give each its verdict
 * @metrics: the metrics
 * @n: how many
 * @options: confidence, headline_share, detectable
 * @compared: of each metric, all but p_corrected, family, rounds_needed, verdict and reason is set already
 *
 * A metric that could not differ significantly even by itself, because it has too few rounds or events, belongs
 * to no family and costs the others nothing: R. E. Tarone, "A modified Bonferroni method for discrete data",
 * Biometrics 46 (1990). A family that is alone has the whole level.
 *
 * Return: 0, -ENOMEM.
 */
int tn_compare_decide(const struct tn_compare_metric *metrics, size_t n, const struct tn_compare_options *options,
		      struct tn_compared *compared)
{
	tn_autofree size_t *index = calloc(n + 1, sizeof(*index));
	tn_autofree double *p = calloc(n + 1, sizeof(*p));
	struct family headline = {.index = index, .p = p, .share = 1.0}, rest = headline;
	double level = 1.0 - options->confidence;

	if (!index || !p)
		return -ENOMEM;
	headline.n = members(metrics, compared, n, true, level, index);
	rest.index = index + headline.n;
	rest.n = members(metrics, compared, n, false, level, rest.index);
	if (headline.n && rest.n) {
		headline.share = options->headline_share;
		rest.share = 1.0 - options->headline_share;
	}
	judge_family(&headline, metrics, options, compared);
	judge_family(&rest, metrics, options, compared);
	judge_others(metrics, n, options, compared);
	return 0;
}

/* How many of the metrics that count have @verdict; all of them, for a negative one. */
static size_t count_verdicts(const struct tn_compare_metric *metrics, const struct tn_compared *compared, size_t n,
			     bool headline, int verdict)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += metrics[i].headline == headline && (verdict < 0 || (int)compared[i].verdict == verdict);
	return found;
}

/**
 * tn_compare_overall() - one verdict for the whole comparison
 * @metrics: as given to tn_compare()
 * @compared: what it returned
 * @n: how many
 *
 * That of the headline metrics, or of all where none is one.
 *
 * Return: regressed if any did; else improved if any did; else changed if any did; else no difference if that is
 * the verdict of more than half of them; else not enough data.
 */
enum tn_verdict tn_compare_overall(const struct tn_compare_metric *metrics, const struct tn_compared *compared,
				   size_t n)
{
	static const enum tn_verdict order[] = {TN_VERDICT_REGRESSED, TN_VERDICT_IMPROVED, TN_VERDICT_CHANGED};
	bool headline = count_verdicts(metrics, compared, n, true, -1) > 0;
	size_t all = count_verdicts(metrics, compared, n, headline, -1);

	for (size_t k = 0; k < TN_ARRAY_SIZE(order); k++) {
		if (count_verdicts(metrics, compared, n, headline, (int)order[k]))
			return order[k];
	}
	if (2 * count_verdicts(metrics, compared, n, headline, TN_VERDICT_NO_DIFFERENCE) > all)
		return TN_VERDICT_NO_DIFFERENCE;
	return TN_VERDICT_NOT_ENOUGH_DATA;
}
