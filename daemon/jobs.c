// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From what clients ask for to runs, one after the other. A run needs the machine for itself whichever CPUs it
 * probes: its churn sends flushes to all of them, and would be measured by the other run as somebody's noise. So
 * the set of CPUs that a run takes is always the whole machine, and what is asked for meanwhile waits. What waits
 * is bounded, and is not kept over the daemon's end.
 *
 * A run belongs to the daemon: its client may go away. A client that asked for it takes its run along.
 */
#include <errno.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "daemon.h"

#define PROGRESS_US 250000u

static void start_next(struct daemon *d);

static void note(struct daemon *d, const struct job *job, int priority, const char *what)
{
	d->about = job;
	tn_log(&d->log, priority, "run %s: %s", job->id, what);
	d->about = NULL;
}

static bool wants_news(struct tn_varlink_call *call)
{
	return call && tn_varlink_wants_more(call) && tn_varlink_queued(call) < DAEMON_QUEUE_BYTES;
}

static void send_progress(struct tn_varlink_call *call, cJSON *progress)
{
	cJSON *reply = cJSON_CreateObject();

	cJSON_AddItemToObject(reply, "progress", progress);
	tn_varlink_notify(call, reply);
}

/* Each that waits is told its new place. */
static void queue_changed(struct daemon *d)
{
	struct job *job;

	TAILQ_FOREACH(job, &d->queue.jobs, link)
	if (wants_news(job->call))
		send_progress(job->call, daemon_waiting(d, job));
	pulse_now(d);
}

