// SPDX-License-Identifier: GPL-2.0-or-later
/* Which CPUs are checked, what becomes of several CPUs that say the same, and trees with nothing in them. */
#include "machine.h"

#include "check/check.h"

#define CPU "/sys/devices/system/cpu"

static void assert_cpus(const struct tn_cpus *set, const char *want)
{
	char text[TN_CPUS_TEXT];

	assert_string_equal(tn_cpus_format(set, text, sizeof(text)), want);
}

/* None is isolated: the last one, as a run would; the caller's choice otherwise. */
static void choice(void **state)
{
	struct tree *t = *state;
	struct tn_check_report *report = NULL;
	struct tn_error err = {0};
	struct tn_cpus set = {0};

	machine_make(t);
	tree_write(t, CPU "/isolated", "\n");
	tree_write(t, CPU "/nohz_full", "(null)\n");
	assert_int_equal(tn_check_run(t->root, NULL, NULL, &report, &err), 0);
	assert_cpus(&report->cpus, "3");
	assert_cpus(&report->housekeeping, "0-2");
	assert_false(report->isolated);
	tn_check_free(report);
	tn_cpus_add(&set, 1);
	tn_cpus_add(&set, 2);
	assert_int_equal(tn_check_run(t->root, &set, NULL, &report, &err), 0);
	assert_cpus(&report->cpus, "1-2");
	assert_cpus(&report->housekeeping, "0,3");
	assert_true(report->chosen);
	tn_check_free(report);
	tn_cpus_add(&set, 9);
	report = NULL;
	assert_int_equal(tn_check_run(t->root, &set, NULL, &report, &err), -ENODEV);
	assert_string_equal(err.text, "CPU 9 is not online here: choose from 0-3");
	assert_null(report);
}

static void nothing_to_read(void **state)
{
	struct tree *t = *state;
	struct tn_check_report *report = NULL;
	struct tn_error err = {0};

	assert_int_equal(tn_check_run(t->root, NULL, NULL, &report, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/sys/devices/system/cpu/online"));
	tree_write(t, CPU "/online", "0\n");
	tree_write(t, CPU "/possible", "0\n");
	assert_int_equal(tn_check_run(t->root, NULL, NULL, &report, &err), -ENOENT);
	assert_non_null(strstr(err.text, "is procfs mounted?"));
	tree_write(t, "/proc/sys/kernel/osrelease", "6.12.1\n");
	assert_int_equal(tn_check_run(t->root, NULL, NULL, &report, &err), 0);
	for (size_t i = 0; i < report->n; i++)
		assert_non_null(report->finding[i].value);
	tn_check_free(report);
}

static const struct tn_check_row *row_of(const struct tn_check_row *rows, size_t n, const char *id, size_t skip)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].finding->check->id, id) && !skip--)
			return &rows[i];
	fail_msg("no row for %s", id);
	return NULL;
}

static void rows(void **state)
{
	struct tree *t = *state;
	struct tn_check_report *report = NULL;
	struct tn_check_row *row = NULL;
	struct tn_error err = {0};
	size_t n;

	machine_make(t);
	tree_write(t, CPU "/cpu2/cpufreq/scaling_governor", "powersave\n");
	assert_int_equal(tn_check_run(t->root, NULL, NULL, &report, &err), 0);
	assert_int_equal(tn_check_rows(report, &row, &n, &err), 0);
	assert_cpus(&row_of(row, n, "governor", 0)->cpus, "1,3");
	assert_cpus(&row_of(row, n, "governor", 1)->cpus, "2");
	assert_string_equal(row_of(row, n, "governor", 1)->finding->fix,
			    "echo performance > /sys/devices/system/cpu/cpu2/cpufreq/scaling_governor");
	assert_cpus(&row_of(row, n, "ksm", 0)->cpus, "");
	assert_int_equal(tn_check_overall(report, row_of(row, n, "governor", 0)->finding->check), TN_CHECK_FAIL);
	free(row);
	tn_check_free(report);
}

/* Housekeeping CPUs beyond 32 make masks of several words. */
static void masks(void **state)
{
	struct tree *t = *state;
	struct tn_check_report *report = NULL;
	struct tn_check_row *row = NULL;
	struct tn_error err = {0};
	size_t n;

	machine_make(t);
	tree_write(t, CPU "/online", "0-39\n");
	tree_write(t, CPU "/possible", "0-39\n");
	tree_write(t, "/sys/devices/virtual/workqueue/cpumask", "ff,fffffff2\n");
	assert_int_equal(tn_check_run(t->root, NULL, NULL, &report, &err), 0);
	assert_int_equal(tn_check_rows(report, &row, &n, &err), 0);
	assert_int_equal(row_of(row, n, "workqueue-mask", 0)->finding->verdict, TN_CHECK_FAIL);
	assert_string_equal(row_of(row, n, "workqueue-mask", 0)->finding->fix,
			    "echo ff,fffffff1 > /sys/devices/virtual/workqueue/cpumask");
	free(row);
	tn_check_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(choice, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(nothing_to_read, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(rows, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(masks, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
