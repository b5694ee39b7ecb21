// SPDX-License-Identifier: GPL-2.0-or-later
/* The run document: what contradicts itself is neither written nor read; other minor versions are read. */
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
	{"started_at", "\"yesterday\"", -EINVAL, "started_at must be a time as 2026-01-31T23:59:59Z, in UTC"},
	{"started_at", "\"2026-11-22T10:15:02+05:00\"", -EINVAL, "started_at must be a time"},
	{"started_at", "\"2026-13-22T10:15:02Z\"", -EINVAL, "started_at must be a time"},
	{"started_at", "\"2026- 1-22T10:15:02Z\"", -EINVAL, "started_at must be a time"},
	{"environment hostname", "\"rig\\u0001\"", -EINVAL, "environment.hostname must be UTF-8 without control"},
	{"environment kernel_release", "\"6.12\\u009f\"", -EINVAL, "environment.kernel_release must be UTF-8"},
	{"scenario name", "\"storm\\n\"", -EINVAL, "scenario.name must be UTF-8 without control characters"},
	{"cpus", "{}", -EINVAL, "cpus must be a list"},
	{"cpus 1 window_open_ticks", NULL, -EINVAL, "cpus[1].window_open_ticks is missing"},
	{"cpus 1 window_open_ticks", "123", -EINVAL, "cpus[1].window_open_ticks must be a string of decimal digits"},
	{"cpus 1 window_open_ticks", "\"-1\"", -EINVAL, "cpus[1].window_open_ticks must be a string of decimal digits"},
	{"cpus 1 window_open_ticks", "\"18446744073709551616\"", -EINVAL, "below 2^64"},
	{"cpus 1 window_close_ticks", "\"5\"", -EBADMSG, "cpus[1]: window_close_ticks 5 lies before window_open_ticks"},
	{"cpus 0 cpu", "null", -EINVAL, "cpus[0].cpu must be a whole number"},
	{"cpus 0 cpu", "4096", -ERANGE, "cpus[0].cpu is 4096: it must be from 0 to 4095"},
	{"cpus 1 round", "1", -EBADMSG, "cpus: CPU 1 is there twice in round 1"},
	{"entry_costs 1 operation", "\"getpid\"", -EBADMSG, "entry_costs: CPU 1 is there twice in round 0 of getpid"},
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
	{"entry_costs 0 condition", "\"busy\"", -EINVAL, "entry_costs[0].condition is 'busy'"},
	{"entry_costs 1 operation", "7", -EINVAL, "entry_costs[1].operation must be a string"},
	{"entry_costs 1 cost", "null", -EINVAL, "entry_costs[1].cost: it must be an object"},
	{"entry_costs 1 window_close_ticks", "\"5\"", -EBADMSG,
	 "entry_costs[1]: window_close_ticks 5 lies before window_open_ticks"},
	{"wakeups 1 wakeups", "4", -EBADMSG, "wakeups[1]: wakeups is 4, but the latencies of 999 are there"},
	{"wakeups 0 window_open_ticks", "\"18446744073709551615\"", -EBADMSG, "wakeups[0]: window_close_ticks"},
	{"wakeups 0 cpu", "null", -EINVAL, "wakeups[0].cpu must be a whole number"},
	{"references 0 max_ns", "\"41us\"", -EINVAL, "references[0].max_ns must be a number"},
	{"references 0 p99.9_ns", "-1", -ERANGE, "references[0].p99.9_ns is -1: it must be from 0"},
	{"references 0 tool", "\"a tool with a long name\"", -ERANGE, "references[0].tool is longer than 15 bytes"},
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
	tn_cleanup(cJSON_Deletep) cJSON *good = sample_document(run);

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
	tn_cleanup(cJSON_Deletep) cJSON *json = sample_document(run);
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
	static const char *const late[] = {"threshold",
					   "raw error",
					   "cpus 0 partial",
					   "cpus 0 evidence_s",
					   "cpus 0 counters_dropped",
					   "causes 4 local",
					   "churn 0 kind",
					   "entry_costs",
					   "wakeups",
					   "references",
					   "cpus 0 by_class page-table-flush",
					   "cpus 0 by_class injected"};
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1), *back = NULL;
	tn_cleanup(cJSON_Deletep) cJSON *json = sample_document(run);
	struct tn_error err = {0};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(late); i++)
		apply(json, &(struct change){.path = late[i]});
	if (tn_run_from_json(json, &back, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(back->threshold_auto || back->cpu[0].partial || back->cause[4].local);
	assert_true(!back->min_threshold_ticks && !back->cpu[0].counters_dropped);
	assert_true(back->cpu[0].evidence_s == 0.0);
	assert_int_equal(back->cpu[0].by_class[TN_CLASS_PAGE_TABLE_FLUSH].entries, 0);
	assert_int_equal(back->cpu[0].by_class[TN_CLASS_INJECTED].interruptions, 0);
	assert_string_equal(back->raw_error, "");
	assert_string_equal(back->churn[0].kind, "");
	assert_true(!back->n_entry_costs && !back->n_wakeups && !back->n_references);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contradictions_are_not_written),
		cmocka_unit_test(bad_documents_are_refused),
		cmocka_unit_test(newer_minor_versions_are_read),
		cmocka_unit_test(older_minor_versions_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
