// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents that come from elsewhere: taken in whole, once, with their raw interruptions, or refused. */
#include "support.h"

#include "analysis/attribution.h"

static void write_document(const struct tree *t, const struct tn_run *run, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", t->root, name);
	ok(tn_run_write_file(run, path, &err));
}

static void write_raw(const struct tree *t, const char *run_id, const char *name, unsigned int records)
{
	struct tn_raw_record rec = {.start = 1, .end = 2};
	struct tn_raw_writer *w = NULL;
	char path[512];
	uint64_t n;

	snprintf(path, sizeof(path), "%s/%s", t->root, name);
	ok(tn_raw_create(path, run_id, 1e9, &w, &err));
	for (unsigned int i = 0; i < records; i++)
		ok(tn_raw_append(w, &rec));
	ok(tn_raw_finish(w, &n, &err));
}

/* The store lies in a folder below, so that nothing of the source is taken for its own. */
static struct tn_store *open_below(const struct tree *t, const struct tn_log *log)
{
	struct tn_store *s = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/results", t->root);
	mkdir(path, 0755);
	ok(tn_store_open(path, TN_STORE_WRITE, log, &s, &err));
	return s;
}

static void a_file_is_taken_in_once(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_below(t, NULL);
	struct tn_run *run = run_of(1, 2);
	char id[40] = "", *text, *back = NULL;
	size_t n, n_back;

	text = text_of(run, &n);
	write_document(t, run, "a.json");
	ok(tn_store_import(s, tree_path(t, "/a.json"), id, &err));
	assert_string_equal(id, run->id);
	assert_int_equal(tn_store_import(s, tree_path(t, "/a.json"), id, NULL), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM runs WHERE state = 'incomplete' AND owner IS NULL"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM rounds"), 4);
	ok(tn_store_document(s, id, &back, &n_back, &err));
	assert_int_equal(n_back, n);
	assert_memory_equal(back, text, n);
	free(text);
	free(back);
	tn_run_free(run);
	tn_store_close(s);
}

/* Keys that this version does not know come back as well. */
static void the_text_stays_as_it_was(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_below(t, NULL);
	struct tn_run *run = run_of(1, 1);
	char id[40], *text, *back = NULL, *changed;
	size_t n, n_back;

	text = text_of(run, &n);
	text[n - 1] = '\0';
	assert_true(asprintf(&changed, "{ \"of_a_later_version\" : [ 1,2 ],%s", strchr(text, '{') + 1) > 0);
	tree_write(t, "/b.json", changed);
	ok(tn_store_import(s, tree_path(t, "/b.json"), id, &err));
	ok(tn_store_document(s, id, &back, &n_back, &err));
	assert_string_equal(back, changed);
	free(changed);
	free(text);
	free(back);
	tn_run_free(run);
	tn_store_close(s);
}

static void raw_is(struct tn_store *s, const char *id, uint64_t records)
{
	struct tn_raw_reader *raw = NULL;
	char path[512];

	ok(tn_store_raw_path(s, id, path, sizeof(path), &err));
	ok(tn_raw_open(path, &raw, &err));
	assert_string_equal(tn_raw_run_id(raw), id);
	assert_int_equal(tn_raw_count(raw), records);
	tn_raw_close(raw);
	assert_int_equal(number(s, "SELECT raw_records FROM runs"), records);
	assert_int_equal(number(s, "SELECT raw_bytes FROM runs"), 128 + 32 * records);
}

