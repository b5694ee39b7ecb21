// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From rows of the store to histories. Values come metric by metric and run by run, so that only the rounds of one run
 * are held at a time; what is kept is a value and an interval for each run.
 *
 * Few metrics are watched for regressions: each that is watched adds its false alarms, and what the others would show
 * these show too.
 */
#include "report/histories.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Beside the headline of comparisons, and in which order they are shown; the others follow. */
static const char *const watched[] = {
	"jitter.p99", "jitter.p99.9", "interruptions.rate", "stolen", "cause.kernel-tlb-flush.rate", "timer.p99"};

/* Differences that matter to nobody, whatever their ratio; as comparisons have them (result/comparison.c). */
static double absolute_of(const struct tn_metric_def *def)
{
	switch (def->kind) {
	case TN_METRIC_RATE:
		return 0.1;
	case TN_METRIC_PER_OPERATION:
		return 0.001;
	case TN_METRIC_SHARE:
		return 1e-5;
	default:
		return 0.0;
	}
}

static size_t place_of(const char *name)
{
	size_t i = 0;

	while (i < TN_ARRAY_SIZE(watched) && strcmp(name, watched[i]))
		i++;
	return i;
}

/**
 * tn_history_watched() - is a metric watched for regressions
 * @def: the metric
 *
 * Return: true for the headline of comparisons and a few more; never where neither direction is better.
 */
bool tn_history_watched(const struct tn_metric_def *def)
{
	return place_of(def->name) < TN_ARRAY_SIZE(watched) || (def->headline && def->better != TN_BETTER_NEITHER);
}

/* The rounds of one CPU in one run, or those of the worst CPU so far. */
struct rounds {
	double *value;
	size_t n, room;
	int cpu;
};

struct loader {
	const struct tn_histories_options *options;
	struct tn_histories *to;
	char **name; /* of metrics, by number; owned */
	size_t n_names;
	size_t *by_seq;           /* indices of runs */
	size_t *history_of;       /* by index of the run */
	struct tn_metric_def def; /* of @metric */
	size_t metric;
	int64_t seq;
	struct rounds now, worst;
};

static void loader_free(struct loader *l)
{
	tn_store_metric_names_free(l->name, l->n_names);
	free(l->by_seq);
	free(l->history_of);
	free(l->now.value);
	free(l->worst.value);
}

static int compare_seqs(const void *a, const void *b, void *runs)
{
	const struct tn_store_point *run = runs;
	int64_t x = run[*(const size_t *)a].seq, y = run[*(const size_t *)b].seq;

	return (x > y) - (x < y);
}

static bool find_run(const struct loader *l, int64_t seq, size_t *ret)
{
	size_t low = 0, high = l->to->n_runs;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (l->to->run[l->by_seq[middle]].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == l->to->n_runs || l->to->run[l->by_seq[low]].seq != seq)
		return false; /* it came after the runs were listed */
	*ret = l->by_seq[low];
	return true;
}

static struct tn_history_series *series_of(struct loader *l, struct tn_history *h)
{
	struct tn_history_series *s = h->n_series ? &h->series[h->n_series - 1] : NULL;

	if (s && !strcmp(s->def.name, l->def.name))
		return s;
	s = reallocarray(h->series, h->n_series + 1, sizeof(*s));
	if (!s)
		return NULL;
	h->series = s;
	s += h->n_series;
	*s = (struct tn_history_series){.def = l->def, .marked = tn_history_watched(&l->def)};
	s->value = calloc(h->n_runs, sizeof(*s->value));
	s->mark = calloc(h->n_runs, sizeof(*s->mark));
	h->n_series++; /* also if it is not whole: it is freed then */
	for (size_t i = 0; s->value && i < h->n_runs; i++)
		s->value[i] = (struct tn_history_value){.value = NAN, .interval = {NAN, NAN, 0.0}, .cpu = -1};
	return s->value && s->mark ? s : NULL;
}

