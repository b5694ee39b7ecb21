// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports of rt-tests 2.40, shortened, and what is made of those that are not as they should be. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "result/reference.h"

#define HEAD                                                                                              \
	"{\"file_version\": 1, \"cmdline:\": \"x\", \"rt_test_version:\": \"2.40\", \"return_code\": 0, " \
	"\"num_threads\": 1, "
#define OSLAT      HEAD "\"thread\": {\"0\": {\"cpu\": 1, \"freq\": 2597, \"min\": 1, \"avg\": 1.012468, \"max\": 5543, "
#define CYCLICTEST HEAD "\"resolution_in_ns\": 0, \"thread\": {\"0\": {"

static struct tn_run_reference parse(const char *tool, const char *json)
{
	struct tn_run_reference f = {.failure = ""};
	struct tn_error err = {0};

	snprintf(f.tool, sizeof(f.tool), "%s", tool);
	if (tn_reference_parse(json, &f, &err) < 0)
		fail_msg("%s", err.text);
	return f;
}

static void refuse(const char *tool, const char *json, const char *text)
{
	struct tn_run_reference f = {.version = "before"};
	struct tn_error err = {0};

	snprintf(f.tool, sizeof(f.tool), "%s", tool);
	assert_int_equal(tn_reference_parse(json, &f, &err), -EPROTO);
	assert_string_equal(err.text, text);
	assert_string_equal(f.version, "before");
	assert_int_equal(f.samples, 0);
}

/* A pass of up to k us is under key k. */
static void oslat_buckets_end_at_their_key(void **state)
{
	struct tn_run_reference f = parse(
		"oslat", OSLAT "\"duration\": 0.999, \"histogram\": {\"1\": 985, \"2\": 10, \"10\": 4, \"64\": 1}}}}");

	(void)state;
	assert_string_equal(f.version, "2.40");
	assert_int_equal(f.samples, 1000);
	assert_true(f.min_ns == 1000 && f.max_ns == 5543000);
	assert_true(fabs(f.mean_ns - 1012.468) < 1e-6);
	assert_true(f.p50_ns == 1000);
	assert_true(f.p99_ns == 2000);
	assert_true(f.p999_ns == 10000);
	assert_true(f.resolution_ns == 1000);
}

/* Its last bucket has all that is longer. */
static void oslat_does_not_resolve_its_last_bucket(void **state)
{
	struct tn_run_reference f = parse("oslat", OSLAT "\"histogram\": {\"1\": 98, \"1024\": 2}}}}");

	(void)state;
	assert_true(f.p50_ns == 1000);
	assert_true(isnan(f.p99_ns) && isnan(f.p999_ns));
	assert_true(f.max_ns == 5543000);
}

/* Key k has the latencies below k + 1 us; what lies beyond the histogram is in "cycles" only. */
static void cyclictest_leaves_out_what_is_beyond(void **state)
{
	struct tn_run_reference f = parse("cyclictest", CYCLICTEST
					  "\"histogram\": {\"51\": 600, \"176\": 392}, \"cycles\": 1000, \"min\": 51, "
					  "\"max\": 3870, \"avg\": 97.05, \"cpu\": 1, \"node\": 0}}}");

	(void)state;
	assert_int_equal(f.samples, 1000);
	assert_true(f.p50_ns == 52000);
	assert_true(f.p99_ns == 177000);
	assert_true(isnan(f.p999_ns));
	assert_true(f.min_ns == 51000 && f.max_ns == 3870000);
}

/* Keys come in any order. */
static void rows_are_sorted(void **state)
{
	struct tn_run_reference f = parse("oslat", OSLAT "\"histogram\": {\"10\": 49, \"2\": 51}}}}");

	(void)state;
	assert_true(f.p50_ns == 2000);
}

static void other_reports_are_refused(void **state)
{
	(void)state;
	refuse("oslat", "", "the report of oslat is not understood: it should have one thread");
	refuse("oslat", "{}", "the report of oslat is not understood: it should have one thread");
	refuse("oslat", "{\"thread\": {\"0\": {}, \"1\": {}}}",
	       "the report of oslat is not understood: it should have one thread");
	refuse("oslat", "{\"thread\": {\"0\": {\"min\": 1}}}",
	       "the report of oslat is not understood: it has no histogram");
	refuse("oslat", OSLAT "\"histogram\": {\"one\": 1}}}}",
	       "the report of oslat is not understood: its histogram has an odd row");
	refuse("oslat", OSLAT "\"histogram\": {\"1\": -1}}}}",
	       "the report of oslat is not understood: its histogram has an odd row");
	refuse("cyclictest", CYCLICTEST "\"histogram\": {\"1\": 1}, \"min\": 1, \"max\": 2, \"avg\": 1}}}",
	       "the report of cyclictest is not understood: it has no number cycles");
	refuse("cyclictest", CYCLICTEST "\"histogram\": {\"1\": 1}, \"min\": 1, \"max\": \"2\", \"avg\": 1}}}",
	       "the report of cyclictest is not understood: it has no number max");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oslat_buckets_end_at_their_key),
		cmocka_unit_test(oslat_does_not_resolve_its_last_bucket),
		cmocka_unit_test(cyclictest_leaves_out_what_is_beyond),
		cmocka_unit_test(rows_are_sorted),
		cmocka_unit_test(other_reports_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
