// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a run as a state machine: a timer of the event loop looks every 10 ms whether the phase is
 * over, and empties rings and trace buffers. Whatever fails goes through one door, fail(), which undoes
 * everything and tells the owner.
 *
 * A round has a window for each step of the plan, one after the other. Order within a step: events are armed or not,
 * as its kind wants it; workers are started and wait; probes calibrate while nothing of ours runs; churn starts and
 * warms up; the windows open.
 */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "system/paths.h"

#define TICK_US          10000u
#define CALIBRATE_MAX_NS 30000000000ull /* on a loaded machine a probe may have to wait for its CPU */
#define CALIBRATE_QUANTA 64             /* a probe needs 16 and one more, if it has half of its CPU */
#define STOP_MAX_NS      2000000000ull
#define WINDOW_MARGIN_NS 30000000000ull
#define COLLECT_MAX_NS   1000000000ull

static const char *const phase_name[] = {
	[RUN_PLANNING] = "planning", [RUN_ARMING] = "arming",       [RUN_CALIBRATING] = "calibrating",
	[RUN_WARMUP] = "warmup",     [RUN_MEASURING] = "measuring", [RUN_COLLECTING] = "collecting",
	[RUN_DONE] = "done",
};

const char *run_phase_name(enum run_phase phase)
{
	return phase_name[phase];
}

static void enter(struct run *run, enum run_phase phase)
{
	run->phase = phase;
	run->phase_ns = tn_now_ns(CLOCK_MONOTONIC);
}

/* All that a run has on the machine goes; memory stays until run_free(). */
static void withdraw(struct run *run)
{
	run->timer = sd_event_source_disable_unref(run->timer);
	round_end(run);
	tn_attribution_free(tn_steal_ptr(run->attribution));
	if (run->trace)
		tn_trace_close(tn_steal_ptr(run->trace));
	effects_end(run);
}

static void fail(struct run *run, struct tn_error *err)
{
	tn_log(run->log, LOG_INFO, "run %s failed: %s", run->doc->id, err->text); /* the caller gets it as well */
	results_drop(&run->results, err->text);
	withdraw(run);
	enter(run, RUN_DONE);
	run->on_done(run, NULL, err, run->userdata);
}

static int finish(struct run *run, struct tn_error *err)
{
	int r;

	r = document_finish(run, err);
	if (r < 0)
		return r;
	withdraw(run);
	if (results_publish(&run->results, run->doc, err) < 0) {
		tn_log(run->log, LOG_WARNING, "run %s: not stored: %s", run->doc->id, err->text);
		tn_run_add_finding(run->doc, TN_FINDING_WARNING, -1, "not-stored", "the result was not stored: %.200s",
				   err->text);
		*run->doc->raw_file = '\0';
	}
	enter(run, RUN_DONE);
	run->on_done(run, run->doc, NULL, run->userdata);
	return 0;
}

static int begin_step(struct run *run, struct tn_error *err)
{
	int r;

	enter(run, RUN_ARMING);
	r = round_prepare(run, err);
	return r < 0 ? r : round_spawn_workers(run, err);
}

static int document_spin(struct run *run, struct tn_error *err)
{
	int r;

	r = collect_finish(run, err);
	if (r >= 0)
		r = document_round(run, err);
	for (size_t i = 0; i < run->n_probes && r >= 0; i++)
		tn_attribution_end_round(run->attribution, run->probe[i].cpu);
	return r;
}

static int document_step(struct run *run, struct tn_error *err)
{
	switch (run_step(run)->kind) {
	case TN_PROBE_ENTRY:
		return document_entry(run, err);
	case TN_PROBE_TIMER:
		return document_wakeups(run, err);
	case TN_PROBE_OSLAT:
	case TN_PROBE_CYCLICTEST:
		return document_references(run, err);
	default:
		return document_spin(run, err);
	}
}

/* What there is so far outlives this process. That it cannot be stored does not end the run. */
static void keep_round(struct run *run)
{
	struct tn_error err = {0};

	if (document_so_far(run, &err) < 0 || results_round(&run->results, run->doc, &err) < 0)
		tn_log(run->log, LOG_WARNING, "run %s: round %u is not stored yet: %s", run->doc->id, run->round,
		       err.text);
}

static int end_step(struct run *run, struct tn_error *err)
{
	int r;

	r = document_step(run, err);
	if (r >= 0)
		r = document_churn(run, err);
	if (r < 0)
		return r;
	round_end(run);
	isolation_check(run);
	run->measured = true;
	if (run->step + 1 < run->plan.n_steps) {
		if (run->stopping)
			return finish(run, err);
		run->step++;
		return begin_step(run, err);
	}
	run->round++;
	run->doc->rounds_done = run->round;
	if (run->round == run->plan.scenario.rounds || run->stopping)
		return finish(run, err);
	run->step = 0;
	keep_round(run);
	return begin_step(run, err);
}

