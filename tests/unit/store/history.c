// SPDX-License-Identifier: GPL-2.0-or-later
/* What the history says: filters, names of runs, limits on its size and age, and what is being read meanwhile. */
#include "support.h"

#include <time.h>

/* Five runs, stored in another order than they began: minutes 3, 1, 2, 5, 4. */
static struct tn_store *five_runs(const struct tree *t)
{
	static const unsigned int minutes[] = {3, 1, 2, 5, 4};
	struct tn_store *s = open_store(t, TN_STORE_WRITE);

	for (size_t i = 0; i < TN_ARRAY_SIZE(minutes); i++) {
		struct tn_run *run = run_of(minutes[i], 1);

		run->state = minutes[i] % 2 ? TN_RUN_COMPLETE : TN_RUN_INCOMPLETE;
		snprintf(run->scenario_name, sizeof(run->scenario_name), "scenario-%u", minutes[i]);
		snprintf(run->env.kernel_release, sizeof(run->env.kernel_release), "6.%u.0", minutes[i] / 3);
		ok_run(s, run);
	}
	return s;
}

/* The minutes that a filter lets through, as digits. */
static void expect(struct tn_store *s, struct tn_store_filter filter, const char *minutes)
{
	struct tn_store_entry *e = NULL;
	char got[16] = "";
	size_t n = 0;

	ok(tn_store_list(s, &filter, &e, &n, &err));
	for (size_t i = 0; i < n; i++)
		got[i] = e[i].started_at[15];
	assert_string_equal(got, minutes);
	free(e);
}

static void filters_select(void **state)
{
	struct tn_store *s = five_runs(*state);

	expect(s, (struct tn_store_filter){0}, "54321");
	expect(s, (struct tn_store_filter){.limit = 2}, "54");
	expect(s, (struct tn_store_filter){.scenario = "scenario-3"}, "3");
	expect(s, (struct tn_store_filter){.scenario = "scenario-[12]"}, "21");
	expect(s, (struct tn_store_filter){.scenario = "scenario"}, "");
	expect(s, (struct tn_store_filter){.scenario = "*", .kernel = "6.0.*"}, "21");
	expect(s, (struct tn_store_filter){.state = "complete"}, "531");
	expect(s, (struct tn_store_filter){.state = "*complete", .limit = 1}, "5");
	expect(s, (struct tn_store_filter){.host = "no-such-host"}, "");
	expect(s, (struct tn_store_filter){.since = "2026-11-22T10:03:00Z"}, "543");
	expect(s, (struct tn_store_filter){.until = "2026-11-22T10:03:00Z"}, "21");
	expect(s, (struct tn_store_filter){.id = "20261122T100400Z-000004"}, "4");
	tn_store_close(s);
}

static void entries_say_what_the_run_was(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_store_entry *e = NULL;
	struct tn_run *run = run_of(7, 3);
	size_t n = 0;

	ok(tn_store_finish(s, run, &err));
	ok(tn_store_list(s, &(struct tn_store_filter){0}, &e, &n, &err));
	assert_int_equal(n, 1);
	assert_string_equal(e->id, run->id);
	assert_string_equal(e->scenario, "vmalloc-storm");
	assert_string_equal(e->kernel, run->env.kernel_release);
	assert_string_equal(e->host, run->env.hostname);
	assert_string_equal(e->cpus, "1-2");
	assert_string_equal(e->state, "incomplete");
	assert_string_equal(e->state_reason, run->state_reason);
	assert_int_equal(e->rounds_done, 3);
	assert_true(e->has_document && e->document_bytes > 1000);
	assert_true(e->interruptions_per_s > 0 && e->stolen_share > 0);
	for (int i = 1; i < TN_STORE_JITTERS; i++)
		assert_true(e->jitter_ns[i] >= e->jitter_ns[i - 1] && e->jitter_ns[i] > 0);
	free(e);
	tn_run_free(run);
	tn_store_close(s);
}

static void finds(struct tn_store *s, const char *name, const char *wanted)
{
	char id[40] = "";

	ok(tn_store_find(s, name, id, &err));
	assert_string_equal(id, wanted);
}

