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
	f->tasks = (struct tn_tasks){.symbols = f->symbols, .proc = f->tree->root, .last = -1};
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

static void the_living_are_named_at_once(void **state)
{
	struct fixture *f = *state;

	tn_tasks_saw(&f->tasks, 7);
	tn_tasks_saw(&f->tasks, 0);
	assert_string_equal(tn_symbols_comm(f->symbols, 7), "odd name (x)");
	assert_string_equal(tn_symbols_comm(f->symbols, 0), "swapper");
	assert_int_equal(f->tasks.n_dead, 0);
}

static void workers_keep_the_name_that_stays(void **state)
{
	struct fixture *f = *state;

	tree_write(f->tree, "/7/comm", "kworker/0:1-events\n");
	tn_tasks_saw(&f->tasks, 7);
	assert_string_equal(tn_symbols_comm(f->symbols, 7), "kworker/0:1");
	tn_symbols_set_comm(f->symbols, 7, "kworker/u8:3+wr");
	assert_string_equal(tn_symbols_comm(f->symbols, 7), "kworker/u8:3+wr"); /* only /proc adds to names */
}

static void the_dead_are_named_from_the_kernels_list(void **state)
{
	struct fixture *f = *state;

	tn_tasks_saw(&f->tasks, 40);
	tn_tasks_saw(&f->tasks, 20);
	tn_tasks_saw(&f->tasks, 40);
	assert_string_equal(tn_symbols_comm(f->symbols, 20), "");
	assert_int_equal(f->tasks.n_dead, 2);
	tn_tasks_resolve(&f->tasks, f->cmdlines);
	assert_string_equal(tn_symbols_comm(f->symbols, 20), "worker one");
	assert_string_equal(tn_symbols_comm(f->symbols, 30), ""); /* nobody asked */
	assert_string_equal(tn_symbols_comm(f->symbols, 40), "");
	tree_write(f->tree, "/saved_cmdlines", "40 too late\n");
	tn_tasks_saw(&f->tasks, 20);
	tn_tasks_saw(&f->tasks, 40);
	tn_tasks_resolve(&f->tasks, f->cmdlines);
	assert_string_equal(tn_symbols_comm(f->symbols, 40), "");
}

static void a_missing_list_is_no_failure(void **state)
{
	struct fixture *f = *state;

	tn_tasks_saw(&f->tasks, 20);
	tn_tasks_resolve(&f->tasks, "/nonexistent/saved_cmdlines");
	assert_string_equal(tn_symbols_comm(f->symbols, 20), "");
	assert_int_equal(f->tasks.n_dead, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_living_are_named_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(workers_keep_the_name_that_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_dead_are_named_from_the_kernels_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_list_is_no_failure, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("trace/tasks", tests, NULL, NULL);
}
