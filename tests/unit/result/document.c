// SPDX-License-Identifier: GPL-2.0-or-later
/* The run document: what is written is read back, member by member, and what is derived from it is right. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "result/run.h"
#include "sample.h"

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

/* Through the text, as a file or the wire does it. */
static struct tn_run *through_text(const struct tn_run *run)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = sample_document(run), *parsed = NULL;
	tn_autofree char *text = cJSON_PrintUnformatted(json);
	struct tn_error err = {0};
	struct tn_run *back = NULL;

	parsed = cJSON_Parse(text);
	assert_non_null(parsed);
	if (tn_run_from_json(parsed, &back, &err) < 0)
		fail_msg("%s", err.text);
	return back;
}

static void assert_near(double a, double b)
{
	double d = a > b ? a - b : b - a;

	assert_true(d <= 1e-15 * (a > b ? a : b));
}

static void compare_cpus(struct tn_run *a, struct tn_run *b)
{
	assert_int_equal(a->n_cpus, b->n_cpus);
	for (size_t i = 0; i < a->n_cpus; i++) {
		struct tn_run_counter *ca = a->cpu[i].counter, *cb = b->cpu[i].counter;

		assert_int_equal(a->cpu[i].n_counters, b->cpu[i].n_counters);
		assert_memory_equal(ca, cb, a->cpu[i].n_counters * sizeof(*ca));
		a->cpu[i].counter = b->cpu[i].counter = NULL;
		assert_memory_equal(&a->cpu[i], &b->cpu[i], sizeof(a->cpu[i]));
		a->cpu[i].counter = ca;
		b->cpu[i].counter = cb;
	}
}

static void compare_worst(struct tn_run *a, struct tn_run *b)
{
	assert_int_equal(a->n_worst, b->n_worst);
	for (size_t i = 0; i < a->n_worst; i++) {
		struct tn_run_entry *ea = a->worst[i].entry, *eb = b->worst[i].entry;

		assert_int_equal(a->worst[i].n_kept, b->worst[i].n_kept);
		assert_memory_equal(ea, eb, a->worst[i].n_kept * sizeof(*ea));
		a->worst[i].entry = b->worst[i].entry = NULL;
		assert_memory_equal(&a->worst[i], &b->worst[i], sizeof(a->worst[i]));
		a->worst[i].entry = ea;
		b->worst[i].entry = eb;
	}
}

static void compare_head(struct tn_run *a, struct tn_run *b)
{
	assert_string_equal(a->scenario_text, b->scenario_text);
	assert_int_equal(a->n_overrides, b->n_overrides);
	for (size_t i = 0; i < a->n_overrides; i++)
		assert_string_equal(a->override[i], b->override[i]);
	assert_near(a->clock.hz, b->clock.hz);
	b->clock.hz = a->clock.hz;
}

/* All that is no pointer lies before and behind the lists: compare it as bytes. */
static void compare_runs(struct tn_run *a, struct tn_run *b)
{
	struct tn_run x, y;

	compare_head(a, b);
	compare_cpus(a, b);
	compare_worst(a, b);
	assert_int_equal(a->n_findings, b->n_findings);
	assert_memory_equal(a->finding, b->finding, a->n_findings * sizeof(*a->finding));
	assert_int_equal(a->n_readiness, b->n_readiness);
	assert_memory_equal(a->readiness, b->readiness, a->n_readiness * sizeof(*a->readiness));
	assert_int_equal(a->n_effects, b->n_effects);
	assert_memory_equal(a->effect, b->effect, a->n_effects * sizeof(*a->effect));
	assert_int_equal(a->n_causes, b->n_causes);
	assert_memory_equal(a->cause, b->cause, a->n_causes * sizeof(*a->cause));
	assert_int_equal(a->n_churn, b->n_churn);
	assert_memory_equal(a->churn, b->churn, a->n_churn * sizeof(*a->churn));
	assert_int_equal(a->n_entry_costs, b->n_entry_costs);
	assert_memory_equal(a->entry_cost, b->entry_cost, a->n_entry_costs * sizeof(*a->entry_cost));
	assert_int_equal(a->n_wakeups, b->n_wakeups);
	assert_memory_equal(a->wakeup, b->wakeup, a->n_wakeups * sizeof(*a->wakeup));
	assert_int_equal(a->n_references, b->n_references);
	assert_memory_equal(a->reference, b->reference, a->n_references * sizeof(*a->reference));
	assert_int_equal(a->n_expectations, b->n_expectations);
	assert_memory_equal(a->expectation, b->expectation, a->n_expectations * sizeof(*a->expectation));
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	y.scenario_text = x.scenario_text;
	y.override = x.override;
	y.finding = x.finding;
	y.readiness = x.readiness;
	y.effect = x.effect;
	y.cpu = x.cpu;
	y.cause = x.cause;
	y.worst = x.worst;
	y.churn = x.churn;
	y.entry_cost = x.entry_cost;
	y.wakeup = x.wakeup;
	y.reference = x.reference;
	y.expectation = x.expectation;
	assert_memory_equal(&x, &y, sizeof(x));
}

