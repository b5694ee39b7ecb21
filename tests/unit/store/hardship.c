// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File systems that are full or read-only, users who may only read, and readers beside a writer. What needs
 * a file system of its own gets a small tmpfs in a mount namespace, which takes root; without it, it is
 * skipped and says so.
 */
#include "support.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

static bool namespaced;

static int own_namespace(void **state)
{
	(void)state;
	namespaced =
		geteuid() == 0 && unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

static void mount_small(const struct tree *t, const char *options)
{
	if (!namespaced) {
		print_message("no file system of its own without root: skipped\n");
		skip();
	}
	assert_int_equal(mount("tlbnoise-test", t->root, "tmpfs", 0, options), 0);
}

static int unmount_and_teardown(void **state)
{
	const struct tree *t = *state;

	if (namespaced)
		umount2(t->root, MNT_DETACH);
	return tree_teardown(state);
}

static void remount_read_only(const struct tree *t)
{
	assert_int_equal(mount(NULL, t->root, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
}

/* Fills it up with runs until one does not fit; then what was stored is there, and room helps. */
static void a_full_disk_costs_only_the_run_that_did_not_fit(void **state)
{
	const struct tree *t = *state;
	struct tn_error err = {0};
	unsigned int stored = 0;
	struct tn_store *s;
	int r = 0;

	mount_small(t, "size=1m,mode=0755");
	s = open_store(t, TN_STORE_WRITE);
	while (stored < 1000) {
		struct tn_run *run = run_of(stored, 3);

		r = tn_store_finish(s, run, &err);
		tn_run_free(run);
		if (r < 0)
			break;
		stored++;
	}
	assert_int_equal(r, -ENOSPC);
	assert_non_null(strstr(err.text, "no space left; free some, or remove runs with 'tlbnoise runs --delete'"));
	assert_true(stored > 3);
	is_intact(s);
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), stored);
	assert_int_equal(number(s, "SELECT count(*) FROM documents"), stored);
	tn_store_close(s);
	s = open_store(t, TN_STORE_READ); /* also for who comes anew */
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), stored);
	tn_store_close(s);
	assert_int_equal(mount(NULL, t->root, NULL, MS_REMOUNT, "size=4m"), 0);
	s = open_store(t, TN_STORE_WRITE);
	is_intact(s);
	ok_run(s, run_of(stored, 3));
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), stored + 1);
	tn_store_close(s);
}

/* Without room for anything the store cannot even be made, and nothing remains in the way. */
static void a_disk_without_any_room(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = NULL;

	mount_small(t, "size=4k,mode=0755");
	fails(tn_store_open(t->root, TN_STORE_WRITE, NULL, &s, &err), -ENOSPC, "no space left");
	assert_int_equal(mount(NULL, t->root, NULL, MS_REMOUNT, "size=4m"), 0);
	s = open_store(t, TN_STORE_WRITE);
	is_intact(s);
	tn_store_close(s);
}

static void a_read_only_file_system_can_be_read(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s, *writer = NULL;

	mount_small(t, "size=4m,mode=0755");
	s = open_store(t, TN_STORE_WRITE);
	ok_run(s, run_of(1, 1));
	tn_store_close(s);
	remount_read_only(t);
	s = open_store(t, TN_STORE_READ);
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), 1);
	tn_store_close(s);
	fails(tn_store_open(t->root, TN_STORE_WRITE, NULL, &writer, &err), -EROFS, "it may only be read here");
}

/* As on a copy of the database alone: there is no log, and nobody can make one. */
static void it_can_be_read_there_without_its_log(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s;

	mount_small(t, "size=4m,mode=0755");
	s = open_store(t, TN_STORE_WRITE);
	ok_run(s, run_of(1, 1));
	ok(store_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)", &err));
	tn_store_close(s);
	assert_int_equal(unlink(tree_path(t, "/store.db-wal")), 0);
	assert_int_equal(unlink(tree_path(t, "/store.db-shm")), 0);
	remount_read_only(t);
	s = open_store(t, TN_STORE_READ);
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), 1);
	tn_store_close(s);
}