static int timed_out(const struct run *run, uint64_t limit_ns, struct tn_error *err)
{
	if (tn_now_ns(CLOCK_MONOTONIC) - run->phase_ns < limit_ns)
		return 0;
	for (size_t i = 0; i < run->n_probes; i++)
		if (probe_state(&run->probe[i]) != TN_PROBE_DONE)
			return tn_error_set(
				err, -ETIMEDOUT,
				"CPU %d: the probe made no progress for %.0f s: it is stopped, or something with a "
				"higher priority keeps its CPU",
				run->probe[i].cpu, (double)limit_ns / 1e9);
	return 0;
}

/* Asked to stop without a whole window, or a probe does not answer: there is nothing to report of this round. */
static int step_stopped(struct run *run, struct tn_error *err)
{
	round_end(run);
	if (run->measured)
		return finish(run, err);
	return tn_error_set(err, -ECANCELED, "stopped before there was a result of the first round");
}

static int step_measuring(struct run *run, struct tn_error *err)
{
	bool measured = round_measured(run);

	if (run->stopping && !measured)
		round_stop(run);
	if (run->stopping && !measured && tn_now_ns(CLOCK_MONOTONIC) - run->stopping_ns > STOP_MAX_NS)
		return step_stopped(run, err);
	if (!measured)
		return timed_out(run, run_step(run)->duration_ns + WINDOW_MARGIN_NS, err);
	round_close(run);
	enter(run, RUN_COLLECTING);
	return 0;
}

/* Neither an event whose stack never comes nor a worker that does not end may hold up the result. */
static int step_collecting(struct run *run, struct tn_error *err)
{
	if (((run_spins(run) && !collect_complete(run)) || !round_workers_ended(run)) &&
	    tn_now_ns(CLOCK_MONOTONIC) - run->phase_ns < COLLECT_MAX_NS)
		return 0;
	return end_step(run, err);
}