static int on_progress(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;

	(void)usec;
	if (!d->run || d->run->phase == RUN_DONE)
		return 0;
	pulse_now(d);
	if (wants_news(d->job->call))
		send_progress(d->job->call, daemon_progress(d->run));
	sd_event_source_set_time_relative(source, PROGRESS_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void end_job(struct daemon *d)
{
	run_free(tn_steal_ptr(d->run));
	job_free(tn_steal_ptr(d->job));
}

static int on_reap(sd_event_source *source, void *userdata)
{
	struct daemon *d = userdata;

	(void)source;
	d->reaper = sd_event_source_disable_unref(d->reaper);
	end_job(d);
	/* The run has put us back to where it found us, which may not be what the configuration says by now. */
	if (!tn_cpus_empty(&d->cpus))
		tn_cpus_bind_self(&d->cpus, NULL);
	if (d->leaving)
		return daemon_linger(d);
	start_next(d);
	pulse_now(d);
	return 0;
}

static void answer(struct job *job, const struct tn_run *doc, struct tn_error *err)
{
	struct tn_varlink_call *call = tn_steal_ptr(job->call);
	struct tn_error json_err = {0};
	cJSON *document = NULL, *reply;

	if (!call)
		return;
	if (doc && tn_run_to_json(doc, &document, &json_err) < 0)
		err = &json_err;
	if (!document)
		return daemon_fail(call, "Failed", err->text);
	reply = cJSON_CreateObject();
	cJSON_AddItemToObject(reply, "document", document);
	tn_varlink_reply(call, reply);
}

static void on_done(struct run *run, struct tn_run *doc, struct tn_error *err, void *userdata)
{
	struct daemon *d = userdata;

	d->progress = sd_event_source_disable_unref(d->progress);
	sd_event_add_defer(d->event, &d->reaper, on_reap, d);
	if (doc)
		tn_log(&d->log, LOG_INFO, "run %s: %s", run->doc->id,
		       doc->state == TN_RUN_COMPLETE ? "complete"
		       : *doc->state_reason          ? doc->state_reason
						     : "not complete");
	answer(d->job, doc, err);
}

/* Who does not wait for the document is told the id, and no more. */
static void let_go(struct job *job)
{
	cJSON *reply;

	if (!job->detach || !job->call)
		return;
	reply = cJSON_CreateObject();
	cJSON_AddStringToObject(reply, "run", job->id);
	tn_varlink_reply(tn_steal_ptr(job->call), reply);
}

static int start_job(struct daemon *d, struct job *job, struct tn_error *err)
{
	int r;

	d->about = job;
	r = run_start(d->event, &d->log, &d->config, tn_steal_ptr(job->doc), job->scenario, on_done, d, &d->run, err);
	d->about = NULL;
	if (r < 0)
		return r;
	d->job = job;
	let_go(job);
	tn_log(&d->log, LOG_INFO, "run %s: scenario %s for uid %u (pid %d)", job->id, job->scenario->name, job->uid,
	       job->pid);
	sd_event_add_time_relative(d->event, &d->progress, CLOCK_MONOTONIC, 0, 10000, on_progress, d);
	return 0;
}

/* Until one starts, or nobody waits. */
static void start_next(struct daemon *d)
{
	struct tn_error err = {0};
	struct job *job;
	int r;

	while (!d->run && !d->leaving && (job = queue_take(&d->queue))) {
		r = start_job(d, job, &err);
		queue_changed(d);
		if (r >= 0)
			return;
		note(d, job, LOG_INFO, err.text); /* the caller gets it as well */
		if (job->call)
			daemon_fail(job->call, r == -EBUSY ? "Busy" : "NotPossible", err.text);
		job_free(job);
	}
}

static void refuse(struct job *job, const char *error, const char *text)
{
	if (job->call)
		daemon_fail(job->call, error, text);
	job_free(job);
}

/**
 * jobs_add() - take on a run
 * @d: the daemon
 * @job: complete, with its document; its call is answered in any case, now or later
 * @may_wait: whether it may wait for others
 */
void jobs_add(struct daemon *d, struct job *job, bool may_wait)
{
	char text[160];

	if (d->leaving)
		return refuse(job, "Busy", "the daemon is about to end: try again in a moment");
	if (d->run && !may_wait)
		return refuse(job, "Busy", "another run is in progress: see tlbnoise status; tlbnoise stop ends it");
	if (d->run && d->queue.n >= d->config.queue_length) {
		snprintf(
			text, sizeof(text),
			"another run is in progress and %u wait, no more may (queue in tlbnoised.conf): try again later",
			d->queue.n);
		return refuse(job, "Busy", text);
	}
	queue_add(&d->queue, job);
	if (d->run) {
		note(d, job, LOG_INFO, "waits");
		let_go(job);
		queue_changed(d);
	} else {
		start_next(d);
	}
}

/* Takes a run out of the queue. */
static void cancel(struct daemon *d, struct job *job, const char *why)
{
	queue_remove(&d->queue, job);
	note(d, job, LOG_INFO, why);
	refuse(job, "Canceled", why);
}

/**
 * jobs_stop() - end a run early, or take it out of the queue
 * @d: the daemon
 * @id: its id
 *
 * Return: false when there is none.
 */
bool jobs_stop(struct daemon *d, const char *id)
{
	struct job *job = queue_find(&d->queue, id);

	if (job) {
		cancel(d, job, "taken out of the queue before it began");
		queue_changed(d);
		return true;
	}
	if (!d->run || d->run->phase == RUN_DONE || strcmp(id, d->job->id))
		return false;
	run_stop(d->run);
	return true;
}

/**
 * jobs_client_gone() - a connection has closed
 * @d: the daemon
 * @c: which
 */
void jobs_client_gone(struct daemon *d, const struct tn_varlink_connection *c)
{
	struct job *job, *next;
	bool left = false;

	if (d->job && d->job->call && tn_varlink_connection_of(d->job->call) == c) {
		d->job->call = NULL;
		if (d->job->attached && !d->private) {
			tn_log(&d->log, LOG_INFO, "run %s: its client has gone: it ends", d->job->id);
			run_stop(d->run);
		}
	}
	for (job = TAILQ_FIRST(&d->queue.jobs); job; job = next) {
		next = TAILQ_NEXT(job, link);
		if (!job->call || tn_varlink_connection_of(job->call) != c)
			continue;
		job->call = NULL;
		if (!job->attached)
			continue;
		cancel(d, job, "its client has gone before it began");
		left = true;
	}
	if (left)
		queue_changed(d);
	else
		pulse_now(d);
}

/**
 * jobs_leave() - the daemon is going to end
 * @d: the daemon
 *
 * The run in progress ends early; what waits is given up.
 */
void jobs_leave(struct daemon *d)
{
	struct job *job;

	d->leaving = true;
	if (d->run && d->run->phase != RUN_DONE)
		run_stop(d->run);
	while ((job = TAILQ_FIRST(&d->queue.jobs)))
		cancel(d, job, "the daemon ends before it began");
}
