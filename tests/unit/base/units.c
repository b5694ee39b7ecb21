// SPDX-License-Identifier: GPL-2.0-or-later
/* Quantities: what is read, what is refused and in which words, what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"

typedef int (*parse_fn)(const char *text, uint64_t *ret, struct tn_error *err);

struct good {
	const char *text;
	uint64_t value;
};

struct bad {
	const char *text;
	int code;
	const char *says;
};

static void check_good(parse_fn parse, const struct good *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tn_error err = {0};
		uint64_t v = 0;

		if (parse(cases[i].text, &v, &err))
			fail_msg("%s: %s", cases[i].text, err.text);
		if (v != cases[i].value)
			fail_msg("%s: got %llu", cases[i].text, (unsigned long long)v);
	}
}

static void check_bad(parse_fn parse, const struct bad *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tn_error err = {0};
		uint64_t v = 42;

		assert_int_equal(parse(cases[i].text, &v, &err), cases[i].code);
		assert_string_equal(err.text, cases[i].says);
		assert_int_equal(v, 42);
	}
}

static void test_durations(void **state)
{
	static const struct good good[] = {
		{"30s", 30000000000},
		{"1.5ms", 1500000},
		{"100us", 100000},
		{"250ns", 250},
		{"2m", 120000000000},
		{"1h", 3600000000000},
		{"0s", 0},
		{"0.000000001s", 1},
		{"1.1s", 1100000000},
		{"0.5m", 30000000000},
		{"1.000000000000000000s", 1000000000},
		{"18446744073709551615ns", UINT64_MAX},
	};
	static const struct bad bad[] = {
		{"", -EINVAL, "'' is not a duration, such as 30s, 1.5ms or 100us"},
		{"30", -EINVAL, "'30' is not a duration, such as 30s, 1.5ms or 100us"},
		{"s", -EINVAL, "'s' is not a duration, such as 30s, 1.5ms or 100us"},
		{"-1s", -EINVAL, "'-1s' is not a duration, such as 30s, 1.5ms or 100us"},
		{"+1s", -EINVAL, "'+1s' is not a duration, such as 30s, 1.5ms or 100us"},
		{" 1s", -EINVAL, "' 1s' is not a duration, such as 30s, 1.5ms or 100us"},
		{"1 s", -EINVAL, "'1 s' is not a duration, such as 30s, 1.5ms or 100us"},
		{"1s ", -EINVAL, "'1s ' is not a duration, such as 30s, 1.5ms or 100us"},
		{"1sec", -EINVAL, "'1sec' is not a duration, such as 30s, 1.5ms or 100us"},
		{"1.s", -EINVAL, "'1.s' is not a duration, such as 30s, 1.5ms or 100us"},
		{".5s", -EINVAL, "'.5s' is not a duration, such as 30s, 1.5ms or 100us"},
		{"1e3s", -EINVAL, "'1e3s' is not a duration, such as 30s, 1.5ms or 100us"},
		{"nan", -EINVAL, "'nan' is not a duration, such as 30s, 1.5ms or 100us"},
		{"1.5ns", -EINVAL,
		 "'1.5ns' does not come out in whole nanoseconds; write a duration such as 30s, 1.5ms or 100us"},
		{"18446744073709551616ns", -ERANGE,
		 "'18446744073709551616ns' is too large for a duration, such as 30s, 1.5ms or 100us"},
		{"99999999999h", -ERANGE, "'99999999999h' is too large for a duration, such as 30s, 1.5ms or 100us"},
		{"18446744073.709551616s", -ERANGE,
		 "'18446744073.709551616s' is too large for a duration, such as 30s, 1.5ms or 100us"},
	};

	(void)state;
	check_good(tn_parse_duration_ns, good, TN_ARRAY_SIZE(good));
	check_bad(tn_parse_duration_ns, bad, TN_ARRAY_SIZE(bad));
}

static void test_sizes(void **state)
{
	static const struct good good[] = {
		{"64K", 65536}, {"16M", 16777216}, {"1G", 1073741824}, {"2T", 2199023255552},
		{"4096", 4096}, {"0", 0},          {"1.5K", 1536},
	};
	static const struct bad bad[] = {
		{"64k", -EINVAL, "'64k' is not a size, such as 64K, 16M or 1G"},
		{"64KB", -EINVAL, "'64KB' is not a size, such as 64K, 16M or 1G"},
		{"-1", -EINVAL, "'-1' is not a size, such as 64K, 16M or 1G"},
		{"0.3K", -EINVAL, "'0.3K' does not come out in whole bytes; write a size such as 64K, 16M or 1G"},
		{"16777216T", -ERANGE, "'16777216T' is too large for a size, such as 64K, 16M or 1G"},
	};

	(void)state;
	check_good(tn_parse_size, good, TN_ARRAY_SIZE(good));
	check_bad(tn_parse_size, bad, TN_ARRAY_SIZE(bad));
}

static void test_rates(void **state)
{
	static const struct {
		const char *text;
		double per_s;
	} good[] = {{"200/s", 200}, {"10k/s", 10000},  {"60/min", 1},      {"max", TN_RATE_MAX},
		    {"0.5/s", 0.5}, {"1M/s", 1000000}, {"1/min", 1.0 / 60}};
	static const struct bad bad[] = {
		{"200", -EINVAL, "'200' is not a rate, such as 200/s, 10k/s, 60/min or max"},
		{"200/", -EINVAL, "'200/' is not a rate, such as 200/s, 10k/s, 60/min or max"},
		{"-1/s", -EINVAL, "'-1/s' is not a rate, such as 200/s, 10k/s, 60/min or max"},
		{"200/sec", -EINVAL, "'200/sec' is not a rate, such as 200/s, 10k/s, 60/min or max"},
		{"MAX", -EINVAL, "'MAX' is not a rate, such as 200/s, 10k/s, 60/min or max"},
		{"0/s", -EINVAL, "'0/s' would never do anything: give a rate such as 200/s, 10k/s, 60/min or max"},
		{"1001M/s", -ERANGE, "'1001M/s' is too large for a rate, such as 200/s, 10k/s, 60/min or max"},
	};
	struct tn_error err = {0};
	double v;

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(good); i++) {
		assert_int_equal(tn_parse_rate(good[i].text, &v, &err), 0);
		assert_true(fabs(v - good[i].per_s) < 1e-12);
	}
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++) {
		v = 42;
		assert_int_equal(tn_parse_rate(bad[i].text, &v, &err), bad[i].code);
		assert_string_equal(err.text, bad[i].says);
		assert_true(v == 42);
	}
}

static void test_numbers(void **state)
{
	static const struct bad bad[] = {
		{"", -EINVAL, "'' is not a whole number, such as 1"},
		{"-3", -EINVAL, "'-3' is not a whole number, such as 1"},
		{"3x", -EINVAL, "'3x' is not a whole number, such as 1"},
		{"1.5", -EINVAL, "'1.5' is not a whole number, such as 1"},
		{"0", -ERANGE, "'0' is out of range: it must be from 1 to 512"},
		{"513", -ERANGE, "'513' is out of range: it must be from 1 to 512"},
		{"99999999999999999999", -ERANGE, "'99999999999999999999' is out of range: it must be from 1 to 512"},
	};
	struct tn_error err = {0};
	uint64_t v;

	(void)state;
	assert_int_equal(tn_parse_u64("512", 1, 512, &v, &err), 0);
	assert_int_equal(v, 512);
	assert_int_equal(tn_parse_u64("18446744073709551615", 0, UINT64_MAX, &v, &err), 0);
	assert_true(v == UINT64_MAX);
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++) {
		v = 42;
		assert_int_equal(tn_parse_u64(bad[i].text, 1, 512, &v, &err), bad[i].code);
		assert_string_equal(err.text, bad[i].says);
		assert_int_equal(v, 42);
	}
}

static void test_ranges(void **state)
{
	static const struct bad bad[] = {
		{"", -EINVAL, "'' is not a number or a range, such as 64 or 1-512"},
		{"1-", -EINVAL, "'1-' is not a number or a range, such as 64 or 1-512"},
		{"-5", -EINVAL, "'-5' is not a number or a range, such as 64 or 1-512"},
		{"1-2-3", -EINVAL, "'1-2-3' is not a number or a range, such as 64 or 1-512"},
		{"9-5", -EINVAL, "the range '9-5' runs backwards: write the smaller end first, as in 1-512"},
		{"0-5", -ERANGE, "'0-5' is out of range: it must lie within 1-512"},
		{"1-513", -ERANGE, "'1-513' is out of range: it must lie within 1-512"},
		{"1-99999999999999999999", -ERANGE,
		 "'1-99999999999999999999' is out of range: it must lie within 1-512"},
	};
	struct tn_error err = {0};
	struct tn_range v;

	(void)state;
	assert_int_equal(tn_parse_range("64", 1, 512, &v, &err), 0);
	assert_int_equal(v.min, 64);
	assert_int_equal(v.max, 64);
	assert_int_equal(tn_parse_range("1-512", 1, 512, &v, &err), 0);
	assert_int_equal(v.min, 1);
	assert_int_equal(v.max, 512);
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++) {
		v.min = 42;
		assert_int_equal(tn_parse_range(bad[i].text, 1, 512, &v, &err), bad[i].code);
		assert_string_equal(err.text, bad[i].says);
		assert_int_equal(v.min, 42);
	}
}

/* However long and strange the text, the error is one line. */
static void test_errors_stay_one_line(void **state)
{
	struct tn_error err = {0};
	char text[5000];
	uint64_t v;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[0] = '\n';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(tn_parse_duration_ns(text, &v, &err), -EINVAL);
	assert_null(strchr(err.text, '\n'));
	assert_in_range(strlen(err.text), 1, 150);
	assert_non_null(strstr(err.text, "is not a duration, such as 30s"));
}

