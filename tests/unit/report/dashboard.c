// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dashboard without a browser: which paths are pages, that names of hosts and scenarios are neither markup nor
 * paths, and that a history says what its documents say. What it looks like is asked in tests/integration/dashboard.py.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../support/tree.h"
#include "report/dashboard-parts.h"
#include "report/histories.h"
#include "runs.h"
#include "store/internal.h"

#define RUNS 44 /* 22 nights of two rigs */

static const char evil_host[] = "../<b onload=x>&\"%2e", evil_scenario[] = "a/../b'";

struct fixture {
	struct tree *tree;
	struct tn_store *store;
};

static void store_one(const char *folder, struct tn_run *run)
{
	tn_cleanup(tn_store_closep) struct tn_store *s = NULL;

	assert_int_equal(tn_store_open(folder, TN_STORE_WRITE, NULL, &s, NULL), 0);
	assert_int_equal(tn_store_finish(s, run, NULL), 0);
	tn_run_free(run);
}

static int set_up(void **state)
{
	const struct synthetic history = {.rigs = 2, .scenarios = 1, .runs = RUNS, .seed = 1};
	struct fixture *f = test_calloc(1, sizeof(*f));
	struct tn_run *run = NULL;

	tree_setup((void **)&f->tree);
	assert_int_equal(synthetic_store(&history, f->tree->root, NULL), 0);
	assert_int_equal(synthetic_run(&history, 0, &run, NULL), 0);
	snprintf(run->id, sizeof(run->id), "evil");
	snprintf(run->env.hostname, sizeof(run->env.hostname), "%s", evil_host);
	snprintf(run->scenario_name, sizeof(run->scenario_name), "%s", evil_scenario);
	snprintf(run->env.kernel_release, sizeof(run->env.kernel_release), "</script><img src=x>");
	store_one(f->tree->root, run);
	assert_int_equal(tn_store_open(f->tree->root, TN_STORE_READ, NULL, &f->store, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tn_store_close(f->store);
	tree_teardown((void **)&f->tree);
	test_free(f);
	return 0;
}

static int get(const struct fixture *f, const char *path, char **ret, const char **ret_type, struct tn_error *err)
{
	const struct tn_dashboard_options options = {.links = TN_DASHBOARD_SERVER};
	size_t n = 0;
	FILE *out = open_memstream(ret, &n);
	int r;

	assert_non_null(out);
	r = tn_dashboard_page(f->store, path, &options, out, ret_type, err);
	fclose(out);
	return r;
}

/* --- paths --- */

/* The longest host in letters that each take nine bytes in a link: the link has all of it, and is found. */
static void long_names_have_whole_links(void **state)
{
	const struct synthetic history = {.rigs = 1, .scenarios = 1, .runs = 1, .seed = 2};
	tn_autofree char *overview = NULL, *page = NULL;
	char link[512] = "scenario/", host[128] = "";
	struct fixture f = {0};
	struct tn_run *run = NULL;
	const char *type = NULL;

	(void)state;
	while (strlen(host) + 3 < sizeof(host)) {
		strcat(host, "\xe4\xb8\x80");
		strcat(link, "%E4%B8%80");
	}
	tree_setup((void **)&f.tree);
	assert_int_equal(synthetic_run(&history, 0, &run, NULL), 0);
	snprintf(run->env.hostname, sizeof(run->env.hostname), "%s", host);
	snprintf(run->scenario_name, sizeof(run->scenario_name), "quiet");
	store_one(f.tree->root, run);
	assert_int_equal(tn_store_open(f.tree->root, TN_STORE_READ, NULL, &f.store, NULL), 0);
	strcat(link, "/quiet\"");
	assert_int_equal(get(&f, "/", &overview, &type, NULL), 0);
	assert_non_null(strstr(overview, link));
	snprintf(link, sizeof(link), "/scenario/%s/quiet", host);
	assert_int_equal(get(&f, link, &page, &type, NULL), 0);
	tn_store_close(f.store);
	tree_teardown((void **)&f.tree);
}

static void what_is_no_page_is_not_found(void **state)
{
	static const char *const path[] = {"",
					   "x",
					   "//",
					   "/index.html",
					   "/run",
					   "/run/",
					   "/run/nosuch",
					   "/run/../store.db",
					   "/run/evil/",
					   "/scenario/",
					   "/scenario/rig-01",
					   "/scenario/rig-01/",
					   "/scenario/rig-01/nosuch",
					   "/scenario////////////////",
					   "/compare/evil",
					   "/compare/evil/nosuch",
					   "/compare//",
					   "/assets/",
					   "/assets/../store.db",
					   "/assets/store.db"};
	const struct fixture *f = *state;

	for (size_t i = 0; i < TN_ARRAY_SIZE(path); i++) {
		tn_autofree char *text = NULL;
		const char *type = "untouched";
		struct tn_error err = {0};
		int r = get(f, path[i], &text, &type, &err);

		if (r != -ENOENT || strcmp(type, "untouched") || !strstr(err.text, "there is no page"))
			fail_msg("%s: %d, %s: %s", path[i], r, type, err.text);
	}
}

static void pages_and_assets_have_types(void **state)
{
	const struct fixture *f = *state;
	struct dash_asset asset[16];
	size_t n = dash_assets(asset, TN_ARRAY_SIZE(asset));
	char path[128];

	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++) {
		tn_autofree char *text = NULL;
		const char *type = "";

		snprintf(path, sizeof(path), "/assets/%s", asset[i].name);
		assert_int_equal(get(f, path, &text, &type, NULL), 0);
		assert_string_equal(type, asset[i].type);
		assert_int_equal(strlen(text), asset[i].size);
	}
	tn_autofree char *text = NULL;
	const char *type = "";

	assert_int_equal(get(f, "/", &text, &type, NULL), 0);
	assert_string_equal(type, "text/html; charset=utf-8");
}

/* --- names --- */

static void names_are_neither_markup_nor_paths(void **state)
{
	const struct fixture *f = *state;
	tn_autofree char *overview = NULL, *history = NULL, *run = NULL;
	const char *type;

	assert_int_equal(get(f, "/", &overview, &type, NULL), 0);
	assert_null(strstr(overview, "<b onload"));
	assert_null(strstr(overview, "<img"));
	assert_non_null(strstr(overview, "href=\"scenario/%2E.%2F%3Cb%20onload%3Dx%3E%26%22%252e/a%2F..%2Fb%27\""));
	assert_int_equal(get(f, "/scenario/../<b onload=x>&\"%2e/a/../b'", &history, &type, NULL), 0);
	assert_null(strstr(history, "<b onload"));
	assert_null(strstr(history, "<img"));
	assert_non_null(strstr(history, "\\u003c/script\\u003e"));
	assert_int_equal(get(f, "/run/evil", &run, &type, NULL), 0);
	assert_null(strstr(run, "<b onload"));
}

static bool exists(const struct fixture *f, const char *name)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", f->tree->root, name);
	return stat(path, &st) == 0;
}

