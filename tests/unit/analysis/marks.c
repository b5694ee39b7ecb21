// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Marks of histories: what a regression looks like night by night, what is none, and how often chance makes one.
 * The figures that false_alarms() prints stand in tlbnoise-statistics(7).
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "analysis/history.h"
#include "analysis/resample.h"

#define NIGHTS 100000
#define MAX    400

/* A history that is written night by night. */
struct history {
	struct tn_history_point point[MAX];
	struct tn_history_mark mark[MAX];
	size_t n;
	struct tn_random random;
	struct tn_history_options options;
};

static void begin(struct history *h)
{
	memset(h, 0, sizeof(*h));
	tn_random_seed(&h->random, 1);
	h->options = tn_history_defaults();
}

static double normal(struct tn_random *r)
{
	return qnorm(fmin(fmax(tn_random_unit(r), 1e-16), 1.0 - 1e-16), 0.0, 1.0, 1, 0);
}

/* @n nights around @value that differ by 1 %. */
static void nights(struct history *h, size_t n, double value)
{
	for (size_t i = 0; i < n; i++)
		h->point[h->n++] =
			(struct tn_history_point){value * (1.0 + 0.01 * (tn_random_unit(&h->random) - 0.5)), 1};
}

static void judge(struct history *h, enum tn_better better)
{
	assert_int_equal(tn_history_marks(h->point, h->n, better, &h->options, h->mark), 0);
}

static enum tn_history_state last(const struct history *h)
{
	return h->mark[h->n - 1].state;
}

static void assert_all(const struct history *h, size_t from, size_t to, enum tn_history_state state)
{
	for (size_t i = from; i < to; i++)
		if (h->mark[i].state != state)
			fail_msg("night %zu is %s, not %s", i, tn_history_state_name(h->mark[i].state),
				 tn_history_state_name(state));
}

/* --- a regression --- */

static void the_next_run_confirms(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 3, 150.0);
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 0, 64, TN_HISTORY_NORMAL);
	assert_all(&h, 64, 65, TN_HISTORY_SUSPECTED);
	assert_all(&h, 65, 67, TN_HISTORY_CONFIRMED);
	assert_int_equal(h.mark[66].since, 64);
	assert_int_equal(h.mark[66].references, 64);
	assert_float_equal(h.mark[66].usual, 100.0, 0.5);
	assert_float_equal(h.mark[66].ratio, 1.5, 0.02);
	assert_float_equal(h.mark[64].p, 1.0 / 65, 1e-12);
	assert_float_equal(h.mark[65].p, 1.0 / 2145, 1e-12); /* 1 / C(66, 2) */
}

/* How many runs of a change it takes, the first one included. */
static size_t runs_to_confirm(size_t references)
{
	struct history h;

	begin(&h);
	nights(&h, references, 100.0);
	nights(&h, 6, 150.0);
	judge(&h, TN_BETTER_LOWER);
	for (size_t i = references; i < h.n; i++)
		if (h.mark[i].state == TN_HISTORY_CONFIRMED)
			return i - references + 1;
	return 0;
}

static void a_short_history_takes_longer(void **state)
{
	(void)state;
	assert_int_equal(runs_to_confirm(64), 2);
	assert_int_equal(runs_to_confirm(62), 2);
	assert_int_equal(runs_to_confirm(61), 3);
	assert_int_equal(runs_to_confirm(21), 3);
	assert_int_equal(runs_to_confirm(20), 4);
	assert_int_equal(runs_to_confirm(13), 4);
	assert_int_equal(runs_to_confirm(12), 5);
	assert_int_equal(runs_to_confirm(10), 5);
}

static void few_runs_are_not_judged(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 9, 100.0);
	nights(&h, 1, 150.0);
	judge(&h, TN_BETTER_LOWER);
	assert_int_equal(last(&h), TN_HISTORY_NORMAL);
	assert_int_equal(h.mark[9].references, 0);
	assert_true(isnan(h.mark[9].usual) && isnan(h.mark[9].p));
}

static void two_runs_in_a_row_recover(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 10, 150.0);
	nights(&h, 1, 100.0); /* one good night is no recovery */
	nights(&h, 2, 150.0);
	nights(&h, 4, 100.0);
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 65, 78, TN_HISTORY_CONFIRMED);
	assert_all(&h, 78, 79, TN_HISTORY_RECOVERED);
	assert_int_equal(h.mark[78].since, 64);
	assert_all(&h, 79, 81, TN_HISTORY_NORMAL);
}

