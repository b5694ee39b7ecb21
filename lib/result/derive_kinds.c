// SPDX-License-Identifier: GPL-2.0-or-later
/* Derived figures of kinds entry and timer: windows and the clock in time, and totals over the rounds. */
#include "result/codec.h"
#include "result/kinds.h"

static int add_s(cJSON *to, const char *key, const struct tn_run *run, uint64_t ticks)
{
	return tn_json_add_number(to, key, tn_ticks_to_ns(&run->clock, (double)ticks) / 1e9);
}

int tn_derive_entry_cost(cJSON *json, const struct tn_run *run, const void *from)
{
	const struct tn_run_entry_cost *e = from;
	int r;

	r = add_s(json, "window_s", run, e->window_close_ticks - e->window_open_ticks);
	return r ? r : tn_json_add_number(json, "clock_ns", tn_ticks_to_ns(&run->clock, (double)e->clock_ticks));
}

int tn_derive_wakeup(cJSON *json, const struct tn_run *run, const void *from)
{
	const struct tn_run_wakeup *w = from;

	return add_s(json, "window_s", run, w->window_close_ticks - w->window_open_ticks);
}

/* What both have; the rest of an element is put in by the caller. */
static int add_dist(cJSON *json, int cpu, const char *key, const struct tn_dist_total *d)
{
	int r;

	r = tn_json_add_number(json, "cpu", cpu);
	if (!r)
		r = tn_json_add_number(json, "rounds", (double)d->rounds);
	if (!r)
		r = tn_json_add_number(json, "partial_rounds", (double)d->partial);
	if (!r)
		r = tn_json_add_number(json, "window_s", d->window_s);
	if (!r)
		r = tn_json_add(json, "count", tn_json_u64(d->all.count));
	if (!r)
		r = tn_json_add_percentiles(json, key, d->percentile, d->rounds);
	return r;
}

static int add_entry(cJSON *list, const struct tn_entry_total *t)
{
	cJSON *json = cJSON_CreateObject();
	int r;

	r = tn_json_add(list, NULL, json);
	if (!r)
		r = tn_json_add(json, "condition", tn_json_text(tn_condition_name(t->first->condition)));
	if (!r)
		r = tn_json_add(json, "operation", tn_json_text(t->first->operation));
	return r ? r : add_dist(json, t->first->cpu, "cost_ns", &t->cost);
}

static int add_wakeup(cJSON *list, const struct tn_wakeup_total *t)
{
	cJSON *json = cJSON_CreateObject();
	int r;

	r = tn_json_add(list, NULL, json);
	if (!r)
		r = tn_json_add(json, "missed", tn_json_u64(t->missed));
	return r ? r : add_dist(json, t->first->cpu, "latency_ns", &t->latency);
}

int tn_derive_kinds(cJSON *json, const struct tn_run *run)
{
	tn_cleanup(tn_kind_totals_free) struct tn_kind_totals t = {0};
	cJSON *entries = cJSON_CreateArray(), *wakeups;
	int r;

	r = tn_json_add(json, "entry_cost_totals", entries);
	if (r)
		return r;
	wakeups = cJSON_CreateArray();
	r = tn_json_add(json, "wakeup_totals", wakeups);
	if (!r)
		r = tn_kind_totals(run, &t);
	for (size_t i = 0; i < t.n_entries && !r; i++)
		r = add_entry(entries, &t.entry[i]);
	for (size_t i = 0; i < t.n_wakeups && !r; i++)
		r = add_wakeup(wakeups, &t.wakeup[i]);
	return r;
}
