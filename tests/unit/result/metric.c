// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Metrics: the names are those that scenarios may use, in both directions, and the rounds of each are taken from
 * where they lie, by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "result/hist.h"
#include "result/metric.h"
#include "result/totals.h"
#include "sample.h"

static struct tn_metric_def metric(const char *name)
{
	struct tn_metric_def def;

	if (tn_metric_parse(name, &def) < 0)
		fail_msg("%s is no metric", name);
	return def;
}

static struct tn_series collect(const char *name, const struct tn_run *run)
{
	struct tn_metric_def def = metric(name);
	struct tn_series s;

	assert_int_equal(tn_series_collect(&def, &run, 1, &s), 0);
	return s;
}

static void scenario_names_are_metrics(void **state)
{
	const struct tn_scenario_metric *wanted;

	(void)state;
	for (size_t i = 0; (wanted = tn_scenario_metric_at(i)); i++) {
		struct tn_metric_def def = metric(wanted->name);

		if (def.kind != wanted->kind)
			fail_msg("%s is of kind %d, scenarios take kind %d", wanted->name, def.kind, wanted->kind);
		assert_string_equal(def.name, wanted->name);
	}
}

static bool scenario_knows(const char *name)
{
	struct tn_scenario sc;
	char text[256];

	snprintf(text, sizeof(text), "[churn vmalloc]\n[churn junk]\nsource = threads\n[expect]\n%s = 0\n", name);
	return tn_scenario_parse(text, strlen(text), "metric.ini", NULL, &sc, NULL) == 0;
}

/* What compare shows, a scenario may expect. The sample has every kind of probe. */
static void metrics_are_scenario_names(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(2, 3);
	tn_autofree struct tn_metric_def *def = NULL;
	const struct tn_run *runs[] = {run};
	size_t n = 0, headline = 0;

	(void)state;
	assert_int_equal(tn_metric_list(runs, 1, &def, &n), 0);
	assert_true(n > 100);
	for (size_t i = 0; i < n; i++) {
		if (!scenario_knows(def[i].name))
			fail_msg("[expect] does not take %s", def[i].name);
		headline += def[i].headline;
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(def[i].name, def[k].name);
	}
	assert_int_equal(headline, 6); /* four, and two churn sections */
}

static void other_names_are_none(void **state)
{
	static const char *const names[] = {
		"",
		"jitter",
		"jitter.",
		"jitter.p98",
		"jitter.p99 ",
		"interruptions.rat",
		"stolen.",
		"lost.rate",
		"cause.",
		"cause.nosuch",
		"cause.rcu.rat",
		"cause.rcu.rate.rate",
		"cause.not-attributed",
		"churn..rate",
		"churn.a.b.rate",
		"churn.a-name-that-is-too-long-for-a-section.rate",
		"entry.getpid.isolated.quiet",
		"entry.getpid.isolated.loud.p50",
		"entry.getpid.nowhere.quiet.p50",
		"entry..isolated.quiet.p50",
		"reference.oslat",
		"reference.oslat.p90",
		"reference.oslat.min",
		"reference.rtla.max",
		"reference..max",
		"entry.an-operation-whose-name-is-far-too-long.isolated.quiet.p50",
	};
	struct tn_metric_def def;

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(names); i++)
		if (tn_metric_parse(names[i], &def) == 0)
			fail_msg("'%s' is taken for a metric", names[i]);
}

static void rounds_of_all_cpus_count(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(2, 2);
	struct tn_series s = collect("jitter.p99", run);

	(void)state;
	assert_int_equal(s.n, 4);
	assert_int_equal(s.cpus, 2);
	assert_int_equal(s.documents, 1);
	assert_int_equal(s.partial, 0);
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(s.round[i].cpu, run->cpu[i].cpu);
		assert_ptr_equal(s.round[i].hist, &run->cpu[i].jitter);
		assert_true(s.round[i].value == tn_hist_percentile_ns(&run->clock, &run->cpu[i].jitter, 99));
	}
	tn_series_free(&s);
}