static void what_lasts_becomes_usual(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 64, 150.0);
	nights(&h, 2, 225.0);
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 65, 127, TN_HISTORY_CONFIRMED);
	assert_all(&h, 127, 128, TN_HISTORY_NORMAL);
	assert_all(&h, 128, 129, TN_HISTORY_SUSPECTED);
	assert_all(&h, 129, 130, TN_HISTORY_CONFIRMED);
	assert_float_equal(h.mark[129].usual, 150.0, 1.0);
}

static void direction_is_that_of_the_metric(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 2, 60.0);
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 0, h.n, TN_HISTORY_NORMAL);
	judge(&h, TN_BETTER_HIGHER);
	assert_int_equal(last(&h), TN_HISTORY_CONFIRMED);
	assert_float_equal(h.mark[h.n - 1].ratio, 0.6, 0.01);
	assert_float_equal(h.mark[h.n - 1].usual, 100.0, 0.5);
	judge(&h, TN_BETTER_NEITHER);
	assert_all(&h, 0, h.n, TN_HISTORY_NORMAL);
	assert_int_equal(h.mark[h.n - 1].references, 0);
}

/* What was never seen before has no ratio: there the least difference that matters decides. */
static void nothing_can_become_something(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	h.options.absolute = 0.1;
	nights(&h, 64, 0.0);
	nights(&h, 2, 0.05);
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 0, h.n, TN_HISTORY_NORMAL);
	nights(&h, 62, 0.0);
	nights(&h, 2, 5.0);
	judge(&h, TN_BETTER_LOWER);
	assert_int_equal(last(&h), TN_HISTORY_CONFIRMED);
	assert_true(isinf(h.mark[h.n - 1].ratio));
}

/* --- none --- */

static void one_bad_night_is_none(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 1, 1000.0);
	nights(&h, 5, 100.0);
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 64, 65, TN_HISTORY_SUSPECTED);
	assert_all(&h, 65, h.n, TN_HISTORY_NORMAL);
}

static void what_does_not_matter_is_none(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 20, 104.0);
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 0, h.n, TN_HISTORY_NORMAL);
	h.options.relative = 0.01;
	judge(&h, TN_BETTER_LOWER);
	assert_int_equal(last(&h), TN_HISTORY_CONFIRMED);
}

static void another_ruler_begins_anew(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 20, 150.0);
	for (size_t i = 64; i < h.n; i++)
		h.point[i].ruler = 2;
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 0, h.n, TN_HISTORY_NORMAL);
	assert_int_equal(h.mark[65].references, h.mark[63].references); /* passed over */
	assert_int_equal(h.mark[66].references, 0);
	assert_int_equal(h.mark[h.n - 1].references, 19);
}

static void a_stray_run_changes_nothing(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 3, 150.0);
	nights(&h, 2, 80.0);
	h.point[67].ruler = h.point[68].ruler = 2;
	judge(&h, TN_BETTER_LOWER);
	assert_int_equal(h.mark[66].state, TN_HISTORY_CONFIRMED);
	assert_all(&h, 67, h.n, TN_HISTORY_CONFIRMED);
	nights(&h, 1, 150.0);
	judge(&h, TN_BETTER_LOWER);
	assert_int_equal(last(&h), TN_HISTORY_CONFIRMED);
	assert_int_equal(h.mark[h.n - 1].since, 64);
}

/* Strays that came to be known, and then the nights again: these have not forgotten. */
static void the_way_back_finds_what_was_known(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 64, 100.0);
	nights(&h, 4, 100.0);
	for (size_t i = 64; i < h.n; i++)
		h.point[i].ruler = 2;
	nights(&h, 3, 150.0);
	judge(&h, TN_BETTER_LOWER);
	assert_int_equal(h.mark[67].references, 0);
	assert_int_equal(h.mark[68].references, 0);
	assert_int_equal(last(&h), TN_HISTORY_CONFIRMED);
	assert_int_equal(h.mark[h.n - 1].references, 64);
}

static void runs_without_a_value_are_passed_over(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 62, 100.0);
	nights(&h, 5, 150.0);
	h.point[10].value = h.point[63].value = NAN;
	judge(&h, TN_BETTER_LOWER);
	assert_all(&h, 62, 65, TN_HISTORY_SUSPECTED); /* 61 references: the third run confirms */
	assert_all(&h, 65, h.n, TN_HISTORY_CONFIRMED);
}

static void options_have_to_make_sense(void **state)
{
	struct history h;

	(void)state;
	begin(&h);
	nights(&h, 20, 100.0);
	h.options.reference = 6;
	assert_int_equal(tn_history_marks(h.point, h.n, TN_BETTER_LOWER, &h.options, h.mark), -EINVAL);
	h.options = tn_history_defaults();
	h.options.reference_min = 65;
	assert_int_equal(tn_history_marks(h.point, h.n, TN_BETTER_LOWER, &h.options, h.mark), -EINVAL);
	assert_int_equal(tn_history_marks(h.point, 0, TN_BETTER_LOWER,
					  &(struct tn_history_options){.reference = 64, .reference_min = 1}, h.mark),
			 0);
	assert_string_equal(tn_history_state_name((enum tn_history_state)9), "unknown");
}