/* The records are copied ahead of the row: without the row nobody would know of them. */
static void a_failed_one_leaves_no_raw(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_below(t, NULL);
	struct tn_run *run = run_of(1, 1);
	char id[40], path[256];

	snprintf(run->raw_file, sizeof(run->raw_file), "%s", "e.raw");
	write_document(t, run, "e.json");
	write_raw(t, run->id, "e.raw", 5);
	snprintf(path, sizeof(path), "%s/results/runs/%s", t->root, run->id);
	assert_int_equal(sqlite3_exec(s->db,
				      "CREATE TRIGGER no BEFORE INSERT ON rounds BEGIN SELECT RAISE(ABORT, 'no'); END",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_true(tn_store_import(s, tree_path(t, "/e.json"), id, NULL) < 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), 0);
	assert_int_equal(sqlite3_exec(s->db, "DROP TRIGGER no", NULL, NULL, NULL), SQLITE_OK);
	ok(tn_store_import(s, tree_path(t, "/e.json"), id, &err));
	raw_is(s, id, 5);
	tn_run_free(run);
	tn_store_close(s);
}

/* @raw: what the document names; @at: where the records lie. */
static void with_raw(const struct tree *t, const char *raw, const char *at)
{
	struct tn_store *s = open_below(t, NULL);
	struct tn_run *run = run_of(1, 1);
	char id[40];

	snprintf(run->raw_file, sizeof(run->raw_file), "%s", raw);
	write_document(t, run, "c.json");
	write_raw(t, run->id, at, 5);
	ok(tn_store_import(s, tree_path(t, "/c.json"), id, &err));
	raw_is(s, id, 5);
	tn_run_free(run);
	tn_store_close(s);
}

static void raw_records_come_along(void **state)
{
	with_raw(*state, "records.bin", "records.bin");
}

static void raw_records_are_found_under_the_name_of_the_document(void **state)
{
	with_raw(*state, "/var/lib/tlbnoise/runs/20261122T100100Z-000001/interruptions.raw", "c.raw");
}

static void raw_records_are_found_where_the_document_says(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s", tree_path(*state, "/elsewhere"));
	with_raw(*state, path, "elsewhere");
}

static void raw_records_of_another_run_are_not(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_below(t, NULL);
	struct tn_run *run = run_of(1, 1);
	char id[40], path[512];

	strcpy(run->raw_file, "c.raw");
	run->raw_records = 5;
	write_document(t, run, "c.json");
	write_raw(t, "another", "c.raw", 5);
	ok(tn_store_import(s, tree_path(t, "/c.json"), id, &err));
	fails(tn_store_raw_path(s, id, path, sizeof(path), &err), -ENOENT, "has no raw interruptions in");
	assert_int_equal(number(s, "SELECT raw_bytes + raw_records FROM runs"), 0);
	tn_run_free(run);
	tn_store_close(s);
}

static void damaged_files_change_nothing(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_below(t, NULL);
	struct tn_run *run = run_of(1, 1);
	char id[40] = "untouched", *text;
	size_t n;

	text = text_of(run, &n);
	text[n / 2] = '\0';
	tree_write(t, "/half.json", text);
	tree_write(t, "/empty.json", "");
	tree_write(t, "/other.json", "{}");
	fails(tn_store_import(s, tree_path(t, "/half.json"), id, &err), -EINVAL, "no JSON from here on");
	fails(tn_store_import(s, tree_path(t, "/empty.json"), id, &err), -EINVAL, "is empty");
	fails(tn_store_import(s, tree_path(t, "/other.json"), id, &err), -EINVAL, "not a run document");
	fails(tn_store_import(s, tree_path(t, "/none.json"), id, &err), -ENOENT, "cannot open");
	assert_int_equal(number(s, "SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM environments)"), 0);
	assert_int_equal(access(tree_path(t, "/results/runs"), F_OK), -1);
	assert_string_equal(id, "untouched");
	free(text);
	tn_run_free(run);
	tn_store_close(s);
}

/* An id becomes the name of a folder: it must not lead out of the store. */
static void ids_cannot_leave_the_store(void **state)
{
	static const char *const ids[] = {"../../etc", "..", ".", "a/b", "a b", "-\n", ""};
	const struct tree *t = *state;
	struct tn_store *s = open_below(t, NULL);
	struct tn_run *run = run_of(1, 1);
	char id[40];

	for (size_t i = 0; i < TN_ARRAY_SIZE(ids); i++) {
		snprintf(run->id, sizeof(run->id), "%s", ids[i]);
		write_document(t, run, "d.json");
		fails(tn_store_import(s, tree_path(t, "/d.json"), id, &err), -EBADMSG, "is none that tlbnoise gives");
	}
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), 0);
	tn_run_free(run);
	tn_store_close(s);
}

struct said {
	int priority[8];
	char text[8][400];
	unsigned int n;
};

static void note(void *userdata, int priority, const char *text)
{
	struct said *s = userdata;

	s->priority[s->n] = priority;
	snprintf(s->text[s->n++], sizeof(s->text[0]), "%s", text);
}

/* The first start of a version with a store finds what earlier ones had kept. */
static void earlier_folders_are_taken_in_once(void **state)
{
	const struct tree *t = *state;
	struct said said = {0};
	const struct tn_log log = {note, &said};
	struct tn_run *run = run_of(1, 1);
	struct tn_store *s;
	char path[128];

	tree_write(t, "/results/runs/20261122T100200Z-000002/run.json", "{ no document");
	tree_write(t, "/results/runs/partial.1.2.20261122T100300Z-000003/run.json", "{ not finished");
	tree_write(t, "/results/runs/20261122T100100Z-000001/x", "");
	snprintf(run->raw_file, sizeof(run->raw_file), "%s/results/runs/%s/" TN_STORE_RAW, t->root, run->id);
	write_raw(t, run->id, "results/runs/20261122T100100Z-000001/" TN_STORE_RAW, 3);
	write_document(t, run, "results/runs/20261122T100100Z-000001/run.json");
	s = open_below(t, &log);
	raw_is(s, run->id, 3);
	assert_int_equal(said.n, 2);
	assert_int_equal(said.priority[0], LOG_WARNING);
	assert_non_null(strstr(said.text[0], "20261122T100200Z-000002/run.json:1: no JSON"));
	assert_int_equal(said.priority[1], LOG_NOTICE);
	assert_non_null(strstr(said.text[1], "took 1 earlier results from"));
	tn_store_close(s);
	strcpy(run->id, "20261122T100400Z-000004"); /* what comes later is not taken in by itself */
	snprintf(path, sizeof(path), "results/runs/%s", run->id);
	mkdir(tree_path(t, "/results/runs/20261122T100400Z-000004"), 0755);
	write_document(t, run, "results/runs/20261122T100400Z-000004/run.json");
	s = open_below(t, &log);
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), 1);
	assert_int_equal(said.n, 2);
	tn_run_free(run);
	tn_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_taken_in_once, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_failed_one_leaves_no_raw, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(the_text_stays_as_it_was, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(raw_records_come_along, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(raw_records_are_found_under_the_name_of_the_document, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(raw_records_are_found_where_the_document_says, tree_setup,
						tree_teardown),
		cmocka_unit_test_setup_teardown(raw_records_of_another_run_are_not, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(damaged_files_change_nothing, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(ids_cannot_leave_the_store, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(earlier_folders_are_taken_in_once, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