static void everything_comes_back(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(3, 3);
	tn_cleanup(tn_run_freep) struct tn_run *back = through_text(run);

	(void)state;
	compare_runs(run, back);
}

/* Also with figures that 15 digits do not hold: what is derived from them may not depend on who derives it. */
static void writing_twice_gives_the_same_text(void **state)
{
	static const double hz[] = {2596123456.789, 2445405000.0 / 3, 1e9 / 0.3849123456789123, 2599999999.9999995};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(hz); i++) {
		tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(2, 3), *back = NULL;
		tn_cleanup(cJSON_Deletep) cJSON *first = NULL, *second = NULL;
		tn_autofree char *a = NULL, *b = NULL;

		run->clock.hz = hz[i];
		run->churn[0].seconds = 9.999087017418388; /* 1,991 operations in 9.99908701741839 s print otherwise */
		run->churn[0].busy_s = run->cpu[0].evidence_s = hz[i] / 3e9;
		first = sample_document(run);
		back = through_text(run);
		second = sample_document(back);
		a = cJSON_Print(first);
		b = cJSON_Print(second);
		assert_string_equal(a, b);
	}
}

/* A member that the sample leaves at its default would pass a round trip that forgets it. */
static bool has_default(const cJSON *json)
{
	if (cJSON_IsNull(json) || cJSON_IsFalse(json))
		return true;
	if (cJSON_IsNumber(json))
		return json->valuedouble == 0.0;
	return cJSON_IsString(json) && !json->valuestring[0];
}

static bool all_defaults(const cJSON *list, const char *key)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (!has_default(cJSON_GetObjectItemCaseSensitive(item, key)))
			return false;
	return true;
}

static void check_object(const cJSON *object)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object) {
		if (cJSON_IsObject(item) && strcmp(object->string ? object->string : "", "totals"))
			check_object(item);
		else if (has_default(item) && strcmp(item->string, "clipped"))
			fail_msg("the sample does not fill %s", item->string);
	}
}

static void sample_fills_every_key(void **state)
{
	static const char *const lists[] = {"findings",
					    "side_effects",
					    "cpus",
					    "causes",
					    "worst",
					    "churn",
					    "entry_costs",
					    "wakeups",
					    "references",
					    "readiness",
					    "entry_cost_totals",
					    "wakeup_totals"};
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(3, 3);
	tn_cleanup(cJSON_Deletep) cJSON *json = sample_document(run);
	const cJSON *list, *item;

	(void)state;
	check_object(json);
	for (size_t i = 0; i < TN_ARRAY_SIZE(lists); i++) {
		list = cJSON_GetObjectItemCaseSensitive(json, lists[i]);
		assert_true(cJSON_GetArraySize(list) > 0);
		cJSON_ArrayForEach(item, list->child)
			/* The sample lost events, so that its causes have no intervals. */
			if (!strstr(item->string, "_interval") && all_defaults(list, item->string))
				fail_msg("the sample does not fill %s[].%s", lists[i], item->string);
	}
}

static void stamps_are_exact(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1), *back = NULL;
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;
	const cJSON *cpu;

	(void)state;
	run->cpu[0].window_open_ticks = UINT64_MAX - 9;
	run->cpu[0].window_close_ticks = UINT64_MAX;
	json = sample_document(run);
	cpu = cJSON_GetObjectItem(json, "cpus")->child;
	assert_string_equal(cJSON_GetObjectItem(cpu, "window_close_ticks")->valuestring, "18446744073709551615");
	back = through_text(run);
	assert_true(back->cpu[0].window_open_ticks == UINT64_MAX - 9);
	assert_true(back->cpu[0].window_close_ticks == UINT64_MAX);
}

static void lengths_saturate(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1), *back = NULL;

	(void)state;
	run->cpu[0].ring_lost_ticks = UINT64_MAX;
	run->cpu[0].quanta = (1ull << 52) - 1;
	run->cpu[0].floor_min_ticks = (1ull << 52) - 2;
	back = through_text(run);
	assert_true(back->cpu[0].ring_lost_ticks == (1ull << 52) - 1);
	assert_true(back->cpu[0].quanta == (1ull << 52) - 1);
	assert_true(back->cpu[0].floor_min_ticks == (1ull << 52) - 2);
}