static void partial_rounds_are_left_out(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(2, 5); /* the last one was cut short */
	static const char *const names[] = {"jitter.max", "stolen", "interruptions.rate", "churn.vmalloc.rate"};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(names); i++) {
		struct tn_series s = collect(names[i], run);
		bool churn = !strncmp(names[i], "churn.", 6);

		assert_int_equal(s.n, churn ? 4 : 8);
		assert_int_equal(s.partial, churn ? 1 : 2);
		for (size_t k = 0; k < s.n; k++)
			assert_int_not_equal(s.round[k].round, 5);
		tn_series_free(&s);
	}
}

/* Against the operations of all sections in the same round, whatever time they took. */
static void flushes_stand_against_operations(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);
	double entries = 0, operations = 0;
	struct tn_series s;

	(void)state;
	run->level = TN_TRACE_FULL;
	memset(&run->lost, 0, sizeof(run->lost));
	s = collect("cause.kernel-tlb-flush.per-operation", run);
	assert_int_equal(s.n, 2);
	for (size_t i = 0; i < run->n_cpus; i++)
		entries += (double)run->cpu[i].by_class[TN_CLASS_KERNEL_TLB_FLUSH].entries;
	for (size_t i = 0; i < run->n_churn; i++)
		operations += (double)run->churn[i].operations * (run->churn[i].round <= 2);
	assert_true(entries > 0 && operations > 0);
	assert_true(fabs(s.pooled - entries / operations) < 1e-12);
	tn_series_free(&s);
	for (size_t i = 0; i < run->n_churn; i++)
		run->churn[i].operations = 0;
	s = collect("cause.kernel-tlb-flush.per-operation", run);
	assert_true(isnan(s.pooled));
	assert_string_equal(s.reason, "2 of 2 rounds had no churn");
	tn_series_free(&s);
}

/* Page tables are freed by one source: where it is at work, the speed of the others does not matter. */
static void page_tables_stand_against_those_who_free_them(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);
	double entries = 0, all = 0, freeing = 0;
	struct tn_series s;

	(void)state;
	run->level = TN_TRACE_FULL;
	memset(&run->lost, 0, sizeof(run->lost));
	for (size_t i = 0; i < run->n_cpus; i++) {
		run->cpu[i].by_class[TN_CLASS_PAGE_TABLE_FLUSH].entries = 10 + i;
		entries += 10 + (double)i;
	}
	for (size_t i = 0; i < run->n_churn; i++)
		all += (double)run->churn[i].operations * (run->churn[i].round <= 2);
	s = collect("cause.page-table-flush.per-operation", run);
	assert_true(fabs(s.pooled - entries / all) < 1e-12);
	tn_series_free(&s);
	for (size_t i = 0; i < run->n_churn; i++) {
		if (strcmp(run->churn[i].name, run->churn[0].name) != 0)
			continue;
		snprintf(run->churn[i].source, sizeof(run->churn[i].source), "huge-vmap");
		freeing += (double)run->churn[i].operations * (run->churn[i].round <= 2);
	}
	assert_true(freeing > 0 && freeing < all);
	s = collect("cause.page-table-flush.per-operation", run);
	assert_true(fabs(s.pooled - entries / freeing) < 1e-12);
	tn_series_free(&s);
}

