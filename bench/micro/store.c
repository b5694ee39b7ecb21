// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the history costs: to store a run as the daemon does it (entered, one commit a round, finished), and to
 * ask a history of many. Runs have two CPUs and five rounds, with as many buckets and causes as runs on a
 * busy machine have. The store lies in FOLDER, since it is the file system's fsync() that is measured; it is
 * removed at the end.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/now.h"
#include "base/units.h"
#include "figures.h"
#include "result/run.h"
#include "store/store.h"

#define CPUS     2
#define ROUNDS   5
#define CAUSES   40
#define RUNS_MAX 20000
#define ASKS     25

struct bench {
	struct tn_store *store;
	struct tn_run *run;
	unsigned int runs;
	double round_ms[RUNS_MAX], finish_ms[RUNS_MAX];
};

static void fill_histogram(struct tn_hist *h, uint64_t *state, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		*state = *state * 6364136223846793005u + 1442695040888963407u;
		tn_hist_record(h, (128 + (*state >> 33) % 128) << ((*state >> 48) % 12));
	}
}

static void fill_cpu(struct tn_run_cpu *c, int cpu, uint32_t round, uint64_t *state)
{
	c->cpu = c->ran_on = cpu;
	c->round = round;
	c->window_open_ticks = 1000000000ull * (round + 1);
	c->window_close_ticks = c->window_open_ticks + 10000000000ull;
	c->threshold_ticks = 650;
	c->quantum_passes = 5000;
	c->quantum_base_ticks = 260000;
	c->quanta = 100000;
	fill_histogram(&c->interruptions, state, 5000);
	fill_histogram(&c->jitter, state, 20000);
	c->stolen_ticks = c->interruptions.sum;
	c->by_class[TN_CLASS_UNEXPLAINED].interruptions = c->interruptions.count;
	c->by_class[TN_CLASS_UNEXPLAINED].stolen_ticks = c->stolen_ticks;
}

static int make_run(struct tn_run **ret, struct tn_error *err)
{
	uint64_t state = 1;
	struct tn_run *run = NULL;
	int r = tn_run_new(&run, err);

	if (r < 0)
		return r;
	run->clock.hz = 2.6e9;
	snprintf(run->scenario_name, sizeof(run->scenario_name), "bench");
	run->rounds_planned = ROUNDS;
	for (uint32_t round = 0; round < ROUNDS; round++)
		for (int cpu = 1; cpu <= CPUS; cpu++)
			fill_cpu(tn_run_add_cpu(run), cpu, round, &state);
	run->cause = calloc(CAUSES, sizeof(*run->cause));
	run->n_causes = run->cause ? CAUSES : 0;
	for (size_t i = 0; i < run->n_causes; i++) {
		run->cause[i].class = TN_CLASS_OTHER_IPI;
		snprintf(run->cause[i].function, sizeof(run->cause[i].function), "function_%zu", i);
	}
	*ret = run;
	return 0;
}

static double ms_since(uint64_t start_ns)
{
	return (double)(tn_now_ns(CLOCK_MONOTONIC) - start_ns) / 1e6;
}

