// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts of a comparison: direction, intervals, units, correction, edges and error texts. */
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

static const double LOW[] = {10, 11, 12, 13, 14}, HIGH[] = {20, 21, 22, 23, 24},
		    NEAR[] = {10.1, 10.9, 12.1, 12.9, 14.2};

static void direction_decides_what_is_better(void **state)
{
	struct tn_compared c;
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_VALUE);
	set_values(&s, LOW, HIGH);
	s.m.better = TN_BETTER_LOWER;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_REGRESSED, TN_REASON_SIGNIFICANT);
	assert_close(c.p, 2.0 / 252, 1e-12);
	assert_close(c.a.value, 12, 0);
	assert_close(c.a.interval.confidence, 0.9375, 1e-12);
	s.m.better = TN_BETTER_HIGHER;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_IMPROVED, TN_REASON_SIGNIFICANT);
	s.m.better = TN_BETTER_NEITHER;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_CHANGED, TN_REASON_SIGNIFICANT);
	set_values(&s, HIGH, LOW);
	s.m.better = TN_BETTER_HIGHER;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_REGRESSED, TN_REASON_SIGNIFICANT);
}

static void no_difference_needs_an_interval_that_says_so(void **state)
{
	static const double wild[] = {1, 5, 12, 30, 90};
	struct tn_compared c;
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_VALUE);
	set_values(&s, LOW, NEAR);
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NO_DIFFERENCE, TN_REASON_NOT_SIGNIFICANT);
	set_values(&s, LOW, wild);
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_WIDE);
	set_values(&s, LOW, HIGH);
	s.m.relative = 2.0;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NO_DIFFERENCE, TN_REASON_EQUIVALENT);
	s.m.relative = 0.9;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_SIZE_OPEN);
	s.m.relative = 0.0;
	s.m.absolute = 50;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NO_DIFFERENCE, TN_REASON_EQUIVALENT);
}

/* Three rounds a side can give p = 0.1 at best: never "no difference" for want of significance. */
static void few_rounds_are_not_enough(void **state)
{
	struct tn_compared c;
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_VALUE);
	set_values(&s, LOW, NEAR);
	s.m.a.n = s.m.b.n = 3;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_FEW_FOR_LEVEL);
	assert_int_equal(c.rounds_needed, 4); /* 2/70 */
	s.m.a.n = 1;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_FEW_ROUNDS);
	s.m.b.n = 0;
	c = compare(&s);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_NO_DATA);
}

/* Two rounds of each of five boots are five units; of one boot against one, ten rounds. */
static void blocks_are_the_unit_where_there_are_several(void **state)
{
	struct tn_compare_options o = tn_compare_defaults();
	struct tn_round a[10] = {{0}}, b[10] = {{0}};
	struct tn_compare_metric m = {.name = "m", .quantity = TN_QUANTITY_VALUE, .a = {a, 10}, .b = {b, 10}};
	struct tn_compared c;

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		a[i] = (struct tn_round){.block = i % 5, .value = 10 + i % 5 + (i < 5 ? 0.1 : -0.1)};
		b[i] = (struct tn_round){.block = 7 + i % 5, .value = 20 + i % 5};
	}
	assert_int_equal(tn_compare(&m, 1, &o, &c, NULL), 0);
	assert_true(c.a.by_block && c.a.units == 5 && c.a.rounds == 10);
	assert_close(c.p, 2.0 / 252, 1e-12);
	assert_close(c.a.smallest, 10, 1e-12); /* the mean of its two rounds */
	o.unit = TN_UNIT_ROUND;
	assert_int_equal(tn_compare(&m, 1, &o, &c, NULL), 0);
	assert_true(!c.a.by_block && c.a.units == 10);
	o.unit = TN_UNIT_AUTO;
	for (unsigned int i = 0; i < 10; i++)
		a[i].block = b[i].block = 3;
	assert_int_equal(tn_compare(&m, 1, &o, &c, NULL), 0);
	assert_true(!c.a.by_block && c.a.units == 10);
	o.unit = TN_UNIT_BLOCK;
	assert_int_equal(tn_compare(&m, 1, &o, &c, NULL), 0);
	assert_verdict(&c, TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_FEW_ROUNDS);
}

