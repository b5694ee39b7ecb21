// SPDX-License-Identifier: GPL-2.0-or-later
/* The run document: what is written is read back, member by member, and nothing else is accepted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "result/run.h"
#include "sample.h"

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

static cJSON *document(const struct tn_run *run)
{
	struct tn_error err = {0};
	cJSON *json = NULL;

	if (tn_run_to_json(run, &json, &err) < 0)
		fail_msg("%s", err.text);
	return json;
}

/* Through the text, as a file or the wire does it. */
static struct tn_run *through_text(const struct tn_run *run)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = document(run), *parsed = NULL;
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
	assert_int_equal(a->n_effects, b->n_effects);
	assert_memory_equal(a->effect, b->effect, a->n_effects * sizeof(*a->effect));
	assert_int_equal(a->n_causes, b->n_causes);
	assert_memory_equal(a->cause, b->cause, a->n_causes * sizeof(*a->cause));
	assert_int_equal(a->n_churn, b->n_churn);
	assert_memory_equal(a->churn, b->churn, a->n_churn * sizeof(*a->churn));
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	y.scenario_text = x.scenario_text;
	y.override = x.override;
	y.finding = x.finding;
	y.effect = x.effect;
	y.cpu = x.cpu;
	y.cause = x.cause;
	y.worst = x.worst;
	y.churn = x.churn;
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
		first = document(run);
		back = through_text(run);
		second = document(back);
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
	static const char *const lists[] = {"findings", "side_effects", "cpus", "causes", "worst", "churn"};
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(3, 3);
	tn_cleanup(cJSON_Deletep) cJSON *json = document(run);
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
	json = document(run);
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
	assert_non_null(tn_run_add_cpu(run));
	back = through_text(run);
	compare_cpus(run, back);
	assert_true(back->cpu[0].smi == UINT64_MAX && back->cpu[0].steal_ns == UINT64_MAX);
	assert_int_equal(back->cpu[0].node, -1);
	assert_true(back->cpu[0].jitter.min == UINT64_MAX);
	assert_null(back->scenario_text);
}

static void text_is_always_utf8(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1), *back = NULL;

	(void)state;
	strcpy(run->cause[2].sender_comm, "a\xff\x1b[31m\xc3\xa4\xe2\x82");
	back = through_text(run);
	assert_string_equal(back->cause[2].sender_comm, "a?\x1b[31m\xc3\xa4??");
}

static void encode_refuses(struct tn_run *run, int expected, const char *text)
{
	struct tn_error err = {0};
	cJSON *json = NULL;

	assert_int_equal(tn_run_to_json(run, &json, &err), expected);
	assert_null(json);
	if (!strstr(err.text, text))
		fail_msg("'%s' lacks '%s'", err.text, text);
}

static void contradictions_are_not_written(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);

	(void)state;
	run->cpu[1].by_class[TN_CLASS_RCU].entries++;
	encode_refuses(run, -EBADMSG, "cpus[1].by_class.rcu: entries are 1, but matched 0 and too_short 0");
	run->cpu[1].by_class[TN_CLASS_RCU].entries--;
	run->cause[2].too_short = UINT64_MAX;
	encode_refuses(run, -EBADMSG, "causes[2]: entries");
	run->cause[2].too_short = run->cause[2].entries - run->cause[2].matched;
	run->clock.hz = 0;
	encode_refuses(run, -EBADMSG, "clock: hz is 0");
}

struct change {
	const char *path; /* keys and indices, blank between them; the last is replaced */
	const char *json; /* NULL: removed */
	int code;
	const char *text;
};