/* Entries and exposure by hand; of what nothing explains the interruptions count. */
static void rates_have_their_events(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);
	struct tn_series s;

	(void)state;
	run->level = TN_TRACE_FULL;
	memset(&run->lost, 0, sizeof(run->lost));
	run->cpu[0].ring_lost = run->cpu[1].ring_lost = 0;
	for (unsigned int i = 0; i < 2; i++) {
		run->cpu[i].by_class[TN_CLASS_RCU].entries = 10 + i;
		run->cpu[i].by_class[TN_CLASS_UNEXPLAINED].interruptions = 7;
	}
	s = collect("cause.rcu.rate", run);
	assert_true(s.events == 21 && s.bound == TN_BOUND_NONE);
	assert_true(fabs(s.exposure - tn_run_cpu_seconds(run)) < 1e-9);
	assert_true(fabs(s.pooled - 21 / s.exposure) < 1e-9);
	tn_series_free(&s);
	s = collect("cause.rcu", run);
	assert_true(s.pooled == 21);
	tn_series_free(&s);
	s = collect("cause.unexplained", run);
	assert_true(s.pooled == 14);
	tn_series_free(&s);
}

static void losses_leave_bounds(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);
	struct tn_series s;

	(void)state;
	run->level = TN_TRACE_FULL;
	s = collect("cause.rcu", run); /* the sample lost events and interruptions */
	assert_int_equal(s.bound, TN_BOUND_LOWER);
	assert_non_null(strstr(s.reason, "lost kernel events"));
	tn_series_free(&s);
	s = collect("cause.unexplained", run); /* more of it, or less: nothing bounds it */
	assert_int_equal(s.n, 0);
	assert_non_null(strstr(s.reason, "there may be more of this class or less"));
	tn_series_free(&s);
	s = collect("jitter.p99", run); /* histograms have all */
	assert_int_equal(s.bound, TN_BOUND_NONE);
	tn_series_free(&s);
	run->lost.ring = run->cpu[0].ring_lost = run->cpu[1].ring_lost = 0;
	s = collect("cause.unexplained", run);
	assert_int_equal(s.bound, TN_BOUND_UPPER);
	tn_series_free(&s);
	run->cpu[0].ring_lost = 4;
	run->lost.overrun = run->lost.missed = run->lost.undecoded = 0;
	s = collect("cause.unexplained", run);
	assert_int_equal(s.bound, TN_BOUND_LOWER);
	assert_non_null(strstr(s.reason, "lost interruptions"));
	tn_series_free(&s);
	s = collect("cause.rcu", run);
	assert_int_equal(s.bound, TN_BOUND_NONE);
	tn_series_free(&s);
}

static void dark_classes_have_no_rounds(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);
	struct tn_series s;

	(void)state;
	run->level = TN_TRACE_ENTRY;
	s = collect("cause.kernel-tlb-flush.rate", run);
	assert_int_equal(s.n, 0);
	assert_true(isnan(s.pooled));
	assert_non_null(strstr(s.reason, "trace level entry"));
	tn_series_free(&s);
	s = collect("timer.p99", run);
	assert_int_equal(s.n, 2);
	tn_series_free(&s);
	run->n_wakeups = 0;
	s = collect("timer.p99", run);
	assert_string_equal(s.reason, "not measured");
	tn_series_free(&s);
}

/* Of the sample's CPUs 2 is isolated, 1 is not; each operation was measured quiet and under churn. */
static void entry_costs_are_told_apart(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(2, 2);
	struct tn_series s = collect("entry.page-fault.isolated.churn.p50", run);

	(void)state;
	assert_int_equal(s.n, 2);
	for (size_t i = 0; i < s.n; i++)
		assert_int_equal(s.round[i].cpu, 2);
	assert_true(s.pooled > 500 && s.pooled < 1000); /* 1,900 ticks and some at 2.6 GHz */
	tn_series_free(&s);
	s = collect("entry.getpid.housekeeping.quiet.p50", run);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.round[0].cpu, 1);
	assert_true(s.pooled > 100 && s.pooled < 200);
	tn_series_free(&s);
}

/*
 * The sample's oslat was cut short in round 0, its cyclictest failed in the last one and gave no percentiles: what is
 * left is 43 us of oslat in round 1, and 42 us of cyclictest in round 0.
 */
