// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of the kernel's counters, on texts as kernels print them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../support/tree.h"
#include "trace/trace.h"

/* CPU 1 is offline: interrupts has no column for it, softirqs has one for every possible CPU. */
static const char interrupts[] = "           CPU0       CPU2       CPU3       \n"
				 "  24:          1          0         11  IO-APIC   5-edge      ACPI:Ged\n"
				 " NMI:          0          0          7   Non-maskable interrupts\n"
				 " CAL:         10         20  4294967290   Function call interrupts\n"
				 " ERR:          3\n"
				 " XYZ:          1          2          3\n";
static const char softirqs[] = "                    CPU0       CPU1       CPU2       CPU3       \n"
			       "          HI:          0          0          0          0\n"
			       "         RCU:        100        200        300        400\n";

static struct tree *tree;
static const char *root;

static int set_up(void **state)
{
	tree_setup(state);
	tree = *state;
	root = tree->root;
	tree_write(tree, "/proc/interrupts", interrupts);
	tree_write(tree, "/proc/softirqs", softirqs);
	return 0;
}

static const struct tn_counter *row(const struct tn_counters *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->row[i].name, name))
			return &c->row[i];
	return NULL;
}

static int read_one(const char *where, int cpu, struct tn_counters *ret, struct tn_error *err)
{
	return tn_counters_read(where, &cpu, 1, &ret, err);
}

static void reads_several_at_once(void **state)
{
	static const int cpu[] = {3, 1, 0};
	struct tn_counters c[3], one, *const to[] = {&c[0], &c[1], &c[2]};
	struct tn_error err = {0};

	(void)state;
	assert_int_equal(tn_counters_read(root, cpu, 3, to, &err), -ENODEV);
	assert_non_null(strstr(err.text, "/proc/interrupts has no column for CPU 1"));
	assert_int_equal(c[1].n, 1); /* its softirqs have one */
	assert_int_equal(row(&c[1], "softirq:RCU")->value, 200);
	for (size_t i = 0; i < 3; i += 2) {
		assert_int_equal(read_one(root, cpu[i], &one, NULL), 0);
		assert_memory_equal(&c[i], &one, sizeof(one));
	}
}

static void reads_the_column_of_a_cpu(void **state)
{
	struct tn_counters c;

	(void)state;
	assert_int_equal(read_one(root, 3, &c, NULL), 0);
	assert_int_equal(c.n, 5);
	assert_int_equal(c.dropped_rows, 0);
	assert_int_equal(row(&c, "24")->value, 11);
	assert_string_equal(row(&c, "24")->text, "IO-APIC 5-edge ACPI:Ged");
	assert_int_equal(row(&c, "NMI")->value, 7);
	assert_string_equal(row(&c, "NMI")->text, "Non-maskable interrupts");
	assert_string_equal(row(&c, "XYZ")->text, "");
	assert_int_equal(row(&c, "softirq:RCU")->value, 400);
	assert_null(row(&c, "ERR"));
	assert_null(row(&c, "softirq:HI"));
	assert_int_equal(read_one(root, 2, &c, NULL), 0);
	assert_int_equal(row(&c, "CAL")->value, 20);
	assert_int_equal(row(&c, "softirq:RCU")->value, 300);
}

static void says_when_a_cpu_has_no_column(void **state)
{
	struct tn_counters c = {.n = 77};
	struct tn_error err = {0};

	(void)state;
	assert_int_equal(read_one(root, 1, &c, &err), -ENODEV);
	assert_non_null(strstr(err.text, "no column for CPU 1: is it online?"));
	assert_int_equal(read_one("/nonexistent", 1, &c, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/proc/interrupts"));
	tree_write(tree, "/proc/interrupts", "");
	assert_int_equal(read_one(root, 1, &c, &err), -EPROTO);
	assert_non_null(strstr(err.text, "is empty"));
	assert_int_equal(c.n, 0);
}

static void delta_keeps_what_went_up(void **state)
{
	struct tn_counters before, after, delta;

	(void)state;
	assert_int_equal(read_one(root, 3, &before, NULL), 0);
	tree_write(tree, "/proc/interrupts",
		   "  CPU0 CPU2 CPU3\n"
		   " 24: 1 0 5 IO-APIC 9-edge eth0\n" /* the number went to another device */
		   " 30: 0 0 2 PCI-MSI nvme0q1\n"
		   " NMI: 0 0 7   Non-maskable interrupts\n"
		   " CAL: 10 20 4   Function call interrupts\n");
	assert_int_equal(read_one(root, 3, &after, NULL), 0);
	tn_counters_delta(&before, &after, &delta);
	assert_int_equal(delta.n, 3);
	assert_int_equal(row(&delta, "24")->value, 5);
	assert_string_equal(row(&delta, "24")->text, "IO-APIC 9-edge eth0");
	assert_int_equal(row(&delta, "30")->value, 2);
	assert_int_equal(row(&delta, "CAL")->value, 10); /* 32 bits, wrapped */
	assert_null(row(&delta, "NMI"));
	assert_null(row(&delta, "XYZ"));
}

static void more_rows_than_fit_are_counted(void **state)
{
	struct tn_counters before, after, delta;
	static char text[32768];
	size_t n = (size_t)snprintf(text, sizeof(text), " CPU3\n");

	(void)state;
	assert_int_equal(read_one(root, 3, &after, NULL), 0);
	for (int i = 0; i < TN_COUNTERS_MAX + 4; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%d: 1 chip device%d\n", 100 + i, i);
	snprintf(text + n, sizeof(text) - n, "LOC: 9 Local timer interrupts\n");
	tree_write(tree, "/proc/interrupts", text);
	assert_int_equal(read_one(root, 3, &before, NULL), 0);
	assert_int_equal(before.n, TN_COUNTERS_MAX);
	assert_int_equal(before.dropped_rows, 6);
	assert_string_equal(before.row[0].name, "100");
	assert_string_equal(before.row[TN_COUNTERS_MAX - 3].name, "193");
	assert_int_equal(row(&before, "LOC")->value, 9); /* what has a name stays, and gives way to nothing */
	assert_int_equal(row(&before, "softirq:RCU")->value, 400);
	tn_counters_delta(&before, &after, &delta);
	assert_int_equal(delta.n, 3);   /* NMI, CAL, XYZ: named ones were at zero */
	assert_null(row(&delta, "24")); /* whether this one is new cannot be known */
	assert_int_equal(delta.dropped_rows, 1);
}

static void reads_this_machine(void **state)
{
	struct tn_counters c;
	struct tn_error err = {0};

	(void)state;
	if (read_one("", 0, &c, &err))
		fail_msg("%s", err.text);
	assert_true(c.n > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_several_at_once, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(reads_the_column_of_a_cpu, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(says_when_a_cpu_has_no_column, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(delta_keeps_what_went_up, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(more_rows_than_fit_are_counted, set_up, tree_teardown),
		cmocka_unit_test(reads_this_machine),
	};

	return cmocka_run_group_tests_name("trace/counters", tests, NULL, NULL);
}