static const struct change changes[] = {
	{"schema", NULL, -EINVAL, "not a run document: it has no key \"schema\""},
	{"schema", "\"tlbnoise.run/2\"", -EPROTONOSUPPORT,
	 "schema is 'tlbnoise.run/2', this tlbnoise reads 'tlbnoise.run/1'"},
	{"state", NULL, -EINVAL, "state is missing"},
	{"state", "\"fine\"", -EINVAL, "state is 'fine', which this tlbnoise does not know"},
	{"id", "7", -EINVAL, "id must be a string"},
	{"id", "\"0123456789012345678901234567890123456789\"", -ERANGE, "id is longer than 39 bytes"},
	{"cpus", "{}", -EINVAL, "cpus must be a list"},
	{"cpus 1 window_open_ticks", NULL, -EINVAL, "cpus[1].window_open_ticks is missing"},
	{"cpus 1 window_open_ticks", "123", -EINVAL, "cpus[1].window_open_ticks must be a string of decimal digits"},
	{"cpus 1 window_open_ticks", "\"-1\"", -EINVAL, "cpus[1].window_open_ticks must be a string of decimal digits"},
	{"cpus 1 window_open_ticks", "\"18446744073709551616\"", -EINVAL, "below 2^64"},
	{"cpus 1 window_close_ticks", "\"5\"", -EBADMSG, "cpus[1]: window_close_ticks 5 lies before window_open_ticks"},
	{"cpus 0 cpu", "null", -EINVAL, "cpus[0].cpu must be a whole number"},
	{"cpus 0 cpu", "4096", -ERANGE, "cpus[0].cpu is 4096: it must be from 0 to 4095"},
	{"cpus 0 quanta", "1.5", -EINVAL, "cpus[0].quanta must be a whole number"},
	{"cpus 0 quanta", "-1", -ERANGE, "cpus[0].quanta is -1: it must be from 0 to 4503599627370495"},
	{"cpus 0 quanta", "1e300", -ERANGE, "cpus[0].quanta is 1e+300"},
	{"cpus 0 isolated", "0", -EINVAL, "cpus[0].isolated must be true or false"},
	{"cpus 0 siblings", "\"1-\"", -EINVAL, "cpus[0].siblings: "},
	{"cpus 0 siblings", "[1]", -EINVAL, "cpus[0].siblings must be a string with a CPU list"},
	{"cpus 0 round", "4294967296", -ERANGE, "cpus[0].round is 4.29497e+09: it must be from 0 to 4294967295"},
	{"cpus 0 by_class tick entries", "3", -EBADMSG, "cpus[0].by_class.tick: entries are 3, but matched"},
	{"cpus 0 by_class", "[]", -EINVAL, "cpus[0].by_class must be an object"},
	{"cpus 0 jitter", "[]", -EINVAL, "cpus[0].jitter: it must be an object"},
	{"cpus 0 jitter count", "5", -EBADMSG, "cpus[0].jitter: count is 5, but the buckets hold 99970"},
	{"cpus 0 jitter sub_bits", "5", -EPROTONOSUPPORT, "cpus[0].jitter: sub_bits 5 and max_bits 48"},
	{"cpus 0 jitter unit", "\"ns\"", -EINVAL, "cpus[0].jitter: unit must be \"ticks\""},
	{"cpus 0 jitter buckets", "[[5376,1]]", -EINVAL, "indices rising and below 5376"},
	{"cpus 0 jitter buckets", "[[7,1],[7,1]]", -EINVAL, "cpus[0].jitter: buckets must be a list of [index, count]"},
	{"cpus 0 jitter buckets", "[[7]]", -EINVAL, "cpus[0].jitter: buckets must be"},
	{"cpus 0 jitter buckets", "[7,8]", -EINVAL, "cpus[0].jitter: buckets must be"},
	{"cpus 0 jitter buckets", "[]", -EBADMSG, "cpus[0].jitter: count is 99970, but the buckets hold 0"},
	{"cpus 0 jitter max_ticks", "null", -EINVAL, "cpus[0].jitter: max_ticks must be a whole number"},
	{"cpus 0 jitter min_ticks", "1e12", -EBADMSG, "cpus[0].jitter: min_ticks 1000000000000 is above max_ticks"},
	{"cpus 0 jitter clipped", "1", -EBADMSG, "cpus[0].jitter: clipped is 1, but the last bucket holds 0"},
	{"clock hz", "0", -ERANGE, "clock.hz is 0: it must be from 1 to 1e+15"},
	{"clock hz", "\"fast\"", -EINVAL, "clock.hz must be a number"},
	{"clock source", "\"guessed\"", -EINVAL, "clock.source is 'guessed'"},
	{"trace level", "\"auto\"", -EINVAL, "trace.level is 'auto'"},
	{"environment config 0", "{}", -EINVAL, "environment.config[0] must be a string"},
	{"scenario overrides 1", "null", -EINVAL, "scenario.overrides[1] must be a string"},
	{"scenario", "null", -EINVAL, "scenario must be an object"},
	{"causes 1 class", "\"gremlin\"", -EINVAL, "causes[1].class is 'gremlin'"},
	{"causes 1 too_short", "77", -EBADMSG, "causes[1]: entries are 1254, but matched 1250 and too_short 77"},
	{"worst 0 cause", "5", -EBADMSG, "worst[0].cause is 5, but there are 5 causes"},
	{"worst 1 n_entries", "1", -EBADMSG, "worst[1]: n_entries is 1, but 2 are listed"},
	{"worst 1 entries 1 at_ticks", "\"07\"", -EINVAL, "worst[1].entries[1].at_ticks must be a string of decimal"},
	{"worst 1 end_ticks", "\"7\"", -EBADMSG, "worst[1]: end_ticks 7 lies before start_ticks"},
	{"findings 0 severity", "\"fatal\"", -EINVAL, "findings[0].severity is 'fatal'"},
	{"threshold auto", "1", -EINVAL, "threshold.auto must be true or false"},
	{"cpus 0 evidence_s", "-1", -ERANGE, "cpus[0].evidence_s is -1: it must be from 0"},
	{"cpus 0 partial", "\"no\"", -EINVAL, "cpus[0].partial must be true or false"},
	{"causes 0 local", "null", -EINVAL, "causes[0].local must be true or false"},
	{"raw error", "7", -EINVAL, "raw.error must be a string"},
	{"churn 0 requested_per_s", "-5", -ERANGE, "churn[0].requested_per_s is -5: it must be from 0"},
};

