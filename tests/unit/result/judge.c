// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Expectations: the verdict for each place that estimate and interval can have to the limit, for facts, for
 * bounds, and for what there is not; and the line that a nightly run prints.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "result/judge.h"
#include "sample.h"

/* At 1 GHz, two CPUs, five rounds of a second. In each, of 10,000 quanta the given number is late by 8 us. */
static struct tn_run *made_run(const unsigned int late[5])
{
	struct tn_run *run = NULL;

	assert_int_equal(tn_run_new(&run, NULL), 0);
	strcpy(run->scenario_name, "storm");
	run->clock.hz = 1e9;
	run->level = TN_TRACE_FULL;
	for (unsigned int i = 0; i < 10; i++) {
		struct tn_run_cpu *c = tn_run_add_cpu(run);

		assert_non_null(c);
		c->cpu = 2 + (int)i % 2;
		c->round = i / 2;
		c->window_close_ticks = 1000000000;
		c->by_class[TN_CLASS_RCU].entries = c->by_class[TN_CLASS_RCU].matched = 10;
		c->stolen_ticks = 1000000; /* 0.1 % */
		for (unsigned int k = 0; k < 10000; k++)
			tn_hist_record(&c->jitter, k < late[i / 2] ? 8000 : 100 + k % 50);
	}
	return run;
}

static const unsigned int never[5] = {0, 0, 0, 0, 0}, often[5] = {300, 310, 290, 305, 295},
			  varying[5] = {40, 160, 50, 170, 60};

/* The scenario of one expectation, in line 2. */
static struct tn_run_expectation judge(struct tn_run *run, const char *expectation)
{
	struct tn_scenario sc;
	struct tn_error err = {0};
	char text[160];

