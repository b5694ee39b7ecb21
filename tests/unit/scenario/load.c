// SPDX-License-Identifier: GPL-2.0-or-later
/* Files: read whole or refused with a reason. Arguments: the man page, the folder of our scenarios. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scenario/scenario.h"

#define NUL_MESSAGE ":2: NUL byte in column 8: this is no text file"

static const char *scenarios;

struct file {
	char path[64];
};

static int make_file(void **state)
{
	static struct file f;
	int fd;

	strcpy(f.path, "/tmp/tn-scenario-XXXXXX");
	fd = mkstemp(f.path);
	if (fd < 0)
		return -1;
	close(fd);
	*state = &f;
	return 0;
}

static int remove_file(void **state)
{
	return unlink(((struct file *)*state)->path);
}

static void fill(const struct file *f, const char *text, size_t len)
{
	tn_autofclose FILE *out = fopen(f->path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
}

static void test_load(void **state)
{
	tn_autofree char *text = NULL;
	struct tn_error err;

	fill(*state, "[scenario]\nrounds = 5", 21);
	assert_int_equal(tn_scenario_load(((struct file *)*state)->path, &text, &err), 0);
	assert_string_equal(text, "[scenario]\nrounds = 5");
}

static void test_size_limit(void **state)
{
	tn_autofree char *text = NULL, *big = malloc(TN_SCENARIO_TEXT_MAX + 1);
	const struct file *f = *state;
	struct tn_error err;
	char expected[128];

	assert_non_null(big);
	memset(big, '#', TN_SCENARIO_TEXT_MAX + 1);
	fill(f, big, TN_SCENARIO_TEXT_MAX + 1);
	assert_int_equal(tn_scenario_load(f->path, &text, &err), -E2BIG);
	assert_null(text);
	snprintf(expected, sizeof(expected), "%s: longer than 65536 bytes, which no scenario is", f->path);
	assert_string_equal(err.text, expected);
	fill(f, big, TN_SCENARIO_TEXT_MAX);
	assert_int_equal(tn_scenario_load(f->path, &text, &err), 0);
	assert_int_equal(strlen(text), TN_SCENARIO_TEXT_MAX);
}

static void test_nul(void **state)
{
	const struct file *f = *state;
	char *text = NULL;
	struct tn_error err;

	fill(f,
	     "[probe]\ncpus = \0"
	     "1\n",
	     18);
	assert_int_equal(tn_scenario_load(f->path, &text, &err), -EINVAL);
	assert_null(text);
	assert_memory_equal(err.text, f->path, strlen(f->path));
	assert_string_equal(err.text + strlen(f->path), NUL_MESSAGE);
}

static void test_no_file(void **state)
{
	char *text = NULL;
	struct tn_error err;

	(void)state;
	assert_int_equal(tn_scenario_load("/nonexistent/x.ini", &text, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/x.ini: cannot open: No such file or directory; name a scenario "
				      "file, or one that 'tlbnoise list' shows");
	assert_int_equal(tn_scenario_load("/", &text, &err), -EISDIR);
	assert_string_equal(err.text, "/: cannot read: Is a directory; name a scenario file");
	assert_null(text);
}

/* What we ship parses, says what it is for, and asks for nothing that a stock kernel would fail. */
static void test_shipped(void **state)
{
	static const char *const NAMES[] = {"containers", "hackbench",     "module-load",   "quiet",
					    "threads",    "unmap-aliases", "vmalloc-storm", "vmap-ram"};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(NAMES); i++) {
		tn_autofree char *text = NULL;
		struct tn_scenario sc;
		struct tn_error err;
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s.ini", scenarios, NAMES[i]);
		if (tn_scenario_load(path, &text, &err) < 0 ||
		    tn_scenario_parse(text, strlen(text), path, NULL, &sc, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(sc.name, NAMES[i]);
		assert_true(sc.description[0] != '\0');
		assert_int_equal(sc.n_expect, 0);
		assert_int_equal(sc.n_churn == 0, strcmp(NAMES[i], "quiet") == 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_size_limit, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_nul, make_file, remove_file),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_shipped),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: %s MAN-PAGE SCENARIO-FOLDER\n", argv[0]);
		return 2;
	}
	scenarios = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
