// SPDX-License-Identifier: GPL-2.0-or-later
/* Readiness and counting as text and as JSON: what is said of what, how wide, and what programs get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/check.h"
#include "result/check.h"

#define LONG_VALUE "one (pid 1), two (pid 2), three (pid 3), four (pid 4), five (pid 5), six (pid 6), seven (pid 7)"

static const struct tn_check *check_of(const char *id)
{
	const struct tn_check *check;

	for (size_t i = 0; (check = tn_check_at(i)); i++)
		if (!strcmp(check->id, id))
			return check;
	fail_msg("no check %s", id);
	return NULL;
}

static struct tn_check_finding finding(const char *id, int cpu, enum tn_check_verdict verdict, const char *value)
{
	struct tn_check_finding f = {.check = check_of(id), .cpu = cpu, .verdict = verdict};

	snprintf(f.file, sizeof(f.file), "/some/file");
	snprintf(f.value, sizeof(f.value), "%s", value);
	if (verdict >= TN_CHECK_WARNING)
		snprintf(f.fix, sizeof(f.fix), "do something about %d", cpu);
	return f;
}

static struct tn_check_report sample(struct tn_check_finding findings[6])
{
	struct tn_check_report report = {.finding = findings, .n = 6, .isolated = true};

	findings[0] = finding("user-tasks", 1, TN_CHECK_FAIL, LONG_VALUE);
	findings[1] = finding("workqueue-mask", -1, TN_CHECK_OK, "1\033[31m");
	findings[2] = finding("ksm", -1, TN_CHECK_NOT_APPLICABLE, "not there");
	findings[3] = finding("governor", 1, TN_CHECK_WARNING, "schedutil");
	findings[4] = finding("governor", 2, TN_CHECK_OK, "performance");
	findings[5] = finding("governor", 3, TN_CHECK_WARNING, "schedutil");
	for (unsigned int cpu = 1; cpu <= 3; cpu++)
		tn_cpus_add(&report.cpus, cpu);
	tn_cpus_add(&report.housekeeping, 0);
	return report;
}

static char *text_of(const struct tn_check_report *report, const struct tn_report_options *opt)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(tn_report_check(report, opt, out, NULL), 0);
	fclose(out);
	assert_non_null(text);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void as_text(void **state)
{
	struct tn_check_finding findings[6];
	struct tn_check_report report = sample(findings);
	struct tn_report_options opt = {.width = 100};
	char *text = text_of(&report, &opt);

	(void)state;
	assert_has(text, "Checked: CPU 1-3, which the kernel isolates; housekeeping: CPU 0\n");
	assert_has(text, "\nfail    user-tasks           cr CPU 1: /some/file: one (pid 1)");
	assert_has(text, "\n                                fix: do something about 1\n");
	assert_has(text, "\nok      workqueue-mask       cr /some/file: 1?[31m\n");
	assert_has(text, "\nnot applicable: ksm (not there)\n");
	assert_has(text, "\nwarning governor             cr CPU 1,3: /some/file: schedutil\n");
	assert_has(text, "\nok      governor             cr CPU 2: /some/file: performance\n");
	assert_has(text, " 1 ok, 1 warnings, 1 failed, 0 unknown, ");
	assert_null(strchr(text, '\033'));
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 100);
	free(text);
	opt.colour = true;
	text = text_of(&report, &opt);
	assert_has(text, "\033[1;31mfail    user-tasks");
	assert_has(text, "\033[1;33mwarning governor");
	free(text);
}

static void as_json(void **state)
{
	struct tn_check_finding findings[6];
	struct tn_check_report report = sample(findings);
	cJSON *json = NULL;
	char *text;

	(void)state;
	assert_int_equal(tn_check_to_json(&report, &json, NULL), 0);
	text = cJSON_PrintUnformatted(json);
	assert_has(text,
		   "\"schema\":\"tlbnoise.check/1\",\"cpus\":\"1-3\",\"housekeeping_cpus\":\"0\",\"isolated\":true");
	assert_has(text, "\"ok\":1,\"unknown\":0,\"warning\":1,\"fail\":1");
	assert_has(text, "\"id\":\"governor\",\"group\":\"power\",\"verdict\":\"warning\"");
	assert_has(text, "{\"cpu\":2,\"verdict\":\"ok\",\"file\":\"/some/file\",\"value\":\"performance\"},");
	assert_has(text,
		   "{\"cpu\":null,\"verdict\":\"not applicable\",\"file\":\"/some/file\",\"value\":\"not there\"}");
	assert_has(text, "\"value\":\"schedutil\",\"fix\":\"do something about 3\"}");
	assert_has(text, "\"tuned\":[\"cpu-partitioning\",\"realtime\"]");
	free(text);
	cJSON_Delete(json);
}

static void counted(void **state)
{
	struct tn_watch_cpu cpus[] = {
		{.cpu = 2, .count = {0, 0, 0, 0, 0, 0, UINT64_MAX}, .verdict = TN_CHECK_OK, .busy = 0.02},
		{.cpu = 13, .count = {2500, 1, 2, 3, 4, 5, 6}, .verdict = TN_CHECK_FAIL, .busy = 1, .most = "LOC 2500"},
	};
	struct tn_watch_result result = {.seconds = 10, .n = 2, .cpu = cpus};
	cJSON *json = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(tn_report_watch(&result, NULL, out, NULL), 0);
	fclose(out);
	assert_has(text, "Counted over 10.0 s:\n");
	assert_has(text, "\n  2  ok         2%      0     0     0     0      0         0         -\n");
	assert_has(text, "\n 13  fail     100%   2500     1     2     3      4         5         6  LOC 2500\n");
	assert_has(text, "A CPU that is idle has no ticks in any case");
	free(text);
	assert_int_equal(tn_watch_to_json(&result, &json, NULL), 0);
	text = cJSON_PrintUnformatted(json);
	assert_has(text, "\"softirqs\":0,\"switches\":null,\"most\":\"\"},");
	assert_has(
		text,
		"{\"cpu\":13,\"verdict\":\"fail\",\"busy\":1,\"ticks\":2500,\"irqs\":1,\"ipis\":2,\"nmis\":3,\"other\":4,");
	free(text);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_text),
		cmocka_unit_test(as_json),
		cmocka_unit_test(counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
