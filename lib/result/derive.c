// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Figures in the document that follow from others: ticks in nanoseconds, rates with their intervals, and
 * the totals over the rounds. They are for readers; decode.c does not look at them.
 */
#include <errno.h>

#include "result/codec.h"
#include "result/observable.h"
#include "result/totals.h"

/* Which of a rate and its interval can be given. */
enum known { NOTHING, RATE, RATE_AND_INTERVAL };

/* A rate and its exact interval, as KEY and KEY_interval; null where the count is not what it says. */
static int add_rate(cJSON *to, const char *key, const char *interval_key, uint64_t events, double seconds,
		    enum known known)
{
	struct tn_interval i = tn_poisson_interval(events, seconds, TN_CONFIDENCE);
	int r;

	r = tn_json_add_number(to, key, known >= RATE && seconds > 0.0 ? (double)events / seconds : NAN);
	if (r)
		return r;
	if (known < RATE_AND_INTERVAL)
		return tn_json_add(to, interval_key, cJSON_CreateNull());
	return tn_json_add_interval(to, interval_key, i.low, i.high, i.confidence);
}

static int add_ns(cJSON *to, const char *key, const struct tn_run *run, uint64_t ticks)
{
	return tn_json_add_number(to, key, tn_ticks_to_ns(&run->clock, (double)ticks));
}

int tn_derive_clock(cJSON *json, const struct tn_run *run, const void *from)
{
	const struct tn_clock *c = from;

	return add_ns(json, "quantum_ns", run, c->quantum_ticks);
}

int tn_derive_cpu(cJSON *json, const struct tn_run *run, const void *from)
{
	const struct tn_run_cpu *c = from;
	double window_s = tn_run_window_s(run, c);
	int r;

	r = tn_json_add_number(json, "window_s", window_s);
	if (!r)
		r = add_ns(json, "floor_median_ns", run, c->floor_median_ticks);
	if (!r)
		r = add_ns(json, "threshold_ns", run, c->threshold_ticks);
	if (!r)
		r = add_ns(json, "stolen_ns", run, c->stolen_ticks);
	if (!r)
		r = tn_json_add_number(json, "stolen_share",
				       tn_ticks_to_ns(&run->clock, (double)c->stolen_ticks) / 1e9 / window_s);
	if (!r)
		r = add_rate(json, "interruptions_per_s", "interruptions_per_s_interval", c->interruptions.count,
			     window_s, RATE_AND_INTERVAL);
	return r;
}

int tn_derive_class(cJSON *json, const struct tn_run *run, const void *from)
{
	const struct tn_run_class *c = from;
	int r;

	r = add_ns(json, "stolen_ns", run, c->stolen_ticks);
	return r ? r : add_ns(json, "max_ns", run, c->max_ticks);
}

int tn_derive_cause(cJSON *json, const struct tn_run *run, const void *from)
{
	const struct tn_run_cause *c = from;
	double seconds = tn_run_cpu_seconds(run);
	int r;

	r = add_ns(json, "stolen_ns", run, c->stolen_ticks);
	if (!r)
		r = add_ns(json, "max_ns", run, c->max_ticks);
	if (!r)
		r = add_rate(json, "entries_per_cpu_s", "entries_per_cpu_s_interval", c->entries, seconds,
			     tn_run_entries_whole(run) ? RATE_AND_INTERVAL : RATE);
	if (!r)
		r = add_rate(json, "interruptions_per_cpu_s", "interruptions_per_cpu_s_interval", c->interruptions,
			     seconds, tn_run_causes_whole(run) ? RATE_AND_INTERVAL : RATE);
	return r;
}

int tn_derive_worst(cJSON *json, const struct tn_run *run, const void *from)
{
	const struct tn_run_worst *w = from;

	return add_ns(json, "length_ns", run, w->end_ticks - w->start_ticks);
}

int tn_derive_churn(cJSON *json, const struct tn_run *run, const void *from)
{
	const struct tn_run_churn *c = from;

	double seconds = tn_json_double(c->seconds);

	(void)run;
	return tn_json_add_number(json, "achieved_per_s", seconds > 0.0 ? (double)c->operations / seconds : NAN);
}

int tn_derive_threshold(cJSON *json, const struct tn_run *run, const void *from)
{
	(void)from;
	return tn_json_add_number(
		json, "min_ns",
		run->min_threshold_ticks ? tn_ticks_to_ns(&run->clock, (double)run->min_threshold_ticks) : NAN);
}

/* What a loss makes of the figures; "" when they are exact. */
int tn_derive_lost(cJSON *json, const struct tn_run *run, const void *from)
{
	const char *note = "";

	(void)from;
	if (tn_run_events_lost(run))
		note = "kernel events were lost: counts by cause are lower bounds; what is unexplained is not known "
		       "to be hardware or hypervisor, it may have had one of the lost events inside";
	else if (run->lost.ring)
		note = "the ring was full: interruptions by cause and entries matched are lower bounds; what is too "
		       "short may have been in an interruption that the ring lost";
	return tn_json_add(json, "note", cJSON_CreateString(note));
}

