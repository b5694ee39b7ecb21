// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of naming tasks, on a /proc and a saved_cmdlines of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../support/tree.h"
#include "trace/tasks.h"

struct fixture {
	struct tree *tree;
	char cmdlines[128];
	struct tn_symbols *symbols;
	struct tn_tasks tasks;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	tree_setup((void **)&f->tree);
	tree_write(f->tree, "/7/comm", "odd name (x)\n");
	snprintf(f->cmdlines, sizeof(f->cmdlines), "%s", tree_path(f->tree, "/saved_cmdlines"));
	tree_write(f->tree, "/saved_cmdlines", "7 old\n20 worker one\n30 other\n");
	assert_int_equal(tn_symbols_new(&f->symbols, NULL), 0);
	f->tasks = (struct tn_tasks){.symbols = f->symbols, .proc = f->tree->root, .cmdlines = f->cmdlines, .last = -1};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tree_teardown((void **)&f->tree);
	tn_tasks_release(&f->tasks);
	tn_symbols_free(f->symbols);
	free(f);
	return 0;
}

static const char *name_of(struct fixture *f, int pid)
{
	return tn_symbols_text(f->symbols, tn_tasks_name(&f->tasks, pid));
}

static void the_living_are_named_from_proc(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(name_of(f, 7), "odd name (x)");
	assert_string_equal(name_of(f, 0), "swapper");
	assert_false(f->tasks.saved_read);
}

static void workers_keep_the_name_that_stays(void **state)
{
	struct fixture *f = *state;

	tree_write(f->tree, "/7/comm", "kworker/0:1-events\n");
	tree_write(f->tree, "/8/comm", "kworker/u8:3+writeback\n");
	tree_write(f->tree, "/9/comm", "rcu_exp-worker+\n");
	assert_string_equal(name_of(f, 7), "kworker/0:1");
	assert_string_equal(name_of(f, 8), "kworker/u8:3");
	assert_string_equal(name_of(f, 9), "rcu_exp-worker+");
}

static void the_dead_are_named_from_the_kernels_list(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(name_of(f, 40), "");
	assert_string_equal(name_of(f, 20), "worker one");
	assert_string_equal(name_of(f, 30), "other");
	tree_write(f->tree, "/saved_cmdlines", "40 too late\n");
	assert_string_equal(name_of(f, 40), ""); /* read once a drain */
	tn_tasks_forget(&f->tasks);
	assert_string_equal(name_of(f, 40), "too late");
	assert_string_equal(name_of(f, 20), "");
}

/* exec(), or an id that goes to another task: within a drain the first name holds, the next one asks again. */
static void a_name_holds_for_one_drain(void **state)
{
	struct fixture *f = *state;
	uint32_t before;

	for (int drain = 0; drain < 2; drain++) {
		for (int pid = 100; pid < 400; pid++)
			tn_tasks_name(&f->tasks, pid);
		before = tn_tasks_name(&f->tasks, 7);
		tree_write(f->tree, "/7/comm", drain ? "three\n" : "two\n");
		tn_tasks_name(&f->tasks, 0);
		assert_int_equal(tn_tasks_name(&f->tasks, 7), before);
		tn_tasks_forget(&f->tasks);
		assert_string_equal(name_of(f, 7), drain ? "three" : "two");
		assert_int_equal(f->tasks.n_tasks, 1);
	}
	assert_string_equal(tn_symbols_text(f->symbols, before), "two");
}

static void a_missing_list_is_no_failure(void **state)
{
	struct fixture *f = *state;

	f->tasks.cmdlines = "/nonexistent/saved_cmdlines";
	assert_string_equal(name_of(f, 20), "");
	tn_tasks_forget(&f->tasks);
	f->tasks.cmdlines = NULL;
	assert_string_equal(name_of(f, 20), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_living_are_named_from_proc, set_up, tear_down),
		cmocka_unit_test_setup_teardown(workers_keep_the_name_that_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_dead_are_named_from_the_kernels_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_holds_for_one_drain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_list_is_no_failure, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("trace/tasks", tests, NULL, NULL);
}