/* Holm's own scheme by hand: p of 2/252, 2/252, 0.15 and 1 in one family of four. */
static void correction_is_holms(void **state)
{
	static const double mixed[] = {11.5, 12.5, 13.5, 14.5, 15.5};
	struct tn_compare_options o = tn_compare_defaults();
	struct tn_compare_metric m[4];
	struct sides s[4];
	struct tn_compared c[4];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		sides_init(&s[i], TN_QUANTITY_VALUE);
		set_values(&s[i], LOW, i < 2 ? HIGH : i == 2 ? mixed : LOW);
		m[i] = s[i].m;
	}
	assert_int_equal(tn_compare(m, 4, &o, c, NULL), 0);
	assert_close(c[0].p_corrected, 4 * 2.0 / 252, 1e-12);
	assert_close(c[1].p_corrected, 4 * 2.0 / 252, 1e-12);
	assert_close(c[2].p_corrected, 2 * c[2].p, 1e-12);
	assert_close(c[3].p_corrected, 1.0, 0);
	assert_int_equal(c[0].family, 4);
	m[0].headline = true;
	assert_int_equal(tn_compare(m, 4, &o, c, NULL), 0);
	assert_close(c[0].p_corrected, 2.0 / 252 / 0.8, 1e-12);
	assert_close(c[1].p_corrected, 3 * 2.0 / 252 / 0.2, 1e-12);
	assert_verdict(&c[0], TN_VERDICT_REGRESSED, TN_REASON_SIGNIFICANT);
	assert_verdict(&c[1], TN_VERDICT_NOT_ENOUGH_DATA, TN_REASON_FEW_FOR_LEVEL);
	assert_int_equal(c[1].rounds_needed, 6);
	assert_int_equal(tn_compare_overall(m, c, 4), TN_VERDICT_REGRESSED);
	m[0].better = TN_BETTER_HIGHER;
	assert_int_equal(tn_compare(m, 4, &o, c, NULL), 0);
	assert_int_equal(tn_compare_overall(m, c, 4), TN_VERDICT_IMPROVED);
	assert_int_equal(tn_compare_overall(m, c, 0), TN_VERDICT_NOT_ENOUGH_DATA);
}

static void estimate_is_one_side(void **state)
{
	struct tn_compare_options o = tn_compare_defaults();
	tn_autofree struct hists *h = calloc(1, sizeof(*h));
	struct tn_estimate e;
	struct tn_compared c;
	struct sides s;

	(void)state;
	assert_non_null(h);
	sides_init(&s, TN_QUANTITY_PERCENTILE);
	set_hists(&s, h, 5000, 9000);
	s.m.percent = 90;
	c = compare(&s);
	assert_int_equal(tn_estimate(&s.m, &s.m.a, &o, &e, NULL), 0);
	assert_true(e.value == c.a.value && e.interval.low == c.a.interval.low && e.units == 5);
	s.m.quantity = TN_QUANTITY_VALUE;
	set_values(&s, LOW, HIGH);
	assert_int_equal(tn_estimate(&s.m, &s.m.b, &o, &e, NULL), 0);
	assert_close(e.value, 22, 0);
	s.m.quantity = TN_QUANTITY_RATE;
	set_events(&s, 0, 10);
	assert_int_equal(tn_estimate(&s.m, &s.m.a, &o, &e, NULL), 0);
	assert_true(e.value == 0.0 && e.interval.low == 0.0);
	assert_close(e.interval.high, 3.689 / 50, 1e-4);
	s.m.a.n = 0;
	assert_int_equal(tn_estimate(&s.m, &s.m.a, &o, &e, NULL), 0);
	assert_true(isnan(e.value) && e.method == TN_METHOD_NONE);
}

static void assert_refused(const struct tn_compare_metric *m, const struct tn_compare_options *o, const char *text)
{
	struct tn_compared c = {.family = 77};
	struct tn_error err = {0};

	assert_int_equal(tn_compare(m, 1, o, &c, &err), -EINVAL);
	assert_string_equal(err.text, text);
	assert_int_equal(c.family, 77);
}