static void names_are_found(void **state)
{
	struct tn_store *s = five_runs(*state);
	char id[40] = "untouched";

	finds(s, "@latest", "20261122T100500Z-000005");
	finds(s, "@-0", "20261122T100500Z-000005");
	finds(s, "@-1", "20261122T100400Z-000004");
	finds(s, "@-4", "20261122T100100Z-000001");
	finds(s, "20261122T1003", "20261122T100300Z-000003");
	finds(s, "20261122T100300Z-000003", "20261122T100300Z-000003");
	fails(tn_store_find(s, "@-5", id, &err), -ENOENT, "not so many finished runs");
	fails(tn_store_find(s, "2026", id, &err), -EINVAL, "several runs begin so, such as 20261122T100500Z-000005");
	fails(tn_store_find(s, "2027", id, &err), -ENOENT, "no run of");
	fails(tn_store_find(s, "%", id, &err), -ENOENT, "no run of");
	fails(tn_store_find(s, "@first", id, &err), -EINVAL, "names no run; there are @latest, and @-1");
	fails(tn_store_find(s, "@-", id, &err), -EINVAL, "names no run");
	fails(tn_store_find(s, "@--1", id, &err), -EINVAL, "names no run");
	assert_string_equal(id, "untouched");
	tn_store_close(s);
}

/* An id that is the beginning of another one means itself. */
static void a_whole_id_wins(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 1);

	strcpy(run->id, "night");
	ok_run(s, run);
	run = run_of(2, 1);
	strcpy(run->id, "night-2");
	ok_run(s, run);
	finds(s, "night", "night");
	finds(s, "night-", "night-2");
	tn_store_close(s);
}

static void make_raw(const struct tree *t, const struct tn_run *run)
{
	char path[128];

	snprintf(path, sizeof(path), "/runs/%s/" TN_STORE_RAW, run->id);
	tree_write(t, path, "raw");
}

static bool has_raw(const struct tree *t, const char *id)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/runs/%s", t->root, id);
	return access(path, F_OK) == 0;
}

static void deleting_takes_rows_and_files(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_store(t, TN_STORE_WRITE);
	struct tn_run *run = run_of(1, 2);

	make_raw(t, run);
	ok(tn_store_finish(s, run, &err));
	ok(tn_store_delete(s, run->id, &err));
	assert_false(has_raw(t, run->id));
	assert_int_equal(number(s, "SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM documents) + "
				   "(SELECT count(*) FROM rounds) + (SELECT count(*) FROM histograms) + "
				   "(SELECT count(*) FROM causes) + (SELECT count(*) FROM metric_values) + "
				   "(SELECT count(*) FROM environments)"),
			 0);
	assert_int_equal(number(s, "PRAGMA freelist_count"), 0); /* given back */
	fails(tn_store_delete(s, run->id, &err), -ENOENT, "has no run");
	is_intact(s);
	tn_run_free(run);
	tn_store_close(s);
}

static void note(void *userdata, int priority, const char *text)
{
	char *said = userdata;

	assert_int_equal(priority, LOG_INFO);
	snprintf(said + strlen(said), 2000 - strlen(said), "%s\n", text);
}

static void limits_take_the_oldest_first(void **state)
{
	struct tn_store *s = five_runs(*state);
	struct tn_store_limits limits = {0};
	char said[2000] = "";
	const struct tn_log log = {note, said};
	uint64_t used;

	ok(tn_store_enforce(s, &limits, &log, &err)); /* no limits */
	ok(tn_store_usage(s, &used, &err));
	limits.max_bytes = used;
	ok(tn_store_enforce(s, &limits, &log, &err)); /* just kept */
	expect(s, (struct tn_store_filter){0}, "54321");
	limits.max_bytes = used - 1;
	ok(tn_store_enforce(s, &limits, &log, &err));
	expect(s, (struct tn_store_filter){0}, "5432");
	ok(tn_store_usage(s, &used, &err));
	assert_true(used <= limits.max_bytes);
	limits.max_bytes = used - 1;
	ok(tn_store_enforce(s, &limits, &log, &err));
	expect(s, (struct tn_store_filter){0}, "543");
	assert_non_null(strstr(said, "removed run 20261122T100100Z-000001 of 2026-11-22T10:01:00Z: the history takes "
				     "more room than it may\nremoved run 20261122T100200Z-000002"));
	limits.max_bytes = 1;
	ok(tn_store_enforce(s, &limits, NULL, &err)); /* but never the latest */
	expect(s, (struct tn_store_filter){0}, "5");
	tn_store_close(s);
}