static void test_prints_durations(void **state)
{
	static const struct {
		double ns;
		const char *text;
	} cases[] = {{0, "0 ns"},        {0.5, "0.50 ns"},    {5, "5.00 ns"},    {850, "850 ns"},
		     {999.4, "999 ns"},  {999.6, "1.00 us"},  {1234, "1.23 us"}, {9994, "9.99 us"},
		     {9996, "10.0 us"},  {99960, "100 us"},   {12e6, "12.0 ms"}, {30e9, "30.0 s"},
		     {7200e9, "7200 s"}, {-1234, "-1.23 us"}, {NAN, "-"},        {INFINITY, "-"}};
	char buf[TN_UNIT_TEXT];

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(cases); i++)
		assert_string_equal(tn_format_ns(cases[i].ns, buf, sizeof(buf)), cases[i].text);
}

static void test_prints_sizes_and_rates(void **state)
{
	char buf[TN_UNIT_TEXT];

	(void)state;
	assert_string_equal(tn_format_size(0, buf, sizeof(buf)), "0 B");
	assert_string_equal(tn_format_size(1023, buf, sizeof(buf)), "1023 B");
	assert_string_equal(tn_format_size(1024, buf, sizeof(buf)), "1.0 KiB");
	assert_string_equal(tn_format_size(4194304, buf, sizeof(buf)), "4.0 MiB");
	assert_string_equal(tn_format_size(1048575, buf, sizeof(buf)), "1.0 MiB");
	assert_string_equal(tn_format_size(UINT64_MAX, buf, sizeof(buf)), "16.0 EiB");
	assert_string_equal(tn_format_rate(0, buf, sizeof(buf)), "0 /s");
	assert_string_equal(tn_format_rate(200, buf, sizeof(buf)), "200 /s");
	assert_string_equal(tn_format_rate(12345, buf, sizeof(buf)), "12.3 k/s");
	assert_string_equal(tn_format_rate(1.2e6, buf, sizeof(buf)), "1.20 M/s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_errors_stay_one_line),
		cmocka_unit_test(test_prints_durations),
		cmocka_unit_test(test_prints_sizes_and_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
