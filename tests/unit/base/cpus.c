// SPDX-License-Identifier: GPL-2.0-or-later
/* CPU sets: the list format both ways, set algebra at the words' edges, binding this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cpus.h"

static struct tn_cpus parse(const char *text)
{
	struct tn_error err = {0};
	struct tn_cpus set;

	if (tn_cpus_parse(text, &set, &err))
		fail_msg("%s: %s", text, err.text);
	return set;
}

/* Text in, canonical text out. */
static void test_formats_back(void **state)
{
	static const char *const cases[][2] = {
		{"0", "0"},
		{"0-3,8", "0-3,8"},
		{" 0-3 , 8 \n", "0-3,8"},
		{"8,0-3", "0-3,8"},
		{"0,1,2,3", "0-3"},
		{"0-15:2/4", "0-1,4-5,8-9,12-13"},
		{"1-10:1/3", "1,4,7,10"},
		{"5-5", "5"},
		{"63-64", "63-64"},
		{"4095", "4095"},
		{"0-4095", "0-4095"},
	};
	char buf[TN_CPUS_TEXT];

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(cases); i++) {
		struct tn_cpus set = parse(cases[i][0]);

		assert_string_equal(tn_cpus_format(&set, buf, sizeof(buf)), cases[i][1]);
	}
}

