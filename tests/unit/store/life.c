// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a run in the store: entered, round by round, finished, or left behind by a process that died. */
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static void a_finished_run_comes_back_byte_for_byte(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 3);
	char *text, *back = NULL;
	size_t n, n_back;

	text = text_of(run, &n);
	ok(tn_store_begin(s, run, &err));
	ok(tn_store_finish(s, run, &err));
	ok(tn_store_document(s, run->id, &back, &n_back, &err));
	assert_int_equal(n_back, n);
	assert_memory_equal(back, text, n);
	is_intact(s);
	free(text);
	free(back);
	tn_run_free(run);
	tn_store_close(s);
}

static void rows_follow_from_the_document(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 3);
	int64_t causes = (int64_t)run->n_causes;

	ok(tn_store_finish(s, run, &err));
	ok(tn_store_finish(s, run, &err)); /* again: nothing is doubled */
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM environments"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM rounds"), 6);
	assert_int_equal(number(s, "SELECT count(*) FROM histograms"), 12);
	assert_int_equal(number(s, "SELECT count(*) FROM causes"), causes);
	assert_int_equal(number(s, "SELECT entries FROM causes WHERE class = 'tick'"), 1254);
	assert_int_equal(number(s, "SELECT sum(interruptions) FROM rounds WHERE cpu = 1"),
			 number(s, "SELECT sum(count) FROM histograms WHERE cpu = 1 AND kind = 'interruptions'"));
	/* the third round was cut short: it is no repetition of the others */
	assert_int_equal(number(s, "SELECT count(*) FROM metrics WHERE name = 'jitter.p99' AND cpu = 2"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM metrics WHERE name = 'jitter.max' AND value > 0"), 4);
	assert_int_equal(number(s, "SELECT jitter_p99_ns = (SELECT max(value) FROM metrics WHERE name = 'jitter.p99')"
				   " OR jitter_p99_ns > 0 FROM runs"),
			 1);
	tn_run_free(run);
	tn_store_close(s);
}

/* The pairs of a histogram add up to what the histogram counted. */
static void histograms_are_whole(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	store_autoquery struct store_query q = {0};
	struct tn_run *run = run_of(1, 1);
	unsigned int seen = 0;

	ok(tn_store_finish(s, run, &err));
	ok(store_prepare(s, "SELECT bytes, buckets, count FROM histograms ORDER BY cpu, kind", &q, &err));
	while (store_step(&q, NULL) > 0) {
		size_t bytes = (size_t)sqlite3_column_int64(q.stmt, 0);
		const struct tn_hist *h = seen % 2 ? &run->cpu[seen / 2].jitter : &run->cpu[seen / 2].interruptions;
		uint64_t pair[2], sum = 0;
		char *buckets = NULL;

		ok(store_unpack(sqlite3_column_blob(q.stmt, 1), (size_t)sqlite3_column_bytes(q.stmt, 1), bytes,
				&buckets));
		for (size_t i = 0; i < bytes; i += sizeof(pair)) {
			memcpy(pair, buckets + i, sizeof(pair));
			assert_int_equal(pair[1], h->bucket[pair[0]]);
			sum += pair[1];
		}
		assert_int_equal(sum, h->count);
		assert_int_equal(sum, sqlite3_column_int64(q.stmt, 2));
		free(buckets);
		seen++;
	}
	assert_int_equal(seen, 4);
	store_query_end(&q);
	q.stmt = NULL;
	tn_run_free(run);
	tn_store_close(s);
}

static struct tn_store_entry entry_of(struct tn_store *s, const char *id)
{
	struct tn_store_filter only = {.id = id};
	struct tn_store_entry *e = NULL, copy;
	size_t n = 0;

	ok(tn_store_list(s, &only, &e, &n, &err));
	assert_int_equal(n, 1);
	copy = *e;
	free(e);
	return copy;
}

static void a_running_run_is_not_shown_and_not_removed(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 2);
	struct tn_store_entry e;
	char *text = NULL, id[40];
	size_t n;

	run->rounds_planned = 5;
	run->rounds_done = 0;
	ok(tn_store_begin(s, run, &err));
	e = entry_of(s, run->id);
	assert_string_equal(e.state, "running");
	assert_false(e.has_document);
	run->rounds_done = 2;
	ok(tn_store_round(s, run, &err));
	assert_int_equal(run->state, TN_RUN_INCOMPLETE); /* as before */
	e = entry_of(s, run->id);
	assert_string_equal(e.state, "running");
	assert_int_equal(e.rounds_done, 2);
	fails(tn_store_document(s, run->id, &text, &n, &err), -EBUSY, "is still going on, 2 of 5 rounds are done");
	fails(tn_store_find(s, "@latest", id, &err), -ENOENT, "no finished runs");
	fails(tn_store_delete(s, run->id, &err), -EBUSY, "still going on");
	ok(tn_store_recover(s, NULL, &err)); /* its owner lives: this process */
	assert_string_equal(entry_of(s, run->id).state, "running");
	tn_run_free(run);
	tn_store_close(s);
}

static void an_aborted_run_says_why_in_both_places(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 2), *back = NULL;
	char *text = NULL;
	size_t n;

	ok(tn_store_begin(s, run, &err));
	ok(tn_store_round(s, run, &err));
	ok(tn_store_abort(s, run->id, "the probe of CPU 1 died", &err));
	assert_string_equal(entry_of(s, run->id).state_reason, "the probe of CPU 1 died");
	ok(tn_store_document(s, run->id, &text, &n, &err));
	ok(tn_run_parse("it", text, n, &back, &err));
	assert_int_equal(back->state, TN_RUN_ABORTED);
	assert_string_equal(back->state_reason, "the probe of CPU 1 died");
	assert_int_equal(back->n_cpus, 4);
	ok(tn_store_abort(s, run->id, "again", &err));
	assert_string_equal(entry_of(s, run->id).state_reason, "the probe of CPU 1 died");
	free(text);
	tn_run_free(back);
	tn_run_free(run);
	tn_store_close(s);
}