/* --- chance --- */

static double quiet(struct tn_random *r)
{
	return exp(0.02 * normal(r));
}

static double noisy(struct tn_random *r)
{
	return exp(0.3 * normal(r));
}

static double heavy(struct tn_random *r)
{
	return pow(1.0 - tn_random_unit(r), -0.5);
}

static double counts(struct tn_random *r)
{
	double limit = exp(-3.0), p = tn_random_unit(r), n = 0.0;

	for (; p > limit; n++)
		p *= tn_random_unit(r);
	return n;
}

/* Confirmed alarms in 1,000 nights in which nothing changed. */
static double alarms(double (*night)(struct tn_random *r), double relative, double correlation, double *ret_suspected)
{
	struct tn_history_point *point = test_calloc(NIGHTS, sizeof(*point));
	struct tn_history_mark *mark = test_calloc(NIGHTS, sizeof(*mark));
	struct tn_history_options options = tn_history_defaults();
	size_t confirmed = 0, suspected = 0;
	struct tn_random r;
	double mood = 0.0;

	tn_random_seed(&r, 7);
	for (size_t i = 0; i < NIGHTS; i++) {
		mood = correlation * mood + sqrt(1.0 - correlation * correlation) * normal(&r);
		point[i] = (struct tn_history_point){night ? night(&r) : exp(0.1 * mood), 1};
	}
	options.relative = relative;
	assert_int_equal(tn_history_marks(point, NIGHTS, TN_BETTER_LOWER, &options, mark), 0);
	for (size_t i = 1; i < NIGHTS; i++) {
		confirmed += mark[i].state == TN_HISTORY_CONFIRMED && mark[i - 1].state != TN_HISTORY_CONFIRMED;
		suspected += mark[i].state == TN_HISTORY_SUSPECTED && mark[i - 1].state != TN_HISTORY_SUSPECTED;
	}
	test_free(point);
	test_free(mark);
	*ret_suspected = 1e3 * (double)suspected / NIGHTS;
	return 1e3 * (double)confirmed / NIGHTS;
}

static void false_alarms(void **state)
{
	static const struct {
		const char *what;
		double (*night)(struct tn_random *r);
		double relative, correlation, most;
	} cases[] = {
		{"lognormal, spread 2 %, changes from 5 % on", quiet, 0.05, 0, 0.2},
		{"lognormal, spread 30 %, changes from 5 % on", noisy, 0.05, 0, 1.0},
		{"lognormal, spread 30 %, any change", noisy, 0.0, 0, 1.0},
		{"Pareto with infinite variance, any change", heavy, 0.0, 0, 1.0},
		{"Poisson, 3 a night, any change", counts, 0.0, 0, 1.0},
		/* A limit: nights that resemble the ones before them. */
		{"lognormal, spread 10 %, correlated by 0.5", NULL, 0.05, 0.5, 15.0},
	};
	double rate, suspected;

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(cases); i++) {
		rate = alarms(cases[i].night, cases[i].relative, cases[i].correlation, &suspected);
		print_message("%s: in 1,000 nights %.2f confirmed, %.1f suspected\n", cases[i].what, rate, suspected);
		if (rate > cases[i].most)
			fail_msg("%s: %.2f false alarms in 1,000 nights, wanted at most %.1f", cases[i].what, rate,
				 cases[i].most);
	}
	assert_true(suspected > 1.0); /* the walk did see something to doubt */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_run_confirms),
		cmocka_unit_test(a_short_history_takes_longer),
		cmocka_unit_test(few_runs_are_not_judged),
		cmocka_unit_test(two_runs_in_a_row_recover),
		cmocka_unit_test(what_lasts_becomes_usual),
		cmocka_unit_test(direction_is_that_of_the_metric),
		cmocka_unit_test(nothing_can_become_something),
		cmocka_unit_test(one_bad_night_is_none),
		cmocka_unit_test(what_does_not_matter_is_none),
		cmocka_unit_test(another_ruler_begins_anew),
		cmocka_unit_test(a_stray_run_changes_nothing),
		cmocka_unit_test(the_way_back_finds_what_was_known),
		cmocka_unit_test(runs_without_a_value_are_passed_over),
		cmocka_unit_test(options_have_to_make_sense),
		cmocka_unit_test(false_alarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