static void test_refuses(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *says;
	} cases[] = {
		{"", -EINVAL, "an empty text is not a CPU list, such as 0-3,8"},
		{" \n", -EINVAL, "an empty text is not a CPU list, such as 0-3,8"},
		{"0-x", -EINVAL, "'0-x' is not a CPU list, such as 0-3,8"},
		{"x", -EINVAL, "'x' is not a CPU list, such as 0-3,8"},
		{"-1", -EINVAL, "'-1' is not a CPU list, such as 0-3,8"},
		{"+1", -EINVAL, "'+1' is not a CPU list, such as 0-3,8"},
		{"1,", -EINVAL, "'1,' is not a CPU list, such as 0-3,8"},
		{",1", -EINVAL, "',1' is not a CPU list, such as 0-3,8"},
		{"1 2", -EINVAL, "'1 2' is not a CPU list, such as 0-3,8"},
		{"0-3:2", -EINVAL, "'0-3:2' is not a CPU list, such as 0-3,8"},
		{"0-3:/2", -EINVAL, "'0-3:/2' is not a CPU list, such as 0-3,8"},
		{"0x3", -EINVAL, "'0x3' is not a CPU list, such as 0-3,8"},
		{"3-1", -EINVAL, "the CPU range 3-1 in '3-1' runs backwards"},
		{"0-3:3/2", -EINVAL,
		 "'0-3:3/2': the stride must take at least 1 CPU of each group, and not more than it has"},
		{"0-3:0/2", -EINVAL,
		 "'0-3:0/2': the stride must take at least 1 CPU of each group, and not more than it has"},
		{"4096", -ERANGE, "'4096' is out of range: CPU numbers end at 4095"},
		{"0-9999999999999999999999", -ERANGE,
		 "'0-9999999999999999999999' is out of range: CPU numbers end at 4095"},
	};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(cases); i++) {
		struct tn_cpus set = {.bits = {42}};
		struct tn_error err = {0};

		assert_int_equal(tn_cpus_parse(cases[i].text, &set, &err), cases[i].code);
		assert_string_equal(err.text, cases[i].says);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(set.bits[0], 42);
		assert_int_equal(tn_cpus_parse(cases[i].text, &set, NULL), cases[i].code);
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_reads_files(void **state)
{
	char path[] = "/tmp/tn-cpus-XXXXXX", buf[TN_CPUS_TEXT], says[128];
	struct tn_error err = {0};
	struct tn_cpus set;

	(void)state;
	close(mkstemp(path));
	write_file(path, "0-1,4000\n");
	assert_int_equal(tn_cpus_read(path, &set, &err), 0);
	assert_string_equal(tn_cpus_format(&set, buf, sizeof(buf)), "0-1,4000");
	write_file(path, "\n");
	assert_int_equal(tn_cpus_read(path, &set, &err), 0);
	assert_true(tn_cpus_empty(&set));
	assert_string_equal(tn_cpus_format(&set, buf, sizeof(buf)), "");
	write_file(path, "0-\n");
	assert_int_equal(tn_cpus_read(path, &set, &err), -EINVAL);
	snprintf(says, sizeof(says), "%s: '0- ' is not a CPU list, such as 0-3,8", path);
	assert_string_equal(err.text, says);
	unlink(path);
	assert_int_equal(tn_cpus_read(path, &set, &err), -ENOENT);
	snprintf(says, sizeof(says), "cannot open %s: No such file or directory", path);
	assert_string_equal(err.text, says);
	assert_int_equal(tn_cpus_read("/tmp", &set, &err), -EISDIR);
}

/* Every size from nothing up: never past the end, whole entries only, "..." exactly when cut. */
static void test_format_cuts_between_entries(void **state)
{
	static const char whole[] = "0-1,5,100-103";
	struct tn_cpus set = parse(whole);
	char buf[64];

	(void)state;
	for (size_t size = 5; size <= sizeof(whole); size++) {
		memset(buf, 'X', sizeof(buf));
		assert_ptr_equal(tn_cpus_format(&set, buf, size), buf);
		assert_in_range(strlen(buf), 1, size - 1);
		assert_int_equal(buf[size], 'X');
		if (size == sizeof(whole))
			assert_string_equal(buf, whole);
		else if (size >= 10)
			assert_string_equal(buf, "0-1,5,...");
		else if (size >= 8)
			assert_string_equal(buf, "0-1,...");
		else
			assert_string_equal(buf, "...");
	}
}

static void test_walks_over_word_edges(void **state)
{
	static const int members[] = {0, 1, 62, 63, 64, 65, 127, 128, 4095};
	struct tn_cpus set = {0};
	size_t i = 0;

	(void)state;
	assert_int_equal(tn_cpus_first(&set), -1);
	assert_int_equal(tn_cpus_last(&set), -1);
	for (i = 0; i < TN_ARRAY_SIZE(members); i++)
		tn_cpus_add(&set, (unsigned int)members[i]);
	i = 0;
	tn_cpus_for_each(cpu, &set)
		assert_int_equal(cpu, members[i++]);
	assert_int_equal(i, TN_ARRAY_SIZE(members));
	assert_int_equal(tn_cpus_count(&set), i);
	assert_int_equal(tn_cpus_last(&set), 4095);
	tn_cpus_del(&set, 4095);
	assert_int_equal(tn_cpus_last(&set), 128);
	assert_int_equal(tn_cpus_next(&set, 128), -1);
}

static void test_ignores_numbers_out_of_range(void **state)
{
	struct tn_cpus set = {0};

	(void)state;
	tn_cpus_add(&set, TN_CPUS_MAX);
	tn_cpus_add(&set, UINT_MAX);
	tn_cpus_del(&set, UINT_MAX);
	assert_true(tn_cpus_empty(&set));
	assert_false(tn_cpus_has(&set, TN_CPUS_MAX));
	assert_int_equal(tn_cpus_next(&set, TN_CPUS_MAX), -1);
}

static void test_algebra(void **state)
{
	struct tn_cpus a = parse("0-3,64"), b = parse("2-5,64"), c;
	char buf[64];

	(void)state;
	c = tn_cpus_and(&a, &b);
	assert_string_equal(tn_cpus_format(&c, buf, sizeof(buf)), "2-3,64");
	c = tn_cpus_or(&a, &b);
	assert_string_equal(tn_cpus_format(&c, buf, sizeof(buf)), "0-5,64");
	c = tn_cpus_minus(&a, &b);
	assert_string_equal(tn_cpus_format(&c, buf, sizeof(buf)), "0-1");
	assert_true(tn_cpus_intersect(&a, &b));
	assert_false(tn_cpus_intersect(&c, &b));
	assert_false(tn_cpus_equal(&a, &b));
	c = tn_cpus_or(&c, &a);
	assert_true(tn_cpus_equal(&c, &a));
}

static void test_binds_this_process(void **state)
{
	struct tn_cpus all, one = {0}, got;
	struct tn_error err = {0};

	(void)state;
	assert_int_equal(tn_cpus_affinity_self(&all, &err), 0);
	tn_cpus_add(&one, (unsigned int)tn_cpus_last(&all));
	assert_int_equal(tn_cpus_bind_self(&one, &err), 0);
	assert_int_equal(tn_cpus_affinity_self(&got, &err), 0);
	assert_true(tn_cpus_equal(&got, &one));
	assert_int_equal(tn_cpus_bind_self(&all, &err), 0);
	one = parse("4090-4095");
	assert_int_equal(tn_cpus_bind_self(&one, &err), -EINVAL);
	assert_string_equal(err.text,
			    "cannot bind to CPUs 4090-4095: they do not exist, are offline or outside this cpuset");
	one = tn_cpus_or(&all, &one);
	assert_int_equal(tn_cpus_bind_self(&one, &err), -EINVAL);
	assert_string_equal(err.text,
			    "cannot bind to CPUs 4090-4095: they do not exist, are offline or outside this cpuset");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_back),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_reads_files),
		cmocka_unit_test(test_format_cuts_between_entries),
		cmocka_unit_test(test_walks_over_word_edges),
		cmocka_unit_test(test_ignores_numbers_out_of_range),
		cmocka_unit_test(test_algebra),
		cmocka_unit_test(test_binds_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
