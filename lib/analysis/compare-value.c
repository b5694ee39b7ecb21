// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Metrics of which each round gives one number: stolen share, throughput, maximum. All comes from ranks. This
 * is also the only honest way with a maximum: a resample of rounds never holds more than the largest maximum
 * seen, so that the bootstrap does not work for it (P. J. Bickel and D. A. Freedman, "Some asymptotic theory for
 * the bootstrap", Annals of Statistics 9 (1981), section 6).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/compare-internal.h"
#include "base/cleanup.h"

/* The value of each unit: that of its round, or the mean of its rounds. */
static double *unit_values(const struct tn_side *side)
{
	size_t units = side->units.n;
	tn_autofree double *value = calloc(units + 1, sizeof(*value));
	tn_autofree size_t *rounds = calloc(units + 1, sizeof(*rounds));

	if (!value || !rounds)
		return NULL;
	for (size_t i = 0; i < side->sample->n; i++) {
		value[side->units.of[i]] += side->sample->round[i].value;
		rounds[side->units.of[i]]++;
	}
	for (size_t u = 0; u < units; u++)
		value[u] /= (double)rounds[u];
	return tn_steal_ptr(value);
}

/* Sorts @values. */
static void fill_estimate(struct tn_estimate *e, double *values, size_t n, double confidence)
{
	e->value = tn_median(values, n);
	e->units = n;
	if (!n)
		return;
	e->interval = tn_median_interval(values, n, confidence);
	e->smallest = values[0];
	e->greatest = values[n - 1];
	if (n > 1)
		e->method = TN_METHOD_RANKS;
}

/**
 * tn_value_estimate() - the median of the units of one side
 * @side: rounds with values; its estimate is filled
 * @confidence: wanted confidence of the interval, see tn_median_interval()
 *
 * Return: 0, -ENOMEM.
 */
int tn_value_estimate(const struct tn_side *side, double confidence)
{
	tn_autofree double *values = unit_values(side);

	if (!values)
		return -ENOMEM;
	fill_estimate(side->estimate, values, side->units.n, confidence);
	return 0;
}

static int compare_values(const double *a, size_t n_a, const double *b, size_t n_b, double confidence,
			  struct tn_compared *ret)
{
	struct tn_shift ratio, difference;
	struct tn_rank_test test;
	int err = tn_rank_sum(a, n_a, b, n_b, &test);

	if (!err)
		err = tn_hodges_lehmann(a, n_a, b, n_b, true, confidence, &ratio);
	if (!err)
		err = tn_hodges_lehmann(a, n_a, b, n_b, false, confidence, &difference);
	if (err)
		return err;
	ret->ratio = ratio.estimate;
	ret->ratio_interval = ratio.interval;
	ret->difference = difference.estimate;
	ret->difference_interval = difference.interval;
	ret->method = ret->test = TN_METHOD_RANKS;
	ret->p = test.p;
	ret->p_least = test.p_least;
	return 0;
}

/**
 * tn_value_compare() - the values of two sides
 * @a: side A
 * @b: side B
 * @confidence: wanted confidence of the intervals
 * @ret: Hodges-Lehmann ratio and difference with intervals, and the rank-sum test
 *
 * Return: 0, -ENOMEM.
 */
int tn_value_compare(const struct tn_side *a, const struct tn_side *b, double confidence, struct tn_compared *ret)
{
	tn_autofree double *va = unit_values(a), *vb = unit_values(b);

	if (!va || !vb)
		return -ENOMEM;
	fill_estimate(a->estimate, va, a->units.n, confidence);
	fill_estimate(b->estimate, vb, b->units.n, confidence);
	if (!a->units.n || !b->units.n)
		return 0;
	return compare_values(va, a->units.n, vb, b->units.n, confidence, ret);
}
