// SPDX-License-Identifier: GPL-2.0-or-later
/* Bars and sparklines: their width, their steps, and that what is rare is not drawn as nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/term.h"

static size_t columns_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void bars(void **state)
{
	char buf[TN_TERM_BYTES];

	(void)state;
	assert_string_equal(tn_term_bar(buf, 0.5, 8, false), "####    ");
	assert_string_equal(tn_term_bar(buf, 0.5, 3, true), "█▌ ");
	assert_string_equal(tn_term_bar(buf, 1.0, 3, true), "███");
	assert_string_equal(tn_term_bar(buf, 7.0, 3, false), "###");
	assert_string_equal(tn_term_bar(buf, -1.0, 3, false), "   ");
	assert_string_equal(tn_term_bar(buf, NAN, 3, true), "   ");
	assert_string_equal(tn_term_bar(buf, 0.5, 0, true), "");
}

static void rare_is_seen(void **state)
{
	char buf[TN_TERM_BYTES];

	(void)state;
	assert_string_equal(tn_term_bar(buf, 1e-9, 3, true), "▏  ");
	assert_string_equal(tn_term_bar(buf, 1e-9, 3, false), "#  ");
	assert_string_equal(tn_term_spark(buf, (const double[]){1e9, 1, 0}, 3, 1e9, true), "█▁ ");
	assert_string_equal(tn_term_spark(buf, (const double[]){1e9, 1, 0}, 3, 1e9, false), "#. ");
}

static void sparks(void **state)
{
	const double v[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, NAN, -3};
	char buf[TN_TERM_BYTES];

	(void)state;
	assert_string_equal(tn_term_spark(buf, v, 11, 8, true), " ▁▂▃▄▅▆▇█  ");
	assert_string_equal(tn_term_spark(buf, v, 11, 8, false), " .:-=+*%#  ");
	assert_string_equal(tn_term_spark(buf, v, 3, 0, true), "   ");
	assert_string_equal(tn_term_spark(buf, v, 0, 8, true), "");
}

/* Never wider than asked, never beyond the buffer. */
static void widths(void **state)
{
	double v[TN_TERM_COLUMNS + 5] = {0};
	char buf[TN_TERM_BYTES + 1];

	(void)state;
	for (unsigned int i = 0; i <= TN_TERM_COLUMNS + 4; i++) {
		unsigned int most = i < TN_TERM_COLUMNS ? i : TN_TERM_COLUMNS;

		v[i] = i;
		buf[TN_TERM_BYTES] = 'x';
		for (unsigned int k = 0; k <= 10; k++)
			assert_int_equal(columns_of(tn_term_bar(buf, k / 10.0, i, true)), most);
		assert_int_equal(columns_of(tn_term_spark(buf, v, i, i, true)), most);
		assert_int_equal(buf[TN_TERM_BYTES], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bars),
		cmocka_unit_test(rare_is_seen),
		cmocka_unit_test(sparks),
		cmocka_unit_test(widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
