// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rounds of kinds entry and timer, merged as totals.c merges those of spin: all as one, and the median of
 * whole rounds with its interval. Groups come in the order of their first round.
 */
#include "result/kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int dist_new(struct tn_dist_total *d, size_t rounds)
{
	d->values = calloc((TN_PERCENTILES + 1) * rounds, sizeof(*d->values));
	d->cut = calloc(rounds, sizeof(*d->cut));
	if (!d->values || !d->cut)
		return -ENOMEM;
	tn_hist_init(&d->all);
	for (unsigned int p = 0; p < TN_PERCENTILES; p++)
		d->percentile[p].rounds = d->values + p * rounds;
	return 0;
}

static void dist_add(struct tn_dist_total *d, const struct tn_clock *clock, const struct tn_hist *h, bool partial,
		     uint64_t window_ticks)
{
	size_t round = d->rounds++;

	tn_hist_merge(&d->all, h);
	d->cut[round] = partial;
	d->partial += partial;
	d->window_s += tn_ticks_to_ns(clock, (double)window_ticks) / 1e9;
	for (unsigned int p = 0; p < TN_PERCENTILES; p++)
		d->percentile[p].rounds[round] = tn_hist_percentile_ns(clock, h, tn_percentiles[p].percent);
}

static void dist_finish(struct tn_dist_total *d, const struct tn_clock *clock)
{
	double *scratch = d->values + TN_PERCENTILES * d->rounds;

	for (unsigned int p = 0; p < TN_PERCENTILES; p++) {
		d->percentile[p].merged = tn_hist_percentile_ns(clock, &d->all, tn_percentiles[p].percent);
		tn_metric_finish(&d->percentile[p], d->cut, d->rounds, scratch);
	}
}

static void dist_free(struct tn_dist_total *d)
{
	free(d->values);
	free(d->cut);
}

static bool same_entry(const struct tn_run_entry_cost *a, const struct tn_run_entry_cost *b)
{
	return a->cpu == b->cpu && a->condition == b->condition && !strcmp(a->operation, b->operation);
}

/* The first element of each group, NULL elsewhere; returns how many there are. */
static size_t find_entries(const struct tn_run *run, const struct tn_run_entry_cost **first)
{
	size_t n = 0, k;

	for (size_t i = 0; i < run->n_entry_costs; i++) {
		for (k = 0; k < n && !same_entry(first[k], &run->entry_cost[i]); k++)
			;
		if (k == n)
			first[n++] = &run->entry_cost[i];
	}
	return n;
}

static int fill_entry(const struct tn_run *run, const struct tn_run_entry_cost *first, struct tn_entry_total *t)
{
	size_t rounds = 0;

	t->first = first;
	for (size_t i = 0; i < run->n_entry_costs; i++)
		rounds += same_entry(first, &run->entry_cost[i]);
	if (dist_new(&t->cost, rounds) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < run->n_entry_costs; i++) {
		const struct tn_run_entry_cost *e = &run->entry_cost[i];

		if (same_entry(first, e))
			dist_add(&t->cost, &run->clock, &e->cost, e->partial,
				 e->window_close_ticks - e->window_open_ticks);
	}
	dist_finish(&t->cost, &run->clock);
	return 0;
}

static int fill_entries(const struct tn_run *run, struct tn_kind_totals *t)
{
	tn_autofree const struct tn_run_entry_cost **first = calloc(run->n_entry_costs + 1, sizeof(*first));
	size_t n;
	int r = 0;

	if (!first)
		return -ENOMEM;
	n = find_entries(run, first);
	t->entry = calloc(n ? n : 1, sizeof(*t->entry));
	if (!t->entry)
		return -ENOMEM;
	for (t->n_entries = 0; t->n_entries < n && !r; t->n_entries++)
		r = fill_entry(run, first[t->n_entries], &t->entry[t->n_entries]);
	return r;
}

static size_t find_wakeups(const struct tn_run *run, const struct tn_run_wakeup **first)
{
	size_t n = 0, k;

	for (size_t i = 0; i < run->n_wakeups; i++) {
		for (k = 0; k < n && first[k]->cpu != run->wakeup[i].cpu; k++)
			;
		if (k == n)
			first[n++] = &run->wakeup[i];
	}
	return n;
}

static int fill_wakeup(const struct tn_run *run, const struct tn_run_wakeup *first, struct tn_wakeup_total *t)
{
	size_t rounds = 0;

	t->first = first;
	for (size_t i = 0; i < run->n_wakeups; i++)
		rounds += run->wakeup[i].cpu == first->cpu;
	if (dist_new(&t->latency, rounds) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < run->n_wakeups; i++) {
		const struct tn_run_wakeup *w = &run->wakeup[i];

		if (w->cpu != first->cpu)
			continue;
		t->missed += w->missed;
		dist_add(&t->latency, &run->clock, &w->latency, w->partial,
			 w->window_close_ticks - w->window_open_ticks);
	}
	dist_finish(&t->latency, &run->clock);
	return 0;
}

static int fill_wakeups(const struct tn_run *run, struct tn_kind_totals *t)
{
	tn_autofree const struct tn_run_wakeup **first = calloc(run->n_wakeups + 1, sizeof(*first));
	size_t n;
	int r = 0;

	if (!first)
		return -ENOMEM;
	n = find_wakeups(run, first);
	t->wakeup = calloc(n ? n : 1, sizeof(*t->wakeup));
	if (!t->wakeup)
		return -ENOMEM;
	for (t->n_wakeups = 0; t->n_wakeups < n && !r; t->n_wakeups++)
		r = fill_wakeup(run, first[t->n_wakeups], &t->wakeup[t->n_wakeups]);
	return r;
}

/**
 * tn_kind_totals() - compute what rounds of kinds entry and timer say together
 * @run: the run; must outlive @ret
 * @ret: release with tn_kind_totals_free()
 *
 * Return: 0 or -ENOMEM.
 */
int tn_kind_totals(const struct tn_run *run, struct tn_kind_totals *ret)
{
	tn_cleanup(tn_kind_totals_free) struct tn_kind_totals t = {0};
	int r;

	r = fill_entries(run, &t);
	if (!r)
		r = fill_wakeups(run, &t);
	if (r < 0)
		return r;
	*ret = t;
	t = (struct tn_kind_totals){0};
	return 0;
}

/** tn_kind_totals_free() - releases what tn_kind_totals() gave */
void tn_kind_totals_free(struct tn_kind_totals *t)
{
	for (size_t i = 0; i < t->n_entries; i++)
		dist_free(&t->entry[i].cost);
	for (size_t i = 0; i < t->n_wakeups; i++)
		dist_free(&t->wakeup[i].latency);
	free(t->entry);
	free(t->wakeup);
	*t = (struct tn_kind_totals){0};
}
