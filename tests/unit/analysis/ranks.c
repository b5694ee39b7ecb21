// SPDX-License-Identifier: GPL-2.0-or-later
/* Rank statistics against libRmath, against enumeration by hand, and against worked examples. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "analysis/compare-internal.h"
#include "analysis/resample.h"
#include "base/cleanup.h"

static void assert_close(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.12g is not %.12g", a, b);
}

static double mann_whitney(const double *a, size_t n_a, const double *b, size_t n_b)
{
	double u = 0.0;

	for (size_t i = 0; i < n_a * n_b; i++)
		u += a[i / n_b] > b[i % n_b] ? 1.0 : a[i / n_b] == b[i % n_b] ? 0.5 : 0.0;
	return u;
}

/* Without ties the two-sided p is twice the smaller tail of Wilcoxon's distribution. */
static void p_is_that_of_librmath(void **state)
{
	struct tn_rank_test t;
	double a[20], b[20], u, tail;
	struct tn_random r;

	(void)state;
	tn_random_seed(&r, 1);
	for (unsigned int i = 0; i < 200; i++) {
		size_t n_a = 1 + tn_random_below(&r, 20), n_b = 1 + tn_random_below(&r, 20);

		for (size_t k = 0; k < n_a; k++)
			a[k] = tn_random_unit(&r);
		for (size_t k = 0; k < n_b; k++)
			b[k] = tn_random_unit(&r) + 0.2;
		u = mann_whitney(a, n_a, b, n_b);
		u = fmin(u, (double)(n_a * n_b) - u);
		tail = pwilcox(u, (double)n_a, (double)n_b, 1, 0);
		assert_int_equal(tn_rank_sum(a, n_a, b, n_b, &t), 0);
		assert_close(t.p, fmin(1.0, 2.0 * tail), 1e-12);
		assert_close(t.p_least, fmin(1.0, 2.0 * pwilcox(0, (double)n_a, (double)n_b, 1, 0)), 1e-12);
	}
	wilcox_free();
}

/* All ways to choose n_a of n values: how many lie as far from n_a n_b / 2 as the observed choice. */
static double enumerate(const double *all, unsigned int n, unsigned int n_a)
{
	double x[12], y[12], u, far = -1.0, middle = n_a * (n - n_a) / 2.0;
	unsigned int extreme = 0, choices = 0;

	for (uint32_t set = (1u << n_a) - 1; set < 1u << n; set++) {
		unsigned int i = 0, k = 0;

		if ((unsigned int)__builtin_popcount(set) != n_a)
			continue;
		for (unsigned int v = 0; v < n; v++) {
			if (set >> v & 1)
				x[i++] = all[v];
			else
				y[k++] = all[v];
		}
		u = fabs(mann_whitney(x, i, y, k) - middle);
		if (far < 0.0)
			far = u; /* the first set is the observed one */
		choices++;
		extreme += u >= far;
	}
	return (double)extreme / choices;
}

static void p_with_ties_is_that_of_enumeration(void **state)
{
	struct tn_rank_test t;
	struct tn_random r;
	double all[12];

	(void)state;
	tn_random_seed(&r, 2);
	for (unsigned int i = 0; i < 100; i++) {
		unsigned int n_a = 1 + tn_random_below(&r, 6), n_b = 1 + tn_random_below(&r, 6);

		for (unsigned int k = 0; k < n_a + n_b; k++)
			all[k] = tn_random_below(&r, 4);
		assert_int_equal(tn_rank_sum(all, n_a, all + n_a, n_b, &t), 0);
		assert_close(t.p, enumerate(all, n_a + n_b, n_a), 1e-12);
	}
}

static void least_p_of_small_samples(void **state)
{
	double low[] = {1, 2, 3, 4, 5}, high[] = {6, 7, 8, 9, 10};
	struct tn_rank_test t;

	(void)state;
	assert_close(tn_rank_least(5, 5), 2.0 / 252, 1e-15);
	assert_close(tn_rank_least(3, 3), 0.1, 1e-15);
	assert_close(tn_rank_least(4, 5), 2.0 / 126, 1e-15);
	assert_close(tn_rank_least(5, 0), 1.0, 0);
	assert_int_equal(tn_rank_sum(low, 5, high, 5, &t), 0);
	assert_close(t.p, t.p_least, 1e-15);
	assert_int_equal(tn_rank_sum(low, 5, low, 5, &t), 0);
	assert_close(t.p, 1.0, 0);
	assert_int_equal(tn_rank_sum(low, 5, NULL, 0, &t), 0);
	assert_close(t.p, 1.0, 0);
}

