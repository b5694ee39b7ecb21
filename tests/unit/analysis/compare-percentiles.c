// SPDX-License-Identifier: GPL-2.0-or-later
/* Percentiles of a comparison: merged histograms, the bootstrap, the clock's quantum, too few values. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/compare.h"
#include "analysis/resample.h"
#include "base/cleanup.h"
#include "sides.h"

static void percentile_is_that_of_the_merged_histogram(void **state)
{
	static const double percents[] = {0.5, 10, 50, 90, 99, 99.5};
	tn_autofree struct hists *h = calloc(1, sizeof(*h));
	tn_autofree struct tn_hist *merged = calloc(1, sizeof(*merged));
	struct tn_compared c;
	struct sides s;

	(void)state;
	assert_true(h && merged);
	sides_init(&s, TN_QUANTITY_PERCENTILE);
	set_hists(&s, h, 5000, 9000);
	tn_hist_init(merged);
	for (size_t i = 0; i < ROUNDS; i++)
		tn_hist_merge(merged, &h->a[i]);
	for (size_t i = 0; i < TN_ARRAY_SIZE(percents); i++) {
		s.m.percent = percents[i];
		c = compare(&s);
		assert_close(c.a.value, 0.5 * (double)tn_hist_percentile(merged, percents[i]), 1e-9);
		assert_int_equal(c.a.events, 5000);
		assert_int_equal(c.method, TN_METHOD_BOOTSTRAP);
		assert_int_equal(c.test, TN_METHOD_RANKS);
		assert_true(c.ratio_interval.low < c.ratio && c.ratio < c.ratio_interval.high);
		assert_true(c.a.interval.low < c.a.value && c.a.value < c.a.interval.high);
	}
}

static void same_seed_gives_the_same_interval(void **state)
{
	tn_autofree struct hists *h = calloc(1, sizeof(*h));
	struct tn_compare_options o = tn_compare_defaults();
	struct tn_compared first, again, other;
	struct sides s;

	(void)state;
	assert_non_null(h);
	sides_init(&s, TN_QUANTITY_PERCENTILE);
	set_hists(&s, h, 5000, 9000);
	s.m.percent = 99;
	assert_int_equal(tn_compare(&s.m, 1, &o, &first, NULL), 0);
	assert_int_equal(tn_compare(&s.m, 1, &o, &again, NULL), 0);
	o.seed = 2;
	assert_int_equal(tn_compare(&s.m, 1, &o, &other, NULL), 0);
	assert_true(first.ratio_interval.low == again.ratio_interval.low);
	assert_true(first.ratio_interval.low != other.ratio_interval.low);
	assert_close(other.ratio_interval.low / first.ratio_interval.low, 1.0, 0.01);
}

/* All rounds alike, to the bucket: what the clock's quantum leaves open stays in the interval. */
static void equal_rounds_keep_the_rounding(void **state)
{
	tn_autofree struct tn_hist *h = calloc(2, sizeof(*h));
	struct tn_compared fine, coarse;
	struct sides s;

	(void)state;
	assert_non_null(h);
	sides_init(&s, TN_QUANTITY_PERCENTILE);
	for (unsigned int k = 0; k < 2; k++) {
		tn_hist_init(&h[k]);
		for (unsigned int i = 0; i < 100; i++)
			tn_hist_record(&h[k], 100 + k);
	}
	for (size_t i = 0; i < ROUNDS; i++) {
		s.a[i].hist = &h[0];
		s.b[i].hist = &h[1];
		s.a[i].scale = s.b[i].scale = 1.0;
	}
	s.m.percent = 50;
	s.m.relative = 0.05;
	fine = compare(&s);
	assert_true(fine.ratio_interval.low < 1.01 && fine.ratio_interval.high > 1.01);
	assert_verdict(&fine, TN_VERDICT_NO_DIFFERENCE, TN_REASON_EQUIVALENT);
	s.m.resolution = 30;
	coarse = compare(&s);
	assert_true(coarse.ratio_interval.low < 0.85 && coarse.ratio_interval.high > 1.2);
}

static void few_values_have_no_high_percentile(void **state)
{
	tn_autofree struct hists *h = calloc(1, sizeof(*h));
	struct tn_compared c;
	struct sides s;

	(void)state;
	assert_non_null(h);
	sides_init(&s, TN_QUANTITY_PERCENTILE);
	set_hists(&s, h, 5000, 9000);
	s.m.percent = 99.8; /* of 5,000: exactly 10 above */
	c = compare(&s);
	assert_int_equal(c.method, TN_METHOD_BOOTSTRAP);
	s.m.percent = 99.9;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_FEW_SAMPLES);
	assert_true(c.a.value > 2490 && isnan(c.ratio_interval.low));
	for (size_t i = 0; i < ROUNDS; i++)
		tn_hist_init(&h->b[i]);
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_NO_DATA);
	assert_true(isnan(c.b.value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentile_is_that_of_the_merged_histogram),
		cmocka_unit_test(same_seed_gives_the_same_interval),
		cmocka_unit_test(equal_rounds_keep_the_rounding),
		cmocka_unit_test(few_values_have_no_high_percentile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