static void apply(cJSON *json, const struct change *c)
{
	tn_autofree char *path = strdup(c->path);
	char *save = NULL, *last = strtok_r(path, " ", &save), *next;

	while ((next = strtok_r(NULL, " ", &save))) {
		json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(last)) : cJSON_GetObjectItem(json, last);
		last = next;
	}
	assert_non_null(json);
	if (!c->json)
		cJSON_DeleteItemFromObject(json, last);
	else if (cJSON_IsArray(json))
		assert_true(cJSON_ReplaceItemInArray(json, atoi(last), cJSON_Parse(c->json)));
	else
		assert_true(cJSON_ReplaceItemInObject(json, last, cJSON_Parse(c->json)));
}

static void bad_documents_are_refused(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);
	tn_cleanup(cJSON_Deletep) cJSON *good = document(run);

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(changes); i++) {
		tn_cleanup(cJSON_Deletep) cJSON *json = cJSON_Duplicate(good, true);
		struct tn_run *back = NULL;
		struct tn_error err = {0};
		int r;

		apply(json, &changes[i]);
		r = tn_run_from_json(json, &back, &err);
		if (r != changes[i].code || !strstr(err.text, changes[i].text))
			fail_msg("%s: got %d '%s', wanted %d '%s'", changes[i].path, r, err.text, changes[i].code,
				 changes[i].text);
		assert_null(back);
	}
}

static void newer_minor_versions_are_read(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1), *back = NULL;
	tn_cleanup(cJSON_Deletep) cJSON *json = document(run);
	struct tn_error err = {0};
	cJSON *cpu = cJSON_GetObjectItem(json, "cpus")->child, *classes = cJSON_GetObjectItem(cpu, "by_class");

	(void)state;
	cJSON_AddStringToObject(json, "colour", "blue");
	cJSON_AddStringToObject(cpu, "temperature_c", "61");
	cJSON_AddObjectToObject(classes, "cosmic-ray");
	cJSON_DeleteItemFromObject(classes, "nmi");
	cJSON_DeleteItemFromObject(json, "totals");
	assert_int_equal(tn_run_from_json(json, &back, &err), 0);
	assert_int_equal(back->cpu[0].by_class[TN_CLASS_NMI].entries, 0);
}

/* Documents of before these keys: what they say is unknown, false or none. */
static void older_minor_versions_are_read(void **state)
{
	static const char *const late[] = {
		"threshold",     "raw error", "cpus 0 partial", "cpus 0 evidence_s", "cpus 0 counters_dropped",
		"causes 4 local"};
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1), *back = NULL;
	tn_cleanup(cJSON_Deletep) cJSON *json = document(run);
	struct tn_error err = {0};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(late); i++)
		apply(json, &(struct change){.path = late[i]});
	if (tn_run_from_json(json, &back, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(back->threshold_auto || back->cpu[0].partial || back->cause[4].local);
	assert_true(!back->min_threshold_ticks && !back->cpu[0].counters_dropped);
	assert_true(back->cpu[0].evidence_s == 0.0);
	assert_string_equal(back->raw_error, "");
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
	json = document(run);
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
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(writing_twice_gives_the_same_text),
		cmocka_unit_test(sample_fills_every_key),
		cmocka_unit_test(stamps_are_exact),
		cmocka_unit_test(lengths_saturate),
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(text_is_always_utf8),
		cmocka_unit_test(contradictions_are_not_written),
		cmocka_unit_test(bad_documents_are_refused),
		cmocka_unit_test(newer_minor_versions_are_read),
		cmocka_unit_test(older_minor_versions_are_read),
		cmocka_unit_test(derived_figures_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
