// SPDX-License-Identifier: GPL-2.0-or-later
/* What may be concluded: bounds only on what could be seen, and medians only of rounds that are alike. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "result/observable.h"
#include "result/totals.h"
#include "sample.h"

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

static void levels_tell_what_they_can(void **state)
{
	static const bool by_function[TN_CLASS_COUNT] = {
		[TN_CLASS_KERNEL_TLB_FLUSH] = true,
		[TN_CLASS_USER_TLB_FLUSH] = true,
		[TN_CLASS_SYNC_CORE] = true,
		[TN_CLASS_RESCHEDULE] = true,
		[TN_CLASS_RCU] = true,
		[TN_CLASS_TIMER] = true,
		[TN_CLASS_TICK] = true,
		[TN_CLASS_PAGE_TABLE_FLUSH] = true,
		[TN_CLASS_INJECTED] = true,
	};

	(void)state;
	for (unsigned int i = 0; i < TN_CLASS_COUNT; i++) {
		assert_true(tn_class_observable(TN_TRACE_FULL, (enum tn_class)i));
		assert_int_equal(tn_class_observable(TN_TRACE_ENTRY, (enum tn_class)i), !by_function[i]);
		assert_false(tn_class_observable(TN_TRACE_COUNTERS, (enum tn_class)i));
		assert_false(tn_class_observable(TN_TRACE_NONE, (enum tn_class)i));
	}
	assert_false(tn_class_observable(TN_TRACE_FULL, TN_CLASS_NONE));
}

/* Nothing lost, no round cut short. */
static struct tn_run *clean_run(enum tn_trace_level level)
{
	struct tn_run *run = sample_run(1, 3);

	memset(&run->lost, 0, sizeof(run->lost));
	run->level = level;
	for (size_t i = 0; i < run->n_cpus; i++) {
		run->cpu[i].ring_lost = run->cpu[i].ring_lost_ticks = 0;
		run->cpu[i].partial = false;
	}
	return run;
}

/* It can be read, too. */
static cJSON *document(const struct tn_run *run)
{
	tn_cleanup(tn_run_freep) struct tn_run *back = NULL;
	struct tn_error err = {0};
	cJSON *json = NULL;

	if (tn_run_to_json(run, &json, &err) < 0 || tn_run_from_json(json, &back, &err) < 0)
		fail_msg("%s", err.text);
	return json;
}

static const cJSON *total_class(const cJSON *json, const char *class, const char *key)
{
	json = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "totals")->child, "by_class");
	json = cJSON_GetObjectItem(cJSON_GetObjectItem(json, class), key);
	if (!json)
		fail_msg("%s.%s is missing", class, key);
	return json;
}

enum given { NULLS, RATES, INTERVALS };

static void class_gives(const cJSON *json, const char *class, enum given entries, enum given interruptions)
{
	if (cJSON_IsNull(total_class(json, class, "entries_per_s")) != (entries < RATES) ||
	    cJSON_IsNull(total_class(json, class, "entries_per_s_interval")) != (entries < INTERVALS) ||
	    cJSON_IsNull(total_class(json, class, "interruptions_per_s")) != (interruptions < RATES) ||
	    cJSON_IsNull(total_class(json, class, "interruptions_per_s_interval")) != (interruptions < INTERVALS))
		fail_msg("%s: wanted %d and %d", class, (int)entries, (int)interruptions);
}

/* Rates are of what was counted, whether all of it was or not. */
static void cause_gives(const cJSON *json, bool entries, bool interruptions)
{
	const cJSON *c = cJSON_GetObjectItem(json, "causes")->child;

	assert_true(cJSON_IsNumber(cJSON_GetObjectItem(c, "entries_per_cpu_s")));
	assert_int_equal(cJSON_IsObject(cJSON_GetObjectItem(c, "entries_per_cpu_s_interval")), entries);
	assert_int_equal(cJSON_IsObject(cJSON_GetObjectItem(c, "interruptions_per_cpu_s_interval")), interruptions);
}

static void says_lost(const cJSON *json, const char *text)
{
	const char *note = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "lost"), "note")->valuestring;

	if (!strstr(note, text) || (!*text && *note))
		fail_msg("'%s' instead of '%s'", note, text);
}

static void no_bounds_on_what_cannot_be_told(void **state)
{
	static const enum tn_trace_level level[] = {TN_TRACE_FULL, TN_TRACE_ENTRY, TN_TRACE_COUNTERS};
	static const enum given flush[] = {INTERVALS, NULLS, NULLS}, nmi[] = {INTERVALS, INTERVALS, NULLS};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(level); i++) {
		tn_cleanup(tn_run_freep) struct tn_run *run = clean_run(level[i]);
		tn_cleanup(cJSON_Deletep) cJSON *json = document(run);
		bool events = level[i] <= TN_TRACE_ENTRY;

		class_gives(json, "kernel-tlb-flush", flush[i], flush[i]);
		class_gives(json, "rcu", flush[i], flush[i]);
		class_gives(json, "nmi", nmi[i], nmi[i]);
		cause_gives(json, events, events);
		says_lost(json, "");
	}
}