static void other_tools_have_a_value_a_round(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);
	struct tn_metric_def def = metric("reference.oslat.max");
	struct tn_series s = collect("reference.oslat.max", run);

	(void)state;
	assert_int_equal(tn_metric_quantity(&def), TN_QUANTITY_VALUE);
	assert_int_equal(def.better, TN_BETTER_LOWER);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.partial, 1);
	assert_int_equal(s.round[0].cpu, 1);
	assert_true(s.round[0].value == 43000 && s.pooled == 43000);
	tn_series_free(&s);
	s = collect("reference.oslat.p99.9", run);
	assert_true(s.pooled == 9000);
	tn_series_free(&s);
	s = collect("reference.cyclictest.max", run);
	assert_int_equal(s.partial, 1);
	assert_true(s.pooled == 42000);
	tn_series_free(&s);
	s = collect("reference.cyclictest.p99", run);
	assert_true(isnan(s.pooled));
	assert_string_equal(s.reason,
			    "in 1 of 1 rounds cyclictest gave no such figure, as when it lies beyond its histogram");
	tn_series_free(&s);
	strcpy(run->reference[1].failure, "made to fail");
	s = collect("reference.cyclictest.max", run);
	assert_string_equal(s.reason, "all 2 rounds failed or were cut short");
	tn_series_free(&s);
}

/* Of maxima the greatest counts, of other figures the median of the rounds. */
static void other_tools_have_no_histogram_to_merge(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 4);
	struct tn_series s;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) { /* oslat has the even ones */
		run->reference[2 * i].partial = false;
		run->reference[2 * i].p99_ns = 1000.0 * (i == 2 ? 9 : i + 1); /* 1, 2, 9, 4 us */
		run->reference[2 * i].max_ns = 1000.0 * (i == 1 ? 77 : 20);
	}
	s = collect("reference.oslat.p99", run);
	assert_int_equal(s.n, 4);
	assert_true(s.pooled == 3000);
	tn_series_free(&s);
	s = collect("reference.oslat.max", run);
	assert_true(s.pooled == 77000);
	tn_series_free(&s);
}

static void values_have_their_units(void **state)
{
	static const struct {
		enum tn_metric_kind kind;
		double value;
		const char *text;
	} cases[] = {
		{TN_METRIC_DURATION, 7200, "7.20 us"},
		{TN_METRIC_RATE, 410.2, "410/s"},
		{TN_METRIC_RATE, 0, "0"},
		{TN_METRIC_RATE, 0.01477, "0.0148/s"},
		{TN_METRIC_RATE, 123456, "123k/s"},
		{TN_METRIC_PER_OPERATION, 0.00125, "0.00125"},
		{TN_METRIC_PER_OPERATION, 1.0002, "1.00"},
		{TN_METRIC_SHARE, 0.0012, "0.120%"},
		{TN_METRIC_SHARE, 2.5e-6, "2.50 ppm"},
		{TN_METRIC_COUNT, 3, "3"},
		{TN_METRIC_DURATION, NAN, "-"},
	};
	char buf[TN_UNIT_TEXT];

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(cases); i++)
		assert_string_equal(tn_metric_format(cases[i].kind, cases[i].value, buf, sizeof(buf)), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenario_names_are_metrics),
		cmocka_unit_test(metrics_are_scenario_names),
		cmocka_unit_test(other_names_are_none),
		cmocka_unit_test(rounds_of_all_cpus_count),
		cmocka_unit_test(flushes_stand_against_operations),
		cmocka_unit_test(page_tables_stand_against_those_who_free_them),
		cmocka_unit_test(partial_rounds_are_left_out),
		cmocka_unit_test(rates_have_their_events),
		cmocka_unit_test(losses_leave_bounds),
		cmocka_unit_test(dark_classes_have_no_rounds),
		cmocka_unit_test(entry_costs_are_told_apart),
		cmocka_unit_test(other_tools_have_a_value_a_round),
		cmocka_unit_test(other_tools_have_no_histogram_to_merge),
		cmocka_unit_test(values_have_their_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
