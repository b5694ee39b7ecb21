// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A writer that is killed at any moment: the store stays whole, what was committed is there, and the next one
 * goes on. The short version of tests/integration/store-crash.py; TN_STORE_KILLS sets how often.
 */
#include "support.h"

#include <poll.h>
#include <sys/wait.h>
#include <time.h>

#define KILLS 20

/* Stores runs for ever; tells each run as soon as it is said to be on the disk. */
static void store_for_ever(const char *folder, unsigned int first, int tell)
{
	struct tn_store *s = NULL;
	struct tn_run *run;

	if (tn_store_open(folder, TN_STORE_WRITE, NULL, &s, NULL) < 0)
		_exit(1);
	tn_store_recover(s, NULL, NULL);
	for (unsigned int i = first;; i++) {
		run = run_of(i, 2);
		if (tn_store_begin(s, run, NULL) < 0 || tn_store_round(s, run, NULL) < 0 ||
		    tn_store_finish(s, run, NULL) < 0 || write(tell, &i, sizeof(i)) != sizeof(i))
			_exit(1);
		if (i % 3 == 2)
			tn_store_enforce(s, &(struct tn_store_limits){.max_bytes = 400000}, NULL, NULL);
		tn_run_free(run);
	}
}

/* Lets a writer work and kills it after @us, but not before its first run. Returns the last it told of. */
static unsigned int kill_writer(const char *folder, unsigned int first, unsigned int us)
{
	unsigned int last = first, told;
	int fd[2], status;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (!pid)
		store_for_ever(folder, first, fd[1]);
	close(fd[1]);
	assert_int_equal(read(fd[0], &told, sizeof(told)), sizeof(told));
	nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
	kill(pid, SIGKILL);
	while (read(fd[0], &told, sizeof(told)) == sizeof(told))
		last = told;
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return last;
}

static void check_store(const struct tree *t, unsigned int last)
{
	struct tn_store *s = open_store(t, TN_STORE_WRITE);
	struct tn_run *run = run_of(last, 2), *back = NULL;
	char *text = NULL;
	size_t n;

	is_intact(s);
	assert_int_equal(number(s, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	ok(tn_store_document(s, run->id, &text, &n, &err));
	ok(tn_run_parse("it", text, n, &back, &err));
	assert_int_equal(back->state, TN_RUN_INCOMPLETE);
	assert_int_equal(number(s, "SELECT count(*) FROM runs r WHERE state <> 'running' AND "
				   "(SELECT count(*) FROM rounds WHERE run = seq) NOT IN (0, 4)"),
			 0);
	ok(tn_store_recover(s, NULL, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM runs WHERE state = 'running'"), 0);
	free(text);
	tn_run_free(back);
	tn_run_free(run);
	tn_store_close(s);
}

static void killed_at_any_moment(void **state)
{
	const struct tree *t = *state;
	const char *often = getenv("TN_STORE_KILLS");
	unsigned int kills = often ? (unsigned int)atoi(often) : KILLS, next = 0, x = 12345;

	for (unsigned int i = 0; i < kills; i++) {
		x = x * 1664525 + 1013904223;
		next = kill_writer(t->root, next, (x >> 8) % 40000) + 1;
		check_store(t, next - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(killed_at_any_moment, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
