// SPDX-License-Identifier: GPL-2.0-or-later
/* "Did you mean": near words are offered, far ones are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/nearest.h"

static void assert_nearest(const char *text, const char *expected)
{
	static const char *const WORDS[] = {"rate", "rounds", "duration", "threshold", "p99", "p99.9", "burst"};
	struct tn_nearest n = {.text = text};

	for (size_t i = 0; i < TN_ARRAY_SIZE(WORDS); i++)
		tn_nearest_try(&n, WORDS[i]);
	assert_string_equal(n.word, expected);
}

static void test_nearest(void **state)
{
	(void)state;
	assert_nearest("rat", "rate");
	assert_nearest("ruonds", "rounds");
	assert_nearest("ROUNDS", "rounds");
	assert_nearest("durration", "duration");
	assert_nearest("durtoin", "duration");
	assert_nearest("thresh", "threshold");
	assert_nearest("p999", "p99.9");
	assert_nearest("brust", "burst");
}

static void test_too_far(void **state)
{
	char longest[65];

	(void)state;
	assert_nearest("", "");
	assert_nearest("x", "");
	assert_nearest("th", "");
	assert_nearest("latency", "");
	assert_nearest("sdnuor", "");
	memset(longest, 'r', sizeof(longest) - 1);
	longest[64] = '\0';
	assert_nearest(longest, "");
}

/* What is allowed may differ from word to word. */
static void test_limit(void **state)
{
	struct tn_nearest n = {.text = "latency", .limit = 1};

	(void)state;
	tn_nearest_try(&n, "lately");
	assert_string_equal(n.word, "");
	n.limit = 2;
	tn_nearest_try(&n, "lately");
	assert_string_equal(n.word, "lately");
	assert_int_equal(n.distance, 2);
	n.limit = 7;
	tn_nearest_try(&n, "rate");
	assert_string_equal(n.word, "lately");
	n.limit = 1;
	tn_nearest_try(&n, "latnecy");
	assert_string_equal(n.word, "latnecy");
	assert_int_equal(n.distance, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_too_far),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
