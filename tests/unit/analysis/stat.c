// SPDX-License-Identifier: GPL-2.0-or-later
/* Intervals against published values and against their defining property. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/stat.h"
#include "base/cleanup.h"

static void assert_close(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.9g is not %.9g", a, b);
}

/* Garwood's 95 % limits as in the usual tables (Ulm, Am. J. Epidemiology 131 (1990), table 1). */
static void poisson_has_the_published_limits(void **state)
{
	static const struct {
		uint64_t n;
		double low, high;
	} table[] = {
		{0, 0.0, 3.689}, {1, 0.025, 5.572}, {2, 0.242, 7.225}, {10, 4.795, 18.390}, {100, 81.364, 121.627}};
	struct tn_interval i;

	(void)state;
	for (size_t k = 0; k < TN_ARRAY_SIZE(table); k++) {
		i = tn_poisson_interval(table[k].n, 1.0, 0.95);
		assert_close(i.low, table[k].low, 0.0006);
		assert_close(i.high, table[k].high, 0.0006);
		assert_close(i.confidence, 0.95, 0.0);
	}
	i = tn_poisson_interval(10, 50.0, 0.95);
	assert_close(i.low, 4.795 / 50, 0.0001);
	assert_close(i.high, 18.390 / 50, 0.0001);
}

static double poisson_below(uint64_t n, double mean) /* P(X < n) */
{
	double term = exp(-mean), sum = 0.0;

	for (uint64_t k = 0; k < n; k++) {
		sum += term;
		term *= mean / (double)(k + 1);
	}
	return sum;
}

/* The definition: at the lower end n or more are seen with probability a/2, at the upper end n or fewer. */
static void poisson_is_exact(void **state)
{
	struct tn_interval i;

	(void)state;
	for (uint64_t n = 1; n < 200; n += 7) {
		i = tn_poisson_interval(n, 1.0, 0.9);
		assert_close(1.0 - poisson_below(n, i.low), 0.05, 1e-9);
		assert_close(poisson_below(n + 1, i.high), 0.05, 1e-9);
	}
}

static void poisson_has_an_answer_for_all(void **state)
{
	struct tn_interval i = tn_poisson_interval(5, 0.0, 0.95);

	(void)state;
	assert_true(i.low == 0.0 && isinf(i.high));
	i = tn_poisson_interval(5, NAN, 0.95);
	assert_true(i.low == 0.0 && isinf(i.high));
	i = tn_poisson_interval(UINT64_MAX, 1.0, 0.95);
	assert_true(i.low < (double)UINT64_MAX && i.high > (double)UINT64_MAX && isfinite(i.high));
	i = tn_poisson_interval(5, 1.0, 1.0);
	assert_true(i.low == 0.0 && isinf(i.high));
}

static void median_is_the_middle(void **state)
{
	double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2}, huge[] = {1.5e308, 1.7e308};

	(void)state;
	assert_close(tn_median(odd, 3), 2, 0);
	assert_close(tn_median(even, 4), 2.5, 0);
	assert_close(tn_median(huge, 2), 1.6e308, 1e293);
	assert_true(isnan(tn_median(odd, 0)));
	assert_close(odd[0], 1, 0); /* sorted */
}

static void check_median_interval(size_t n, double confidence, double low, double high, double actual)
{
	struct tn_interval i;
	double values[64];

	for (size_t k = 0; k < n; k++)
		values[k] = (double)(n - k); /* 1 to n, backwards */
	i = tn_median_interval(values, n, confidence);
	assert_close(i.low, low, 0);
	assert_close(i.high, high, 0);
	assert_close(i.confidence, actual, 5e-4);
}

/* Ranks and levels as in Conover, "Practical Nonparametric Statistics", and by the binomial by hand. */
static void median_interval_is_from_order_statistics(void **state)
{
	(void)state;
	check_median_interval(1, 0.95, 1, 1, 0.0);
	check_median_interval(2, 0.95, 1, 2, 0.5);
	check_median_interval(5, 0.95, 1, 5, 0.9375);
	check_median_interval(6, 0.95, 1, 6, 0.96875);
	check_median_interval(9, 0.95, 2, 8, 0.961);
	check_median_interval(20, 0.95, 6, 15, 0.959);
	check_median_interval(50, 0.95, 18, 33, 0.967);
	check_median_interval(6, 0.96875, 1, 6, 0.96875);
	check_median_interval(5, 0.5, 2, 4, 0.625);
}

static void median_interval_of_nothing(void **state)
{
	struct tn_interval i = tn_median_interval(NULL, 0, 0.95);

	(void)state;
	assert_true(isnan(i.low) && isnan(i.high) && i.confidence == 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(poisson_has_the_published_limits),
		cmocka_unit_test(poisson_is_exact),
		cmocka_unit_test(poisson_has_an_answer_for_all),
		cmocka_unit_test(median_is_the_middle),
		cmocka_unit_test(median_interval_is_from_order_statistics),
		cmocka_unit_test(median_interval_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
