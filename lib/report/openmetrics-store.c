// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which runs of a store are shown, and what is kept of them. Prometheus asks every few seconds, and almost always
 * nothing has changed: then the list of runs is all that a scrape costs. A document that has not been seen is read
 * once; what has ended never changes.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "report/histories.h"
#include "report/openmetrics-figures.h"

/** tn_metrics_new() - of nothing yet; -ENOMEM */
int tn_metrics_new(struct tn_metrics **ret, struct tn_error *err)
{
	struct tn_metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return tn_error_set(err, -ENOMEM, "no memory for the metrics");
	*ret = m;
	return 0;
}

static void run_clear(struct metrics_run *run)
{
	if (run->figures)
		metrics_figures_free(run->figures);
	run->figures = NULL;
}

/**
 * tn_metrics_forget() - the store cannot be read: show that, and nothing of before
 * @m: the metrics
 */
void tn_metrics_forget(struct tn_metrics *m)
{
	for (size_t i = 0; i < m->n_runs; i++)
		run_clear(&m->run[i]);
	free(m->run);
	free(m->mark);
	*m = (struct tn_metrics){0};
}

/** tn_metrics_free() - counterpart of tn_metrics_new() */
void tn_metrics_free(struct tn_metrics *m)
{
	tn_metrics_forget(m);
	free(m);
}

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash * 0x100000001b3;
}

static uint64_t fingerprint_of(const struct tn_store_entry *e, size_t n)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		hash = mix(mix(hash, e[i].id), e[i].state);
	return hash ? hash : 1;
}

static double seconds_of(const char *rfc3339)
{
	struct tm tm = {0};

	return strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm) ? (double)timegm(&tm) : NAN;
}

/* The last run of a scenario on a host and a kernel. */
struct choice {
	const struct tn_store_entry *e;
	unsigned int older; /* kernels that ran later, of the same scenario on the same host */
};

static int compare_histories(const struct choice *a, const struct choice *b)
{
	int r = strcmp(a->e->host, b->e->host);

	return r ? r : strcmp(a->e->scenario, b->e->scenario);
}

/* The list that entries are in has the latest first. */
static int compare_ages(const struct choice *a, const struct choice *b)
{
	return (a->e > b->e) - (a->e < b->e);
}

static int by_kernel(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;
	int r = compare_histories(x, y);

	if (r == 0)
		r = strcmp(x->e->kernel, y->e->kernel);
	return r ? r : compare_ages(x, y);
}

static int by_history(const void *a, const void *b)
{
	int r = compare_histories(a, b);

	return r ? r : compare_ages(a, b);
}

static int by_importance(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	return !x->older != !y->older ? (x->older ? 1 : -1) : compare_ages(x, y);
}

/* Leaves the last run of each kernel, and numbers the kernels of each history; returns how many there are. */
static size_t number_kernels(struct choice *c, size_t n)
{
	size_t kept = 0;

	qsort(c, n, sizeof(*c), by_kernel);
	for (size_t i = 0; i < n; i++)
		if (!kept || compare_histories(&c[kept - 1], &c[i]) || strcmp(c[kept - 1].e->kernel, c[i].e->kernel))
			c[kept++] = c[i];
	qsort(c, kept, sizeof(*c), by_history);
	for (size_t i = 1; i < kept; i++)
		c[i].older = compare_histories(&c[i - 1], &c[i]) ? 0 : c[i - 1].older + 1;
	return kept;
}

/*
 * Those that are shown, of a list with the latest first. Each scenario of each host comes before the older kernels of
 * any: a host that runs no more is the first to be left out by age, and the one that alerts are about.
 */
static int choose(const struct tn_store_entry *e, size_t n, struct tn_metrics *to, struct tn_store_entry **ret,
		  size_t *ret_n, struct tn_error *err)
{
	tn_autofree struct choice *c = calloc(n + 1, sizeof(*c));
	size_t ended = 0;

	*ret = calloc(TN_METRICS_RUNS, sizeof(**ret));
	if (!c || !*ret)
		return tn_error_set(err, -ENOMEM, "no memory to choose from %zu runs", n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(e[i].state, "running"))
			c[ended++].e = &e[i];
	to->in_progress = n - ended;
	n = number_kernels(c, ended);
	qsort(c, n, sizeof(*c), by_importance);
	for (size_t i = 0; i < n; i++) {
		if (*ret_n < TN_METRICS_RUNS && c[i].older < TN_METRICS_KERNELS) {
			(*ret)[(*ret_n)++] = *c[i].e;
			continue;
		}
		to->left_out++;
		to->scenarios_left_out += !c[i].older;
	}
	return 0;
}

static void put_labels(char labels[METRICS_LABELS], const char *host, const char *scenario, const char *name,
		       const char *value)
{
	char a[400], b[400], c[400];

	snprintf(labels, METRICS_LABELS, "host=\"%s\",scenario=\"%s\",%s=\"%s\"",
		 tn_exposition_label(host, a, sizeof(a)), tn_exposition_label(scenario, b, sizeof(b)), name,
		 tn_exposition_label(value, c, sizeof(c)));
}

static int read_figures(struct tn_store *store, const char *id, struct metrics_figures **ret, struct tn_error *err)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
	tn_autofree char *text = NULL;
	size_t n;
	int r = tn_store_document(store, id, &text, &n, err);

	if (r == 0)
		r = tn_run_parse(id, text, n, &run, err);
	return r < 0 ? r : metrics_figures_of(run, ret, err);
}