static void unknown_is_null(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL, *back = NULL;

	(void)state;
	assert_int_equal(tn_run_new(&run, NULL), 0);
	run->clock.hz = 1e9;
	snprintf(run->started_at, sizeof(run->started_at), "2026-01-31T23:59:59Z");
	assert_non_null(tn_run_add_cpu(run));
	back = through_text(run);
	compare_cpus(run, back);
	assert_true(back->cpu[0].smi == UINT64_MAX && back->cpu[0].steal_ns == UINT64_MAX);
	assert_int_equal(back->cpu[0].node, -1);
	assert_true(back->cpu[0].jitter.min == UINT64_MAX);
	assert_null(back->scenario_text);
}

/* A run without rounds of kind spin has no CPUs in its list, and is a run all the same. */
static void other_kinds_stand_alone(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(2, 3), *back = NULL;
	struct tn_run_reference *f;

	(void)state;
	while (run->n_cpus)
		free(run->cpu[--run->n_cpus].counter);
	back = through_text(run);
	assert_int_equal(back->n_cpus, 0);
	assert_int_equal(back->n_entry_costs, 24);
	assert_int_equal(back->n_wakeups, 6);
	assert_int_equal(back->n_references, 6);
	f = &back->reference[1]; /* cyclictest has no percentiles here */
	assert_true(isnan(f->p50_ns) && isnan(f->p99_ns) && isnan(f->p999_ns) && f->max_ns == 42000);
}

static void text_is_always_utf8(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1), *back = NULL;

	(void)state;
	strcpy(run->cause[2].sender_comm, "a\xff\x1b[31m\xc3\xa4\xe2\x82");
	back = through_text(run);
	assert_string_equal(back->cause[2].sender_comm, "a?\x1b[31m\xc3\xa4??");
}

static const cJSON *item_at(const cJSON *json, const char *path)
{
	tn_autofree char *copy = strdup(path);
	char *save = NULL;

	for (char *key = strtok_r(copy, " ", &save); key && json; key = strtok_r(NULL, " ", &save))
		json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(key)) : cJSON_GetObjectItem(json, key);
	if (!json)
		fail_msg("%s is missing", path);
	return json;
}

static double number_at(const cJSON *json, const char *path)
{
	const cJSON *item = item_at(json, path);

	if (!cJSON_IsNumber(item))
		fail_msg("%s is no number", path);
	return item->valuedouble;
}

/* At 1 GHz a tick is a nanosecond, and the figures can be worked out by hand. */
static void derived_figures_are_right(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;
	struct tn_run_cpu *c;

	(void)state;
	assert_int_equal(tn_run_new(&run, NULL), 0);
	run->clock.hz = 1e9;
	for (unsigned int round = 1; round <= 3; round++) {
		c = tn_run_add_cpu(run);
		c->cpu = 7;
		c->round = round;
		c->window_close_ticks = 2000000000;
		for (unsigned int i = 0; i < 2 * round; i++)
			tn_hist_record(&c->interruptions, 200 * round);
		c->stolen_ticks = 200 * round * round;
	}
	json = sample_document(run);
	assert_near(number_at(json, "cpus 1 interruptions_per_s"), 2.0);
	assert_near(number_at(json, "cpus 1 stolen_share"), 4e-7);
	assert_near(number_at(json, "cpus 2 interruptions percentiles_ns max"), 600);
	assert_near(number_at(json, "totals 0 cpu"), 7);
	assert_near(number_at(json, "totals 0 window_s"), 6);
	assert_near(number_at(json, "totals 0 interruptions"), 12);
	assert_near(number_at(json, "totals 0 interruptions_per_s merged"), 2);
	assert_near(number_at(json, "totals 0 interruptions_per_s rounds 2"), 3);
	assert_near(number_at(json, "totals 0 interruptions_per_s median_interval low"), 1);
	assert_near(number_at(json, "totals 0 interruptions_per_s median_interval confidence"), 0.75);
	assert_near(number_at(json, "totals 0 interruption_ns p50 median"), 400);
	assert_near(number_at(json, "totals 0 interruption_ns max merged"), 600);
	/* None seen in 6 s: -ln(0.025) / 6. */
	assert_near(number_at(json, "totals 0 by_class nmi entries_per_s_interval low"), 0);
	assert_true(number_at(json, "totals 0 by_class nmi entries_per_s_interval high") > 0.614813);
	assert_true(number_at(json, "totals 0 by_class nmi entries_per_s_interval high") < 0.614814);
	assert_true(cJSON_IsNull(item_at(json, "totals 0 jitter_ns p99 merged")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),     cmocka_unit_test(writing_twice_gives_the_same_text),
		cmocka_unit_test(sample_fills_every_key),    cmocka_unit_test(stamps_are_exact),
		cmocka_unit_test(lengths_saturate),          cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(other_kinds_stand_alone),   cmocka_unit_test(text_is_always_utf8),
		cmocka_unit_test(derived_figures_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
