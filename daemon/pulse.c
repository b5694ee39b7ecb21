// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event loop's side of what the service manager hears: a few times a second it publishes the status, and a
 * count that grows only if the work goes on. In a run that is the collector's count of its own rounds: if these
 * stop, nothing is published as new, the manager's watchdog is not fed, and it restarts the daemon, though the
 * loop still turns and clients are still answered. Without a run it is the loop itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon.h"

static void describe(const struct daemon *d, char *buf, size_t size)
{
	const struct run *run = d->run;
	char waiting[32] = "";

	if (d->queue.n)
		snprintf(waiting, sizeof(waiting), "; %u waiting", d->queue.n);
	if (!run || run->phase == RUN_DONE)
		snprintf(buf, size, "idle%s", waiting);
	else
		snprintf(buf, size, "%s: round %u of %u, %s%s", run->plan.scenario.name, run->round + 1,
			 run->plan.scenario.rounds, run_phase_name(run->phase), waiting);
}

/* Whether the work has gone on since the last time. A change of runs is progress too. */
static bool has_worked(struct daemon *d)
{
	uint64_t beats = d->run && d->run->phase != RUN_DONE ? d->run->beats + 1 : 0;
	bool grown = !beats || beats != d->run_beats;

	d->run_beats = beats;
	return grown;
}

/**
 * pulse_now() - publish what the daemon does
 * @d: the daemon
 */
void pulse_now(struct daemon *d)
{
	struct manager_state state = {.cpus = d->cpus};

	if (!d->manager)
		return;
	if (d->run && d->run->phase != RUN_DONE)
		state.cpus = d->run->plan.housekeeping;
	d->beats += has_worked(d);
	state.beats = d->beats;
	describe(d, state.status, sizeof(state.status));
	manager_publish(d->manager, &state);
}

static int on_pulse(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;

	(void)usec;
	pulse_now(d);
	sd_event_source_set_time_relative(source, manager_interval_us(d->manager));
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/**
 * pulse_start() - begin to publish, when there is a service manager
 * @d: the daemon, with its event loop
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int pulse_start(struct daemon *d, struct tn_error *err)
{
	int r = d->private ? 0 : manager_new(&d->manager, err); /* a client's manager is not ours */

	if (r < 0 || !d->manager)
		return r;
	r = sd_event_add_time_relative(d->event, &d->pulse, CLOCK_MONOTONIC, manager_interval_us(d->manager), 1000,
				       on_pulse, d);
	pulse_now(d);
	return r < 0 ? tn_error_set(err, r, "cannot start the timer for the service manager: %s", strerror(-r)) : 0;
}

/**
 * pulse_stop() - publish no more
 * @d: the daemon
 */
void pulse_stop(struct daemon *d)
{
	d->pulse = sd_event_source_disable_unref(d->pulse);
	manager_free(tn_steal_ptr(d->manager));
}