static void the_raw_files_count(void **state)
{
	const struct tree *t = *state;
	struct tn_store *s = open_store(t, TN_STORE_WRITE);
	struct tn_store_limits limits = {.max_bytes = 40000000};
	struct tn_run *run = run_of(1, 1);

	run->raw_records = 1000000;
	make_raw(t, run);
	ok(tn_store_finish(s, run, &err));
	ok_run(s, run_of(2, 1));
	ok(tn_store_enforce(s, &limits, NULL, &err)); /* 32 MB */
	expect(s, (struct tn_store_filter){0}, "21");
	limits.max_bytes = 30000000;
	ok(tn_store_enforce(s, &limits, NULL, &err));
	expect(s, (struct tn_store_filter){0}, "2");
	assert_false(has_raw(t, run->id));
	tn_run_free(run);
	tn_store_close(s);
}

static void old_runs_go(void **state)
{
	struct tn_store *s = five_runs(*state);
	struct tn_run *run = run_of(6, 1);
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(run->started_at, sizeof(run->started_at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	ok_run(s, run);
	ok(store_exec(s, "UPDATE runs SET started_at = '2001' || substr(started_at, 5) WHERE id LIKE '%-000001'",
		      &err));
	ok(tn_store_enforce(s, &(struct tn_store_limits){.max_age_s = 365ull * 86400 * 20}, NULL, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM runs WHERE started_at LIKE '2001%'"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM runs"), 5);
	tn_store_close(s);
}

static void free_space_is_kept(void **state)
{
	struct tn_store *s = five_runs(*state);

	ok(tn_store_enforce(s, &(struct tn_store_limits){.keep_free_bytes = 1}, NULL, &err));
	expect(s, (struct tn_store_filter){0}, "54321");
	ok(tn_store_enforce(s, &(struct tn_store_limits){.keep_free_bytes = UINT64_MAX}, NULL, &err));
	expect(s, (struct tn_store_filter){0}, "5432"); /* no more than the next run will need */
	ok(tn_store_enforce(s, &(struct tn_store_limits){.keep_free_bytes = UINT64_MAX}, NULL, &err));
	expect(s, (struct tn_store_filter){0}, "543");
	tn_store_close(s);
}

static void default_limits_are_of_the_file_system(void **state)
{
	struct tn_store *s = open_store(*state, TN_STORE_WRITE);
	struct tn_store_limits l;

	ok(tn_store_limits_default(s, &l, &err));
	assert_in_range(l.max_bytes, 1, 4ull << 30);
	assert_in_range(l.keep_free_bytes, l.max_bytes, 4ull << 30);
	assert_int_equal(l.max_age_s, 0);
	tn_store_close(s);
}

/* Who reads a run that is removed meanwhile gets all of it: a statement sees the store as it was when it began. */
static void what_is_being_read_stays_whole(void **state)
{
	struct tn_store *writer = five_runs(*state), *reader = open_store(*state, TN_STORE_READ);
	store_autoquery struct store_query q = {0};
	unsigned int seen = 1;

	ok(store_prepare(reader, "SELECT zlib FROM documents ORDER BY run", &q, &err));
	assert_int_equal(store_step(&q, NULL), 1);
	ok(tn_store_enforce(writer, &(struct tn_store_limits){.max_bytes = 1}, NULL, &err));
	assert_int_equal(number(writer, "SELECT count(*) FROM documents"), 1);
	while (store_step(&q, NULL) > 0)
		seen += sqlite3_column_bytes(q.stmt, 0) > 1000;
	assert_int_equal(seen, 5);
	assert_int_equal(number(reader, "SELECT count(*) FROM documents"), 1); /* the next one sees the present */
	tn_store_close(writer);
	store_query_end(&q);
	q.stmt = NULL;
	tn_store_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(filters_select, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(entries_say_what_the_run_was, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(names_are_found, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_whole_id_wins, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(deleting_takes_rows_and_files, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(limits_take_the_oldest_first, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(the_raw_files_count, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(old_runs_go, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(free_space_is_kept, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(default_limits_are_of_the_file_system, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(what_is_being_read_stays_whole, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
