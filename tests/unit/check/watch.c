// SPDX-License-Identifier: GPL-2.0-or-later
/* Counting on CPUs: which row is which kind, verdicts by rate, and machines that cannot count everything. */
#include "machine.h"

#include <math.h>

#include "check/watch.h"

#define BEFORE                                                                         \
	"           CPU0       CPU1       CPU3\n"                                      \
	"  24:         10          1          0   PCI-MSI 1-edge eth0\n"               \
	" NMI:          0          1          0   Non-maskable interrupts\n"           \
	" LOC:       9000        100        200   Local timer interrupts\n"            \
	" PMI:          0          1          0   Performance monitoring interrupts\n" \
	" RES:          0          0          0   Rescheduling interrupts\n"           \
	" CAL:        100         50         60   Function call interrupts\n"          \
	" MCP:          1          1          1   Machine check polls\n"               \
	" ERR:          7\n"
#define AFTER                                                                          \
	"           CPU0       CPU1       CPU3\n"                                      \
	"  24:         20          4          0   PCI-MSI 1-edge eth0\n"               \
	" NMI:          0          3          0   Non-maskable interrupts\n"           \
	" LOC:       9999       2600        205   Local timer interrupts\n"            \
	" PMI:          0          3          0   Performance monitoring interrupts\n" \
	" RES:          0          8          0   Rescheduling interrupts\n"           \
	" CAL:        200         52         60   Function call interrupts\n"          \
	" MCP:          1          2          1   Machine check polls\n"               \
	" ERR:          9\n"
#define SOFT_BEFORE "         CPU0   CPU1   CPU3\nTIMER:     5     5     5\n  RCU:     5     5     5\n"
#define SOFT_AFTER  "         CPU0   CPU1   CPU3\nTIMER:     9     9     5\n  RCU:     9     6     5\n"

static void write_all(const struct tree *t, const char *interrupts, const char *softirqs, const char *stat)
{
	tree_write(t, "/proc/interrupts", interrupts);
	tree_write(t, "/proc/softirqs", softirqs);
	tree_write(t, "/proc/stat", stat);
}

static struct tn_watch_reading *reading(const struct tree *t, const char *cpus)
{
	struct tn_watch_reading *w = NULL;
	struct tn_error err = {0};
	struct tn_cpus set;

	assert_int_equal(tn_cpus_parse(cpus, &set, &err), 0);
	if (tn_watch_read(t->root, &set, &w, &err) < 0)
		fail_msg("%s", err.text);
	return w;
}

static void count_of(const struct tn_watch_cpu *c, const uint64_t want[TN_WATCH_KINDS])
{
	for (int k = 0; k < TN_WATCH_KINDS; k++)
		if (c->count[k] != want[k])
			fail_msg("CPU %d, %s: %llu instead of %llu", c->cpu, tn_watch_kind_name((enum tn_watch_kind)k),
				 (unsigned long long)c->count[k], (unsigned long long)want[k]);
}

static void kinds(void **state)
{
	static const uint64_t one[TN_WATCH_KINDS] = {2500, 3, 10, 2, 1, 5, 40},
			      three[TN_WATCH_KINDS] = {5, 0, 0, 0, 0, 0, 0};
	struct tree *t = *state;
	struct tn_watch_reading *a, *b;
	struct tn_watch_result result;
	struct tn_error err = {0};

	write_all(t, BEFORE, SOFT_BEFORE, "cpu 0\ncpu1 10 0 10 80 0 0 0 0 0 0\ncpu3 0 0 0 50 0 0 0 0 0 0\n");
	tree_write(t, "/proc/schedstat", "version 17\ncpu1 0 0 1 2 3 4 5 6 60\ndomain0 f 1\ncpu3 0 0 1 2 3 4 5 6 7\n");
	a = reading(t, "1,3");
	write_all(t, AFTER, SOFT_AFTER, "cpu 0\ncpu1 40 0 20 140 0 0 0 0 0 0\ncpu3 0 0 0 150 0 0 0 0 0 0\n");
	tree_write(t, "/proc/schedstat", "version 17\ncpu1 0 0 1 2 3 4 5 6 100\ncpu3 0 0 1 2 3 4 5 6 7\n");
	b = reading(t, "1,3");
	assert_int_equal(tn_watch_compare(a, b, 10.0, &result, &err), 0);
	assert_int_equal(result.n, 2);
	assert_int_equal(result.cpu[0].cpu, 1);
	count_of(&result.cpu[0], one);
	assert_int_equal(result.cpu[0].verdict, TN_CHECK_FAIL);
	assert_true(fabs(result.cpu[0].busy - 0.4) < 1e-9);
	assert_string_equal(result.cpu[0].most, "LOC 2500, RES 8, softirq:TIMER 4, 24 3");
	assert_int_equal(result.cpu[1].cpu, 3);
	count_of(&result.cpu[1], three);
	assert_int_equal(result.cpu[1].verdict, TN_CHECK_WARNING);
	assert_true(fabs(result.cpu[1].busy) < 1e-9);
	tn_watch_result_clear(&result);
	tn_watch_reading_free(a);
	tn_watch_reading_free(b);
}