/* Enters two runs, one of them with a round, and dies. */
static void die_in_the_middle(const struct tree *t)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct tn_store *s = NULL;
		struct tn_run *one = run_of(1, 2), *two = run_of(2, 1);

		one->rounds_planned = two->rounds_planned = 5;
		two->rounds_done = 0;
		if (tn_store_open(t->root, TN_STORE_WRITE, NULL, &s, NULL) < 0 || tn_store_begin(s, one, NULL) < 0 ||
		    tn_store_round(s, one, NULL) < 0 || tn_store_begin(s, two, NULL) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void note(void *userdata, int priority, const char *text)
{
	char *said = userdata;

	assert_int_equal(priority, LOG_NOTICE);
	snprintf(said + strlen(said), 1000 - strlen(said), "%s\n", text);
}

static void what_a_dead_process_left_is_aborted(void **state)
{
	static const char reason[] = "interrupted after 2 of 5 rounds: tlbnoised ended before the run did";
	char said[1000] = "", id[40], *text = NULL;
	const struct tn_log log = {note, said};
	struct tn_run *back = NULL;
	struct tn_store *s;
	size_t n;

	die_in_the_middle(*state);
	s = open_store(*state, TN_STORE_READ); /* a reader sees it before anybody wrote it down */
	assert_string_equal(entry_of(s, "20261122T100100Z-000001").state, "aborted");
	assert_string_equal(entry_of(s, "20261122T100100Z-000001").state_reason, reason);
	ok(tn_store_find(s, "@latest", id, &err));
	assert_string_equal(id, "20261122T100100Z-000001");
	tn_store_close(s);
	s = open_store(*state, TN_STORE_WRITE);
	ok(tn_store_recover(s, &log, &err));
	assert_string_equal(said,
			    "run 20261122T100100Z-000001: interrupted after 2 of 5 rounds: tlbnoised ended before "
			    "the run did\nrun 20261122T100200Z-000002: interrupted after 0 of 5 rounds: tlbnoised "
			    "ended before the run did\n");
	assert_int_equal(number(s, "SELECT count(*) FROM runs WHERE state = 'aborted' AND owner IS NULL"), 2);
	ok(tn_store_document(s, id, &text, &n, &err));
	ok(tn_run_parse("it", text, n, &back, &err));
	assert_string_equal(back->state_reason, reason);
	assert_int_equal(back->n_cpus, 4);
	fails(tn_store_document(s, "20261122T100200Z-000002", &text, &n, &err), -ENODATA,
	      "has no result: interrupted after 0 of 5 rounds");
	is_intact(s);
	free(text);
	tn_run_free(back);
	tn_store_close(s);
}

/* After a reboot the same numbers may be another process. */
static void an_owner_of_another_boot_is_gone(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 1);

	ok(tn_store_begin(s, run, &err));
	ok(store_exec(s, "UPDATE runs SET owner = 'another-boot' || substr(owner, instr(owner, ' '))", &err));
	assert_string_equal(entry_of(s, run->id).state, "aborted");
	ok(tn_store_recover(s, NULL, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM runs WHERE state = 'aborted'"), 1);
	tn_run_free(run);
	tn_store_close(s);
}

/* A folder of @n days with a file in it. */
static void make_old(const struct tree *t, const char *folder, const char *file, long days)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - days * 86400 - 60}};
	char path[512];

	snprintf(path, sizeof(path), "/runs/%s/%s", folder, file);
	tree_write(t, path, "x");
	snprintf(path, sizeof(path), "%s/runs/%s", t->root, folder);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const struct tree *t, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/runs/%s", t->root, name);
	return access(path, F_OK) == 0;
}

/* What an import or a run that was killed had made before its row; not what is young, has a row, or a document. */
static void files_that_nobody_knows_of_are_removed(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_store(t, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 2);
	char known[128];

	ok(tn_store_finish(s, run, &err));
	make_old(t, "lost", TN_STORE_RAW, 2);
	make_old(t, "copied", TN_STORE_RAW ".4711", 2);
	make_old(t, "young", TN_STORE_RAW, 0);
	make_old(t, "earlier", "run.json", 2);
	make_old(t, "foreign", "thesis.tex", 2);
	make_old(t, run->id, TN_STORE_RAW, 2);
	ok(tn_store_recover(s, NULL, &err));
	assert_false(is_there(t, "lost") || is_there(t, "copied"));
	assert_true(is_there(t, "young/" TN_STORE_RAW) && is_there(t, "earlier/run.json"));
	assert_true(is_there(t, "foreign/thesis.tex"));
	snprintf(known, sizeof(known), "%s/" TN_STORE_RAW, run->id);
	assert_true(is_there(t, known));
	tn_run_free(run);
	tn_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_finished_run_comes_back_byte_for_byte, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(rows_follow_from_the_document, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(histograms_are_whole, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_running_run_is_not_shown_and_not_removed, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(an_aborted_run_says_why_in_both_places, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(what_a_dead_process_left_is_aborted, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(an_owner_of_another_boot_is_gone, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(files_that_nobody_knows_of_are_removed, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
