// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose database it is and of which age: made, converted step by step, or refused with a line that says why. */
#include "support.h"

#include <fcntl.h>
#include <sys/wait.h>

static const char *db_path(const struct tree *t)
{
	return tree_path(t, "/" TN_STORE_NAME);
}

static void change(const struct tree *t, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(db_path(t), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void refused(const struct tree *t, int error, const char *part)
{
	struct tn_store *s = NULL;

	fails(tn_store_open(t->root, TN_STORE_READ, NULL, &s, &err), error, part);
	fails(tn_store_open(t->root, TN_STORE_WRITE, NULL, &s, &err), error, part);
	assert_null(s);
}

static void a_new_store_has_the_schema_of_today(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);

	assert_int_equal(number(s, "PRAGMA user_version"), STORE_SCHEMA);
	assert_int_equal(number(s, "PRAGMA application_id"), STORE_APPLICATION_ID);
	assert_int_equal(number(s, "PRAGMA synchronous"), 2); /* FULL */
	assert_int_equal(number(s, "PRAGMA auto_vacuum"), 2); /* INCREMENTAL */
	assert_int_equal(number(s, "PRAGMA journal_mode = WAL"), 0);
	is_intact(s);
	tn_store_close(s);
}

static void there_is_nothing_to_read_without_a_store(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = NULL;

	fails(tn_store_open(t->root, TN_STORE_READ, NULL, &s, &err), -ENOENT, "no runs are stored here yet");
	assert_int_equal(access(db_path(t), F_OK), -1);
	fails(tn_store_open("/nonexistent", TN_STORE_WRITE, NULL, &s, &err), -ENOENT,
	      "cannot open /nonexistent/store.db: No such file or directory");
}

/* As version 1 was: the same without the metrics, which the step to 2 computes from the documents. */
static void make_schema_1(const struct tree *t)
{
	struct tn_store *s = open_store(t, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 2);

	ok(tn_store_finish(s, run, &err));
	tn_run_free(run);
	run = run_of(2, 1);
	ok(tn_store_finish(s, run, &err));
	tn_run_free(run);
	ok(store_exec(s,
		      "DROP VIEW metrics; DROP TABLE metric_values; DROP TABLE metric_names; PRAGMA user_version = 1",
		      &err));
	tn_store_close(s);
}

static void schema_1_becomes_2(void **state)
{
	struct tn_store *s;

	make_schema_1(*state);
	s = open_store(*state, TN_STORE_WRITE);
	assert_int_equal(number(s, "PRAGMA user_version"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM metrics WHERE name = 'jitter.p99'"), 6);
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), 2);
	is_intact(s);
	tn_store_close(s);
}

static void a_reader_converts_it_too_if_it_may(void **state)
{
	struct tn_store *s;

	make_schema_1(*state);
	s = open_store(*state, TN_STORE_READ);
	assert_int_equal(number(s, "SELECT count(*) FROM metrics WHERE name = 'jitter.p99'"), 6);
	tn_store_close(s);
}

/* A document that cannot be read has no metrics, but does not hold up the others. */
static void a_damaged_document_does_not_stop_the_step(void **state)
{
	struct tn_store *s;

	make_schema_1(*state);
	change(*state, "UPDATE documents SET bytes = 12, zlib = (SELECT zlib FROM documents ORDER BY run LIMIT 1) "
		       "WHERE run = (SELECT max(run) FROM documents)");
	s = open_store(*state, TN_STORE_WRITE);
	assert_int_equal(number(s, "SELECT count(*) FROM metrics WHERE name = 'jitter.p99'"), 4);
	tn_store_close(s);
}

/* A step that cannot be finished leaves the store as it was. */
static void a_step_that_fails_changes_nothing(void **state)
{
	struct tn_store *s = NULL;

	make_schema_1(*state);
	change(*state, "CREATE TABLE metrics (x)"); /* in the way of the view */
	fails(tn_store_open(((struct tree *)*state)->root, TN_STORE_WRITE, NULL, &s, &err), -EIO, "already exists");
	change(*state, "DROP TABLE metrics");
	s = open_store(*state, TN_STORE_WRITE);
	assert_int_equal(number(s, "SELECT count(*) FROM metrics WHERE name = 'jitter.p99'"), 6);
	tn_store_close(s);
}

static void a_newer_schema_is_refused(void **state)
{
	tn_store_close(open_store(*state, TN_STORE_WRITE));
	change(*state, "PRAGMA user_version = 99");
	refused(*state, -EPROTONOSUPPORT,
		"store.db has schema 99, this tlbnoise knows up to 2: use the newer tlbnoise");
}

static void the_database_of_another_is_refused(void **state)
{
	change(*state, "PRAGMA application_id = 1234; CREATE TABLE t (x)");
	refused(*state, -EMEDIUMTYPE, "is a database of another program (application_id 1234); move it away");
}

static void one_without_an_id_is_refused_unless_empty(void **state)
{
	change(*state, "CREATE TABLE t (x)");
	refused(*state, -EMEDIUMTYPE, "is a database of another program");
	change(*state, "DROP TABLE t");
	tn_store_close(open_store(*state, TN_STORE_WRITE));
}

static void garbage_is_refused(void **state)
{
	char garbage[8192];

	for (size_t i = 0; i < sizeof(garbage) - 1; i++)
		garbage[i] = (char)(1 + i % 200);
	garbage[sizeof(garbage) - 1] = '\0';
	tree_write(*state, "/" TN_STORE_NAME, garbage);
	refused(*state, -EBADMSG, "this is no database; move it away to begin a new store");
}

static void a_truncated_database_is_refused(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_store(t, TN_STORE_WRITE), *again = NULL;
	struct tn_run *run = run_of(1, 3);
	struct stat st;

	ok(tn_store_finish(s, run, &err));
	ok(store_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)", &err));
	tn_run_free(run);
	tn_store_close(s);
	assert_int_equal(stat(db_path(t), &st), 0);
	assert_int_equal(truncate(db_path(t), st.st_size / 2), 0);
	fails(tn_store_open(t->root, TN_STORE_WRITE, NULL, &again, &err), -EBADMSG, "the database is damaged");
}

/* A page of zeros in the middle: what is on it is lost, and said to be. */
static void a_damaged_document_is_told(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 1);
	char *text = NULL;
	size_t n;

	ok(tn_store_finish(s, run, &err));
	ok(store_exec(s, "UPDATE documents SET zlib = zeroblob(100)", &err));
	fails(tn_store_document(s, run->id, &text, &n, &err), -EBADMSG, "the database is damaged");
	ok(store_exec(s, "UPDATE documents SET bytes = -1", &err));
	fails(tn_store_document(s, run->id, &text, &n, &err), -EBADMSG, "the database is damaged");
	assert_null(text);
	tn_run_free(run);
	tn_store_close(s);
}

