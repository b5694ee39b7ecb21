// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the dashboard costs over a large history: its pages from a store that was read before, and the whole site. The
 * history is made up (tests/synthetic) and removed at the end. Exit status 1: a limit was missed.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../micro/figures.h"
#include "base/now.h"
#include "base/units.h"
#include "report/dashboard.h"
#include "runs.h"

#define ASKS         25
#define OVERVIEW_MAX 200.0 /* ms */
#define SITE_MAX     60.0  /* s */
#define SCENARIOS    2
#define WARM         2 /* asked before the clock runs */
#define RIGS_DEFAULT 20
#define RUNS_DEFAULT 2000

struct bench {
	struct synthetic history;
	struct tn_store *store;
	char folder[200], site[256];
	bool missed;
};

static double s_since(clockid_t clock, uint64_t start_ns)
{
	return (double)(tn_now_ns(clock) - start_ns) / 1e9;
}

static int page(struct bench *b, const char *path, size_t *ret_bytes, struct tn_error *err)
{
	const struct tn_dashboard_options options = {.links = TN_DASHBOARD_SERVER};
	tn_autofree char *text = NULL;
	const char *type;
	FILE *out = open_memstream(&text, ret_bytes);
	int r;

	if (!out)
		return tn_error_set(err, -ENOMEM, "no memory for a page");
	r = tn_dashboard_page(b->store, path, &options, out, &type, err);
	fclose(out);
	return r;
}

static int ask(struct bench *b, const char *name, const char *path, double max_ms, struct tn_error *err)
{
	double ms[ASKS], cpu_ms[ASKS];
	struct figure figure;
	size_t bytes = 0;
	int r = 0;

	for (int i = -WARM; i < ASKS && r == 0; i++) {
		uint64_t start_ns = tn_now_ns(CLOCK_MONOTONIC), cpu_ns = tn_now_ns(CLOCK_PROCESS_CPUTIME_ID);

		r = page(b, path, &bytes, err);
		if (i < 0)
			continue;
		ms[i] = 1e3 * s_since(CLOCK_MONOTONIC, start_ns);
		cpu_ms[i] = 1e3 * s_since(CLOCK_PROCESS_CPUTIME_ID, cpu_ns);
	}
	if (r < 0)
		return r;
	figure = figure_of(ms, ASKS);
	figure_print(name, "ms", &figure);
	/* Where these two differ, the machine was busy with something else. */
	printf("  %.0f kB, %.1f ms of a CPU", (double)bytes / 1e3, figure_of(cpu_ms, ASKS).median);
	if (max_ms > 0.0) {
		b->missed |= figure.median > max_ms;
		printf(", at most %.0f ms wanted: %s", max_ms, figure.median > max_ms ? "MISSED" : "kept");
	}
	putchar('\n');
	return 0;
}

static int write_site(struct bench *b, struct tn_error *err)
{
	const struct tn_dashboard_options options = {.links = TN_DASHBOARD_FILES};
	uint64_t start_ns = tn_now_ns(CLOCK_MONOTONIC), cpu_ns = tn_now_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct tn_dashboard_site done;
	char size[TN_UNIT_TEXT];
	double s;
	int r = tn_dashboard_site(b->store, b->site, &options, NULL, &done, err);

	if (r < 0)
		return r;
	s = s_since(CLOCK_MONOTONIC, start_ns);
	b->missed |= s > SITE_MAX;
	printf("site of %zu pages, %zu of them comparisons, %s: %.1f s, %.1f s of a CPU, at most %.0f s wanted: %s\n",
	       done.pages, done.comparisons, tn_format_size(done.bytes, size, sizeof(size)), s,
	       s_since(CLOCK_PROCESS_CPUTIME_ID, cpu_ns), SITE_MAX, s > SITE_MAX ? "MISSED" : "kept");
	return 0;
}

static int last_run(struct bench *b, char run[64], char pair[128], struct tn_error *err)
{
	char last[40], before[40], before_that[16];
	int r = tn_store_find(b->store, "@latest", last, err);

	/* of the same rig and scenario */
	snprintf(before_that, sizeof(before_that), "@-%u", b->history.rigs * SCENARIOS);
	if (r == 0)
		r = tn_store_find(b->store, before_that, before, err);
	if (r < 0)
		return r;
	snprintf(run, 64, "/run/%s", last);
	snprintf(pair, 128, "/compare/%s/%s", before, last);
	return 0;
}

static int measure(struct bench *b, struct tn_error *err)
{
	char run[64], pair[128];
	int r = last_run(b, run, pair, err);

	printf("%u runs on %u rigs, %d scenarios\n", b->history.runs, b->history.rigs, SCENARIOS);
	if (r == 0)
		r = ask(b, "overview", "/", OVERVIEW_MAX, err);
	if (r == 0)
		r = ask(b, "history of a scenario", "/scenario/rig-01/vmalloc-storm", 0, err);
	if (r == 0)
		r = ask(b, "report of a run", run, 0, err);
	if (r == 0)
		r = ask(b, "comparison of two runs", pair, 0, err);
	return r < 0 ? r : write_site(b, err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int prepare(struct bench *b, const char *where, struct tn_error *err)
{
	int r;

	snprintf(b->folder, sizeof(b->folder), "%s/tlbnoise-bench-XXXXXX", where);
	if (!mkdtemp(b->folder))
		return tn_error_set(err, -errno, "cannot make %s: %s", b->folder, strerror(errno));
	snprintf(b->site, sizeof(b->site), "%s/site", b->folder);
	r = synthetic_store(&b->history, b->folder, err);
	return r < 0 ? r : tn_store_open(b->folder, TN_STORE_READ, NULL, &b->store, err);
}

int main(int argc, char **argv)
{
	struct bench b = {.history = {.rigs = RIGS_DEFAULT, .scenarios = SCENARIOS, .runs = RUNS_DEFAULT, .seed = 1}};
	uint64_t runs = RUNS_DEFAULT, rigs = RIGS_DEFAULT;
	struct tn_error err = {0};
	int r;

	if (argc > 4 || (argc > 2 && tn_parse_u64(argv[2], 10, 100000, &runs, &err) < 0) ||
	    (argc > 3 && tn_parse_u64(argv[3], 1, 99, &rigs, &err) < 0)) {
		fprintf(stderr, "Usage: bench-dashboard [FOLDER [RUNS [RIGS]]]   /var/tmp, %d and %d if not given\n",
			RUNS_DEFAULT, RIGS_DEFAULT);
		return 2;
	}
	b.history.runs = (unsigned int)runs;
	b.history.rigs = (unsigned int)rigs;
	r = prepare(&b, argc > 1 ? argv[1] : "/var/tmp", &err);
	if (r == 0)
		r = measure(&b, &err);
	tn_store_closep(&b.store);
	nftw(b.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (r < 0)
		fprintf(stderr, "bench-dashboard: %s\n", err.text);
	return r < 0 ? 2 : b.missed;
}
