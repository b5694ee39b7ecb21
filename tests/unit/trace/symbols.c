// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of the tables of names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "trace/symbols.h"

static struct tn_symbols *tables(void)
{
	struct tn_symbols *s = NULL;

	assert_int_equal(tn_symbols_new(&s, NULL), 0);
	return s;
}

/* A file that goes away with the test; the path is good until the next call. */
static const char *file_with(const char *text)
{
	static char path[64];
	FILE *f;
	int fd;

	strcpy(path, "/tmp/tn-kallsyms-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int load(struct tn_symbols *s, const char *text, struct tn_error *err)
{
	const char *path = file_with(text);
	int rc = tn_symbols_load_kallsyms(s, path, err);

	unlink(path);
	return rc;
}

static const char kallsyms[] = "0000000000000000 A fixed_percpu_data\n"
			       "ffffffff81000000 T _stext\n"
			       "ffffffff81000000 T alias_of_stext\n"
			       "ffffffff810001f0 t __pfx_second\n"
			       "ffffffff81000200 t second\n"
			       "ffffffff82000000 D table\n"
			       "ffffffff82000100 d another\n"
			       "ffffffffa0001000 t in_module\t[nf_tables]\n"
			       "ffffffff81000100 W weak\n";

static void finds_functions_by_any_address_in_them(void **state)
{
	tn_cleanup(tn_symbols_freep) struct tn_symbols *s = tables();

	(void)state;
	assert_int_equal(load(s, kallsyms, NULL), 0);
	assert_string_equal(tn_symbols_name(s, 0xffffffff80ffffff), "");
	assert_string_equal(tn_symbols_name(s, 0xffffffff81000000), "_stext");
	assert_string_equal(tn_symbols_name(s, 0xffffffff810000ff), "_stext");
	assert_string_equal(tn_symbols_name(s, 0xffffffff81000100), "weak");
	assert_string_equal(tn_symbols_name(s, 0xffffffff810001f4), "weak"); /* padding has no name of its own */
	assert_string_equal(tn_symbols_name(s, 0xffffffff81000210), "second");
	assert_string_equal(tn_symbols_name(s, 0xffffffffa0001004), "in_module");
	assert_true(tn_symbols_start(s, 0xffffffff81000210) == 0xffffffff81000200);
	assert_true(tn_symbols_start(s, 0x1000) == 0);
}

static void data_is_no_function(void **state)
{
	tn_cleanup(tn_symbols_freep) struct tn_symbols *s = tables();
	char buf[64];

	(void)state;
	assert_int_equal(load(s, kallsyms, NULL), 0);
	assert_string_equal(tn_symbols_name(s, 0xffffffff82000000), "");
	assert_string_equal(tn_symbols_name(s, 0xffffffff82000180), "");
	assert_true(tn_symbols_start(s, 0xffffffff82000180) == 0);
	assert_string_equal(tn_symbols_format(s, 0xffffffff82000180, buf, sizeof(buf)), "0xffffffff82000180");
}

static void formats_name_and_offset(void **state)
{
	tn_cleanup(tn_symbols_freep) struct tn_symbols *s = tables();
	char buf[64], small[8];

	(void)state;
	assert_int_equal(load(s, kallsyms, NULL), 0);
	assert_string_equal(tn_symbols_format(s, 0xffffffff81000200, buf, sizeof(buf)), "second");
	assert_string_equal(tn_symbols_format(s, 0xffffffff8100021c, buf, sizeof(buf)), "second+0x1c");
	assert_string_equal(tn_symbols_format(s, 0xffffffff8100021c, small, sizeof(small)), "second+");
}

static void hidden_addresses_leave_names_empty(void **state)
{
	tn_cleanup(tn_symbols_freep) struct tn_symbols *s = tables();
	char buf[64];

	(void)state;
	assert_int_equal(load(s, "0000000000000000 T _stext\n0000000000000000 t second\n", NULL), 0);
	assert_string_equal(tn_symbols_name(s, 0xffffffff81000200), "");
	assert_string_equal(tn_symbols_format(s, 0xffffffff81000200, buf, sizeof(buf)), "0xffffffff81000200");
}

static void refuses_what_is_not_kallsyms(void **state)
{
	tn_cleanup(tn_symbols_freep) struct tn_symbols *s = tables();
	struct tn_error err = {0};

	(void)state;
	assert_int_equal(load(s, "ffffffff81000000 T _stext\nnot a symbol\n", &err), -EINVAL);
	assert_non_null(strstr(err.text, ":2: not a line of kallsyms"));
	assert_int_equal(tn_symbols_load_kallsyms(s, "/nonexistent/kallsyms", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/kallsyms"));
	assert_string_equal(tn_symbols_name(s, 0xffffffff81000000), "");
}

static void functions_can_be_added_in_any_order(void **state)
{
	tn_cleanup(tn_symbols_freep) struct tn_symbols *s = tables();

	(void)state;
	assert_int_equal(tn_symbols_add(s, 0x3000, "third"), 0);
	assert_int_equal(tn_symbols_add(s, 0x1000, "first"), 0);
	assert_int_equal(tn_symbols_add(s, 0x2000, "second"), 0);
	assert_int_equal(tn_symbols_add(s, 0x4000, NULL), 0);
	assert_string_equal(tn_symbols_name(s, 0x1fff), "first");
	assert_string_equal(tn_symbols_name(s, 0x2000), "second");
	assert_string_equal(tn_symbols_name(s, 0x3001), "third");
	assert_string_equal(tn_symbols_name(s, 0x4001), "");
	assert_int_equal(tn_symbols_add(s, 0x2000, "renamed"), 0);
	assert_string_equal(tn_symbols_name(s, 0x2fff), "renamed");
	assert_int_equal(tn_symbols_add(s, 0, "nowhere"), -EINVAL);
}

/* Enough to make every table and block grow; pointers given out before must stay good. */
static void strings_keep_their_number_and_place(void **state)
{
	tn_cleanup(tn_symbols_freep) struct tn_symbols *s = tables();
	const char *early;
	char text[64];

	(void)state;
	assert_int_equal(tn_symbols_intern(s, ""), 0);
	assert_int_equal(tn_symbols_intern(s, "string 0"), 1);
	early = tn_symbols_text(s, 1);
	for (unsigned int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "string %u", i);
		assert_int_equal(tn_symbols_intern(s, text), i + 1);
	}
	for (unsigned int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "string %u", i);
		assert_int_equal(tn_symbols_intern(s, text), i + 1);
		assert_string_equal(tn_symbols_text(s, i + 1), text);
	}
	assert_ptr_equal(tn_symbols_text(s, 1), early);
	assert_string_equal(tn_symbols_text(s, 0), "");
	assert_string_equal(tn_symbols_text(s, 20001), "");
}

static void stacks_are_stored_once(void **state)
{
	tn_cleanup(tn_symbols_freep) struct tn_symbols *s = tables();
	uint64_t frame[TN_STACK_DEPTH + 8];
	uint32_t one, two;

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(frame); i++)
		frame[i] = 0x1000 + i;
	one = tn_symbols_intern_stack(s, frame, 3);
	two = tn_symbols_intern_stack(s, frame, 4);
	assert_int_not_equal(one, 0);
	assert_int_not_equal(one, two);
	assert_int_equal(tn_symbols_intern_stack(s, frame, 3), one);
	assert_int_equal(tn_symbols_stack(s, two)->depth, 4);
	assert_true(tn_symbols_stack(s, two)->frame[3] == 0x1003);
	assert_int_equal(tn_symbols_intern_stack(s, frame, 0), 0);
	assert_null(tn_symbols_stack(s, 0));
	assert_null(tn_symbols_stack(s, 3));
	assert_int_equal(tn_symbols_stack(s, tn_symbols_intern_stack(s, frame, TN_STACK_DEPTH + 8))->depth,
			 TN_STACK_DEPTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_functions_by_any_address_in_them),
		cmocka_unit_test(data_is_no_function),
		cmocka_unit_test(formats_name_and_offset),
		cmocka_unit_test(hidden_addresses_leave_names_empty),
		cmocka_unit_test(refuses_what_is_not_kallsyms),
		cmocka_unit_test(functions_can_be_added_in_any_order),
		cmocka_unit_test(strings_keep_their_number_and_place),
		cmocka_unit_test(stacks_are_stored_once),
	};

	return cmocka_run_group_tests_name("trace/symbols", tests, NULL, NULL);
}
