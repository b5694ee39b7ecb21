// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The live view: each watcher has its own timer and remembers the counts of its last reply, so that
 * rates are over its own interval. Counts start anew with each round, which shows as a smaller count.
 *
 * Nothing is locked or published with RCU here, other than for the thread of manager.c: watchers are served by the
 * event loop, whose thread is also the only one that writes the run and its counts. /metrics is not the daemon's: it
 * is another process, tlbnoise serve, which reads the store.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "result/hist.h"

#define INTERVAL_MIN_MS 100
#define INTERVAL_MAX_MS 60000
#define QUEUE_MAX_BYTES (256u * 1024)

/* Of one CPU, over the rounds that are over: the probe's own histogram is not touched while it measures. */
struct live_jitter {
	uint32_t rounds;
	double ns[TN_PERCENTILES]; /* NaN: too few quanta for it */
};

struct watcher {
	struct daemon *daemon;
	struct tn_varlink_call *call;
	sd_event_source *timer;
	uint64_t interval_us, last_ns;
	char run[40];                /* whose counts these are */
	struct tn_cpu_tally *before; /* by probed CPU, in order */
	struct live_jitter *jitter;  /* likewise */
	size_t jitter_of;            /* elements of the document's cpus that are in it */
};

static void free_watcher(struct watcher *w)
{
	sd_event_source_disable_unref(w->timer);
	free(w->before);
	free(w->jitter);
	free(w);
}

/* A run not seen before: rates are over what comes from here on, not over what it had until now. */
static int follow(struct watcher *w, const struct run *run)
{
	size_t i = 0;

	if (!strcmp(w->run, run->doc->id) && w->before)
		return 0;
	free(w->before);
	free(w->jitter);
	w->before = calloc(tn_cpus_count(&run->plan.probed), sizeof(*w->before));
	w->jitter = calloc(tn_cpus_count(&run->plan.probed), sizeof(*w->jitter));
	w->jitter_of = 0;
	snprintf(w->run, sizeof(w->run), "%s", run->doc->id);
	if (!w->before || !w->jitter) {
		free(tn_steal_ptr(w->before));
		return -ENOMEM;
	}
	tn_cpus_for_each(cpu, &run->plan.probed) {
		const struct tn_cpu_tally *now = tn_attribution_tally(run->attribution, cpu);

		if (now)
			w->before[i] = *now;
		i++;
	}
	return 0;
}

static int find_jitter(const struct run *run, int cpu, struct live_jitter *ret)
{
	tn_autofree struct tn_hist *all = malloc(sizeof(*all));

	*ret = (struct live_jitter){0};
	if (!all)
		return -ENOMEM;
	tn_hist_init(all);
	for (size_t i = 0; i < run->doc->n_cpus; i++) {
		if (run->doc->cpu[i].cpu != cpu)
			continue;
		tn_hist_merge(all, &run->doc->cpu[i].jitter);
		ret->rounds++;
	}
	for (size_t i = 0; i < TN_PERCENTILES; i++)
		ret->ns[i] = tn_hist_percentile_ns(&run->plan.clock, all, tn_percentiles[i].percent);
	return 0;
}

/* Once a round, when its figures have come into the document. */
static void renew_jitter(struct watcher *w, const struct run *run)
{
	size_t i = 0;

	if (w->jitter_of == run->doc->n_cpus)
		return;
	w->jitter_of = run->doc->n_cpus;
	tn_cpus_for_each(cpu, &run->plan.probed) {
		if (find_jitter(run, cpu, &w->jitter[i++]) < 0)
			w->jitter_of = 0;
	}
}

static void add_jitter(cJSON *to, const struct live_jitter *j)
{
	cJSON *ns = cJSON_AddObjectToObject(to, "jitter_ns");

	cJSON_AddNumberToObject(to, "jitter_rounds", j->rounds);
	for (size_t i = 0; j->rounds && i < TN_PERCENTILES; i++)
		if (isfinite(j->ns[i]))
			cJSON_AddNumberToObject(ns, tn_percentiles[i].name, j->ns[i]);
}