static void files_stay_in_their_folder(void **state)
{
	const struct tn_dashboard_options options = {0};
	struct fixture *f = *state;
	struct tn_dashboard_site done;
	char site[300];

	snprintf(site, sizeof(site), "%s/site", f->tree->root);
	assert_int_equal(tn_dashboard_site(f->store, site, &options, NULL, &done, NULL), 0);
	assert_true(exists(f, "site/scenario/_2e._2f_3cb_20onload_3dx_3e_26_22_252e/a_2f.._2fb_27.html"));
	assert_true(exists(f, "site/run/evil.html"));
	assert_true(exists(f, "site/index.html"));
	assert_int_equal(done.left_out, 0);
	assert_int_equal(done.pages, 1 + 3 + RUNS + 1 + done.comparisons);
	assert_in_range(done.comparisons, 2, 8);
}

/* --- figures --- */

static double median_of_cpu(const struct tn_run *run, int cpu)
{
	double share[16];
	size_t n = 0;

	for (size_t i = 0; i < run->n_cpus; i++)
		if (run->cpu[i].cpu == cpu)
			share[n++] = (double)run->cpu[i].stolen_ticks /
				     (double)(run->cpu[i].window_close_ticks - run->cpu[i].window_open_ticks);
	return tn_median(share, n);
}