static void steal_figures(struct tn_metrics *from, struct metrics_run *to)
{
	for (size_t i = 0; i < from->n_runs && !to->figures; i++)
		if (!strcmp(from->run[i].id, to->id))
			to->figures = tn_steal_ptr(from->run[i].figures);
}

static int fill_run(struct tn_metrics *old, struct tn_store *store, const struct tn_store_entry *e,
		    struct metrics_run *ret, struct tn_error *err)
{
	memcpy(ret->id, e->id, sizeof(ret->id));
	memcpy(ret->state, e->state, sizeof(ret->state));
	put_labels(ret->labels, e->host, e->scenario, "kernel", e->kernel);
	ret->started_s = seconds_of(e->started_at);
	ret->elapsed_s = e->elapsed_s;
	ret->rounds_planned = e->rounds_planned;
	ret->rounds_done = e->rounds_done;
	steal_figures(old, ret);
	return ret->figures || !e->has_document ? 0 : read_figures(store, e->id, &ret->figures, err);
}

/* One that cannot be read, or has gone meanwhile, must not cost the figures of all others. */
static int fill_runs(struct tn_metrics *old, struct tn_store *store, const struct tn_store_entry *e, size_t n,
		     struct tn_metrics *to, struct tn_error *err)
{
	int r = 0;

	to->run = calloc(n + 1, sizeof(*to->run));
	if (!to->run)
		return tn_error_set(err, -ENOMEM, "no memory for the metrics of %zu runs", n);
	for (; to->n_runs < n && r == 0; to->n_runs++) {
		r = fill_run(old, store, &e[to->n_runs], &to->run[to->n_runs], err);
		if (r < 0 && !tn_error_of_machine(r)) {
			to->unreadable++;
			r = 0;
		}
	}
	return r;
}

/* The verdict on the last run of a history that has a value of the metric. */
static void add_mark(const struct tn_history *h, const struct tn_history_series *s, struct tn_metrics *to)
{
	struct metrics_mark *mark = &to->mark[to->n_marks];

	if (!s->marked || !h->n_runs)
		return;
	mark->mark = s->mark[h->n_runs - 1];
	put_labels(mark->labels, h->host, h->scenario, "metric", s->def.name);
	to->n_marks++;
}

static bool is_of_shown(const struct tn_history *h, const struct tn_store_entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(e[i].host, h->host) && !strcmp(e[i].scenario, h->scenario))
			return true;
	return false;
}

static int fill_marks(struct tn_store *store, const struct tn_store_entry *e, size_t n, struct tn_metrics *to,
		      struct tn_error *err)
{
	tn_cleanup(tn_histories_free) struct tn_histories all = {0};
	const struct tn_histories_options options = {.all_metrics = false};
	size_t room = 1;
	int r = tn_histories_load(store, &options, &all, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++)
		room += all.history[i].n_series;
	to->mark = calloc(room, sizeof(*to->mark));
	if (!to->mark)
		return tn_error_set(err, -ENOMEM, "no memory for the marks of %zu histories", all.n);
	for (size_t i = 0; i < all.n; i++)
		for (size_t k = 0; k < all.history[i].n_series && is_of_shown(&all.history[i], e, n); k++)
			add_mark(&all.history[i], &all.history[i].series[k], to);
	return 0;
}

static bool has_run(const struct tn_store_entry *e, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(e[i].id, id))
			return true;
	return false;
}

/* Puts behind the latest runs the last ones of those that did not run lately: alerts ask for them as well. */
static int add_silent(struct tn_store *store, struct tn_store_entry **e, size_t *n, struct tn_error *err)
{
	const struct tn_store_filter last = {.last = true, .limit = TN_METRICS_WINDOW};
	tn_autofree struct tn_store_entry *of = NULL;
	struct tn_store_entry *larger;
	size_t n_of = 0, n_lately = *n;
	int r = tn_store_list(store, &last, &of, &n_of, err);

	if (r < 0)
		return r;
	larger = reallocarray(*e, *n + n_of + 1, sizeof(**e));
	if (!larger)
		return tn_error_set(err, -ENOMEM, "no memory for a list of %zu runs", *n + n_of);
	*e = larger;
	for (size_t i = 0; i < n_of; i++)
		if (!has_run(larger, n_lately, of[i].id))
			larger[(*n)++] = of[i];
	return 0;
}

/**
 * tn_metrics_update() - bring metrics up to date
 * @m: the metrics; on failure they are forgotten, which tn_metrics_write() then says
 * @store: the same store each time
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_metrics_update(struct tn_metrics *m, struct tn_store *store, struct tn_error *err)
{
	const struct tn_store_filter latest = {.limit = TN_METRICS_WINDOW};
	tn_autofree struct tn_store_entry *all = NULL, *e = NULL;
	struct tn_metrics now = {.readable = true};
	size_t n_all = 0, n = 0;
	int r = tn_store_list(store, &latest, &all, &n_all, err);

	if (r == 0 && n_all == TN_METRICS_WINDOW)
		r = add_silent(store, &all, &n_all, err);
	if (r == 0)
		now.fingerprint = fingerprint_of(all, n_all);
	if (r == 0 && m->fingerprint == now.fingerprint)
		return 0;
	if (r == 0)
		r = choose(all, n_all, &now, &e, &n, err);
	if (r == 0)
		r = fill_runs(m, store, e, n, &now, err);
	if (r == 0)
		r = fill_marks(store, e, n, &now, err);
	tn_metrics_forget(m);
	if (r < 0)
		tn_metrics_forget(&now);
	else
		*m = now;
	return r;
}
