// SPDX-License-Identifier: GPL-2.0-or-later
/* The comparison metric by metric: published figures, defining properties, edges, verdicts and error texts. */
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

#define ROUNDS 5

static void assert_close(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.12g is not %.12g", a, b);
}

static void assert_verdict(const struct tn_compared *c, enum tn_verdict verdict, enum tn_reason reason)
{
	if (c->verdict != verdict || c->reason != reason)
		fail_msg("%s (%s) instead of %s (%s); ratio %g, %g to %g, p %g", tn_verdict_name(c->verdict),
			 tn_reason_text(c->reason), tn_verdict_name(verdict), tn_reason_text(reason), c->ratio,
			 c->ratio_interval.low, c->ratio_interval.high, c->p_corrected);
}

/* Two sides of rounds, and the metric over them. */
struct sides {
	struct tn_round a[ROUNDS], b[ROUNDS];
	struct tn_compare_metric m;
};

static void sides_init(struct sides *s, enum tn_quantity quantity)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < ROUNDS; i++)
		s->a[i].exposure_s = s->b[i].exposure_s = 10.0;
	s->m = (struct tn_compare_metric){
		.name = "metric", .quantity = quantity, .a = {s->a, ROUNDS}, .b = {s->b, ROUNDS}};
}

/* The same count in each round but for the remainder, which the first rounds share. */
static void set_events(struct sides *s, uint64_t a, uint64_t b)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		s->a[i].events = a / ROUNDS + (i < a % ROUNDS);
		s->b[i].events = b / ROUNDS + (i < b % ROUNDS);
	}
}

static void set_values(struct sides *s, const double *a, const double *b)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		s->a[i].value = a[i];
		s->b[i].value = b[i];
	}
}

static struct tn_compared compare(const struct sides *s)
{
	struct tn_compare_options o = tn_compare_defaults();
	struct tn_compared c;

	assert_int_equal(tn_compare(&s->m, 1, &o, &c, NULL), 0);
	return c;
}

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

struct hists {
	struct tn_hist a[ROUNDS], b[ROUNDS];
};

/* 1,000 values a round: a ramp from 1,000 ticks to @top, times a factor for each round. */
static void set_hists(struct sides *s, struct hists *h, double top_a, double top_b)
{
	static const double factor[] = {1.0, 1.02, 0.97, 1.01, 0.99};

	for (size_t i = 0; i < ROUNDS; i++) {
		tn_hist_init(&h->a[i]);
		tn_hist_init(&h->b[i]);
		for (unsigned int k = 0; k < 1000; k++) {
			tn_hist_record(&h->a[i], (uint64_t)(factor[i] * (1000 + k * (top_a - 1000) / 1000)));
			tn_hist_record(&h->b[i], (uint64_t)(factor[i] * (1000 + k * (top_b - 1000) / 1000)));
		}
		s->a[i].hist = &h->a[i];
		s->b[i].hist = &h->b[i];
		s->a[i].scale = s->b[i].scale = 0.5;
	}
}

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
		cmocka_unit_test(ratio_limits_are_mid_p),
		cmocka_unit_test(sides_have_exact_intervals),
		cmocka_unit_test(p_is_conditional),
		cmocka_unit_test(zero_on_one_side),
		cmocka_unit_test(zero_on_both_sides),
		cmocka_unit_test(bursts_widen_the_interval),
		cmocka_unit_test(extreme_counts_have_answers),
		cmocka_unit_test(percentile_is_that_of_the_merged_histogram),
		cmocka_unit_test(same_seed_gives_the_same_interval),
		cmocka_unit_test(equal_rounds_keep_the_rounding),
		cmocka_unit_test(few_values_have_no_high_percentile),
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