static bool is_worse(enum tn_better better, double a, double b)
{
	return better == TN_BETTER_HIGHER ? a < b : a > b;
}

/* Ends the rounds of a CPU. */
static void end_cpu(struct loader *l)
{
	struct rounds swapped = l->worst;

	if (l->now.n && (!l->worst.n || is_worse(l->def.better, tn_median(l->now.value, l->now.n),
						 tn_median(l->worst.value, l->worst.n)))) {
		l->worst = l->now;
		l->now = swapped;
	}
	l->now.n = 0;
}

/* Ends the rounds of a run. */
static int end_run(struct loader *l)
{
	struct tn_history_series *s;
	struct tn_history *h;
	size_t run;

	end_cpu(l);
	if (!l->worst.n || !find_run(l, l->seq, &run) || !strcmp(l->to->run[run].state, "aborted")) {
		l->worst.n = 0;
		return 0;
	}
	h = &l->to->history[l->history_of[run]];
	s = series_of(l, h);
	if (!s)
		return -ENOMEM;
	s->value[&l->to->run[run] - h->run] = (struct tn_history_value){
		.value = tn_median(l->worst.value, l->worst.n),
		.interval = tn_median_interval(l->worst.value, l->worst.n, 0.95),
		.cpu = l->worst.cpu,
		.rounds = l->worst.n,
	};
	l->worst.n = 0;
	return 0;
}

static int add_round(struct rounds *r, const struct tn_store_value *v)
{
	double *larger = r->value;

	if (r->n == r->room) {
		r->room = r->room ? 2 * r->room : 16;
		larger = reallocarray(r->value, r->room, sizeof(*larger));
	}
	if (!larger)
		return -ENOMEM;
	r->value = larger;
	r->value[r->n++] = v->value;
	r->cpu = v->cpu;
	return 0;
}

static int take(void *context, const struct tn_store_value *v)
{
	struct loader *l = context;
	int r = 0;

	if (v->metric != l->metric || v->seq != l->seq) {
		r = end_run(l);
		if (v->metric != l->metric && tn_metric_parse(l->name[v->metric], &l->def) < 0)
			l->def = (struct tn_metric_def){0};
		l->metric = v->metric;
		l->seq = v->seq;
	} else if (v->cpu != l->now.cpu) {
		end_cpu(l);
	}
	return r < 0 || isnan(v->value) ? r : add_round(&l->now, v);
}

/* Runs come sorted: those of a history stand together. */
static int split(struct tn_histories *to)
{
	for (size_t i = 0; i < to->n_runs; i++) {
		struct tn_store_point *p = &to->run[i];
		struct tn_history *h = to->n ? &to->history[to->n - 1] : NULL;

		if (!h || strcmp(h->host, p->host) || strcmp(h->scenario, p->scenario)) {
			h = reallocarray(to->history, to->n + 1, sizeof(*h));
			if (!h)
				return -ENOMEM;
			to->history = h;
			h += to->n++;
			*h = (struct tn_history){.host = p->host, .scenario = p->scenario, .run = p};
		}
		h->n_runs++;
	}
	return 0;
}

static int index_runs(struct loader *l)
{
	size_t n = 0;

	l->by_seq = calloc(l->to->n_runs + 1, sizeof(*l->by_seq));
	l->history_of = calloc(l->to->n_runs + 1, sizeof(*l->history_of));
	if (!l->by_seq || !l->history_of)
		return -ENOMEM;
	for (size_t h = 0; h < l->to->n; h++)
		for (size_t i = 0; i < l->to->history[h].n_runs; i++, n++) {
			l->by_seq[n] = n;
			l->history_of[n] = h;
		}
	qsort_r(l->by_seq, n, sizeof(*l->by_seq), compare_seqs, l->to->run);
	return 0;
}

