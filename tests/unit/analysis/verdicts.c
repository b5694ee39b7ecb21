// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole comparisons of 25 metrics, simulated: of the same with the same, at most 5 % may call any metric
 * different; of a changed kernel, the change has to be found; and no verdict may contradict its interval. The
 * metrics are those a run has: rates, some in bursts and some rare, percentiles that share histograms, values.
 */
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

#define COMPARISONS 1000
#define ROUNDS      5
#define RATES       14
#define PERCENTILES 7
#define VALUES      4
#define METRICS     (RATES + PERCENTILES + VALUES)
#define QUANTA      2000

/* Mean count of a round, and variance over mean; what is rare may stay unseen on both sides. */
static const struct {
	double mean, dispersion;
} RATE[RATES] = {{500, 4}, {2000, 10}, {1000, 1}, {100, 2}, {50, 1},  {20, 1.5}, {10, 3},
		 {10, 1},  {5, 2},     {2, 1},    {1, 1},   {0.5, 1}, {0.1, 1},  {5000, 1}};
static const double PERCENT[PERCENTILES] = {50, 90, 99, 99.5, 50, 90, 99};

struct simulation {
	struct tn_random random;
	struct tn_round rate[2][RATES][ROUNDS], percentile[2][2][ROUNDS], value[2][VALUES][ROUNDS];
	struct tn_hist hist[2][2][ROUNDS]; /* side, jitter or interruptions, round */
	struct tn_compare_metric metric[METRICS];
};

static double normal(struct tn_random *r)
{
	double u = 1.0 - tn_random_unit(r);

	return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * tn_random_unit(r));
}

static uint64_t count(struct tn_random *r, double mean, double dispersion)
{
	if (dispersion > 1.0)
		mean = qgamma(tn_random_unit(r), mean / (dispersion - 1.0), dispersion - 1.0, 1, 0);
	return (uint64_t)qpois(tn_random_unit(r), mean, 1, 0);
}

/* One quantum of jitter in ticks, or the length of one interruption. */
static uint64_t ticks(struct tn_random *r, bool interruption)
{
	if (interruption || tn_random_below(r, 20) == 0)
		return (uint64_t)(3000.0 * exp(0.6 * normal(r)));
	return 40 + tn_random_below(r, 30);
}

static void name_metrics(struct simulation *s)
{
	for (size_t i = 0; i < METRICS; i++) {
		struct tn_compare_metric *m = &s->metric[i];
		size_t p = i - RATES, v = p - PERCENTILES;

		*m = (struct tn_compare_metric){.name = "simulated", .relative = 0.02, .a.n = ROUNDS, .b.n = ROUNDS};
		m->headline = i == 0 || i == 1 || i == RATES || i == RATES + 2 || i == RATES + PERCENTILES;
		if (i < RATES) {
			m->a.round = s->rate[0][i];
			m->b.round = s->rate[1][i];
		} else if (i < RATES + PERCENTILES) {
			m->quantity = TN_QUANTITY_PERCENTILE;
			m->percent = PERCENT[p];
			m->a.round = s->percentile[0][p >= 4];
			m->b.round = s->percentile[1][p >= 4];
		} else {
			m->quantity = TN_QUANTITY_VALUE;
			m->a.round = s->value[0][v];
			m->b.round = s->value[1][v];
		}
	}
}

/* All that one side shows in one round. The round has a mood, a factor of 10 %, that its metrics share. */
static void simulate_round(struct simulation *s, unsigned int side, unsigned int round, double rates, double times)
{
	double mood = exp(0.1 * normal(&s->random));
	struct tn_hist *h;

	for (unsigned int i = 0; i < RATES; i++)
		s->rate[side][i][round] = (struct tn_round){
			.events = count(&s->random, RATE[i].mean * rates, RATE[i].dispersion), .exposure_s = 10.0};
	for (unsigned int kind = 0; kind < 2; kind++) {
		h = &s->hist[side][kind][round];
		tn_hist_init(h);
		for (unsigned int i = 0; i < (kind ? QUANTA / 10 : QUANTA); i++)
			tn_hist_record(h, (uint64_t)((double)ticks(&s->random, kind) * mood * times));
		s->percentile[side][kind][round] = (struct tn_round){.hist = h, .scale = 0.5};
	}
	for (unsigned int i = 0; i < VALUES; i++)
		s->value[side][i][round] = (struct tn_round){.value = mood * times * exp(0.05 * normal(&s->random))};
}