static void nonsense_is_refused(void **state)
{
	struct tn_compare_options o = tn_compare_defaults();
	struct sides s;

	(void)state;
	sides_init(&s, TN_QUANTITY_VALUE);
	s.b[3].value = NAN;
	assert_refused(&s.m, &o, "metric: round 3 has the value nan: leave it out");
	s.b[3].value = -1;
	assert_refused(&s.m, &o, "metric: round 3 has the value -1: leave it out");
	s.b[3].value = 0;
	o.confidence = 1;
	assert_refused(&s.m, &o, "confidence 1: give one from 0.5 to below 1, such as 0.95");
	o = tn_compare_defaults();
	o.resamples = 1;
	assert_refused(&s.m, &o, "1 resamples: give 100 to 1000000");
	o = tn_compare_defaults();
	o.detectable = 0;
	assert_refused(&s.m, &o, "detectable change 0: give one above 0, such as 1 for twofold");
	o = tn_compare_defaults();
	o.headline_share = 1;
	assert_refused(&s.m, &o, "share of the headline metrics 1: give one between 0 and 1");
	o = tn_compare_defaults();
	s.m.relative = -1;
	assert_refused(&s.m, &o, "metric: effects and resolutions are not negative");
	s.m.relative = 0;
	s.m.quantity = TN_QUANTITY_PERCENTILE;
	s.m.percent = 99;
	assert_refused(&s.m, &o, "metric: round 0 has no histogram with a scale: leave it out");
	s.m.percent = 100;
	assert_refused(&s.m, &o,
		       "metric: percentile 100 has no interval: give one between 0 and 100, and the maximum as a value "
		       "of each round");
	s.m.quantity = TN_QUANTITY_RATE;
	s.a[1].exposure_s = INFINITY;
	assert_refused(&s.m, &o, "metric: round 1 lasted inf s: leave it out");
	assert_int_equal(tn_compare(NULL, 0, &o, NULL, NULL), 0);
}

static void limits_are_judged_by_the_interval(void **state)
{
	struct tn_interval i = {.low = 2, .high = 4, .confidence = 0.95}, none = {.low = NAN, .high = NAN};

	(void)state;
	assert_int_equal(tn_judge(3, i, TN_EXPECT_LT, 5), TN_JUDGEMENT_MET);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_LT, 4), TN_JUDGEMENT_UNDECIDED);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_LE, 4), TN_JUDGEMENT_MET);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_LT, 2), TN_JUDGEMENT_FAILED);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_LE, 2), TN_JUDGEMENT_UNDECIDED);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_GT, 1), TN_JUDGEMENT_MET);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_GE, 2), TN_JUDGEMENT_MET);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_GT, 2), TN_JUDGEMENT_UNDECIDED);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_GT, 4), TN_JUDGEMENT_FAILED);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_GE, 4), TN_JUDGEMENT_UNDECIDED);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_GE, 5), TN_JUDGEMENT_FAILED);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_EQ, 3), TN_JUDGEMENT_UNDECIDED);
	assert_int_equal(tn_judge(3, i, TN_EXPECT_EQ, 0), TN_JUDGEMENT_FAILED);
	assert_int_equal(tn_judge(NAN, none, TN_EXPECT_LT, 5), TN_JUDGEMENT_UNDECIDED);
	assert_int_equal(tn_judge_count(0, TN_EXPECT_EQ, 0), TN_JUDGEMENT_MET);
	assert_int_equal(tn_judge_count(1, TN_EXPECT_EQ, 0), TN_JUDGEMENT_FAILED);
	assert_int_equal(tn_judge_count(5, TN_EXPECT_LT, 5), TN_JUDGEMENT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(direction_decides_what_is_better),
		cmocka_unit_test(no_difference_needs_an_interval_that_says_so),
		cmocka_unit_test(few_rounds_are_not_enough),
		cmocka_unit_test(blocks_are_the_unit_where_there_are_several),
		cmocka_unit_test(correction_is_holms),
		cmocka_unit_test(estimate_is_one_side),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(limits_are_judged_by_the_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