/* Leaves the names of the metrics that are wanted, those that are watched first. */
static void choose_metrics(struct loader *l)
{
	struct tn_metric_def def;
	size_t n = 0, at;

	for (size_t i = 0; i < l->n_names; i++) {
		char *name = l->name[i];

		l->name[i] = NULL;
		if (tn_metric_parse(name, &def) < 0 || (!l->options->all_metrics && !tn_history_watched(&def))) {
			free(name);
			continue;
		}
		for (at = n++; at > 0 && place_of(l->name[at - 1]) > place_of(name); at--)
			l->name[at] = l->name[at - 1];
		l->name[at] = name;
	}
	l->n_names = n;
}

static int mark(const struct loader *l, struct tn_history *h, struct tn_history_series *s)
{
	tn_autofree struct tn_history_point *point = calloc(h->n_runs, sizeof(*point));
	struct tn_history_options options = tn_history_defaults();

	if (!point)
		return -ENOMEM;
	for (size_t i = 0; i < h->n_runs; i++)
		point[i] = (struct tn_history_point){s->value[i].value, h->run[i].ruler};
	options.absolute = absolute_of(&s->def);
	if (l->options->smallest_effect > 0.0)
		options.relative = l->options->smallest_effect;
	return tn_history_marks(point, h->n_runs, s->marked ? s->def.better : TN_BETTER_NEITHER, &options, s->mark);
}

static int mark_all(const struct loader *l)
{
	int r = 0;

	for (size_t i = 0; i < l->to->n; i++)
		for (size_t k = 0; k < l->to->history[i].n_series && r == 0; k++)
			r = mark(l, &l->to->history[i], &l->to->history[i].series[k]);
	return r;
}

static int load(struct tn_store *store, struct loader *l, struct tn_error *err)
{
	const struct tn_histories_options *o = l->options;
	int r = tn_store_points(store, o->host, o->scenario, &l->to->run, &l->to->n_runs, err);

	if (r == 0)
		r = tn_store_metric_names(store, &l->name, &l->n_names, err);
	if (r < 0)
		return r;
	choose_metrics(l);
	l->metric = SIZE_MAX;
	r = split(l->to);
	if (r == 0)
		r = index_runs(l);
	if (r < 0)
		return tn_error_set(err, r, "no memory for the histories of %zu runs", l->to->n_runs);
	r = tn_store_values(store, o->host, o->scenario, l->name, l->n_names, take, l, err);
	if (r < 0)
		return r;
	r = end_run(l);
	if (r == 0)
		r = mark_all(l);
	return r < 0 ? tn_error_set(err, r, "no memory for the histories of %zu runs", l->to->n_runs) : 0;
}

/**
 * tn_histories_load() - the histories of a store
 * @store: the store
 * @options: which, and how
 * @ret: release with tn_histories_free(); untouched on failure
 * @err: what failed
 *
 * Runs that were aborted are listed, but have no values: their rounds are a selection.
 *
 * Return: 0, also when there are none; or a negative errno.
 */
int tn_histories_load(struct tn_store *store, const struct tn_histories_options *options, struct tn_histories *ret,
		      struct tn_error *err)
{
	tn_cleanup(tn_histories_free) struct tn_histories to = {0};
	tn_cleanup(loader_free) struct loader l = {.options = options, .to = &to};
	int r = load(store, &l, err);

	if (r < 0)
		return r;
	*ret = to;
	to = (struct tn_histories){0};
	return 0;
}

/** tn_histories_free() - counterpart of tn_histories_load() */
void tn_histories_free(struct tn_histories *h)
{
	for (size_t i = 0; i < h->n; i++) {
		for (size_t k = 0; k < h->history[i].n_series; k++) {
			free(h->history[i].series[k].value);
			free(h->history[i].series[k].mark);
		}
		free(h->history[i].series);
	}
	free(h->history);
	free(h->run);
	*h = (struct tn_histories){0};
}

/** tn_history_find() - the series of a metric by its name; NULL: no run has it */
const struct tn_history_series *tn_history_find(const struct tn_history *h, const char *name)
{
	for (size_t i = 0; i < h->n_series; i++)
		if (!strcmp(h->series[i].def.name, name))
			return &h->series[i];
	return NULL;
}
