// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Metrics of a store with known runs, in both formats, against files that were read by a person; and what is kept from
 * one update to the next.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../result/sample.h"
#include "../support/tree.h"
#include "report/openmetrics-figures.h"
#include "store/internal.h"

static const char *golden_dir;

static char *write_metrics(const struct tn_metrics *m, enum tn_exposition_format format)
{
	struct tn_exposition x = {.format = format};
	struct tn_error err = {0};
	char *text = NULL;
	size_t n = 0;

	x.out = open_memstream(&text, &n);
	assert_non_null(x.out);
	tn_metrics_write(m, &x);
	if (tn_exposition_end(&x, &err) < 0)
		fail_msg("%s", err.text);
	fclose(x.out);
	return text;
}

/* From the second family on: the first has the version. */
static void compare_with(const char *name, const char *text)
{
	tn_autofree char *golden = NULL, *path = NULL, *other = NULL;
	tn_autofclose FILE *f = NULL;
	size_t n = 0;

	text = strstr(text, "# TYPE tlbnoise_store_readable");
	assert_non_null(text);
	assert_true(asprintf(&path, "%s/%s", golden_dir, name) > 0);
	f = fopen(path, "r");
	if (f && getdelim(&golden, &n, '\0', f) > 0 && !strcmp(golden, text))
		return;
	assert_true(asprintf(&other, "/tmp/tlbnoise-%s", name) > 0);
	if (f)
		fclose(f);
	f = fopen(other, "w");
	if (f) {
		fputs(text, f);
		fclose(tn_steal_ptr(f)); /* now: a failed test never comes back here */
	}
	fail_msg("the metrics changed: diff -u %s %s", path, other);
}

static void ok(int r, const struct tn_error *err)
{
	if (r < 0)
		fail_msg("%d: %s", r, err->text);
}

/* A run of three rounds on one CPU, under a name of our choice. */
static struct tn_run *named_run(const char *id, const char *kernel, const char *started_at)
{
	struct tn_run *run = sample_run(1, 3);

	snprintf(run->id, sizeof(run->id), "%s", id);
	snprintf(run->env.kernel_release, sizeof(run->env.kernel_release), "%s", kernel);
	snprintf(run->started_at, sizeof(run->started_at), "%s", started_at);
	run->raw_file[0] = '\0';
	run->raw_records = 0;
	return run;
}

static void keep_run(struct tn_store *store, struct tn_run *run)
{
	struct tn_error err = {0};

	ok(tn_store_finish(store, run, &err), &err);
	tn_run_free(run);
}

static void keep(struct tn_store *store, const char *id, const char *kernel, const char *started_at)
{
	keep_run(store, named_run(id, kernel, started_at));
}

static void update(struct tn_metrics *m, struct tn_store *store)
{
	struct tn_error err = {0};

	ok(tn_metrics_update(m, store, &err), &err);
}

static void golden(void **state)
{
	tn_cleanup(tn_metrics_freep) struct tn_metrics *m = NULL;
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	tn_autofree char *open = NULL, *old = NULL;
	struct tn_error err = {0};
	struct tree *t = *state;

	ok(tn_store_open(t->root, TN_STORE_WRITE, NULL, &store, &err), &err);
	keep(store, "20261101-020000-000001", "6.12.1", "2026-11-01T02:00:00Z");
	ok(tn_metrics_new(&m, &err), &err);
	update(m, store);
	open = write_metrics(m, TN_EXPOSITION_OPENMETRICS);
	old = write_metrics(m, TN_EXPOSITION_PROMETHEUS);
	compare_with("metrics.openmetrics", open);
	compare_with("metrics.prom", old);
}

/* Figures are read once for each run, follow the store, and are gone when it cannot be read. */
static void kept(void **state)
{
	tn_cleanup(tn_metrics_freep) struct tn_metrics *m = NULL;
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	const struct metrics_figures *first;
	tn_autofree char *text = NULL;
	struct tn_error err = {0};
	struct tree *t = *state;

	ok(tn_store_open(t->root, TN_STORE_WRITE, NULL, &store, &err), &err);
	keep(store, "one", "6.12.1", "2026-11-01T02:00:00Z");
	ok(tn_metrics_new(&m, &err), &err);
	update(m, store);
	assert_int_equal(m->n_runs, 1);
	first = m->run[0].figures;
	update(m, store);
	assert_ptr_equal(m->run[0].figures, first);
	keep(store, "two", "6.12.2", "2026-11-02T02:00:00Z");
	update(m, store);
	assert_int_equal(m->n_runs, 2);
	assert_string_equal(m->run[0].id, "two");
	assert_ptr_equal(m->run[1].figures, first);
	keep(store, "again", "6.12.1", "2026-11-03T02:00:00Z");
	update(m, store);
	assert_int_equal(m->n_runs, 2);
	assert_string_equal(m->run[0].id, "again");
	tn_metrics_forget(m);
	text = write_metrics(m, TN_EXPOSITION_PROMETHEUS);
	assert_non_null(strstr(text, "tlbnoise_store_readable 0\n"));
	assert_null(strstr(text, "tlbnoise_run"));
}

