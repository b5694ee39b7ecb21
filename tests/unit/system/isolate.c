// SPDX-License-Identifier: GPL-2.0-or-later
/* Interrupt lines and workqueues of made trees: what is changed, told and put back; and what isolation refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpus.h"
#include "owner.h"
#include "system/isolate.h"

struct told {
	int n;
	char text[16][256];
};

static int on_effect(void *userdata, const char *what, const char *target, const char *before, const char *during)
{
	struct told *told = userdata;

	assert_true(told->n < 16);
	snprintf(told->text[told->n++], sizeof(told->text[0]), "%s %s: %s -> %s", what, strrchr(target, '/') + 1,
		 before, during);
	return 0;
}

static struct tn_cpus cpus(const char *list)
{
	struct tn_cpus set = {0};

	if (*list)
		assert_int_equal(tn_cpus_parse(list, &set, NULL), 0);
	return set;
}

static int isolate(struct tree *t, struct tn_undo *u, const char *list, const char *housekeeping, unsigned int parts,
		   struct told *told, struct tn_error *err)
{
	const struct tn_isolate_options opt = {
		.root = t->root,
		.cpus = cpus(list),
		.housekeeping = cpus(housekeeping),
		.parts = parts,
		.undo = u,
		.on_effect = on_effect,
		.userdata = told,
	};
	struct tn_isolation isolation = {.enter = "?"};

	return tn_isolate(&opt, &isolation, err);
}

static void assert_file(const struct tree *t, const char *file, const char *text)
{
	char now[256];

	tree_read(t, file, now, sizeof(now));
	now[strcspn(now, "\n")] = '\0';
	assert_string_equal(now, text);
}

static void test_interrupts(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};
	struct told told = {0};

	tree_write(t, "/proc/irq/default_smp_affinity", "ff\n");
	tree_write(t, "/proc/irq/9/smp_affinity_list", "0-7\n");
	tree_write(t, "/proc/irq/10/smp_affinity_list", "0-1\n");
	tree_write(t, "/proc/irq/24/smp_affinity_list", "2-3\n");
	assert_int_equal(isolate(t, u, "2-3", "0-1", TN_ISOLATE_IRQS, &told, &err), 0);
	assert_int_equal(told.n, 3);
	assert_string_equal(told.text[0], "irq-default-affinity default_smp_affinity: ff -> f3");
	assert_string_equal(told.text[1], "irq-affinity smp_affinity_list: 0-7 -> 0-1,4-7");
	assert_string_equal(told.text[2], "irq-affinity smp_affinity_list: 2-3 -> 0-1");
	assert_file(t, "/proc/irq/default_smp_affinity", "f3");
	assert_file(t, "/proc/irq/10/smp_affinity_list", "0-1");
	assert_file(t, "/proc/irq/24/smp_affinity_list", "0-1");
	assert_int_equal(tn_undo_close(u, &err), 0);
	assert_file(t, "/proc/irq/default_smp_affinity", "ff");
	assert_file(t, "/proc/irq/9/smp_affinity_list", "0-7");
	assert_file(t, "/proc/irq/24/smp_affinity_list", "2-3");
}

/* Masks of more than 32 CPUs have commas, and keep their length. */
static void test_masks(void **state)
{
	static const char file[] = "/sys/devices/virtual/workqueue/cpumask";
	static const struct {
		const char *cpus, *before, *during;
	} rows[] = {
		{"1", "3", "1"},
		{"0-3,33", "ffffffff,ffffffff", "fffffffd,fffffff0"},
		{"64-71", "000000ff,00000000,00000001", "00000000,00000000,00000001"},
		{"1", "2", "1"}, /* nothing is left: the housekeeping CPUs */
	};

	for (size_t i = 0; i < TN_ARRAY_SIZE(rows); i++) {
		struct tree *t = *state;
		struct tn_undo *u = open_journal(t);
		struct tn_error err = {0};
		struct told told = {0};

		tree_write(t, file, rows[i].before);
		assert_int_equal(isolate(t, u, rows[i].cpus, i == 1 ? "4" : "0", TN_ISOLATE_WORKQUEUES, &told, &err),
				 0);
		assert_file(t, file, rows[i].during);
		assert_int_equal(told.n, 1);
		assert_int_equal(tn_undo_close(u, &err), 0);
		assert_file(t, file, rows[i].before);
	}
}

