// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rank statistics of two small samples: Wilcoxon's rank-sum test, and the shift or ratio of Hodges and Lehmann
 * with the interval that belongs to it. They ask of the values only that rounds are exchangeable, which is
 * what one can promise of maxima and of percentiles of latency.
 *
 * The distribution of the rank sum is counted exactly by the shift algorithm of B. Streitberg and J. Röhmel,
 * "Exact distributions for permutation and rank tests", Statistical Software Newsletter 12 (1986), which
 * takes ties as they come: midranks, doubled, are whole numbers. (Without ties it is what libRmath's
 * pwilcox() gives, which the tests check; that one keeps its tables in a global.) Beyond EXACT_MAX values in
 * all, the normal approximation with the correction for ties serves.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "analysis/compare-internal.h"
#include "base/cleanup.h"

#define EXACT_MAX 100

struct ranked {
	double value;
	uint32_t rank2; /* twice the midrank */
	bool of_a;
};

static int by_value(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;

	return (x > y) - (x < y);
}

/* Sorts, gives equal values the mean of their ranks, and returns the sum of t^3 - t over groups of t equals. */
static double set_midranks(struct ranked *r, size_t n)
{
	double ties = 0.0, t;
	size_t end;

	qsort(r, n, sizeof(*r), by_value);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && r[end].value == r[i].value;)
			end++;
		for (size_t k = i; k < end; k++)
			r[k].rank2 = (uint32_t)(i + 1 + end);
		t = (double)(end - i);
		ties += t * t * t - t;
	}
	return ties;
}

/*
 * How many of the choices of @n_a out of @n doubled ranks sum to s, for each s up to @top. Row k holds the
 * choices of k ranks; each further rank shifts row k - 1 onto row k.
 */
static double *count_sums(const struct ranked *r, size_t n, size_t n_a, size_t top)
{
	double *count = calloc((n_a + 1) * (top + 1), sizeof(*count));

	if (!count)
		return NULL;
	count[0] = 1.0;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1 < n_a ? i + 1 : n_a; k > 0; k--) {
			double *row = count + k * (top + 1), *before = row - (top + 1);

			for (size_t s = r[i].rank2; s <= top; s++)
				row[s] += before[s - r[i].rank2];
		}
	}
	return count;
}

/* The share of choices whose sum lies at least as far from its mean as the observed one, and of those at least as high.
 */
static int exact_p(const struct ranked *r, size_t n, size_t n_a, uint32_t observed, struct tn_rank_test *ret)
{
	size_t top = n * (n + 1), mean = n_a * (n + 1);
	size_t far = observed > mean ? observed - mean : mean - observed;
	tn_autofree double *count = count_sums(r, n, n_a, top);
	const double *row;
	double all = 0.0, beyond = 0.0, above = 0.0;

	if (!count)
		return -ENOMEM;
	row = count + n_a * (top + 1);
	for (size_t s = 0; s <= top; s++) {
		all += row[s];
		above += s >= observed ? row[s] : 0.0;
		if ((s > mean ? s - mean : mean - s) >= far)
			beyond += row[s];
	}
	ret->p = fmin(1.0, beyond / all);
	ret->p_above = fmin(1.0, above / all);
	return 0;
}

/* E. L. Lehmann, "Nonparametrics: Statistical Methods Based on Ranks", section 1.4; half a rank for continuity. */
static double normal_p(size_t n, size_t n_a, double ties, double sum2)
{
	double size = (double)n, a = (double)n_a, b = size - a;
	double variance = a * b / 12.0 * (size + 1.0 - ties / (size * (size - 1.0)));
	double far = fabs(sum2 - a * (size + 1.0)) / 2.0 - 0.5;

	if (!(variance > 0.0) || far <= 0.0)
		return 1.0;
	return 2.0 * pnorm(far / sqrt(variance), 0.0, 1.0, 0, 0);
}

/**
 * tn_rank_least() - the smallest two-sided p that the rank-sum test can give
 * @n_a: values on one side
 * @n_b: values on the other
 *
 * Return: 2 / C(n_a + n_b, n_a): 0.0079 for 5 and 5, 0.1 for 3 and 3; 1 if a side has none.
 */
double tn_rank_least(size_t n_a, size_t n_b)
{
	return fmin(1.0, 2.0 * exp(-lchoose((double)(n_a + n_b), (double)n_a)));
}

/**
 * tn_rank_sum() - Wilcoxon's rank-sum test (Mann-Whitney), two-sided and one-sided
 * @a: values of one side, none NaN
 * @n_a: how many
 * @b: values of the other
 * @n_b: how many
 * @ret: p two-sided, the smallest that so many values without ties could give, and p of A lying above B
 *
 * Return: 0, -ENOMEM.
 */
