// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of keys and metrics against themselves, the parser and tlbnoise-scenario(5), whose source is
 * the first argument: there, a key is a line "*KEY* = ..." in the part of its section, with limits and
 * default in its paragraph; a metric is named as "*METRIC*".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/scenario.h"

static char page[TN_SCENARIO_TEXT_MAX];

/* The part of the page under "## [SECTION]", as a string of its own. */
static char *section_of_page(const char *section)
{
	char head[64], *start, *end;

	snprintf(head, sizeof(head), "\n## [%s", section);
	start = strstr(page, head);
	if (!start)
		fail_msg("the page has no part %s]", head + 1);
	start++;
	end = strstr(start, "\n#");
	return strndup(start, end ? (size_t)(end - start) : strlen(start));
}

static void assert_documents(const char *paragraph, const struct tn_scenario_key *key, const char *what)
{
	if (what && !strstr(paragraph, what))
		fail_msg("[%s] %s: the page does not say %s", key->section, key->key, what);
}

static void test_keys_in_page(void **state)
{
	const struct tn_scenario_key *key;

	(void)state;
	for (size_t i = 0; (key = tn_scenario_key_at(i)); i++) {
		tn_autofree char *part = section_of_page(key->section);
		char head[64], *paragraph, *end;

		snprintf(head, sizeof(head), "\n*%s* = ", key->key);
		paragraph = strstr(part, head);
		if (!paragraph)
			fail_msg("[%s] %s is not in the page", key->section, key->key);
		end = strstr(paragraph, "\n\n");
		if (end)
			*end = '\0';
		assert_documents(paragraph, key, key->min);
		assert_documents(paragraph, key, key->max);
		assert_documents(paragraph, key, key->fallback ? key->fallback : "Default: none");
	}
}

/* Four words and a percentile: each word is named, and what they make. */
static void assert_entry_documented(const char *part, const char *name)
{
	tn_autofree char *copy = strdup(name);
	char *save = NULL, named[80];

	assert_non_null(strstr(part, "*entry.OPERATION.WHERE.CONDITION.PERCENTILE*"));
	strtok_r(copy, ".", &save);
	for (unsigned int i = 0; i < 3; i++) {
		snprintf(named, sizeof(named), "*%s*", strtok_r(NULL, ".", &save));
		if (!strstr(part, named))
			fail_msg("%s of %s is not in the page", named, name);
	}
}

static void test_metrics_in_page(void **state)
{
	const struct tn_scenario_metric *metric;
	tn_autofree char *part = section_of_page("expect");

	(void)state;
	for (size_t i = 0; (metric = tn_scenario_metric_at(i)); i++) {
		const char *class = strncmp(metric->name, "cause.", 6) == 0 ? metric->name + 6 : NULL;
		char named[80];

		if (strncmp(metric->name, "entry.", 6) == 0) {
			assert_entry_documented(part, metric->name);
			continue;
		}
		/* Classes are listed once, cause.CLASS and cause.CLASS.rate stand for all of them. */
		snprintf(named, sizeof(named), "*%.*s*", class ? (int)strcspn(class, ".") : 64,
			 class ? class : metric->name);
		if (!strstr(part, named))
			fail_msg("%s is not in the page", named);
	}
}

/* The example of the page is a scenario: it parses, and shows each kind of section. */
static void test_example_in_page(void **state)
{
	char *start = strstr(page, "\n# EXAMPLES"), *end;
	struct tn_scenario sc;
	struct tn_error err;

	(void)state;
	assert_non_null(start);
	start = strstr(start, "```\n");
	assert_non_null(start);
	start += strlen("```\n");
	end = strstr(start, "```\n");
	assert_non_null(end);
	if (tn_scenario_parse(start, (size_t)(end - start), "example", NULL, &sc, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(sc.n_churn, 2);
	assert_int_equal(sc.n_expect, 3);
}

/* Each limit of a key is itself allowed: the table holds no text that its own type refuses. */
static void test_limits_are_accepted(void **state)
{
	const struct tn_scenario_key *key;

	(void)state;
	for (size_t i = 0; (key = tn_scenario_key_at(i)); i++) {
		const char *values[] = {key->min, key->max, key->type == TN_SCENARIO_SOURCE ? NULL : key->fallback};

		for (size_t k = 0; k < TN_ARRAY_SIZE(values); k++) {
			char text[160];
			struct tn_scenario sc;
			struct tn_error err;

			if (!values[k])
				continue;
			snprintf(text, sizeof(text), "[%s%s]\n%s = %s%s\n", key->section,
				 strcmp(key->section, "churn") == 0 ? " x" : "", key->key,
				 key->type == TN_SCENARIO_SCHED && k < 2 ? "fifo:" : "", values[k]);
			if (tn_scenario_parse(text, strlen(text), "limit.ini", NULL, &sc, &err) < 0)
				fail_msg("%s", err.text);
		}
	}
}

static void test_rows_are_complete(void **state)
{
	const struct tn_scenario_key *key;
	const struct tn_scenario_metric *metric;

	(void)state;
	for (size_t i = 0; (key = tn_scenario_key_at(i)); i++) {
		assert_true(key->help && key->help[0]);
		assert_string_not_equal(tn_scenario_type_name(key->type), "unknown");
		for (size_t k = 0; k < i; k++)
			assert_false(strcmp(key->key, tn_scenario_key_at(k)->key) == 0 &&
				     strcmp(key->section, tn_scenario_key_at(k)->section) == 0);
	}
	for (size_t i = 0; (metric = tn_scenario_metric_at(i)); i++)
		assert_true(metric->help && metric->help[0]);
	assert_string_equal(tn_scenario_type_name((enum tn_scenario_type)999), "unknown");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_in_page),      cmocka_unit_test(test_metrics_in_page),
		cmocka_unit_test(test_example_in_page),   cmocka_unit_test(test_limits_are_accepted),
		cmocka_unit_test(test_rows_are_complete),
	};
	tn_autofclose FILE *f = argc == 3 ? fopen(argv[1], "r") : NULL;

	if (!f || fread(page, 1, sizeof(page) - 1, f) == 0) {
		fprintf(stderr, "usage: %s MAN-PAGE SCENARIO-FOLDER\n", argv[0]);
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