static int step(struct run *run, struct tn_error *err)
{
	int r;

	if (run->stopping && run->phase < RUN_MEASURING)
		return step_stopped(run, err);
	r = round_check(run, err);
	if (r < 0)
		return r;
	r = collect_drain(run, err);
	if (r < 0)
		return r;
	switch (run->phase) {
	case RUN_ARMING:
		r = round_ready(run, err);
		if (r <= 0)
			return r;
		enter(run, RUN_CALIBRATING);
		return round_spawn_probes(run, err);
	case RUN_CALIBRATING:
		if (!round_probes_in(run, TN_PROBE_READY))
			return timed_out(run, CALIBRATE_MAX_NS + CALIBRATE_QUANTA * run->plan.scenario.probe.quantum_ns,
					 err);
		enter(run, RUN_WARMUP);
		round_warmup(run);
		return 0;
	case RUN_WARMUP:
		if (tn_now_ns(CLOCK_MONOTONIC) - run->phase_ns < run_step(run)->warmup_ns)
			return 0;
		enter(run, RUN_MEASURING);
		return round_open(run, err);
	case RUN_MEASURING:
		return step_measuring(run, err);
	case RUN_COLLECTING:
		return step_collecting(run, err);
	default:
		return 0;
	}
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct run *run = userdata;
	struct tn_error err = {0};

	(void)usec;
	if (step(run, &err) < 0) {
		fail(run, &err);
		return 0;
	}
	if (run->phase == RUN_DONE)
		return 0;
	run->beats++;
	sd_event_source_set_time_relative(source, TICK_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int keep_raw(void *userdata, const struct tn_raw_record *rec)
{
	struct run *run = userdata;

	results_append(&run->results, rec);
	return 0;
}

/**
 * run_name() - give a run its id, and the time as that of its start
 * @doc: the document; an id that it has is kept
 *
 * A run that waits has its id before it starts.
 */
void run_name(struct tn_run *doc)
{
	unsigned int random = 0;
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (unsigned int)getpid();
	strftime(doc->started_at, sizeof(doc->started_at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (*doc->id)
		return;
	strftime(doc->id, sizeof(doc->id), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(doc->id + strlen(doc->id), sizeof(doc->id) - strlen(doc->id), "-%06x", random & 0xffffff);
}

static int open_trace(struct run *run, struct tn_error *err)
{
	char pid[TN_UNDO_OWNER], owner[TN_UNDO_OWNER + 16];
	struct tn_trace_options opt = {
		.owner = owner,
		.probed = run->plan.probed,
		.senders = run->plan.level == TN_TRACE_FULL,
		.buffer_bytes = run->plan.scenario.trace.buffer_bytes,
		.log = run->log,
		.before_effect = effects_before_trace,
		.userdata = run,
	};

	if (run->plan.level > TN_TRACE_ENTRY)
		return tn_symbols_new(&run->own_symbols, err);
	snprintf(owner, sizeof(owner), TN_UNDO_INSTANCE "%s", tn_undo_owner(pid, sizeof(pid)));
	return tn_trace_open(&opt, &run->trace, err);
}

/* For the most probes and other tools that a step has. */
static int make_room(struct run *run, struct tn_error *err)
{
	size_t spin = tn_cpus_count(&run->plan.probed), entry = tn_cpus_count(&run->plan.entry_cpus);
	size_t most = spin > entry ? spin : entry;

	run->probe = calloc(most, sizeof(*run->probe));
	run->before = calloc(spin, sizeof(*run->before));
	run->after = calloc(spin, sizeof(*run->after));
	run->progress = calloc(spin, sizeof(*run->progress));
	run->reference = calloc(spin, sizeof(*run->reference));
	if (run->probe && run->before && run->after && run->progress && run->reference)
		return 0;
	return tn_error_set(err, -ENOMEM, "out of memory for %zu probes", most);
}

static int prepare(struct run *run, const struct tn_scenario *scenario, struct tn_error *err)
{
	struct tn_attribution_options opt = {.on_record = keep_raw, .userdata = run};
	int r;

	r = tn_path_state_dir(run->state_dir, sizeof(run->state_dir), err);
	if (r < 0)
		return r;
	r = effects_prepare(run, err);
	if (r < 0)
		return r;
	r = plan_make(scenario, &run->plan, run->doc, err);
	if (r < 0)
		return r;
	r = effects_begin(run, err);
	if (r < 0)
		return r;
	r = isolation_begin(run, err);
	if (r < 0)
		return r;
	r = plan_look(&run->plan, run->doc, err);
	if (r < 0)
		return r;
	r = open_trace(run, err);
	if (r < 0)
		return r;
	opt.symbols = run->trace ? tn_trace_symbols(run->trace) : run->own_symbols;
	opt.blind = run->plan.level > TN_TRACE_ENTRY;
	opt.stale_ticks = (uint64_t)run->plan.clock.hz;
	r = tn_attribution_new(&opt, &run->attribution, err);
	if (r < 0)
		return r;
	r = make_room(run, err);
	if (r < 0)
		return r;
	document_head(run);
	if (results_begin(&run->results, run->doc, run->plan.clock.hz, run->log, err) < 0)
		tn_log(run->log, LOG_WARNING, "run %s will not be stored: %s", run->doc->id, err->text);
	return begin_step(run, err);
}

/**
 * run_start() - plan a run and set it going
 * @event: loop that drives it
 * @log: where notices go
 * @config: where results go; must outlive the run
 * @doc: document with scenario text and overrides; the run's from here on, also on failure
 * @scenario: what to do; copied
 * @on_done: called once, from the loop: with the document, or with NULL and an error. The run may be freed there
 *           only by a deferred call
 * @userdata: for @on_done
 * @ret: the run
 * @err: why it cannot be done
 *
 * Return: 0 or a negative errno; nothing is left behind.
 */
int run_start(sd_event *event, const struct tn_log *log, const struct daemon_config *config, struct tn_run *doc,
	      const struct tn_scenario *scenario,
	      void (*on_done)(struct run *, struct tn_run *, struct tn_error *, void *), void *userdata,
	      struct run **ret, struct tn_error *err)
{
	struct run *run = calloc(1, sizeof(*run));
	int r;

	if (!run) {
		tn_run_free(doc);
		return tn_error_set(err, -ENOMEM, "out of memory for a run");
	}
	run->dma_latency_fd = -1;
	run->event = event;
	run->log = log;
	run->results.config = config;
	run->doc = doc;
	run->on_done = on_done;
	run->userdata = userdata;
	run->started_ns = tn_now_ns(CLOCK_MONOTONIC);
	run_name(doc);
	r = prepare(run, scenario, err);
	if (r >= 0) {
		r = sd_event_add_time_relative(event, &run->timer, CLOCK_MONOTONIC, TICK_US, 1000, on_tick, run);
		if (r < 0)
			tn_error_set(err, r, "cannot start the run's timer: %s", strerror(-r));
	}
	if (r < 0) {
		results_drop(&run->results, err->text);
		run_free(run);
		return r;
	}
	*ret = run;
	return 0;
}

/**
 * run_stop() - end a run early
 * @run: the run; its document is made from what it had
 */
void run_stop(struct run *run)
{
	if (run->stopping)
		return;
	run->stopping = true;
	run->stopping_ns = tn_now_ns(CLOCK_MONOTONIC);
	run->stopped_in = run->round + 1;
}

/**
 * run_free() - withdraw from the machine and release memory
 * @run: the run, or NULL
 */
void run_free(struct run *run)
{
	if (!run)
		return;
	withdraw(run);
	results_drop(&run->results, "tlbnoised was told to leave at once");
	if (run->own_symbols)
		tn_symbols_free(run->own_symbols);
	tn_run_free(run->doc);
	free(run->probe);
	free(run->before);
	free(run->after);
	free(run->lock_fd);
	free(run->progress);
	free(run->reference);
	free(run->worker);
	free(run);
}
