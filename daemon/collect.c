// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The collector: empties rings and trace buffers into the attribution, from a housekeeping CPU. How far
 * the events are complete the trace session says; the probe's last stamp is read before its ring, so
 * that all interruptions before it are in there.
 */
#include <errno.h>
#include <string.h>

#include "run.h"

#define BATCH 512

static int feed_events(void *userdata, const struct tn_event *events, size_t n)
{
	struct run *run = userdata;

	return tn_attribution_events(run->attribution, events, n);
}

/* Outside the windows events are read only to be out of the way. */
static int discard(void *userdata, const struct tn_event *events, size_t n)
{
	(void)userdata;
	(void)events;
	(void)n;
	return 0;
}

static int drain_ring(struct run *run, struct probe *p)
{
	struct tn_interruption batch[BATCH];
	size_t n;
	int r;

	while ((n = tn_probe_ring_read(p->handle.shm, batch, BATCH))) {
		r = tn_attribution_interruptions(run->attribution, p->cpu, batch, n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int drain_trace(struct run *run, tn_event_fn fn, struct tn_error *err)
{
	return run->trace ? tn_trace_drain(run->trace, fn, run, err) : 0;
}

/* @last: the windows are closed and all of it is there. */
static int drain_and_join(struct run *run, bool last, struct tn_error *err)
{
	uint64_t events_before = UINT64_MAX;
	int r;

	for (size_t i = 0; i < run->n_probes; i++) {
		struct probe *p = &run->probe[i];
		enum tn_probe_state state = probe_state(p);

		if (state >= TN_PROBE_RUNNING)
			tn_attribution_open_at(run->attribution, p->cpu, p->handle.shm->result.window_open);
		run->progress[i] = atomic_load_explicit(&p->handle.shm->progress, memory_order_acquire);
		if (state == TN_PROBE_DONE) {
			run->progress[i] = UINT64_MAX;
			tn_attribution_close_at(run->attribution, p->cpu, p->handle.shm->result.window_close);
		}
		r = drain_ring(run, p);
		if (r < 0)
			return tn_error_set(err, r, "CPU %d: cannot take over interruptions: %s", p->cpu, strerror(-r));
	}
	r = drain_trace(run, feed_events, err);
	if (run->trace && !last)
		events_before = tn_trace_complete_before(run->trace);
	for (size_t i = 0; r >= 0 && i < run->n_probes; i++)
		r = tn_attribution_advance(run->attribution, run->probe[i].cpu, events_before, run->progress[i], err);
	return r;
}

/**
 * collect_drain() - empty what has come
 * @run: the run
 * @err: what failed
 *
 * Outside the windows of kind spin the events are taken and dropped.
 *
 * Return: 0 or a negative errno.
 */
int collect_drain(struct run *run, struct tn_error *err)
{
	if (run_spins(run) && (run->phase == RUN_MEASURING || run->phase == RUN_COLLECTING))
		return drain_and_join(run, false, err);
	return drain_trace(run, discard, err);
}

/**
 * collect_open() - begin to keep what comes, before the windows open
 * @run: the run
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int collect_open(struct run *run, struct tn_error *err)
{
	for (size_t i = 0; i < run->n_probes; i++) {
		const struct probe *p = &run->probe[i];
		int r = tn_attribution_window(run->attribution, p->cpu, run->round,
					      p->handle.shm->result.floor_median_ticks, p->pid, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * collect_complete() - have all events of the windows been delivered?
 * @run: the run
 *
 * Return: true when no event before the last window's end can still come.
 */
bool collect_complete(const struct run *run)
{
	uint64_t complete = run->trace ? tn_trace_complete_before(run->trace) : UINT64_MAX;

	for (size_t i = 0; i < run->n_probes; i++)
		if (run->probe[i].handle.shm->result.window_close >= complete)
			return false;
	return true;
}

/**
 * collect_finish() - join the rest
 * @run: the run
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int collect_finish(struct run *run, struct tn_error *err)
{
	return drain_and_join(run, true, err);
}
