// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rounds are merged in two ways, since they answer two questions. "merged" takes all rounds as one long
 * window: the best estimate, and the only one for far percentiles. The median of the rounds' values with its
 * interval says how well it repeats; it is what a comparison may rest on. A round that was cut short is no
 * repetition of the others, its maximum for one is that of less time: it counts in "merged" only.
 */
#include "result/totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/** tn_run_window_s() - length of a window in seconds */
double tn_run_window_s(const struct tn_run *run, const struct tn_run_cpu *c)
{
	return tn_ticks_to_ns(&run->clock, (double)(c->window_close_ticks - c->window_open_ticks)) / 1e9;
}

/** tn_run_cpu_seconds() - seconds measured in all, summed over CPUs and rounds */
double tn_run_cpu_seconds(const struct tn_run *run)
{
	double sum = 0.0;

	for (size_t i = 0; i < run->n_cpus; i++)
		sum += tn_run_window_s(run, &run->cpu[i]);
	return sum;
}

static double ratio(double part, double whole)
{
	return whole > 0.0 ? part / whole : NAN;
}

static void fill_values(const struct tn_clock *clock, const struct tn_hist *interruptions, const struct tn_hist *jitter,
			uint64_t stolen_ticks, double window_s, double value[TN_METRICS])
{
	for (unsigned int p = 0; p < TN_PERCENTILES; p++) {
		value[TN_METRIC_JITTER + p] = tn_hist_percentile_ns(clock, jitter, tn_percentiles[p].percent);
		value[TN_METRIC_INTERRUPTION + p] =
			tn_hist_percentile_ns(clock, interruptions, tn_percentiles[p].percent);
	}
	value[TN_METRIC_PER_S] = ratio((double)interruptions->count, window_s);
	value[TN_METRIC_STOLEN_SHARE] = ratio(tn_ticks_to_ns(clock, (double)stolen_ticks) / 1e9, window_s);
}

static void add_classes(struct tn_run_class *into, const struct tn_run_class *from)
{
	for (unsigned int i = 0; i < TN_CLASS_COUNT; i++) {
		into[i].entries += from[i].entries;
		into[i].matched += from[i].matched;
		into[i].too_short += from[i].too_short;
		into[i].interruptions += from[i].interruptions;
		into[i].stolen_ticks += from[i].stolen_ticks;
		if (from[i].max_ticks > into[i].max_ticks)
			into[i].max_ticks = from[i].max_ticks;
	}
}

static void add_round(const struct tn_run *run, struct tn_run_total *t, const struct tn_run_cpu *c, size_t round)
{
	double window_s = tn_run_window_s(run, c), value[TN_METRICS];

	tn_hist_merge(&t->interruptions, &c->interruptions);
	tn_hist_merge(&t->jitter, &c->jitter);
	add_classes(t->by_class, c->by_class);
	t->stolen_ticks += c->stolen_ticks;
	t->window_s += window_s;
	t->cut[round] = c->partial;
	t->partial += c->partial;
	fill_values(&run->clock, &c->interruptions, &c->jitter, c->stolen_ticks, window_s, value);
	for (unsigned int m = 0; m < TN_METRICS; m++)
		t->metric[m].rounds[round] = value[m];
}

/**
 * tn_metric_finish() - what the values of the rounds say together
 * @m: its rounds are filled; gets the median, its interval and the extremes
 * @cut: rounds that were cut short and do not count here
 * @rounds: how many there are
 * @scratch: room for as many values
 *
 * A round without a value, such as a percentile of too few interruptions, leaves none for all: those that have one
 * are a selection.
 */
void tn_metric_finish(struct tn_metric_total *m, const bool *cut, size_t rounds, double *scratch)
{
	bool whole = true;
	size_t n = 0;

	for (size_t i = 0; i < rounds; i++) {
		if (cut[i])
			continue;
		whole &= isfinite(m->rounds[i]);
		scratch[n++] = m->rounds[i];
	}
	if (!whole)
		n = 0;
	m->median = tn_median(scratch, n);
	m->interval = tn_median_interval(scratch, n, TN_CONFIDENCE);
	m->lowest = n ? scratch[0] : NAN;
	m->highest = n ? scratch[n - 1] : NAN;
}

static int fill_total(const struct tn_run *run, struct tn_run_total *t)
{
	double merged[TN_METRICS], *scratch;
	size_t round = 0;

	t->values = calloc((TN_METRICS + 1) * t->rounds, sizeof(*t->values));
	t->cut = calloc(t->rounds, sizeof(*t->cut));
	if (!t->values || !t->cut)
		return -ENOMEM;
	scratch = t->values + TN_METRICS * t->rounds;
	tn_hist_init(&t->interruptions);
	tn_hist_init(&t->jitter);
	for (unsigned int m = 0; m < TN_METRICS; m++)
		t->metric[m].rounds = t->values + m * t->rounds;
	for (size_t i = 0; i < run->n_cpus; i++)
		if (run->cpu[i].cpu == t->cpu)
			add_round(run, t, &run->cpu[i], round++);
	t->per_s = tn_poisson_interval(t->interruptions.count, t->window_s, TN_CONFIDENCE);
	fill_values(&run->clock, &t->interruptions, &t->jitter, t->stolen_ticks, t->window_s, merged);
	for (unsigned int m = 0; m < TN_METRICS; m++) {
		t->metric[m].merged = merged[m];
		tn_metric_finish(&t->metric[m], t->cut, t->rounds, scratch);
	}
	return 0;
}

/* Counts the rounds of each CPU; CPUs come in the order of their first round. */
static size_t find_cpus(const struct tn_run *run, struct tn_run_total *totals, int *cpus, size_t *rounds)
{
	size_t n = 0, k;

	for (size_t i = 0; i < run->n_cpus; i++) {
		for (k = 0; k < n && cpus[k] != run->cpu[i].cpu; k++)
			;
		if (k == n) {
			cpus[n] = run->cpu[i].cpu;
			rounds[n++] = 0;
		}
		rounds[k]++;
	}
	for (k = 0; k < n && totals; k++) {
		totals[k].cpu = cpus[k];
		totals[k].rounds = rounds[k];
	}
	return n;
}

/**
 * tn_run_totals() - compute what the rounds say together
 * @run: the run
 * @ret: one element a probed CPU; release with tn_run_totals_free()
 *
 * Return: 0 or -ENOMEM.
 */
int tn_run_totals(const struct tn_run *run, struct tn_run_totals *ret)
{
	tn_autofree int *cpus = calloc(run->n_cpus + 1, sizeof(*cpus));
	tn_autofree size_t *rounds = calloc(run->n_cpus + 1, sizeof(*rounds));
	tn_cleanup(tn_run_totals_free) struct tn_run_totals t = {.cpu_s = tn_run_cpu_seconds(run)};
	size_t n;
	int r = 0;

	if (!cpus || !rounds)
		return -ENOMEM;
	n = find_cpus(run, NULL, cpus, rounds);
	t.cpu = calloc(n ? n : 1, sizeof(*t.cpu));
	if (!t.cpu)
		return -ENOMEM;
	t.n = find_cpus(run, t.cpu, cpus, rounds);
	for (size_t i = 0; i < t.n && !r; i++)
		r = fill_total(run, &t.cpu[i]);
	if (r < 0)
		return r;
	*ret = t;
	t = (struct tn_run_totals){0};
	return 0;
}

/** tn_run_totals_free() - releases what tn_run_totals() gave */
void tn_run_totals_free(struct tn_run_totals *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->cpu[i].values);
		free(t->cpu[i].cut);
	}
	free(t->cpu);
	*t = (struct tn_run_totals){0};
}
