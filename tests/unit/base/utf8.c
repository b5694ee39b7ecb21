// SPDX-License-Identifier: GPL-2.0-or-later
/* Which bytes are a character, and which characters a terminal would obey. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/utf8.h"

static void test_first_and_last_of_each_length(void **state)
{
	static const char *const good[] = {
		"\x01",         "\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(good); i++) {
		size_t n = strlen(good[i]);

		assert_int_equal(tn_utf8_length(good[i], TN_UTF8_MAX), n);
		assert_int_equal(tn_utf8_length(good[i], n), n);
		if (n > 1)
			assert_int_equal(tn_utf8_length(good[i], n - 1), 0);
	}
	assert_int_equal(tn_utf8_length("", 1), 1);
}

static void test_no_characters(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\xaf",
		"\xc1\xbf", /* no beginning, overlong */
		"\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf", /* overlong */
		"\xed\xa0\x80",
		"\xed\xbf\xbf", /* surrogates */
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff", /* above U+10FFFF */
		"\xc2",
		"\xe2\x82",
		"\xf0\x9f\x98",
		"\xc2 ",
		"\xe2\x82 ", /* cut off */
	};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++)
		assert_int_equal(tn_utf8_length(bad[i], TN_UTF8_MAX), 0);
}

static bool is_control(const char *text)
{
	return tn_utf8_is_control(text, tn_utf8_length(text, TN_UTF8_MAX));
}

static void test_control(void **state)
{
	(void)state;
	assert_true(is_control("\x1b[0m") && is_control("\n") && is_control("\x7f"));
	assert_true(is_control("\xc2\x80") && is_control("\xc2\x9f"));
	assert_false(is_control(" ") || is_control("~") || is_control("\xc2\xa0") || is_control("\xc3\x80"));
	assert_false(is_control("\xe2\x82\xac"));
}

static void test_text(void **state)
{
	char text[] = "rig\x01 \xc2\x85\xe2\x82\xac\xff\xe2\x82";

	(void)state;
	assert_true(tn_utf8_is_text("") && tn_utf8_is_text("rig-7 \xe2\x82\xac"));
	assert_false(tn_utf8_is_text("a\n") || tn_utf8_is_text("\xc2\x85") || tn_utf8_is_text("a\xe2\x82"));
	assert_false(tn_utf8_is_text(text));
	tn_utf8_make_text(text);
	assert_string_equal(text, "rig? ??\xe2\x82\xac???");
	assert_true(tn_utf8_is_text(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_and_last_of_each_length),
		cmocka_unit_test(test_no_characters),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
