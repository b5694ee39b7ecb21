// SPDX-License-Identifier: GPL-2.0-or-later
/* Where things are looked for. Run from the build folder, so that its rules are the ones tested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/tree.h"
#include "system/paths.h"
#include "tn-config.h"

static void test_scenario_by_path(void **state)
{
	struct tree *t = *state;
	struct tn_error err = {0};
	char buf[512], says[8192];

	tree_write(t, "/mine.ini", "");
	assert_int_equal(tn_path_scenario(tree_path(t, "/mine.ini"), buf, sizeof(buf), &err), 0);
	assert_string_equal(buf, tree_path(t, "/mine.ini"));
	assert_int_equal(tn_path_scenario(tree_path(t, "/mine"), buf, sizeof(buf), &err), -ENOENT);
	snprintf(says, sizeof(says), "cannot read the scenario file %s: No such file or directory",
		 tree_path(t, "/mine"));
	assert_string_equal(err.text, says);
	assert_int_equal(tn_path_scenario(tree_path(t, "/mine.ini"), buf, 5, &err), -ENAMETOOLONG);
}

static void test_scenario_by_name(void **state)
{
	struct tree *t = *state;
	struct tn_error err = {0};
	char list[256], buf[512], *expected;

	tree_write(t, "/a/one.ini", "");
	tree_write(t, "/b/one.ini", "");
	tree_write(t, "/b/vmalloc-storm.ini", "");
	snprintf(list, sizeof(list), "%s/none:%s/a::%s/b", t->root, t->root, t->root);
	setenv("TLBNOISE_SCENARIOS", list, 1);
	assert_int_equal(tn_path_scenario("one", buf, sizeof(buf), &err), 0);
	assert_string_equal(buf, tree_path(t, "/a/one.ini"));
	assert_int_equal(tn_path_scenario("vmalloc-storm", buf, sizeof(buf), &err), 0);
	assert_string_equal(buf, tree_path(t, "/b/vmalloc-storm.ini"));
	assert_int_equal(tn_path_scenario("vmaloc-strom", buf, sizeof(buf), &err), -ENOENT);
	assert_int_equal(asprintf(&expected,
				  "no scenario 'vmaloc-strom'; did you mean 'vmalloc-storm'? Looked in %s/none, "
				  "%s/a, %s/b, " TN_SYSCONFDIR "/scenarios, " TN_DATADIR "/scenarios",
				  t->root, t->root, t->root) < 0,
			 0);
	assert_memory_equal(err.text, expected, strlen(expected));
	free(expected);
	assert_int_equal(tn_path_scenario("qqqqqqqqqqqq", buf, sizeof(buf), &err), -ENOENT);
	assert_non_null(strstr(err.text, "no scenario 'qqqqqqqqqqqq'; 'tlbnoise list' shows those there are."));
	assert_int_equal(tn_path_scenario("", buf, sizeof(buf), &err), -ENOENT);
	unsetenv("TLBNOISE_SCENARIOS");
}

static void test_scenario_dirs(void **state)
{
	char dirs[8][512];

	(void)state;
	unsetenv("TLBNOISE_SCENARIOS");
	assert_int_equal(tn_path_scenario_dirs(dirs, 8), 3);
	assert_string_equal(dirs[0], TN_SYSCONFDIR "/scenarios");
	assert_string_equal(dirs[1], TN_DATADIR "/scenarios");
	assert_non_null(strstr(dirs[2], "/conf/scenarios"));
	setenv("TLBNOISE_SCENARIOS", "/x:/y", 1);
	assert_int_equal(tn_path_scenario_dirs(dirs, 8), 5);
	assert_string_equal(dirs[1], "/y");
	assert_int_equal(tn_path_scenario_dirs(dirs, 1), 1);
	assert_string_equal(dirs[0], "/x");
	unsetenv("TLBNOISE_SCENARIOS");
}

/* This very test is a program beside itself. */
static void test_helper(void **state)
{
	struct tn_error err = {0};
	char buf[512], self[512] = "";

	(void)state;
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_int_equal(tn_path_helper(strrchr(self, '/') + 1, buf, sizeof(buf), &err), 0);
	assert_string_equal(buf, self);
	assert_int_equal(tn_path_helper("tlbnoise-nothing", buf, sizeof(buf), &err), -ENOENT);
	assert_non_null(strstr(err.text, "cannot find the program tlbnoise-nothing beside this one ("));
	assert_non_null(strstr(err.text, TN_LIBEXECDIR));
}

static void test_socket(void **state)
{
	char buf[64];

	(void)state;
	unsetenv("TLBNOISE_SOCKET");
	assert_int_equal(tn_path_socket(buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/run/tlbnoise/io.tlbnoise");
	setenv("TLBNOISE_SOCKET", "/tmp/other", 1);
	assert_int_equal(tn_path_socket(buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/tmp/other");
	assert_int_equal(tn_path_socket(buf, 5), -ENAMETOOLONG);
	unsetenv("TLBNOISE_SOCKET");
}

/* Directories of other users than root: as root the test would make /var/lib/tlbnoise on the machine. */
static void test_user_directories(void **state)
{
	struct tree *t = *state;
	struct tn_error err = {0};
	struct stat st;
	char buf[512], says[8192];

	assert_int_equal(chmod(t->root, 0777), 0);
	if (geteuid() == 0 && seteuid(65534) < 0)
		fail_msg("seteuid: %s", strerror(errno));
	umask(027);
	setenv("XDG_STATE_HOME", tree_path(t, "/deep/state"), 1);
	setenv("XDG_RUNTIME_DIR", tree_path(t, "/run"), 1);
	assert_int_equal(tn_path_results_dir(buf, sizeof(buf), &err), 0);
	assert_string_equal(buf, tree_path(t, "/deep/state/tlbnoise"));
	assert_int_equal(tn_path_state_dir(buf, sizeof(buf), &err), 0);
	assert_string_equal(buf, tree_path(t, "/run/tlbnoise"));
	assert_int_equal(stat(buf, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(chmod(buf, 0777), 0);
	assert_int_equal(tn_path_state_dir(buf, sizeof(buf), &err), -EPERM);
	snprintf(says, sizeof(says), "%s is not a directory of uid %u alone: remove it, or correct owner and mode", buf,
		 geteuid());
	assert_string_equal(err.text, says);
	unsetenv("XDG_STATE_HOME");
	umask(022);
	unsetenv("HOME");
	assert_int_equal(tn_path_results_dir(buf, sizeof(buf), &err), -ENOENT);
	assert_string_equal(err.text, "no place for results: set HOME or XDG_STATE_HOME");
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

int main(void)
{
#define with_tree(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		with_tree(test_scenario_by_path),     with_tree(test_scenario_by_name),
		cmocka_unit_test(test_scenario_dirs), cmocka_unit_test(test_helper),
		cmocka_unit_test(test_socket),        with_tree(test_user_directories),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