/* No schedstat: debugfs; nothing at all: not to be had, which fails nobody. */
static void switches(void **state)
{
	struct tree *t = *state;
	struct tn_watch_reading *none, *a, *b;
	struct tn_watch_result result;
	struct tn_error err = {0};

	write_all(t, BEFORE, SOFT_BEFORE, "cpu 0\n");
	none = reading(t, "3");
	tree_write(t, "/sys/kernel/debug/sched/debug",
		   "x\ncpu#1, 2000.000 MHz\n  .nr_switches                   : 5\n\ncpu#3, 2000.000 MHz\n"
		   "  .nr_running : 0\n  .nr_switches                   : 17\n");
	a = reading(t, "3");
	tree_write(t, "/sys/kernel/debug/sched/debug", "cpu#3, 2000.000 MHz\n  .nr_switches                   : 19\n");
	b = reading(t, "3");
	assert_int_equal(tn_watch_compare(a, b, 1.0, &result, &err), 0);
	assert_int_equal(result.cpu[0].count[TN_WATCH_SWITCHES], 2);
	assert_int_equal(result.cpu[0].verdict, TN_CHECK_FAIL);
	tn_watch_result_clear(&result);
	assert_int_equal(tn_watch_compare(none, none, 1.0, &result, &err), 0);
	assert_true(result.cpu[0].count[TN_WATCH_SWITCHES] == UINT64_MAX);
	assert_int_equal(result.cpu[0].verdict, TN_CHECK_OK);
	assert_true(isnan(result.cpu[0].busy));
	tn_watch_result_clear(&result);
	tn_watch_reading_free(none);
	tn_watch_reading_free(a);
	tn_watch_reading_free(b);
}

static void no_column(void **state)
{
	struct tree *t = *state;
	struct tn_watch_reading *w = NULL;
	struct tn_error err = {0};
	struct tn_cpus set = {0};

	write_all(t, BEFORE, SOFT_BEFORE, "cpu 0\n");
	tn_cpus_add(&set, 2);
	assert_int_equal(tn_watch_read(t->root, &set, &w, &err), -ENODEV);
	assert_non_null(strstr(err.text, "no column for CPU 2"));
	assert_null(w);
}

static void verdicts(void **state)
{
	(void)state;
	assert_int_equal(tn_watch_judge(0, 10.0), TN_CHECK_OK);
	assert_int_equal(tn_watch_judge(1, 10.0), TN_CHECK_WARNING);
	assert_int_equal(tn_watch_judge(10, 10.0), TN_CHECK_WARNING);
	assert_int_equal(tn_watch_judge(11, 10.0), TN_CHECK_FAIL);
	assert_int_equal(tn_watch_judge(1, 0.5), TN_CHECK_FAIL);
	assert_int_equal(tn_watch_judge(UINT64_MAX, 1.0), TN_CHECK_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kinds, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(switches, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(no_column, tree_setup, tree_teardown),
		cmocka_unit_test(verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
