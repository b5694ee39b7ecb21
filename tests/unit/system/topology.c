// SPDX-License-Identifier: GPL-2.0-or-later
/* Topology from made-up sysfs trees, and once from this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/tree.h"
#include "system/topology.h"

#define CPU  "/sys/devices/system/cpu"
#define NODE "/sys/devices/system/node"

static void assert_set(struct tn_cpus set, const char *text)
{
	char buf[TN_CPUS_TEXT];

	assert_string_equal(tn_cpus_format(&set, buf, sizeof(buf)), text);
}

static void make_machine(const struct tree *t)
{
	tree_write(t, CPU "/possible", "0-15\n");
	tree_write(t, CPU "/online", "0-7\n");
}

static void test_plain_kernel(void **state)
{
	struct tree *t = *state;
	struct tn_error err = {0};
	struct tn_topology topo;

	make_machine(t);
	assert_int_equal(tn_topology_read(t->root, &topo, &err), 0);
	assert_set(topo.possible, "0-15");
	assert_set(topo.online, "0-7");
	assert_set(topo.isolated, "");
	assert_set(topo.nohz_full, "");
	assert_set(topo.housekeeping, "0-7");
	assert_false(topo.smt_active);
}

static void test_isolation_adds_up(void **state)
{
	struct tree *t = *state;
	struct tn_error err = {0};
	struct tn_topology topo;

	make_machine(t);
	tree_write(t, CPU "/isolated", "2\n");
	tree_write(t, CPU "/nohz_full", "2-3,12\n");
	tree_write(t, "/sys/fs/cgroup/cpuset.cpus.isolated", "5\n");
	tree_write(t, CPU "/smt/active", "1\n");
	assert_int_equal(tn_topology_read(t->root, &topo, &err), 0);
	assert_set(topo.isolated, "2,5");
	tree_write(t, "/sys/fs/cgroup/rt/cpuset.cpus.partition", "isolated\n");
	tree_write(t, "/sys/fs/cgroup/rt/cpuset.cpus.effective", "6\n");
	assert_int_equal(tn_topology_read(t->root, &topo, NULL), 0);
	assert_set(topo.isolated, "2,5"); /* where there is a list, it counts */
	assert_int_equal(unlink(tree_path(t, "/sys/fs/cgroup/cpuset.cpus.isolated")), 0);
	tree_write(t, "/sys/fs/cgroup/a/b/cpuset.cpus.partition", "isolated\n");
	tree_write(t, "/sys/fs/cgroup/a/b/cpuset.cpus.effective", "4\n");
	tree_write(t, "/sys/fs/cgroup/c/cpuset.cpus.partition", "isolated invalid (Parent is not a partition root)\n");
	tree_write(t, "/sys/fs/cgroup/c/cpuset.cpus.effective", "0-7\n");
	assert_int_equal(tn_topology_read(t->root, &topo, NULL), 0);
	assert_set(topo.isolated, "2,4,6");
	assert_set(topo.nohz_full, "2-3,12");
	assert_set(topo.housekeeping, "0-1,5,7");
	assert_true(topo.smt_active);
}

static void test_empty_and_null_masks(void **state)
{
	struct tree *t = *state;
	struct tn_error err = {0};
	struct tn_topology topo;

	make_machine(t);
	tree_write(t, CPU "/isolated", "\n");
	tree_write(t, CPU "/nohz_full", "  (null)\n");
	tree_write(t, CPU "/smt/active", "0\n");
	assert_int_equal(tn_topology_read(t->root, &topo, &err), 0);
	assert_set(topo.isolated, "");
	assert_set(topo.nohz_full, "");
	assert_false(topo.smt_active);
}

static void test_names_the_bad_file(void **state)
{
	struct tree *t = *state;
	struct tn_topology topo = {.smt_active = true};
	struct tn_error err = {0};
	char says[256];

	assert_int_equal(tn_topology_read(t->root, &topo, &err), -ENOENT);
	snprintf(says, sizeof(says), "cannot open %s" CPU "/online: No such file or directory", t->root);
	assert_string_equal(err.text, says);
	make_machine(t);
	tree_write(t, CPU "/isolated", "two\n");
	assert_int_equal(tn_topology_read(t->root, &topo, &err), -EINVAL);
	snprintf(says, sizeof(says), "%s" CPU "/isolated: 'two ' is not a CPU list, such as 0-3,8", t->root);
	assert_string_equal(err.text, says);
	assert_true(topo.smt_active);
}

static void test_siblings(void **state)
{
	struct tree *t = *state;
	struct tn_topology topo;
	struct tn_error err = {0};
	struct tn_cpus set;
	char says[256];

	make_machine(t);
	tree_write(t, CPU "/cpu1/topology/thread_siblings_list", "1,9\n");
	assert_int_equal(tn_topology_siblings(t->root, 1, &set, &err), 0);
	assert_set(set, "1,9");
	assert_int_equal(tn_topology_siblings(t->root, 8, &set, &err), -ENOENT);
	snprintf(says, sizeof(says),
		 "CPU 8 is offline or does not exist: there is no %s" CPU "/cpu8/topology/thread_siblings_list",
		 t->root);
	assert_string_equal(err.text, says);
	/* Without smt/active, siblings tell. */
	assert_int_equal(tn_topology_read(t->root, &topo, &err), 0);
	assert_true(topo.smt_active);
}

static void test_nodes(void **state)
{
	struct tree *t = *state;

	assert_int_equal(tn_topology_node(t->root, 3), 0);
	tree_write(t, NODE "/online", "0,2\n");
	tree_write(t, NODE "/node0/cpulist", "0-3\n");
	tree_write(t, NODE "/node2/cpulist", "4-7\n");
	assert_int_equal(tn_topology_node(t->root, 3), 0);
	assert_int_equal(tn_topology_node(t->root, 4), 2);
	assert_int_equal(tn_topology_node(t->root, 8), -ENOENT);
	assert_int_equal(tn_topology_node(t->root, -1), -ENOENT);
}

static void test_this_machine(void **state)
{
	struct tn_topology topo;
	struct tn_error err = {0};
	struct tn_cpus self, set;

	(void)state;
	assert_int_equal(tn_topology_read("", &topo, &err), 0);
	assert_int_equal(tn_cpus_affinity_self(&self, &err), 0);
	set = tn_cpus_minus(&self, &topo.online);
	assert_set(set, "");
	set = tn_cpus_minus(&topo.online, &topo.possible);
	assert_set(set, "");
	assert_int_equal(tn_topology_siblings("", tn_cpus_first(&self), &set, &err), 0);
	assert_true(tn_cpus_has(&set, (unsigned int)tn_cpus_first(&self)));
	assert_true(tn_topology_node("", tn_cpus_first(&self)) >= 0);
}

int main(void)
{
#define with_tree(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		with_tree(test_plain_kernel),
		with_tree(test_isolation_adds_up),
		with_tree(test_empty_and_null_masks),
		with_tree(test_names_the_bad_file),
		with_tree(test_siblings),
		with_tree(test_nodes),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