int tn_rank_sum(const double *a, size_t n_a, const double *b, size_t n_b, struct tn_rank_test *ret)
{
	size_t n = n_a + n_b;
	tn_autofree struct ranked *r = calloc(n ? n : 1, sizeof(*r));
	struct tn_rank_test t = {.p = 1.0, .p_least = tn_rank_least(n_a, n_b), .p_above = 1.0};
	uint64_t sum2 = 0;
	double ties;
	int err = 0;

	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		r[i] = (struct ranked){.value = i < n_a ? a[i] : b[i - n_a], .of_a = i < n_a};
	ties = set_midranks(r, n);
	for (size_t i = 0; i < n; i++)
		sum2 += r[i].of_a ? r[i].rank2 : 0;
	if (n_a && n_b && n <= EXACT_MAX)
		err = exact_p(r, n, n_a, (uint32_t)sum2, &t);
	else if (n_a && n_b) {
		t.p = normal_p(n, n_a, ties, (double)sum2);
		t.p_above = (double)sum2 > (double)n_a * (double)(n + 1) ? t.p / 2.0 : 1.0 - t.p / 2.0;
	}
	if (!err)
		*ret = t;
	return err;
}

/*
 * The k for which the k-th smallest to the k-th largest of all pairwise differences is the interval: the
 * greatest with P(U <= k - 1) <= a/2, U the Mann-Whitney count without ties; at least 1. *ret_confidence is
 * what this k gives.
 */
static int interval_rank(size_t n_a, size_t n_b, double confidence, size_t *ret_k, double *ret_confidence)
{
	size_t n = n_a + n_b, lowest2 = n_a * (n_a + 1), k = 0, pairs = n_a * n_b;
	double tail = (1.0 - confidence) / 2.0 * (1.0 + 1e-12), below = 0.0, all = choose((double)n, (double)n_a);
	tn_autofree struct ranked *r = calloc(n, sizeof(*r));
	tn_autofree double *count = NULL;
	double next;

	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		r[i].rank2 = (uint32_t)(2 * (i + 1));
	count = count_sums(r, n, n_a, n * (n + 1));
	if (!count)
		return -ENOMEM;
	while (2 * k < pairs) {
		next = below + count[n_a * (n * (n + 1) + 1) + lowest2 + 2 * k] / all;
		if (k > 0 && next > tail)
			break;
		below = next;
		k++;
	}
	*ret_k = k;
	*ret_confidence = fmax(0.0, 1.0 - 2.0 * below);
	return 0;
}

/* As above for many values, from the normal approximation. */
static void interval_rank_normal(size_t n_a, size_t n_b, double confidence, size_t *ret_k, double *ret_confidence)
{
	double pairs = (double)n_a * (double)n_b, z = qnorm((1.0 + confidence) / 2.0, 0.0, 1.0, 1, 0);
	double k = floor(pairs / 2.0 - z * sqrt(pairs * (double)(n_a + n_b + 1) / 12.0));

	*ret_k = k > 1.0 ? (size_t)k : 1;
	*ret_confidence = confidence;
}

static double pair(double a, double b, bool ratio)
{
	if (!ratio)
		return b - a;
	if (a == b)
		return 1.0; /* nothing on both sides is no change */
	return a > 0.0 ? b / a : INFINITY;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/**
 * tn_hodges_lehmann() - by how much, or how many times, one side is above the other
 * @a: values of side A, none NaN; not negative for a ratio
 * @n_a: how many, above 0
 * @b: values of side B
 * @n_b: how many, above 0
 * @ratio: b / a instead of b - a
 * @confidence: wanted confidence of the interval
 * @ret: the estimate and its interval
 *
 * The estimate is the median of all pairwise differences or ratios, the interval lies between two of their
 * order statistics: J. L. Hodges and E. L. Lehmann, "Estimates of location based on rank tests", Annals of
 * Mathematical Statistics 34 (1963); M. Hollander and D. A. Wolfe, "Nonparametric Statistical Methods",
 * sections 4.2 and 4.3. It is the set of shifts that tn_rank_sum() would not reject. Too few values for the
 * wanted confidence give the whole range, with the confidence that it has: 90 % for 3 and 3.
 *
 * Return: 0, -ENOMEM.
 */
int tn_hodges_lehmann(const double *a, size_t n_a, const double *b, size_t n_b, bool ratio, double confidence,
		      struct tn_shift *ret)
{
	size_t pairs = n_a * n_b, k;
	tn_autofree double *d = calloc(pairs, sizeof(*d));
	double actual;
	int err = 0;

	if (!d)
		return -ENOMEM;
	for (size_t i = 0; i < pairs; i++)
		d[i] = pair(a[i / n_b], b[i % n_b], ratio);
	qsort(d, pairs, sizeof(*d), compare_doubles);
	if (n_a + n_b <= EXACT_MAX)
		err = interval_rank(n_a, n_b, confidence, &k, &actual);
	else
		interval_rank_normal(n_a, n_b, confidence, &k, &actual);
	if (err)
		return err;
	ret->estimate = tn_median(d, pairs);
	ret->interval = (struct tn_interval){.low = d[k - 1], .high = d[pairs - k], .confidence = actual};
	return 0;
}