int tn_json_add_metric(cJSON *to, const char *key, const struct tn_metric_total *m, size_t rounds)
{
	cJSON *metric = cJSON_CreateObject(), *list;
	int r;

	r = tn_json_add(to, key, metric);
	if (!r)
		r = tn_json_add_number(metric, "merged", m->merged);
	if (!r)
		r = tn_json_add_number(metric, "median", m->median);
	if (!r)
		r = tn_json_add_interval(metric, "median_interval", m->interval.low, m->interval.high,
					 m->interval.confidence);
	if (r)
		return r;
	list = cJSON_CreateArray();
	r = tn_json_add(metric, "rounds", list);
	for (size_t i = 0; i < rounds && !r; i++)
		r = tn_json_add_number(list, NULL, m->rounds[i]);
	return r;
}

/* @first: of TN_PERCENTILES metrics. */
int tn_json_add_percentiles(cJSON *to, const char *key, const struct tn_metric_total *first, size_t rounds)
{
	cJSON *map = cJSON_CreateObject();
	int r;

	r = tn_json_add(to, key, map);
	for (unsigned int p = 0; p < TN_PERCENTILES && !r; p++)
		r = tn_json_add_metric(map, tn_percentiles[p].name, &first[p], rounds);
	return r;
}

static int add_total_class(cJSON *to, enum tn_class what, const struct tn_run *run, const struct tn_run_class *c,
			   double seconds)
{
	enum known entries = tn_run_entries_whole(run) ? RATE_AND_INTERVAL : RATE;
	enum known interruptions = tn_run_causes_whole(run) ? RATE_AND_INTERVAL : RATE;
	cJSON *class = cJSON_CreateObject();
	int r;

	if (!tn_class_observable(run->level, what))
		entries = interruptions = NOTHING;
	r = tn_json_add(to, tn_class_name(what), class);
	if (!r)
		r = tn_json_add(class, "entries", tn_json_u64(c->entries));
	if (!r)
		r = tn_json_add(class, "matched", tn_json_u64(c->matched));
	if (!r)
		r = tn_json_add(class, "too_short", tn_json_u64(c->too_short));
	if (!r)
		r = tn_json_add(class, "interruptions", tn_json_u64(c->interruptions));
	if (!r)
		r = tn_derive_class(class, run, c);
	if (!r)
		r = add_rate(class, "entries_per_s", "entries_per_s_interval", c->entries, seconds, entries);
	if (!r)
		r = add_rate(class, "interruptions_per_s", "interruptions_per_s_interval", c->interruptions, seconds,
			     interruptions);
	return r;
}

static int add_total(cJSON *list, const struct tn_run *run, const struct tn_run_total *t)
{
	cJSON *json = cJSON_CreateObject(), *classes;
	int r;

	r = tn_json_add(list, NULL, json);
	if (!r)
		r = tn_json_add_number(json, "cpu", t->cpu);
	if (!r)
		r = tn_json_add_number(json, "rounds", (double)t->rounds);
	if (!r)
		r = tn_json_add_number(json, "partial_rounds", (double)t->partial);
	if (!r)
		r = tn_json_add_number(json, "window_s", t->window_s);
	if (!r)
		r = tn_json_add(json, "interruptions", tn_json_u64(t->interruptions.count));
	if (!r)
		r = tn_json_add_metric(json, "interruptions_per_s", &t->metric[TN_METRIC_PER_S], t->rounds);
	if (!r)
		r = tn_json_add_interval(json, "interruptions_per_s_interval", t->per_s.low, t->per_s.high,
					 t->per_s.confidence);
	if (!r)
		r = tn_json_add_metric(json, "stolen_share", &t->metric[TN_METRIC_STOLEN_SHARE], t->rounds);
	if (!r)
		r = tn_json_add_percentiles(json, "jitter_ns", &t->metric[TN_METRIC_JITTER], t->rounds);
	if (!r)
		r = tn_json_add_percentiles(json, "interruption_ns", &t->metric[TN_METRIC_INTERRUPTION], t->rounds);
	if (r)
		return r;
	classes = cJSON_CreateObject();
	r = tn_json_add(json, "by_class", classes);
	for (unsigned int i = 0; i < TN_CLASS_COUNT && !r; i++)
		r = add_total_class(classes, (enum tn_class)i, run, &t->by_class[i], t->window_s);
	return r;
}

int tn_derive_run(cJSON *json, const struct tn_run *run, const void *from)
{
	tn_cleanup(tn_run_totals_free) struct tn_run_totals t = {0};
	cJSON *list = cJSON_CreateArray();
	int r;

	(void)from;
	r = tn_json_add(json, "totals", list);
	if (!r)
		r = tn_run_totals(run, &t);
	for (size_t i = 0; i < t.n && !r; i++)
		r = add_total(list, run, &t.cpu[i]);
	return r ? r : tn_derive_kinds(json, run);
}
