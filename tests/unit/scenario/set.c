// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets: told from scenarios, read, or refused with the line. Arguments: the man page, the folder of our scenarios. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/scenario.h"
#include "scenario/set.h"

static const char *folder;

static void sets_are_told_from_scenarios(void **state)
{
	(void)state;
	assert_true(tn_set_is("[set]\n"));
	assert_true(tn_set_is("\xef\xbb\xbf# one\r\n\r\n ; two\n  [set]\nscenarios = a\n"));
	assert_false(tn_set_is("[scenario]\n[set]\n"));
	assert_false(tn_set_is("# [set]\n"));
	assert_false(tn_set_is("[settings]\n"));
	assert_false(tn_set_is(""));
}

static void names_come_in_their_order(void **state)
{
	static const char text[] = "[set]\ndescription = two of them ; as always\nscenarios = \t quiet  My_own.2 \n";
	struct tn_error err;
	struct tn_set set;

	(void)state;
	if (tn_set_parse(text, strlen(text), "s.ini", &set, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(set.description, "two of them");
	assert_int_equal(set.n, 2);
	assert_string_equal(set.scenario[0], "quiet");
	assert_string_equal(set.scenario[1], "My_own.2");
}

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"[set]\n", "s.ini: the set is empty: write scenarios = NAME..."},
	{"[set]\nscenarios = ; none\n", "s.ini: the set is empty: write scenarios = NAME..."},
	{"[set]\nscenarios = a\n[probe]\n", "s.ini:3: [probe] in a set: it has the section [set] and no other"},
	{"[set]\nrounds = 3\n", "s.ini:2: unknown key 'rounds' in [set]: its keys are description and scenarios"},
	{"[set]\nscenarios = a\nscenarios = b\n", "s.ini:3: scenarios again: line 2 has set it, remove one of them"},
	{"[set]\nscenarios = a b a\n", "s.ini:2: 'a' is twice in the set: scenario.rounds repeats"},
	{"[set]\nscenarios = a ../b\n", "s.ini:2: '../b' is not the name of a scenario, as 'tlbnoise list' shows them"},
	{"[set]\nscenarios = .hidden\n",
	 "s.ini:2: '.hidden' is not the name of a scenario, as 'tlbnoise list' shows them"},
	{"[set]\nscenarios = a.ini\n", "s.ini:2: 'a.ini' is not the name of a scenario, as 'tlbnoise list' shows them"},
	{"[set]\nscenarios = a,b\n", "s.ini:2: 'a,b' is not the name of a scenario, as 'tlbnoise list' shows them"},
};

static void mistakes_have_their_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(mistakes); i++) {
		struct tn_error err = {0};
		struct tn_set set = {.n = 77};

		assert_int_equal(tn_set_parse(mistakes[i].text, strlen(mistakes[i].text), "s.ini", &set, &err),
				 -EINVAL);
		assert_string_equal(err.text, mistakes[i].message);
		assert_int_equal(set.n, 77);
	}
}

static void sets_have_an_end(void **state)
{
	char text[512] = "[set]\nscenarios =";
	struct tn_error err;
	struct tn_set set;
	size_t len = strlen(text);

	(void)state;
	for (unsigned int i = 0; i < TN_SET_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " s%u", i);
	assert_int_equal(tn_set_parse(text, len, "s.ini", &set, &err), 0);
	assert_int_equal(set.n, TN_SET_MAX);
	strcpy(text + len, " more");
	assert_int_equal(tn_set_parse(text, strlen(text), "s.ini", &set, &err), -EINVAL);
	assert_string_equal(err.text, "s.ini:2: 'more' is one too many: a set has at most 32 scenarios");
}

static void a_scenario_it_is_not(void **state)
{
	static const char text[] = "[set]\nscenarios = quiet\n";
	struct tn_scenario sc;
	struct tn_error err;

	(void)state;
	assert_int_equal(tn_scenario_parse(text, strlen(text), "s.ini", NULL, &sc, &err), -EINVAL);
	assert_string_equal(err.text, "s.ini:1: [set] makes this a set of scenarios, which 'tlbnoise run' takes apart: "
				      "name one of its scenarios here");
}

/* Reads one file of ours: a scenario, or a set of scenarios that are there. */
static void check_file(const char *name)
{
	char path[512];
	tn_autofree char *text = NULL;
	struct tn_scenario sc;
	struct tn_error err;
	struct tn_set set;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(tn_scenario_load(path, &text, &err), 0);
	if (!tn_set_is(text)) {
		if (tn_scenario_parse(text, strlen(text), path, NULL, &sc, &err) < 0)
			fail_msg("%s", err.text);
		assert_true(sc.description[0] && strlen(sc.description) <= 90);
		return;
	}
	if (tn_set_parse(text, strlen(text), path, &set, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(set.description[0] && strlen(set.description) <= 90);
	for (size_t i = 0; i < set.n; i++) {
		tn_autofree char *member = NULL;

		snprintf(path, sizeof(path), "%s/%s.ini", folder, set.scenario[i]);
		if (tn_scenario_load(path, &member, &err) < 0)
			fail_msg("%s", err.text);
		assert_false(tn_set_is(member));
	}
}

static void the_library_is_sound(void **state)
{
	DIR *dir = opendir(folder);
	unsigned int n = 0;

	(void)state;
	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		check_file(e->d_name);
		n++;
	}
	closedir(dir);
	assert_true(n >= 10);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_are_told_from_scenarios), cmocka_unit_test(names_come_in_their_order),
		cmocka_unit_test(mistakes_have_their_line),     cmocka_unit_test(sets_have_an_end),
		cmocka_unit_test(a_scenario_it_is_not),         cmocka_unit_test(the_library_is_sound),
	};

	if (argc != 3)
		return 2;
	folder = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