/* A log that holds something is not passed over. */
static void a_log_that_cannot_be_read_is_told(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = NULL;
	int status;
	pid_t pid;

	mount_small(t, "size=4m,mode=0755");
	pid = fork();
	if (!pid) { /* dies with all in the log */
		if (tn_store_open(t->root, TN_STORE_WRITE, NULL, &s, NULL) == 0 &&
		    tn_store_finish(s, run_of(1, 1), NULL) == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(unlink(tree_path(t, "/store.db-shm")), 0);
	remount_read_only(t);
	fails(tn_store_open(t->root, TN_STORE_READ, NULL, &s, &err), -EROFS,
	      "its write-ahead log cannot be read on a read-only file system");
}

/* Another user may look, also while nobody has the store open, and not change anything. */
static int look_as_nobody(void *userdata)
{
	const struct tree *t = userdata;
	struct tn_store *s = NULL, *writer = NULL;
	struct tn_error err = {0};
	int64_t n = 0;

	if (tn_store_open(t->root, TN_STORE_READ, NULL, &s, &err) < 0 ||
	    store_number(s, "SELECT count(*) FROM runs", &n, &err) < 0 || n != 1) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	tn_store_close(s);
	if (tn_store_open(t->root, TN_STORE_WRITE, NULL, &writer, &err) != -EROFS)
		return 2;
	return strstr(err.text, "look at its owner, its mode") ? 0 : 3;
}

static void another_user_may_read(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s;
	int status;
	pid_t pid;

	if (geteuid()) {
		print_message("needs root to be another user: skipped\n");
		skip();
	}
	assert_int_equal(chmod(t->root, 0755), 0);
	s = open_store(t, TN_STORE_WRITE);
	ok_run(s, run_of(1, 1));
	tn_store_close(s);
	pid = fork();
	if (!pid)
		_exit(setgid(65534) || setuid(65534) ? 9 : look_as_nobody((void *)t));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Reads as long as there is a run too few; each view has to fit together. */
static int read_on(const char *folder, unsigned int until)
{
	struct tn_store *s = NULL;
	struct tn_error err = {0};
	int64_t torn, n = 0, before = 0;
	char *text = NULL, id[40];
	size_t size;

	if (tn_store_open(folder, TN_STORE_READ, NULL, &s, &err) < 0)
		return 1;
	while (n < until) {
		if (store_number(
			    s,
			    "SELECT count(*) FROM runs WHERE (SELECT count(*) FROM rounds WHERE run = seq) <> 4 OR "
			    "NOT EXISTS (SELECT 1 FROM documents WHERE run = seq)",
			    &torn, &err) < 0 ||
		    torn)
			return 2;
		before = n;
		if (store_number(s, "SELECT count(*) FROM runs", &n, &err) < 0 || n < before)
			return 3;
		if (n && (tn_store_find(s, "@latest", id, &err) < 0 ||
			  tn_store_document(s, id, &text, &size, &err) < 0 || text[0] != '{'))
			return 4;
		free(tn_steal_ptr(text));
	}
	tn_store_close(s);
	return 0;
}

static void readers_beside_a_writer(void **state)
{
	enum { READERS = 6, RUNS = 25 };
	const struct tree *t = *state;
	struct tn_store *s = open_store(t, TN_STORE_WRITE);
	pid_t pid[READERS];
	int status;

	tn_store_close(s);
	for (unsigned int i = 0; i < READERS; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(read_on(t->root, RUNS));
	}
	s = open_store(t, TN_STORE_WRITE);
	for (unsigned int i = 0; i < RUNS; i++)
		ok_run(s, run_of(i, 2));
	for (unsigned int i = 0; i < READERS; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	is_intact(s);
	tn_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_full_disk_costs_only_the_run_that_did_not_fit, tree_setup,
						unmount_and_teardown),
		cmocka_unit_test_setup_teardown(a_disk_without_any_room, tree_setup, unmount_and_teardown),
		cmocka_unit_test_setup_teardown(a_read_only_file_system_can_be_read, tree_setup, unmount_and_teardown),
		cmocka_unit_test_setup_teardown(it_can_be_read_there_without_its_log, tree_setup, unmount_and_teardown),
		cmocka_unit_test_setup_teardown(a_log_that_cannot_be_read_is_told, tree_setup, unmount_and_teardown),
		cmocka_unit_test_setup_teardown(another_user_may_read, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(readers_beside_a_writer, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
