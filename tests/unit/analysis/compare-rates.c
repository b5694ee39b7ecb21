// SPDX-License-Identifier: GPL-2.0-or-later
/* Rates of a comparison: published figures, defining properties, bursts and extremes. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "analysis/compare.h"
#include "analysis/resample.h"
#include "base/cleanup.h"
#include "sides.h"

/* P(X >= k), X binomial, term by term. */
static double binomial_from(unsigned int k, unsigned int n, double share)
{
	double sum = 0.0;

	for (unsigned int i = k; i <= n; i++)
		sum += exp(lchoose(n, i) + i * log(share) + (n - i) * log1p(-share));
	return sum;
}

/* Of 30 events B has 10: at the lower limit the mid-p of 10 or more is 2.5 %, at the upper that of 10 or fewer. */
static void ratio_limits_are_mid_p(void **state)
{
	struct tn_compared c;
	double share, mid;
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_RATE);
	set_events(&s, 20, 10);
	for (size_t i = 0; i < ROUNDS; i++)
		s.b[i].exposure_s = 20.0;
	c = compare(&s);
	assert_int_equal(c.method, TN_METHOD_POISSON);
	assert_close(c.a.value, 0.4, 1e-12);
	assert_close(c.b.value, 0.1, 1e-12);
	assert_close(c.ratio, 0.25, 1e-12);
	share = 2 * c.ratio_interval.low / (1 + 2 * c.ratio_interval.low);
	mid = (binomial_from(10, 30, share) + binomial_from(11, 30, share)) / 2;
	assert_close(mid, 0.025, 1e-9);
	share = 2 * c.ratio_interval.high / (1 + 2 * c.ratio_interval.high);
	mid = (binomial_from(10, 30, share) + binomial_from(11, 30, share)) / 2;
	assert_close(mid, 0.975, 1e-9);
}

static void sides_have_exact_intervals(void **state)
{
	struct tn_interval want = tn_poisson_interval(10, 50.0, 0.95);
	struct tn_compared c;
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_RATE);
	set_events(&s, 20, 10);
	c = compare(&s);
	assert_close(c.b.interval.low, want.low, 1e-12);
	assert_close(c.b.interval.high, want.high, 1e-12);
	assert_int_equal(c.b.events, 10);
	assert_close(c.b.exposure_s, 50.0, 0);
	assert_close(c.b.smallest, 0.2, 1e-12);
	assert_close(c.b.greatest, 0.2, 1e-12);
	assert_close(c.b.dispersion, 0.0, 0);
	assert_close(c.difference, -0.2, 1e-12);
	assert_true(c.difference_interval.low < -0.2 && c.difference_interval.high > -0.2);
}

/* The p of the conditional test, in Student's distribution: the exact one's normal score with 8 degrees. */
static void p_is_conditional(void **state)
{
	struct tn_compared c;
	struct sides s;
	double exact;

	(void)state;
	sides_init(&s, TN_QUANTITY_RATE);
	set_events(&s, 10, 30);
	c = compare(&s);
	exact = 2 * binomial_from(30, 40, 0.5);
	assert_int_equal(c.test, TN_METHOD_POISSON);
	assert_close(c.p, 2 * pt(qnorm(exact / 2, 0, 1, 1, 0), 8, 1, 0), 1e-9);
	assert_close(c.p_least, 2 * pt(qnorm(ldexp(1.0, -40), 0, 1, 1, 0), 8, 1, 0), 1e-9);
}

static void zero_on_one_side(void **state)
{
	struct tn_compared c;
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_RATE);
	set_events(&s, 500, 0);
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_IMPROVED, TN_REASON_SIGNIFICANT);
	assert_true(c.ratio == 0.0 && c.ratio_interval.low == 0.0);
	assert_true(c.ratio_interval.high > 0.004 && c.ratio_interval.high < 0.01);
	assert_close(c.b.interval.high, 3.689 / 50, 1e-4);
	set_events(&s, 0, 500);
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_REGRESSED, TN_REASON_SIGNIFICANT);
	assert_true(isinf(c.ratio) && isinf(c.ratio_interval.high) && c.ratio_interval.low > 100);
}

static void zero_on_both_sides(void **state)
{
	struct tn_compared c;
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_RATE);
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_NONE_SEEN);
	assert_true(isnan(c.ratio) && c.ratio_interval.low == 0.0 && isinf(c.ratio_interval.high));
	assert_close(c.difference_interval.high, 3.689 / 50, 1e-4);
	assert_close(c.p, 1.0, 0);
	s.m.absolute = 0.1;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NO_DIFFERENCE, TN_REASON_EQUIVALENT);
}

