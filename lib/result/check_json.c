// SPDX-License-Identifier: GPL-2.0-or-later
/* Readiness for programs: tlbnoise-check(1) describes the document. */
#include <errno.h>

#include "result/check.h"
#include "result/codec.h"

#define SCHEMA "tlbnoise.check/1"

static cJSON *tuned_json(unsigned int tuned)
{
	cJSON *list = cJSON_CreateArray();

	if (tuned & TN_TUNED_PARTITIONING)
		cJSON_AddItemToArray(list, cJSON_CreateString("cpu-partitioning"));
	if (tuned & TN_TUNED_REALTIME)
		cJSON_AddItemToArray(list, cJSON_CreateString("realtime"));
	return list;
}

/* A failed allocation leaves out what it was for; the tree is whole when all of @ok is true. */
static bool add_finding(cJSON *list, const struct tn_check_finding *f)
{
	cJSON *item = cJSON_CreateObject();
	bool ok = cJSON_AddItemToArray(list, item);

	ok &= f->cpu < 0 ? !!cJSON_AddNullToObject(item, "cpu") : !!cJSON_AddNumberToObject(item, "cpu", f->cpu);
	ok &= !!cJSON_AddStringToObject(item, "verdict", tn_check_verdict_name(f->verdict));
	ok &= tn_json_add(item, "file", tn_json_text(f->file)) == 0;
	ok &= tn_json_add(item, "value", tn_json_text(f->value)) == 0;
	if (*f->fix)
		ok &= tn_json_add(item, "fix", tn_json_text(f->fix)) == 0;
	return ok;
}

static bool add_check(cJSON *list, const struct tn_check_report *report, const struct tn_check *check)
{
	cJSON *item = cJSON_CreateObject(), *findings;
	bool ok = cJSON_AddItemToArray(list, item);

	ok &= !!cJSON_AddStringToObject(item, "id", check->id);
	ok &= !!cJSON_AddStringToObject(item, "group", tn_check_group_name(check->group));
	ok &= !!cJSON_AddStringToObject(item, "verdict", tn_check_verdict_name(tn_check_overall(report, check)));
	ok &= !!cJSON_AddStringToObject(item, "what", check->what);
	ok &= !!cJSON_AddStringToObject(item, "effect", check->effect);
	ok &= tn_json_add(item, "tuned", tuned_json(check->tuned)) == 0;
	findings = cJSON_AddArrayToObject(item, "findings");
	for (size_t i = 0; i < report->n; i++)
		if (report->finding[i].check == check)
			ok &= add_finding(findings, &report->finding[i]);
	return ok && findings;
}

static bool add_sum(cJSON *json, const struct tn_check_report *report)
{
	static const char *const key[] = {[TN_CHECK_NOT_APPLICABLE] = "not_applicable",
					  [TN_CHECK_OK] = "ok",
					  [TN_CHECK_UNKNOWN] = "unknown",
					  [TN_CHECK_WARNING] = "warning",
					  [TN_CHECK_FAIL] = "fail"};
	unsigned int n[TN_CHECK_VERDICTS];
	cJSON *sum = cJSON_AddObjectToObject(json, "summary");
	bool ok = sum;

	tn_check_tally(report, n);
	for (int v = 0; v < TN_CHECK_VERDICTS; v++)
		ok &= !!cJSON_AddNumberToObject(sum, key[v], n[v]);
	return ok;
}

static int no_memory(cJSON *json, struct tn_error *err)
{
	cJSON_Delete(json);
	return tn_error_set(err, -ENOMEM, "no memory for the JSON");
}

/**
 * tn_check_to_json() - readiness as JSON
 * @report: from tn_check_run()
 * @ret: the document; cJSON_Delete()
 * @err: no memory
 *
 * Return: 0 or -ENOMEM.
 */
int tn_check_to_json(const struct tn_check_report *report, cJSON **ret, struct tn_error *err)
{
	cJSON *json = cJSON_CreateObject(), *checks;
	const struct tn_check *check;
	char text[TN_CPUS_TEXT];
	bool ok = true;

	ok &= !!cJSON_AddStringToObject(json, "schema", SCHEMA);
	ok &= !!cJSON_AddStringToObject(json, "cpus", tn_cpus_format(&report->cpus, text, sizeof(text)));
	ok &= !!cJSON_AddStringToObject(json, "housekeeping_cpus",
					tn_cpus_format(&report->housekeeping, text, sizeof(text)));
	ok &= !!cJSON_AddBoolToObject(json, "isolated", report->isolated);
	ok &= add_sum(json, report);
	checks = cJSON_AddArrayToObject(json, "checks");
	for (size_t i = 0; checks && (check = tn_check_at(i)); i++)
		ok &= add_check(checks, report, check);
	if (!ok || !checks)
		return no_memory(json, err);
	*ret = json;
	return 0;
}

static bool add_watched(cJSON *list, const struct tn_watch_cpu *c)
{
	cJSON *item = cJSON_CreateObject();
	bool ok = cJSON_AddItemToArray(list, item);

	ok &= !!cJSON_AddNumberToObject(item, "cpu", c->cpu);
	ok &= !!cJSON_AddStringToObject(item, "verdict", tn_check_verdict_name(c->verdict));
	ok &= tn_json_add_number(item, "busy", c->busy) == 0;
	for (int k = 0; k < TN_WATCH_KINDS; k++) {
		const char *name = tn_watch_kind_name((enum tn_watch_kind)k);

		ok &= tn_json_add(item, name,
				  c->count[k] == UINT64_MAX ? cJSON_CreateNull() : tn_json_u64(c->count[k])) == 0;
	}
	ok &= tn_json_add(item, "most", tn_json_text(c->most)) == 0;
	return ok;
}

/**
 * tn_watch_to_json() - what was counted on CPUs over a window, as JSON
 * @result: from tn_watch_compare()
 * @ret: the object; cJSON_Delete()
 * @err: no memory
 *
 * Return: 0 or -ENOMEM.
 */
int tn_watch_to_json(const struct tn_watch_result *result, cJSON **ret, struct tn_error *err)
{
	cJSON *json = cJSON_CreateObject(), *list;
	bool ok = !!cJSON_AddNumberToObject(json, "seconds", result->seconds);

	list = cJSON_AddArrayToObject(json, "cpus");
	for (size_t i = 0; list && i < result->n; i++)
		ok &= add_watched(list, &result->cpu[i]);
	if (!ok || !list)
		return no_memory(json, err);
	*ret = json;
	return 0;
}
