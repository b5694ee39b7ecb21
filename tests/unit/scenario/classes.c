// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classes of causes that [expect] knows are those of analysis/cause.h, in its order. The scenario
 * library does not import analysis, so that the compiler does not see it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/cause.h"
#include "scenario/scenario.h"

static void test_classes(void **state)
{
	const struct tn_scenario_metric *metric;
	unsigned int seen = 0;
	char expected[64];

	(void)state;
	for (size_t i = 0; (metric = tn_scenario_metric_at(i)); i++) {
		if (strncmp(metric->name, "cause.", 6) != 0 || metric->kind != TN_METRIC_COUNT)
			continue;
		assert_true(seen < TN_CLASS_COUNT);
		snprintf(expected, sizeof(expected), "cause.%s", tn_class_name((enum tn_class)seen));
		assert_string_equal(metric->name, expected);
		metric = tn_scenario_metric_at(++i);
		assert_non_null(metric);
		snprintf(expected, sizeof(expected), "cause.%s.rate", tn_class_name((enum tn_class)seen));
		assert_string_equal(metric->name, expected);
		assert_int_equal(metric->kind, TN_METRIC_RATE);
		seen++;
	}
	assert_int_equal(seen, TN_CLASS_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_classes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