/* Compares a side as it is with one whose rates and times are multiplied. */
static void simulate(struct simulation *s, double rates, double times, struct tn_compared *ret)
{
	struct tn_compare_options o = tn_compare_defaults();

	o.resamples = 200;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		simulate_round(s, 0, round, 1.0, 1.0);
		simulate_round(s, 1, round, rates, times);
	}
	assert_int_equal(tn_compare(s->metric, METRICS, &o, ret, NULL), 0);
}

static bool is_change(enum tn_verdict v)
{
	return v == TN_VERDICT_IMPROVED || v == TN_VERDICT_REGRESSED || v == TN_VERDICT_CHANGED;
}

/* A change never has 1 in its interval; "no difference" always has, or else an interval within what matters. */
static void check_consistent(const struct tn_compared *c)
{
	struct tn_interval i = c->ratio_interval;
	bool contains = i.low <= 1.0 && i.high >= 1.0;

	if (is_change(c->verdict))
		assert_true(!contains && c->p_corrected <= 0.05 && c->p <= c->p_corrected);
	if (c->verdict == TN_VERDICT_IMPROVED)
		assert_true(i.high < 1.0 && c->ratio < 1.0);
	if (c->verdict == TN_VERDICT_REGRESSED)
		assert_true(i.low > 1.0 && c->ratio > 1.0);
	if (c->verdict == TN_VERDICT_NO_DIFFERENCE)
		assert_true((contains && i.low >= 0.5 && i.high <= 2.0) || c->reason == TN_REASON_EQUIVALENT);
}

static struct simulation *simulation_new(uint64_t seed)
{
	struct simulation *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	tn_random_seed(&s->random, seed);
	name_metrics(s);
	return s;
}

static void the_same_is_seldom_called_different(void **state)
{
	tn_autofree struct simulation *s = simulation_new(1);
	unsigned int wrong = 0, wrong_headline = 0, none = 0;
	struct tn_compared c[METRICS];
	bool any, headline;

	(void)state;
	for (unsigned int i = 0; i < COMPARISONS; i++) {
		simulate(s, 1.0, 1.0, c);
		any = headline = false;
		for (unsigned int k = 0; k < METRICS; k++) {
			check_consistent(&c[k]);
			any = any || is_change(c[k].verdict);
			headline = headline || (s->metric[k].headline && is_change(c[k].verdict));
		}
		wrong += any;
		wrong_headline += headline;
		none += tn_compare_overall(s->metric, c, METRICS) == TN_VERDICT_NO_DIFFERENCE;
	}
	print_message("same against same, %d metrics: %.1f %% with any false verdict, %.1f %% in the headline, "
		      "%.1f %% \"no difference\" overall\n",
		      METRICS, 100.0 * wrong / COMPARISONS, 100.0 * wrong_headline / COMPARISONS,
		      100.0 * none / COMPARISONS);
	assert_true(wrong <= COMPARISONS / 20);
	assert_true(none >= COMPARISONS * 19 / 20);
}

/* How often each headline metric is called improved when B's rates and times are as given. */
static void find(double rates, double times, unsigned int comparisons, double *ret)
{
	tn_autofree struct simulation *s = simulation_new(2);
	struct tn_compared c[METRICS];
	unsigned int wrong = 0;

	memset(ret, 0, METRICS * sizeof(*ret));
	for (unsigned int i = 0; i < comparisons; i++) {
		simulate(s, rates, times, c);
		for (unsigned int k = 0; k < METRICS; k++) {
			check_consistent(&c[k]);
			wrong += c[k].verdict == TN_VERDICT_REGRESSED;
			ret[k] += (c[k].verdict == TN_VERDICT_IMPROVED) / (double)comparisons;
		}
	}
	assert_true(wrong <= comparisons / 20); /* of what did not change */
}

static void a_halved_rate_is_found(void **state)
{
	double found[METRICS];

	(void)state;
	find(0.5, 1.0, 200, found);
	print_message("rates halved: found in %.0f %% (500 a round, variance 4 times Poisson's), %.0f %% (2,000, 10 "
		      "times)\n",
		      100 * found[0], 100 * found[1]);
	assert_true(found[0] >= 0.99 && found[1] >= 0.99);
}

static void halved_times_are_found(void **state)
{
	double found[METRICS];

	(void)state;
	find(1.0, 0.5, 200, found);
	print_message("times halved: found in %.0f %% (p50), %.0f %% (p99), %.0f %% (value)\n", 100 * found[RATES],
		      100 * found[RATES + 2], 100 * found[RATES + PERCENTILES]);
	assert_true(found[RATES] >= 0.95 && found[RATES + 2] >= 0.95 && found[RATES + PERCENTILES] >= 0.95);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_seldom_called_different),
		cmocka_unit_test(a_halved_rate_is_found),
		cmocka_unit_test(halved_times_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