/* Several processes make it at once: one does, all can use it. */
static void many_may_make_it_at_once(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s;
	int status, go[2];
	pid_t pid[8];

	assert_int_equal(pipe(go), 0);
	for (unsigned int i = 0; i < TN_ARRAY_SIZE(pid); i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		struct tn_run *run = run_of(i, 1);
		struct tn_error err = {0};
		char c;

		close(go[1]);
		if (read(go[0], &c, 1) != 0 || tn_store_open(t->root, TN_STORE_WRITE, NULL, &s, &err) < 0 ||
		    tn_store_finish(s, run, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			_exit(1);
		}
		_exit(0);
	}
	close(go[0]);
	close(go[1]); /* all at once */
	for (unsigned int i = 0; i < TN_ARRAY_SIZE(pid); i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	s = open_store(t, TN_STORE_READ);
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), TN_ARRAY_SIZE(pid));
	is_intact(s);
	tn_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_store_has_the_schema_of_today, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(there_is_nothing_to_read_without_a_store, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(schema_1_becomes_2, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_reader_converts_it_too_if_it_may, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_damaged_document_does_not_stop_the_step, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_step_that_fails_changes_nothing, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_newer_schema_is_refused, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(the_database_of_another_is_refused, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(one_without_an_id_is_refused_unless_empty, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(garbage_is_refused, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_truncated_database_is_refused, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_damaged_document_is_told, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(many_may_make_it_at_once, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