/* Four CPUs that one cause interrupts are no more than one: in rounds, in the interval, and in what zero means. */
static void cpus_of_a_round_are_one_unit(void **state)
{
	static const uint64_t events[ROUNDS] = {90, 110, 95, 105, 100};
	struct tn_round all[4 * ROUNDS] = {0};
	struct tn_compare_metric metric = {.name = "rate"};
	struct tn_compare_options options = tn_compare_defaults();
	struct tn_estimate e;

	(void)state;
	for (size_t i = 0; i < 4 * ROUNDS; i++)
		all[i] =
			(struct tn_round){.together = 1 + i % ROUNDS, .events = events[i % ROUNDS], .exposure_s = 10.0};
	assert_int_equal(tn_estimate(&metric, &(struct tn_sample){all, 4 * ROUNDS}, &options, &e, NULL), 0);
	assert_int_equal(e.units, ROUNDS);
	assert_int_equal(e.rounds, 4 * ROUNDS);
	assert_close(e.value, 10.0, 1e-12);
	assert_close(e.dispersion, 4 * 62.5 / 100, 1e-9);
	/* One round: nothing tells whether the CPUs share their events, so they are taken to. */
	for (size_t i = 0; i < 4; i++)
		all[i].together = 1;
	assert_int_equal(tn_estimate(&metric, &(struct tn_sample){all, 4}, &options, &e, NULL), 0);
	assert_int_equal(e.units, 1);
	assert_close(e.interval.low, tn_poisson_interval(100, 10.0, 0.95).low, 0.5);
	for (size_t i = 0; i < 4; i++)
		all[i].events = 0;
	assert_int_equal(tn_estimate(&metric, &(struct tn_sample){all, 4}, &options, &e, NULL), 0);
	assert_close(e.interval.high, 3.689 / 10, 1e-4);
	/* Alone in their rounds they are four. */
	for (size_t i = 0; i < 4; i++)
		all[i].together = 0;
	assert_int_equal(tn_estimate(&metric, &(struct tn_sample){all, 4}, &options, &e, NULL), 0);
	assert_int_equal(e.units, 4);
	assert_close(e.interval.high, 3.689 / 40, 1e-4);
}

/* 1,000 and 2,000 events that come in bursts: the interval is wider by the dispersion, and says so. */
static void bursts_widen_the_interval(void **state)
{
	static const uint64_t a[] = {60, 340, 120, 280, 200}, b[] = {600, 150, 500, 350, 400};
	struct tn_compared even, bursts;
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_RATE);
	set_events(&s, 1000, 2000);
	even = compare(&s);
	for (size_t i = 0; i < ROUNDS; i++) {
		s.a[i].events = a[i];
		s.b[i].events = b[i];
	}
	bursts = compare(&s);
	assert_int_equal(bursts.method, TN_METHOD_DISPERSED);
	assert_int_equal(bursts.a.method, TN_METHOD_DISPERSED);
	assert_close(bursts.ratio, even.ratio, 1e-12);
	assert_close(bursts.a.dispersion, (140 * 140 + 140 * 140 + 80 * 80 + 80 * 80) / 200.0 / 4, 1e-9);
	assert_true(bursts.ratio_interval.low < even.ratio_interval.low / 1.5);
	assert_true(bursts.ratio_interval.high > even.ratio_interval.high * 1.5);
	assert_true(bursts.a.interval.high - bursts.a.interval.low > 5 * (even.a.interval.high - even.a.interval.low));
	assert_true(bursts.p > 1e3 * even.p);
}

/* libRmath prints where it loses precision; nothing here may make it. Extremes must give usable numbers. */
static void extreme_counts_have_answers(void **state)
{
	static const uint64_t counts[] = {0, 1, 7, 40, 1000, 123456, 100000000, 1000000000000, UINT64_MAX / 16};
	struct tn_compared c;
	struct sides s;

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(counts); i++) {
		for (size_t k = 0; k < TN_ARRAY_SIZE(counts); k++) {
			sides_init(&s, TN_QUANTITY_RATE);
			set_events(&s, counts[i], counts[k]);
			s.a[0].events += counts[i] / 3;
			c = compare(&s);
			assert_true(c.ratio_interval.low <= c.ratio_interval.high);
			assert_true(c.p >= 0.0 && c.p <= 1.0);
			if (counts[i] && counts[k])
				assert_true(c.ratio_interval.low < c.ratio && c.ratio_interval.high > c.ratio);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ratio_limits_are_mid_p),    cmocka_unit_test(sides_have_exact_intervals),
		cmocka_unit_test(p_is_conditional),          cmocka_unit_test(zero_on_one_side),
		cmocka_unit_test(zero_on_both_sides),        cmocka_unit_test(cpus_of_a_round_are_one_unit),
		cmocka_unit_test(bursts_widen_the_interval), cmocka_unit_test(extreme_counts_have_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