static void a_run_is_as_good_as_its_worst_cpu(void **state)
{
	const struct tn_histories_options options = {.host = "rig-01", .scenario = "vmalloc-storm"};
	const struct synthetic history = {.rigs = 2, .scenarios = 1, .runs = RUNS, .seed = 1};
	tn_cleanup(tn_histories_free) struct tn_histories h = {0};
	const struct tn_history_series *s;
	struct fixture *f = *state;

	assert_int_equal(tn_histories_load(f->store, &options, &h, NULL), 0);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.history[0].n_runs, RUNS / 2);
	s = tn_history_find(&h.history[0], "stolen");
	assert_non_null(s);
	for (unsigned int i = 0; i < RUNS / 2; i++) {
		tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
		double first, second;

		assert_int_equal(synthetic_run(&history, 2 * i, &run, NULL), 0);
		assert_string_equal(h.history[0].run[i].id, run->id);
		first = median_of_cpu(run, 2);
		second = median_of_cpu(run, 3);
		assert_float_equal(s->value[i].value, first > second ? first : second, 1e-12);
		assert_int_equal(s->value[i].cpu, first > second ? 2 : 3);
		assert_int_equal(s->value[i].rounds, 5);
		assert_true(s->value[i].interval.low <= s->value[i].value &&
			    s->value[i].value <= s->value[i].interval.high);
	}
	assert_int_equal(s->mark[RUNS / 2 - 1].state, TN_HISTORY_CONFIRMED);
	assert_null(tn_history_find(&h.history[0], "jitter.min")); /* not watched */
}

static void what_is_watched_comes_first(void **state)
{
	const struct tn_histories_options options = {.host = "rig-02", .all_metrics = true};
	tn_cleanup(tn_histories_free) struct tn_histories h = {0};
	struct fixture *f = *state;

	assert_int_equal(tn_histories_load(f->store, &options, &h, NULL), 0);
	assert_string_equal(h.history[0].series[0].def.name, "jitter.p99");
	assert_true(h.history[0].series[0].marked);
	assert_int_equal(h.history[0].series[0].mark[RUNS / 2 - 1].state, TN_HISTORY_SUSPECTED);
	assert_non_null(tn_history_find(&h.history[0], "jitter.min"));
	assert_false(tn_history_find(&h.history[0], "jitter.min")->marked);
}

static void count_warning(void *userdata, int priority, const char *text)
{
	(void)priority;
	*(size_t *)userdata += strstr(text, "evil") != NULL;
}

/* Written as it is, and refused by every reader: one second too many. */
static void store_out_of_range(const char *folder)
{
	const struct synthetic history = {.rigs = 2, .scenarios = 1, .runs = RUNS, .seed = 1};
	struct tn_run *run = NULL;

	assert_int_equal(synthetic_run(&history, 0, &run, NULL), 0);
	snprintf(run->id, sizeof(run->id), "evil-range");
	run->elapsed_s = 2e9;
	store_one(folder, run);
}

static void one_bad_document_does_not_cost_the_site(void **state)
{
	const struct tn_dashboard_options options = {0};
	struct fixture *f = *state;
	struct tn_dashboard_site done;
	size_t warnings = 0;
	const struct tn_log log = {.sink = count_warning, .userdata = &warnings};
	struct tn_store *s = NULL;
	char site[300];

	assert_int_equal(tn_store_open(f->tree->root, TN_STORE_WRITE, NULL, &s, NULL), 0);
	assert_int_equal(
		store_exec(s, "UPDATE documents SET zlib = x'00' WHERE run = (SELECT seq FROM runs WHERE id = 'evil')",
			   NULL),
		0);
	tn_store_close(s);
	store_out_of_range(f->tree->root);
	snprintf(site, sizeof(site), "%s/site", f->tree->root);
	assert_int_equal(tn_dashboard_site(f->store, site, &options, &log, &done, NULL), 0);
	assert_int_equal(done.left_out, 2);
	assert_int_equal(warnings, 2);
	assert_false(exists(f, "site/run/evil.html"));
	assert_false(exists(f, "site/run/evil-range.html"));
	assert_true(exists(f, "site/index.html"));
}