/* Beyond 100 values the normal approximation takes over: it must join on without a step. */
static void approximation_joins_the_exact_test(void **state)
{
	struct tn_rank_test exact, approximate;
	double a[51], b[51];
	struct tn_random r;

	(void)state;
	tn_random_seed(&r, 3);
	for (unsigned int i = 0; i < 20; i++) {
		for (unsigned int k = 0; k < 50; k++) {
			a[k] = tn_random_below(&r, 40);
			b[k] = tn_random_below(&r, 40) + i % 5;
		}
		a[50] = -1; /* one below all, one above: what they add cancels */
		b[50] = -1;
		assert_int_equal(tn_rank_sum(a, 50, b, 50, &exact), 0);
		assert_int_equal(tn_rank_sum(a, 51, b, 51, &approximate), 0);
		assert_close(approximate.p, exact.p, 0.02);
	}
}

/* The pairwise differences of {1, 2, 4} and {3, 7, 8} are -1, 1, 2, 3, 4, 5, 6, 6, 7, by hand. */
static void shift_is_the_median_of_pairs(void **state)
{
	static const double a[] = {1, 2, 4}, b[] = {3, 7, 8};
	struct tn_shift s;

	(void)state;
	assert_int_equal(tn_hodges_lehmann(a, 3, b, 3, false, 0.95, &s), 0);
	assert_close(s.estimate, 4, 0);
	assert_close(s.interval.low, -1, 0);
	assert_close(s.interval.high, 7, 0);
	assert_close(s.interval.confidence, 0.9, 1e-12);
	assert_int_equal(tn_hodges_lehmann(a, 3, b, 3, false, 0.8, &s), 0);
	assert_close(s.interval.low, 1, 0);
	assert_close(s.interval.high, 6, 0);
	assert_close(s.interval.confidence, 0.8, 1e-12);
}

static void ratio_of_nothing_to_nothing_is_one(void **state)
{
	static const double zero[] = {0, 0}, some[] = {2, 2};
	struct tn_shift s;

	(void)state;
	assert_int_equal(tn_hodges_lehmann(zero, 2, zero, 2, true, 0.95, &s), 0);
	assert_close(s.estimate, 1, 0);
	assert_int_equal(tn_hodges_lehmann(zero, 2, some, 2, true, 0.95, &s), 0);
	assert_true(isinf(s.estimate) && isinf(s.interval.low));
	assert_int_equal(tn_hodges_lehmann(some, 2, zero, 2, true, 0.95, &s), 0);
	assert_close(s.estimate, 0, 0);
}

/* Interval and test belong together: the interval at 1 - a leaves out 1 just when p <= a. */
static void interval_agrees_with_the_test(void **state)
{
	unsigned int outside = 0;
	struct tn_rank_test t;
	double a[6], b[7];
	struct tn_shift s;
	struct tn_random r;

	(void)state;
	tn_random_seed(&r, 4);
	for (unsigned int i = 0; i < 500; i++) {
		for (unsigned int k = 0; k < 7; k++) {
			a[k % 6] = 1.0 + tn_random_unit(&r);
			b[k] = 1.0 + tn_random_unit(&r) * (1.0 + (i % 4) / 2.0);
		}
		assert_int_equal(tn_rank_sum(a, 6, b, 7, &t), 0);
		assert_int_equal(tn_hodges_lehmann(a, 6, b, 7, true, 0.95, &s), 0);
		assert_int_equal(s.interval.low > 1.0 || s.interval.high < 1.0, t.p <= 0.05);
		outside += t.p <= 0.05;
	}
	assert_true(outside > 20 && outside < 480);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p_is_that_of_librmath),         cmocka_unit_test(p_with_ties_is_that_of_enumeration),
		cmocka_unit_test(least_p_of_small_samples),      cmocka_unit_test(approximation_joins_the_exact_test),
		cmocka_unit_test(shift_is_the_median_of_pairs),  cmocka_unit_test(ratio_of_nothing_to_nothing_is_one),
		cmocka_unit_test(interval_agrees_with_the_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