/* A document with a value that no reader accepts costs its own figures, not those of the others. */
static void out_of_range(void **state)
{
	tn_cleanup(tn_metrics_freep) struct tn_metrics *m = NULL;
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	struct tn_run *bad = named_run("bad", "6.12.2", "2026-11-02T02:00:00Z"), *read = NULL;
	tn_autofree char *text = NULL;
	struct tn_error err = {0};
	struct tree *t = *state;
	size_t n;

	ok(tn_store_open(t->root, TN_STORE_WRITE, NULL, &store, &err), &err);
	keep(store, "good", "6.12.1", "2026-11-01T02:00:00Z");
	bad->elapsed_s = 2e9;
	keep_run(store, bad);
	ok(tn_store_document(store, "bad", &text, &n, &err), &err);
	assert_int_equal(tn_run_parse("bad", text, n, &read, &err), -ERANGE);
	ok(tn_metrics_new(&m, &err), &err);
	update(m, store);
	assert_int_equal(m->n_runs, 2);
	assert_int_equal(m->unreadable, 1);
	assert_null(m->run[0].figures);
	assert_non_null(m->run[1].figures);
}

/* Runs without documents, on 20 rigs and two kernels: as many nights as @nights, of the scenarios from @first on. */
static void add_rigs(struct tn_store *store, int first, int scenarios, int nights)
{
	tn_autofree char *sql = NULL;
	struct tn_error err = {0};

	assert_true(
		asprintf(
			&sql,
			"CREATE TEMP TABLE rig AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
			"WHERE i < 39) SELECT i + 1000 AS id, 'rig' || (i / 2) AS host, '6.' || (i %% 2) AS kernel FROM n;"
			"INSERT OR IGNORE INTO environments SELECT g.id, g.host, machine_id_hash, g.kernel, kernel_version, "
			"cmdline, arch, cpu_model, microcode, virtualization, preemption, distribution, nodes, memory_bytes, "
			"config FROM environments e, rig g WHERE e.id = 1;"
			"WITH RECURSIVE s(k) AS (SELECT %d UNION ALL SELECT k + 1 FROM s WHERE k < %d), "
			"d(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM d WHERE j < %d) "
			"INSERT INTO runs (id, state, state_reason, owner, started_at, elapsed_s, tlbnoise_version, scenario, "
			"environment, trace_level, probed_cpus, rounds_planned, rounds_done, raw_records, raw_bytes) "
			"SELECT g.id || '-' || k || '-' || j, 'complete', '', NULL, format('2026-12-%%02dT02:00:00Z', j), 1, '', "
			"'scenario' || k, g.id, 'counters', '2', 3, 3, 0, 0 FROM rig g, s, d; DROP TABLE rig;",
			first, first + scenarios - 1, nights) > 0);
	ok(store_exec(store, sql, &err), &err);
}

static bool is_shown(const struct tn_metrics *m, const char *id)
{
	for (size_t i = 0; i < m->n_runs; i++)
		if (!strcmp(m->run[i].id, id))
			return true;
	return false;
}

/* A rig that has stopped is shown with its marks, however many others go on, and older kernels make room for it. */
static void stopped(void **state)
{
	tn_cleanup(tn_metrics_freep) struct tn_metrics *m = NULL;
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	struct tn_error err = {0};
	struct tree *t = *state;

	ok(tn_store_open(t->root, TN_STORE_WRITE, NULL, &store, &err), &err);
	keep(store, "stopped", "6.12.1", "2026-11-01T02:00:00Z");
	add_rigs(store, 0, 8, 1);
	ok(tn_metrics_new(&m, &err), &err);
	update(m, store);
	assert_int_equal(m->n_runs, TN_METRICS_RUNS);
	assert_int_equal(m->left_out, 1 + 20 * 8 * 2 - TN_METRICS_RUNS);
	assert_int_equal(m->scenarios_left_out, 0);
	assert_true(is_shown(m, "stopped"));
	assert_true(m->n_marks > 0);
	/* So many nights later that it is none of the runs that are looked at. */
	add_rigs(store, 8, 1, 28);
	add_rigs(store, 9, 1, 28);
	update(m, store);
	assert_true(is_shown(m, "stopped"));
	assert_true(m->n_marks > 0);
	assert_int_equal(m->scenarios_left_out, 0);
	/* More than there is room for: that is said. */
	add_rigs(store, 10, 10, 1);
	update(m, store);
	assert_int_equal(m->n_runs, TN_METRICS_RUNS);
	assert_int_equal(m->scenarios_left_out, 1 + 20 * 20 - TN_METRICS_RUNS);
	assert_false(is_shown(m, "stopped"));
}

static void syntax(void **state)
{
	char *text = NULL, label[8];
	size_t n = 0;
	struct tn_exposition x = {.format = TN_EXPOSITION_OPENMETRICS};

	(void)state;
	x.out = open_memstream(&text, &n);
	tn_exposition_family(&x, "a_seconds", TN_EXPOSITION_COUNTER, "seconds", "Help.");
	tn_exposition_sample(&x, 0.1, "%s", "");
	tn_exposition_sample(&x, NAN, "b=\"c\"");
	tn_exposition_sample(&x, 1.0 / 3.0, "b=\"%d\"", 1);
	tn_exposition_sample(&x, 9007199254740991.0, "b=\"2\"");
	fclose(x.out);
	assert_string_equal(text, "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds Help.\n"
				  "a_seconds_total 0.1\na_seconds_total{b=\"1\"} 0.33333333333333331\n"
				  "a_seconds_total{b=\"2\"} 9007199254740991\n");
	free(text);
	assert_string_equal(tn_exposition_label("a\"\\\n\xff", label, sizeof(label)), "a\\\"\\\\??");
	assert_string_equal(tn_exposition_label("abcdef\"", label, sizeof(label)), "abcdef");
	assert_string_equal(tn_exposition_label("abcdef\u00e9", label, sizeof(label)), "abcdef");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(golden, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(kept, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(out_of_range, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(stopped, tree_setup, tree_teardown),
		cmocka_unit_test(syntax),
	};

	golden_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