static void no_bounds_when_events_were_lost(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		tn_cleanup(tn_run_freep) struct tn_run *run = clean_run(TN_TRACE_FULL);
		tn_cleanup(cJSON_Deletep) cJSON *json = NULL;

		*(i == 0 ? &run->lost.overrun : i == 1 ? &run->lost.missed : &run->lost.undecoded) = 1;
		json = document(run);
		class_gives(json, "nmi", RATES, RATES);
		class_gives(json, "kernel-tlb-flush", RATES, RATES);
		cause_gives(json, false, false);
		says_lost(json, "not known to be hardware or hypervisor");
	}
}

static void a_full_ring_loses_causes_not_entries(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = clean_run(TN_TRACE_FULL);
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;

	(void)state;
	run->lost.ring = run->cpu[0].ring_lost = 1;
	json = document(run);
	class_gives(json, "nmi", INTERVALS, RATES);
	cause_gives(json, true, false);
	says_lost(json, "may have been in an interruption that the ring lost");
}

static void percentiles_need_a_value_above_them(void **state)
{
	static const struct {
		unsigned int n;
		double percent;
		bool known;
	} cases[] = {
		{0, 100, false},    {1, 100, true},     {1, 50, false},       {2, 50, true},
		{9, 90, false},     {10, 90, true},     {99, 99, false},      {100, 99, true},
		{998, 99.9, false}, {1000, 99.9, true}, {9989, 99.99, false}, {10000, 99.99, true},
	};
	const struct tn_clock clock = {.hz = 1e9};
	tn_autofree struct tn_hist *h = malloc(sizeof(*h));

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(cases); i++) {
		tn_hist_init(h);
		for (unsigned int k = 0; k < cases[i].n; k++)
			tn_hist_record(h, 5);
		if (isfinite(tn_hist_percentile_ns(&clock, h, cases[i].percent)) != cases[i].known)
			fail_msg("%u values, p%g", cases[i].n, cases[i].percent);
	}
}

/* Rounds of 1, 2 and 3 s with 10, 20 and 90 interruptions: 10, 10 and 30 a second. */
static struct tn_run *three_rounds(void)
{
	static const unsigned int n[] = {10, 20, 90};
	struct tn_run *run = NULL;
	struct tn_run_cpu *c;

	assert_int_equal(tn_run_new(&run, NULL), 0);
	run->clock.hz = 1e9;
	for (unsigned int i = 0; i < 3; i++) {
		c = tn_run_add_cpu(run);
		c->round = i + 1;
		c->window_close_ticks = (i + 1) * 1000000000ull;
		for (unsigned int k = 0; k < n[i]; k++)
			tn_hist_record(&c->interruptions, 300);
	}
	return run;
}

static void partial_rounds_are_no_repetition(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = three_rounds();
	tn_cleanup(tn_run_totals_free) struct tn_run_totals t = {0};
	const struct tn_metric_total *m;

	(void)state;
	run->cpu[2].partial = true;
	assert_int_equal(tn_run_totals(run, &t), 0);
	m = &t.cpu[0].metric[TN_METRIC_PER_S];
	assert_int_equal(t.cpu[0].partial, 1);
	assert_true(m->merged == 20.0 && m->rounds[2] == 30.0);
	assert_true(m->median == 10.0 && m->lowest == 10.0 && m->highest == 10.0 && m->interval.high == 10.0);
	assert_true(fabs(m->interval.confidence - 0.5) < 1e-12); /* of two rounds; three would give 0.75 */
}

static void only_partial_rounds_give_no_median(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = three_rounds();
	tn_cleanup(tn_run_totals_free) struct tn_run_totals t = {0};

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		run->cpu[i].partial = true;
	assert_int_equal(tn_run_totals(run, &t), 0);
	assert_true(isnan(t.cpu[0].metric[TN_METRIC_PER_S].median));
	assert_true(isnan(t.cpu[0].metric[TN_METRIC_PER_S].highest));
	assert_true(t.cpu[0].metric[TN_METRIC_PER_S].merged == 20.0);
}

/* Two rounds have too few interruptions for a p99; the value of the one that has enough is no median of three. */
static void a_round_without_a_value_leaves_no_median(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = three_rounds();
	tn_cleanup(tn_run_totals_free) struct tn_run_totals t = {0};
	const struct tn_metric_total *p99;

	(void)state;
	for (unsigned int k = 0; k < 10; k++)
		tn_hist_record(&run->cpu[2].interruptions, 300);
	assert_int_equal(tn_run_totals(run, &t), 0);
	p99 = &t.cpu[0].metric[TN_METRIC_INTERRUPTION + 2];
	assert_true(p99->merged == 300.0 && p99->rounds[2] == 300.0);
	assert_true(isnan(p99->rounds[0]) && isnan(p99->median) && isnan(p99->interval.low));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_tell_what_they_can),
		cmocka_unit_test(no_bounds_on_what_cannot_be_told),
		cmocka_unit_test(no_bounds_when_events_were_lost),
		cmocka_unit_test(a_full_ring_loses_causes_not_entries),
		cmocka_unit_test(percentiles_need_a_value_above_them),
		cmocka_unit_test(partial_rounds_are_no_repetition),
		cmocka_unit_test(only_partial_rounds_give_no_median),
		cmocka_unit_test(a_round_without_a_value_leaves_no_median),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