static cJSON *live_cpu(const struct run *run, const struct tn_cpu_tally *now, const struct tn_cpu_tally *before,
		       double seconds)
{
	static const struct tn_cpu_tally zero;
	const struct tn_clock *clock = &run->plan.clock;
	cJSON *j = cJSON_CreateObject(), *by_class, *entries;

	if (before->round != now->round || before->interruptions > now->interruptions)
		before = &zero;
	cJSON_AddNumberToObject(j, "cpu", now->cpu);
	cJSON_AddNumberToObject(j, "interruptions_per_s",
				(double)(now->interruptions - before->interruptions) / seconds);
	cJSON_AddNumberToObject(j, "stolen_share",
				(double)(now->stolen_ticks - before->stolen_ticks) / (seconds * clock->hz));
	cJSON_AddNumberToObject(j, "worst_ns", tn_ticks_to_ns(clock, (double)now->max_ticks));
	cJSON_AddStringToObject(j, "worst_class", now->max_ticks ? tn_class_name(now->max_class) : "");
	by_class = cJSON_AddObjectToObject(j, "by_class");
	entries = cJSON_AddObjectToObject(j, "entries_by_class");
	for (int c = 0; c < TN_CLASS_COUNT; c++) {
		const char *name = tn_class_name((enum tn_class)c);
		uint64_t n = now->class_interruptions[c] - before->class_interruptions[c];

		if (now->class_interruptions[c])
			cJSON_AddNumberToObject(by_class, name, (double)n / seconds);
		n = now->conservation[c].entries - before->conservation[c].entries;
		if (now->conservation[c].entries)
			cJSON_AddNumberToObject(entries, name, (double)n / seconds);
	}
	return j;
}

static void add_cpus(struct watcher *w, const struct run *run, cJSON *cpus)
{
	uint64_t now_ns = tn_now_ns(CLOCK_MONOTONIC);
	double seconds = (double)(now_ns - w->last_ns) / 1e9;
	size_t i = 0;

	w->last_ns = now_ns;
	if (run->phase == RUN_DONE || !run->attribution || follow(w, run) < 0)
		return;
	renew_jitter(w, run);
	tn_cpus_for_each(cpu, &run->plan.probed) {
		const struct tn_cpu_tally *now = tn_attribution_tally(run->attribution, cpu);

		if (now) {
			cJSON *live = live_cpu(run, now, &w->before[i], seconds);

			add_jitter(live, &w->jitter[i]);
			cJSON_AddItemToArray(cpus, live);
			w->before[i] = *now;
		}
		i++;
	}
}

static int on_interval(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watcher *w = userdata;
	const struct run *run = w->daemon->run;
	cJSON *reply, *cpus;

	(void)usec;
	sd_event_source_set_time_relative(source, w->interval_us);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	if (tn_varlink_queued(w->call) > QUEUE_MAX_BYTES)
		return 0;
	reply = cJSON_CreateObject();
	if (run && run->phase != RUN_DONE) {
		cJSON_AddItemToObject(reply, "run", daemon_progress(run));
		cJSON_AddStringToObject(reply, "level", tn_trace_level_name(run->plan.level));
	}
	cpus = cJSON_AddArrayToObject(reply, "cpus");
	if (run)
		add_cpus(w, run, cpus);
	tn_varlink_notify(w->call, reply);
	return 0;
}

/**
 * daemon_watch() - the method Watch
 * @call: the call, held until its client goes away
 * @parameters: interval_ms
 * @userdata: the daemon
 */
void daemon_watch(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	const cJSON *interval = cJSON_GetObjectItemCaseSensitive(parameters, "interval_ms");
	struct daemon *d = userdata;
	struct watcher *w;
	size_t slot = 0;

	if (!cJSON_IsNumber(interval) || interval->valuedouble < INTERVAL_MIN_MS ||
	    interval->valuedouble > INTERVAL_MAX_MS)
		return (void)tn_varlink_invalid_parameter(call, "interval_ms");
	while (slot < DAEMON_WATCHERS_MAX && d->watcher[slot])
		slot++;
	if (slot == DAEMON_WATCHERS_MAX)
		return daemon_fail(call, "Busy", "too many watchers: close one");
	w = calloc(1, sizeof(*w));
	if (!w)
		return daemon_fail(call, "Failed", "out of memory for a watcher");
	w->daemon = d;
	w->call = call;
	w->interval_us = (uint64_t)(interval->valuedouble * 1000);
	w->last_ns = tn_now_ns(CLOCK_MONOTONIC);
	if (sd_event_add_time_relative(d->event, &w->timer, CLOCK_MONOTONIC, w->interval_us, 1000, on_interval, w) <
	    0) {
		free(w);
		return daemon_fail(call, "Failed", "cannot start a timer for the live view");
	}
	d->watcher[slot] = w;
}

/**
 * daemon_unwatch() - forget the watchers of a connection
 * @d: the daemon
 * @c: the connection that has gone; NULL: all
 */
void daemon_unwatch(struct daemon *d, const struct tn_varlink_connection *c)
{
	for (size_t i = 0; i < DAEMON_WATCHERS_MAX; i++) {
		if (!d->watcher[i] || (c && tn_varlink_connection_of(d->watcher[i]->call) != c))
			continue;
		free_watcher(d->watcher[i]);
		d->watcher[i] = NULL;
	}
}