/* --- a file system where two folders cannot change places --- */

static bool no_exchange;

int __real_renameat2(int from, const char *old, int to, const char *new, unsigned int flags);
int __wrap_renameat2(int from, const char *old, int to, const char *new, unsigned int flags);

int __wrap_renameat2(int from, const char *old, int to, const char *new, unsigned int flags)
{
	if (no_exchange && (flags & RENAME_EXCHANGE)) {
		errno = EINVAL;
		return -1;
	}
	return __real_renameat2(from, old, to, new, flags);
}

static void put_file(const char *folder, const char *name)
{
	char path[600];
	FILE *file;

	mkdir(folder, 0777);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

/* One that was killed left the old site: it goes if it is one, and stays if it is somebody else's. */
static void an_old_site_is_in_nobodys_way(void **state)
{
	const struct tn_dashboard_options options = {0};
	struct fixture *f = *state;
	struct tn_dashboard_site done;
	struct tn_error err = {0};
	char site[300], old[300];

	snprintf(site, sizeof(site), "%s/moved", f->tree->root);
	snprintf(old, sizeof(old), "%s/moved.old", f->tree->root);
	assert_int_equal(tn_dashboard_site(f->store, site, &options, NULL, &done, NULL), 0);
	put_file(site, "of-before");
	put_file(old, ".tlbnoise-dashboard");
	put_file(old, "left");
	no_exchange = true;
	if (tn_dashboard_site(f->store, site, &options, NULL, &done, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(exists(f, "moved.old"));
	assert_false(exists(f, "moved.new"));
	assert_false(exists(f, "moved/of-before"));
	assert_true(exists(f, "moved/index.html"));
	put_file(old, "thesis.txt");
	assert_int_equal(tn_dashboard_site(f->store, site, &options, NULL, &done, &err), -EEXIST);
	no_exchange = false;
	assert_non_null(strstr(err.text, "moved.old has files that are not of a dashboard"));
	assert_true(exists(f, "moved.old/thesis.txt"));
	assert_true(exists(f, "moved/index.html"));
	assert_false(exists(f, "moved.new"));
}

static void an_empty_store_says_so(void **state)
{
	const struct tn_dashboard_options options = {0};
	tn_cleanup(tn_store_closep) struct tn_store *s = NULL;
	tn_autofree char *text = NULL;
	struct tree *tree = NULL;
	const char *type;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	tree_setup((void **)&tree);
	assert_int_equal(tn_store_open(tree->root, TN_STORE_WRITE, NULL, &s, NULL), 0);
	assert_int_equal(tn_dashboard_page(s, "/", &options, out, &type, NULL), 0);
	fclose(out);
	assert_non_null(strstr(text, "No run has finished yet"));
	tree_teardown((void **)&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_names_have_whole_links),
		cmocka_unit_test(what_is_no_page_is_not_found),
		cmocka_unit_test(pages_and_assets_have_types),
		cmocka_unit_test(names_are_neither_markup_nor_paths),
		cmocka_unit_test(files_stay_in_their_folder),
		cmocka_unit_test(a_run_is_as_good_as_its_worst_cpu),
		cmocka_unit_test(what_is_watched_comes_first),
		cmocka_unit_test(one_bad_document_does_not_cost_the_site), /* the last one with its run */
		cmocka_unit_test(an_old_site_is_in_nobodys_way),
		cmocka_unit_test(an_empty_store_says_so),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
