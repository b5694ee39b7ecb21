// SPDX-License-Identifier: GPL-2.0-or-later
/* What rounds of kinds entry and timer say together: what belongs together, and what a short round counts for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "result/kinds.h"
#include "sample.h"

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

static struct tn_run_entry_cost *add(struct tn_run *run, int cpu, enum tn_condition condition, const char *operation,
				     uint64_t ticks)
{
	struct tn_run_entry_cost *e = tn_run_add_entry_cost(run);

	assert_non_null(e);
	e->cpu = cpu;
	e->condition = condition;
	snprintf(e->operation, sizeof(e->operation), "%s", operation);
	e->window_close_ticks = 1000000000;
	for (unsigned int i = 0; i < 100; i++)
		tn_hist_record(&e->cost, ticks);
	return e;
}

static void groups_are_cpu_condition_and_operation(void **state)
{
	tn_cleanup(tn_kind_totals_free) struct tn_kind_totals t = {0};
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;

	(void)state;
	assert_int_equal(tn_run_new(&run, NULL), 0);
	run->clock.hz = 1e9;
	for (unsigned int round = 0; round < 5; round++) {
		add(run, 1, TN_CONDITION_QUIET, "getpid", 100 + round);
		add(run, 1, TN_CONDITION_QUIET, "page-fault", 200 + round);
		add(run, 0, TN_CONDITION_QUIET, "getpid", 120);
		add(run, 1, TN_CONDITION_CHURN, "getpid", 110)->partial = round == 4;
	}
	assert_int_equal(tn_kind_totals(run, &t), 0);
	assert_int_equal(t.n_entries, 4);
	assert_int_equal(t.n_wakeups, 0);
	assert_string_equal(t.entry[1].first->operation, "page-fault");
	assert_int_equal(t.entry[0].cost.rounds, 5);
	assert_true(t.entry[0].cost.percentile[0].median == 102);
	assert_true(t.entry[0].cost.percentile[0].interval.low == 100);
	assert_true(t.entry[0].cost.percentile[0].interval.high == 104);
	assert_true(t.entry[0].cost.all.count == 500);
	assert_true(t.entry[0].cost.window_s == 5.0);
	assert_int_equal(t.entry[2].first->cpu, 0);
	assert_int_equal(t.entry[3].cost.partial, 1);
	assert_true(t.entry[3].cost.percentile[0].merged == 110);
}

/* Its values count in what all rounds say as one, and not in the median. */
static void short_rounds_are_no_repetition(void **state)
{
	tn_cleanup(tn_kind_totals_free) struct tn_kind_totals t = {0};
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;

	(void)state;
	assert_int_equal(tn_run_new(&run, NULL), 0);
	run->clock.hz = 1e9;
	for (unsigned int round = 0; round < 4; round++) {
		struct tn_run_wakeup *w = tn_run_add_wakeup(run);

		assert_non_null(w);
		w->cpu = 3;
		w->missed = 1;
		w->partial = round == 3;
		for (unsigned int i = 0; i < 10; i++)
			tn_hist_record(&w->latency, round == 3 ? 90 : 10 + round);
	}
	assert_int_equal(tn_kind_totals(run, &t), 0);
	assert_int_equal(t.n_wakeups, 1);
	assert_int_equal(t.wakeup[0].missed, 4);
	assert_int_equal(t.wakeup[0].latency.partial, 1);
	assert_true(t.wakeup[0].latency.percentile[TN_PERCENTILES - 1].merged == 90);
	assert_true(t.wakeup[0].latency.percentile[TN_PERCENTILES - 1].highest == 12);
	assert_true(t.wakeup[0].latency.percentile[0].median == 11);
	assert_true(isnan(t.wakeup[0].latency.percentile[4].merged)); /* p99.99 of 40 */
}

static void totals_are_in_the_document(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(2, 5);
	tn_cleanup(cJSON_Deletep) cJSON *json = sample_document(run);
	const cJSON *t = cJSON_GetObjectItem(json, "entry_cost_totals"), *p50;

	(void)state;
	assert_int_equal(cJSON_GetArraySize(t), 8);
	p50 = cJSON_GetObjectItem(cJSON_GetObjectItem(t->child, "cost_ns"), "p50");
	assert_string_equal(cJSON_GetObjectItem(t->child, "condition")->valuestring, "quiet");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(p50, "rounds")), 5);
	assert_true(cJSON_GetObjectItem(p50, "median")->valuedouble > 119); /* 310 ticks of 2.6 GHz */
	assert_true(cJSON_GetObjectItem(p50, "median")->valuedouble < 143);
	t = cJSON_GetObjectItem(json, "wakeup_totals");
	assert_int_equal(cJSON_GetArraySize(t), 2);
	assert_int_equal(cJSON_GetObjectItem(t->child, "missed")->valuedouble, 0 + 2 + 4 + 6 + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_cpu_condition_and_operation),
		cmocka_unit_test(short_rounds_are_no_repetition),
		cmocka_unit_test(totals_are_in_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