/* One run, as daemon/results.c stores it. */
static int store_one(struct bench *b, unsigned int i, struct tn_error *err)
{
	time_t when = 1700000000 + (time_t)i * 600;
	uint64_t start_ns;
	struct tm tm;
	int r;

	gmtime_r(&when, &tm);
	strftime(b->run->started_at, sizeof(b->run->started_at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	strftime(b->run->id, sizeof(b->run->id), "%Y%m%dT%H%M%SZ-bench", &tm);
	b->run->rounds_done = 0;
	r = tn_store_begin(b->store, b->run, err);
	b->run->rounds_done = ROUNDS;
	start_ns = tn_now_ns(CLOCK_MONOTONIC);
	if (r == 0)
		r = tn_store_round(b->store, b->run, err);
	b->round_ms[i] = ms_since(start_ns);
	start_ns = tn_now_ns(CLOCK_MONOTONIC);
	if (r == 0)
		r = tn_store_finish(b->store, b->run, err);
	b->finish_ms[i] = ms_since(start_ns);
	return r;
}

static int list_some(struct bench *b, uint64_t limit, struct tn_error *err)
{
	const struct tn_store_filter filter = {.limit = limit};
	tn_autofree struct tn_store_entry *entry = NULL;
	size_t n = 0;

	return tn_store_list(b->store, &filter, &entry, &n, err);
}

static int list_all(struct bench *b, struct tn_error *err)
{
	return list_some(b, 0, err);
}

static int list_twenty(struct bench *b, struct tn_error *err)
{
	return list_some(b, 20, err);
}

static int read_document(struct bench *b, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	char id[40], name[16];
	size_t n;
	int r;

	snprintf(name, sizeof(name), "@-%u", b->runs / 2);
	r = tn_store_find(b->store, name, id, err);
	return r < 0 ? r : tn_store_document(b->store, id, &text, &n, err);
}

static int delete_oldest(struct bench *b, struct tn_error *err)
{
	char id[40], name[16];
	int r;

	snprintf(name, sizeof(name), "@-%u", --b->runs);
	r = tn_store_find(b->store, name, id, err);
	return r < 0 ? r : tn_store_delete(b->store, id, err);
}

static int ask(struct bench *b, const char *name, int (*what)(struct bench *, struct tn_error *), struct tn_error *err)
{
	struct figure figure;
	double ms[ASKS];
	int r = 0;

	for (unsigned int i = 0; i < ASKS && r == 0; i++) {
		uint64_t start_ns = tn_now_ns(CLOCK_MONOTONIC);

		r = what(b, err);
		ms[i] = ms_since(start_ns);
	}
	if (r < 0)
		return r;
	figure = figure_of(ms, ASKS);
	figure_print(name, "ms", &figure);
	return 0;
}

static int measure(struct bench *b, struct tn_error *err)
{
	char size[TN_UNIT_TEXT];
	unsigned int n = b->runs < REPETITIONS_MAX ? b->runs : REPETITIONS_MAX; /* the last, with most before them */
	struct figure figure;
	uint64_t bytes;
	int r = 0;

	for (unsigned int i = 0; i < b->runs && r == 0; i++)
		r = store_one(b, i, err);
	if (r == 0)
		r = tn_store_usage(b->store, &bytes, err);
	if (r < 0)
		return r;
	printf("%u runs of %d CPUs and %d rounds: %s a run\n", b->runs, CPUS, ROUNDS,
	       tn_format_size(bytes / b->runs, size, sizeof(size)));
	figure = figure_of(b->round_ms + b->runs - n, n);
	figure_print("store the document at the end of a round", "ms", &figure);
	figure = figure_of(b->finish_ms + b->runs - n, n);
	figure_print("store the finished run", "ms", &figure);
	r = ask(b, "list the latest 20", list_twenty, err);
	if (r == 0)
		r = ask(b, "list all", list_all, err);
	if (r == 0)
		r = ask(b, "find and read the document in the middle", read_document, err);
	return r < 0 ? r : ask(b, "remove the oldest and give its pages back", delete_oldest, err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int main(int argc, char **argv)
{
	static struct bench b = {.runs = 2000};
	struct tn_error err = {0};
	char folder[200];
	uint64_t runs;
	int r = 0;

	if (argc > 3 || (argc == 3 && tn_parse_u64(argv[2], ASKS + 1, RUNS_MAX, &runs, &err) < 0)) {
		fprintf(stderr, "Usage: bench-store [FOLDER [RUNS]]   26 to %d runs, 2000 if not given\n", RUNS_MAX);
		return 2;
	}
	if (argc == 3)
		b.runs = (unsigned int)runs;
	snprintf(folder, sizeof(folder), "%s/tlbnoise-bench-XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
	if (!mkdtemp(folder))
		r = tn_error_set(&err, -errno, "cannot make %s: %s", folder, strerror(errno));
	if (r == 0)
		r = make_run(&b.run, &err);
	if (r == 0)
		r = tn_store_open(folder, TN_STORE_WRITE, NULL, &b.store, &err);
	if (r == 0)
		r = measure(&b, &err);
	if (b.store)
		tn_store_close(b.store);
	tn_run_free(b.run);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (r < 0)
		fprintf(stderr, "bench-store: %s\n", err.text);
	return r < 0 ? 2 : 0;
}