static void test_leaves_alone_what_is_right(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};
	struct told told = {0};

	tree_write(t, "/proc/irq/default_smp_affinity", "1\n");
	tree_write(t, "/proc/irq/9/smp_affinity_list", "0\n");
	assert_int_equal(isolate(t, u, "1", "0", TN_ISOLATE_IRQS | TN_ISOLATE_WORKQUEUES, &told, &err), 0);
	assert_int_equal(told.n, 0);
	assert_int_equal(tn_undo_close(u, &err), 0);
}

static void owner_of_isolation(struct tree *t)
{
	struct tn_error err = {0};
	struct told told = {0};

	isolate(t, open_journal(t), "1", "0", TN_ISOLATE_IRQS, &told, &err);
}

/* After a crash the next start puts back what is still ours, and says what is not. */
static void test_recovers(void **state)
{
	struct tree *t = *state;
	char text[1024];
	struct heard h;
	pid_t pid;

	tree_write(t, "/proc/irq/9/smp_affinity_list", "0-1\n");
	tree_write(t, "/proc/irq/10/smp_affinity_list", "0-1\n");
	pid = kill_after(owner_of_isolation, t);
	assert_file(t, "/proc/irq/9/smp_affinity_list", "0");
	tree_write(t, "/proc/irq/10/smp_affinity_list", "1\n");
	recover(t, &h);
	assert_int_equal(h.n, 2);
	snprintf(text, sizeof(text), "restored value of %s, left by pid %d",
		 tree_path(t, "/proc/irq/9/smp_affinity_list"), (int)pid);
	assert_true(has_heard(&h, text));
	snprintf(text, sizeof(text),
		 "%s: '1' now, '0-1' before the run, which made it '0': left as it is, left by pid %d",
		 tree_path(t, "/proc/irq/10/smp_affinity_list"), (int)pid);
	assert_true(has_heard(&h, text));
	assert_file(t, "/proc/irq/9/smp_affinity_list", "0-1");
	assert_file(t, "/proc/irq/10/smp_affinity_list", "1");
}

static void assert_refused(struct tree *t, const char *list, const char *housekeeping, int result, const char *why)
{
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};
	struct told told = {0};

	assert_int_equal(isolate(t, u, list, housekeeping, TN_ISOLATE_ALL, &told, &err), result);
	assert_string_equal(err.text, why);
	assert_int_equal(told.n, 0);
	assert_int_equal(tn_undo_close(u, &err), 0);
}

static void test_refusals(void **state)
{
	static const char too_few[] = "isolating CPUs needs one to isolate and one that takes the rest";
	struct tree *t = *state;
	char text[512];

	tree_write(t, "/sys/devices/system/cpu/online", "0-3\n");
	tree_write(t, "/proc/1/comm", "init\n");
	assert_refused(t, "", "0", -EINVAL, too_few);
	assert_refused(t, "1", "", -EINVAL, too_few);
	assert_refused(t, "1-3", "0-1", -EINVAL, "CPU 1 cannot be both isolated and housekeeping");
	snprintf(text, sizeof(text),
		 "isolating CPU 2: no cgroup hierarchy with the controller cpuset is mounted below %s/sys/fs/cgroup: "
		 "mount cgroup2, or leave cpuset out of isolate.what",
		 t->root);
	assert_refused(t, "2", "0-1", -EOPNOTSUPP, text);
}

static void test_partition_is_looked_after(void **state)
{
	struct tree *t = *state;
	struct tn_isolation isolation = {.enter = ""};
	struct tn_error err = {0};
	char text[512];

	assert_int_equal(tn_isolation_holds(&isolation, &err), 0);
	snprintf(isolation.partition, sizeof(isolation.partition), "%s", tree_path(t, "/cg/cpuset.cpus.partition"));
	tree_write(t, "/cg/cpuset.cpus.partition", "isolated\n");
	assert_int_equal(tn_isolation_holds(&isolation, &err), 0);
	tree_write(t, "/cg/cpuset.cpus.partition", "isolated invalid (Cpu list in cpuset.cpus not exclusive)\n");
	assert_int_equal(tn_isolation_holds(&isolation, &err), -EBUSY);
	snprintf(text, sizeof(text), "%s is 'isolated invalid (Cpu list in cpuset.cpus not exclusive)', not 'isolated'",
		 isolation.partition);
	assert_string_equal(err.text, text);
}

int main(void)
{
#define with_tree(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		with_tree(test_interrupts), with_tree(test_masks),    with_tree(test_leaves_alone_what_is_right),
		with_tree(test_recovers),   with_tree(test_refusals), with_tree(test_partition_is_looked_after),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