	snprintf(text, sizeof(text), "[expect]\n%s\n[churn x]\nsource = threads\n", expectation);
	if (tn_scenario_parse(text, strlen(text), "storm.ini", NULL, &sc, &err) < 0 || tn_run_judge(run, &sc, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(run->n_expectations, 1);
	assert_int_equal(run->expectation[0].line, 2);
	return run->expectation[0];
}

static void check(struct tn_run *run, const char *expectation, enum tn_expectation_verdict wanted)
{
	struct tn_run_expectation e = judge(run, expectation);
	char line[TN_EXPECTATION_TEXT];

	if (e.verdict != wanted)
		fail_msg("%s, wanted %s", tn_expectation_format(run, &e, line, sizeof(line)),
			 tn_expectation_verdict_name(wanted));
}

static void clear_cases(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *quiet = made_run(never), *noisy = made_run(often);

	(void)state;
	check(quiet, "jitter.p99 = < 5us", TN_EXPECTATION_MET);
	check(quiet, "jitter.p99 = > 5us", TN_EXPECTATION_FAILED);
	check(noisy, "jitter.p99 = < 5us", TN_EXPECTATION_FAILED);
	check(noisy, "jitter.p99 = >= 5us", TN_EXPECTATION_MET);
	check(noisy, "jitter.p50 = < 5us", TN_EXPECTATION_MET);
	check(noisy, "cause.rcu.rate = < 100/s", TN_EXPECTATION_MET);
	check(noisy, "cause.rcu.rate = > 100/s", TN_EXPECTATION_FAILED);
	check(noisy, "stolen = < 1%", TN_EXPECTATION_MET);
	check(noisy, "stolen = < 0.01%", TN_EXPECTATION_FAILED);
}

/* In some rounds 1.6 % are late, in others 0.4 %: together less than 1 %, but not surely. */
static void estimate_meets_and_interval_does_not(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = made_run(varying);
	struct tn_run_expectation e = judge(run, "jitter.p99 = < 1us");

	(void)state;
	if (!(e.value < 1000 && e.high >= 1000))
		fail_msg("%g (%g to %g)", e.value, e.low, e.high);
	assert_int_equal(e.verdict, TN_EXPECTATION_UNDECIDED);
	assert_string_equal(e.unit, "ns");
	assert_true(fabs(e.confidence - 0.95) < 0.05);
}

/* What was counted and the extremes need no interval; neither does nothing. */
static void facts_are_exact(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = made_run(varying);
	struct tn_run_expectation e = judge(run, "cause.rcu = 100");

	(void)state;
	assert_int_equal(e.verdict, TN_EXPECTATION_MET);
	assert_true(e.value == 100 && e.low == 100 && e.high == 100);
	check(run, "cause.rcu = < 100", TN_EXPECTATION_FAILED);
	check(run, "cause.rcu = 0", TN_EXPECTATION_FAILED);
	check(run, "cause.irq = 0", TN_EXPECTATION_MET);
	check(run, "cause.irq.rate = 0", TN_EXPECTATION_MET);
	check(run, "cause.rcu.rate = 0", TN_EXPECTATION_FAILED);
	check(run, "jitter.max = <= 8us", TN_EXPECTATION_MET);
	check(run, "jitter.max = < 8us", TN_EXPECTATION_FAILED);
	check(run, "jitter.min = >= 100ns", TN_EXPECTATION_MET);
	check(run, "lost = 0", TN_EXPECTATION_MET);
}

/* 100 entries were seen, and some were lost: what holds for 100 and more is decided. */
static void lower_bounds_decide_what_they_can(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = made_run(never);

	(void)state;
	run->lost.overrun = 3;
	check(run, "cause.rcu = < 50", TN_EXPECTATION_FAILED);
	check(run, "cause.rcu = < 500", TN_EXPECTATION_UNDECIDED);
	check(run, "cause.rcu = >= 100", TN_EXPECTATION_MET);
	check(run, "cause.rcu = > 100", TN_EXPECTATION_UNDECIDED);
	check(run, "cause.rcu = 99", TN_EXPECTATION_FAILED);
	check(run, "cause.rcu = 100", TN_EXPECTATION_UNDECIDED);
	check(run, "cause.irq = 0", TN_EXPECTATION_UNDECIDED);
	check(run, "cause.rcu.rate = < 5/s", TN_EXPECTATION_FAILED);
	check(run, "lost = 0", TN_EXPECTATION_FAILED);
	check(run, "jitter.p99 = < 5us", TN_EXPECTATION_MET);
	assert_non_null(strstr(judge(run, "cause.irq = 0").reason, "the value is a lower bound"));
	assert_true(isinf(judge(run, "cause.irq = 0").high));
}

/* What had its events lost counts as unexplained. */
static void upper_bounds_decide_what_they_can(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = made_run(never);

	(void)state;
	run->lost.overrun = 3;
	run->cpu[0].by_class[TN_CLASS_UNEXPLAINED].interruptions = 7;
	check(run, "cause.unexplained = < 10", TN_EXPECTATION_MET);
	check(run, "cause.unexplained = < 5", TN_EXPECTATION_UNDECIDED);
	check(run, "cause.unexplained = > 7", TN_EXPECTATION_FAILED);
	check(run, "cause.unexplained = > 5", TN_EXPECTATION_UNDECIDED);
	check(run, "cause.unexplained = 9", TN_EXPECTATION_FAILED);
	check(run, "cause.unexplained = 0", TN_EXPECTATION_UNDECIDED);
	run->cpu[0].by_class[TN_CLASS_UNEXPLAINED].interruptions = 0;
	check(run, "cause.unexplained = 0", TN_EXPECTATION_MET);
}

/* Ten rounds, of which the greatest maximum counts; of other figures the median, with an interval. */
static void other_tools_are_judged(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = made_run(never);

	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		struct tn_run_reference *f = tn_run_add_reference(run);

		assert_non_null(f);
		strcpy(f->tool, "oslat");
		f->cpu = 2;
		f->round = i;
		f->seconds = 1;
		f->p50_ns = f->p99_ns = f->p999_ns = 1000 * (i + 1);
		f->max_ns = i == 4 ? 30000 : 20000;
	}
	check(run, "reference.oslat.max = < 31us", TN_EXPECTATION_MET);
	check(run, "reference.oslat.max = < 30us", TN_EXPECTATION_FAILED);
	check(run, "reference.oslat.p99 = < 20us", TN_EXPECTATION_MET);
	check(run, "reference.oslat.p99 = < 6us", TN_EXPECTATION_UNDECIDED);
	check(run, "reference.oslat.p99 = < 5us", TN_EXPECTATION_FAILED);
	check(run, "reference.cyclictest.max = < 5us", TN_EXPECTATION_NOT_JUDGED);
}

static void nothing_is_not_judged(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = made_run(never);

	(void)state;
	check(run, "timer.p99 = < 5us", TN_EXPECTATION_NOT_JUDGED);
	assert_string_equal(run->expectation[0].reason, "not measured");
	check(run, "churn.x.rate = > 1/s", TN_EXPECTATION_NOT_JUDGED);
	check(run, "interruption.p99 = < 5us", TN_EXPECTATION_NOT_JUDGED);
	run->level = TN_TRACE_COUNTERS;
	check(run, "cause.rcu = 0", TN_EXPECTATION_NOT_JUDGED);
	assert_non_null(strstr(run->expectation[0].reason, "trace level counters"));
	for (size_t i = 0; i < run->n_cpus; i++)
		run->cpu[i].partial = true;
	check(run, "jitter.p99 = < 5us", TN_EXPECTATION_NOT_JUDGED);
	assert_string_equal(run->expectation[0].reason, "all 10 rounds were cut short");
}

/* One round gives a value, but no interval that could lie on one side. */
static void one_round_decides_only_failures(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = made_run(never);

	(void)state;
	run->n_cpus = 1;
	check(run, "stolen = < 1%", TN_EXPECTATION_UNDECIDED);
	assert_non_null(strstr(run->expectation[0].reason, "no interval"));
	check(run, "stolen = < 0.01%", TN_EXPECTATION_FAILED);
	check(run, "cause.rcu = < 50", TN_EXPECTATION_MET);
}

static void lines_name_place_limit_and_value(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = made_run(often);
	struct tn_run_expectation e = judge(run, "cause.rcu.rate = > 100/s");
	char line[TN_EXPECTATION_TEXT];

	(void)state;
	tn_expectation_format(run, &e, line, sizeof(line));
	assert_ptr_equal(strstr(line, "storm.ini:2: cause.rcu.rate = > 100/s: 10.0/s (95%: "), line);
	assert_string_equal(line + strlen(line) - strlen("/s): failed"), "/s): failed");
	e = judge(run, "cause.rcu = 0");
	tn_expectation_format(run, &e, line, sizeof(line));
	assert_string_equal(line, "storm.ini:2: cause.rcu = 0: 100: failed");
	e.line = 0;
	tn_expectation_format(run, &e, line, sizeof(line));
	assert_string_equal(line, "-o expect: cause.rcu = 0: 100: failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear_cases),
		cmocka_unit_test(estimate_meets_and_interval_does_not),
		cmocka_unit_test(facts_are_exact),
		cmocka_unit_test(lower_bounds_decide_what_they_can),
		cmocka_unit_test(upper_bounds_decide_what_they_can),
		cmocka_unit_test(other_tools_are_judged),
		cmocka_unit_test(nothing_is_not_judged),
		cmocka_unit_test(one_round_decides_only_failures),
		cmocka_unit_test(lines_name_place_limit_and_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
