// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The processes of one window: churn workers, probes and other tools, started, watched, told to go, ended.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/now.h"
#include "run.h"
#include "system/paths.h"

#define ARM_MAX_NS 30000000000ull /* on a loaded machine a worker may have to wait for its CPU */

static int spawn_workers_of(struct run *run, size_t spec_index, struct tn_error *err)
{
	char path[512];
	int r = tn_path_helper("tlbnoise-churn", path, sizeof(path), err);
	const struct tn_churn_spec *spec = &run->plan.scenario.churn[spec_index];

	for (unsigned int i = 0; r >= 0 && i < spec->workers; i++) {
		struct worker *w = &run->worker[run->n_workers];

		memset(w, 0, sizeof(*w));
		w->spec = spec_index;
		r = tn_churn_spawn(spec, &run->plan.churn_cpus[spec_index], i, path, &w->process, err);
		if (r < 0)
			return tn_error_prefix(err, r, "[churn %s]", spec->name);
		run->n_workers++;
	}
	return r;
}

/**
 * round_spawn_workers() - start the churn workers, if the window has churn; they set up and wait
 * @run: the run
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int round_spawn_workers(struct run *run, struct tn_error *err)
{
	const struct tn_scenario *s = &run->plan.scenario;
	size_t n = 0;
	int r;

	if (run_step(run)->condition == TN_CONDITION_CHURN)
		for (size_t i = 0; i < s->n_churn; i++)
			n += s->churn[i].workers;
	free(run->worker);
	run->n_workers = 0;
	run->worker = calloc(n ? n : 1, sizeof(*run->worker));
	if (!run->worker)
		return tn_error_set(err, -ENOMEM, "out of memory for %zu churn workers", n);
	for (size_t i = 0; n && i < s->n_churn; i++) {
		r = spawn_workers_of(run, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * round_ready() - are all workers set up?
 * @run: the run
 * @err: what failed
 *
 * Return: 1 yes, 0 not yet, a negative errno when one failed, -ETIMEDOUT when it takes longer than ARM_MAX_NS.
 */
int round_ready(struct run *run, struct tn_error *err)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		int r = tn_churn_wait_ready(&run->worker[i].process, 0, err);

		if (r == -ETIMEDOUT && tn_now_ns(CLOCK_MONOTONIC) - run->phase_ns < ARM_MAX_NS)
			return 0;
		if (r == -ETIMEDOUT)
			return tn_error_set(err, r,
					    "churn worker %d is not ready after %.0f s: it is stopped, or something "
					    "keeps its CPU or its source",
					    (int)run->worker[i].process.pid, (double)ARM_MAX_NS / 1e9);
		if (r < 0)
			return r;
	}
	return 1;
}

/* What all kinds of probe are told. FIFO only where the scenario asked for a probe: churn runs on the other CPUs. */
static struct tn_probe_config common(const struct run *run, int cpu)
{
	const struct tn_probe_spec *spec = &run->plan.scenario.probe;
	bool fifo = spec->policy == TN_SCHED_FIFO && tn_cpus_has(&run->plan.probed, (unsigned int)cpu);

	return (struct tn_probe_config){
		.cpu = cpu,
		.node = tn_topology_node("", cpu),
		.ring_records = TN_RING_RECORDS_MIN,
		.policy = fifo ? SCHED_FIFO : SCHED_OTHER,
		.priority = fifo ? (int32_t)spec->priority : 0,
		.duration_ticks = tn_ns_to_ticks(&run->plan.clock, (double)run_step(run)->duration_ns),
	};
}

static void configure_spin(const struct run *run, int cpu, struct tn_probe_config *c)
{
	const struct tn_probe_spec *spec = &run->plan.scenario.probe;
	const struct tn_clock *clock = &run->plan.clock;

	c->work = TN_WORK_SPIN;
	c->ring_records = spec->ring_records;
	c->threshold_ticks = spec->threshold_auto ? 0 : tn_ns_to_ticks(clock, (double)spec->threshold_ns);
	c->quantum_ticks = tn_ns_to_ticks(clock, (double)spec->quantum_ns);
	c->min_threshold_ticks = tn_ns_to_ticks(clock, MIN_THRESHOLD_NS);
	/* One threshold for all rounds of a CPU, or their counts would not be comparable. */
	for (size_t i = 0; i < run->doc->n_cpus; i++)
		if (run->doc->cpu[i].cpu == cpu)
			c->threshold_ticks = run->doc->cpu[i].threshold_ticks;
}

static void configure(const struct run *run, int cpu, struct tn_probe_config *c)
{
	*c = common(run, cpu);
	switch (run_step(run)->kind) {
	case TN_PROBE_ENTRY:
		c->work = TN_WORK_ENTRY;
		c->pages = run->plan.scenario.entry.pages;
		break;
	case TN_PROBE_TIMER:
		c->work = TN_WORK_TIMER;
		c->interval_ns = run->plan.scenario.timer.interval_ns;
		c->ticks_per_ns = run->plan.clock.hz / 1e9;
		break;
	default:
		configure_spin(run, cpu, c);
	}
}

static bool other_tool(const struct run *run)
{
	return run_step(run)->kind == TN_PROBE_OSLAT || run_step(run)->kind == TN_PROBE_CYCLICTEST;
}

/**
 * round_prepare() - what has to be so before the processes of a window are started
 * @run: the run
 * @err: what failed
 *
 * Kernel events are armed for kind spin only: in a window of another kind they would be a part of what is measured.
 * Switching them interrupts every CPU, so that it is done here, well before the window.
 *
 * Return: 0 or a negative errno.
 */
int round_prepare(struct run *run, struct tn_error *err)
{
	int r = 0;

	if (run->trace && run_spins(run) != run->armed)
		r = run->armed ? tn_trace_disarm(run->trace, err) : tn_trace_arm(run->trace, err);
	if (r < 0)
		return r;
	run->armed = run->trace && run_spins(run);
	effects_idle_states(run, run_step(run)->kind != TN_PROBE_TIMER);
	return 0;
}

static const struct tn_cpus *cpus_of(const struct run *run)
{
	return run_step(run)->kind == TN_PROBE_ENTRY ? &run->plan.entry_cpus : &run->plan.probed;
}

static int spawn_references(struct run *run, struct tn_error *err)
{
	tn_cpus_for_each(cpu, &run->plan.probed) {
		int r = reference_spawn(&run->reference[run->n_references++], run_step(run)->kind, &run->plan.scenario,
					cpu, tn_cpus_first(&run->plan.housekeeping), err);

		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * round_stop() - close the windows early
 * @run: the run
 *
 * Probes finish what they have; other tools cannot, they are killed.
 */
void round_stop(struct run *run)
{
	for (size_t i = 0; i < run->n_probes; i++)
		probe_command(&run->probe[i], TN_PROBE_STOP);
	for (size_t i = 0; i < run->n_references; i++)
		reference_kill(&run->reference[i]);
}

/**
 * round_spawn_probes() - start a probe on each CPU of this kind; they calibrate and wait
 * @run: the run
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int round_spawn_probes(struct run *run, struct tn_error *err)
{
	if (other_tool(run))
		return 0;
	tn_cpus_for_each(cpu, cpus_of(run)) {
		struct tn_probe_config config;
		int r;

		configure(run, cpu, &config);
		r = probe_spawn(&run->probe[run->n_probes++], &config, isolation_of(run, cpu), err);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * round_measured() - has everybody measured?
 * @run: the run
 *
 * Return: true when all probes are done and all other tools have ended.
 */
bool round_measured(struct run *run)
{
	bool all = round_probes_in(run, TN_PROBE_DONE);

	for (size_t i = 0; i < run->n_references; i++)
		all &= reference_ended(&run->reference[i]);
	return all;
}

/**
 * round_probes_in() - have all probes come this far?
 * @run: the run
 * @state: the state wanted
 *
 * Return: true when every probe is in @state.
 */
bool round_probes_in(const struct run *run, enum tn_probe_state state)
{
	for (size_t i = 0; i < run->n_probes; i++)
		if (!run->probe[i].handle.shm || probe_state(&run->probe[i]) != state)
			return false;
	return true;
}

static int check_worker(struct worker *w, struct tn_error *err)
{
	struct pollfd ended = {.fd = w->process.pidfd, .events = POLLIN};
	struct tn_churn_reading now;

	tn_churn_read(&w->process, &now);
	if (now.state == TN_CHURN_FAILED)
		return tn_error_set(err, -EIO, "%s", now.failure);
	if (now.state != TN_CHURN_DONE && poll(&ended, 1, 0) > 0)
		return tn_error_set(err, -ECHILD, "its worker (pid %d) died in mid-run", w->process.pid);
	return 0;
}

/**
 * round_check() - are probes and workers well?
 * @run: the run
 * @err: which is not, and why
 *
 * Return: 0 or a negative errno.
 */
int round_check(struct run *run, struct tn_error *err)
{
	int r;

	for (size_t i = 0; i < run->n_probes; i++) {
		if (!run->probe[i].handle.shm)
			continue;
		r = probe_check(&run->probe[i], err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < run->n_workers; i++) {
		r = check_worker(&run->worker[i], err);
		if (r < 0)
			return tn_error_prefix(err, r, "[churn %s]",
					       run->plan.scenario.churn[run->worker[i].spec].name);
	}
	return 0;
}

/**
 * round_warmup() - let the churn begin
 * @run: the run
 */
void round_warmup(struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++)
		tn_churn_go(&run->worker[i].process);
}

static void read_evidence(const struct run *run, struct evidence *to)
{
	int cpu[TN_CPUS_MAX];

	for (size_t i = 0; i < run->n_probes; i++)
		cpu[i] = run->probe[i].cpu;
	if (run_spins(run))
		evidence_read(cpu, run->n_probes, to);
}

/**
 * round_open() - open the windows of all probes, or start the other tools
 * @run: the run
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int round_open(struct run *run, struct tn_error *err)
{
	int r;

	run->evidence_ns = tn_now_ns(CLOCK_MONOTONIC);
	read_evidence(run, run->before);
	r = run_spins(run) ? collect_open(run, err) : 0;
	if (r < 0)
		return r;
	for (size_t i = 0; i < run->n_workers; i++)
		tn_churn_read(&run->worker[i].process, &run->worker[i].at_open);
	run->window_ns = tn_now_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < run->n_probes; i++)
		probe_command(&run->probe[i], TN_PROBE_GO);
	return other_tool(run) ? spawn_references(run, err) : 0;
}

/**
 * round_close() - note what the churn did, as soon as the windows are closed
 * @run: the run
 */
void round_close(struct run *run)
{
	read_evidence(run, run->after);
	run->evidence_ns = tn_now_ns(CLOCK_MONOTONIC) - run->evidence_ns;
	run->window_s = (double)(tn_now_ns(CLOCK_MONOTONIC) - run->window_ns) / 1e9;
	for (size_t i = 0; i < run->n_workers; i++) {
		tn_churn_read(&run->worker[i].process, &run->worker[i].at_close);
		tn_churn_stop(&run->worker[i].process);
	}
}

/**
 * round_workers_ended() - have all workers gone, as round_close() told them?
 * @run: the run
 *
 * Return: true when none is left.
 */
bool round_workers_ended(const struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct pollfd ended = {.fd = run->worker[i].process.pidfd, .events = POLLIN};

		if (run->worker[i].process.pid && poll(&ended, 1, 0) <= 0)
			return false;
	}
	return true;
}

/**
 * round_end() - end all processes of the window, at once
 * @run: the run
 */
void round_end(struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++)
		tn_churn_stop(&run->worker[i].process);
	for (size_t i = 0; run->probe && i < run->n_probes; i++)
		probe_end(&run->probe[i]);
	run->n_probes = 0;
	for (size_t i = 0; i < run->n_references; i++)
		reference_end(&run->reference[i]);
	run->n_references = 0;
	for (size_t i = 0; i < run->n_workers; i++)
		tn_churn_kill(&run->worker[i].process);
	for (size_t i = 0; i < run->n_workers; i++) {
		struct tn_error err = {0};
		int r = tn_churn_reap(&run->worker[i].process, 0, &err);

		if (r < 0)
			tn_log(run->log, r == -EBUSY ? LOG_WARNING : LOG_INFO, "run %s: %s", run->doc->id, err.text);
		if (r == -EBUSY)
			tn_run_add_finding(run->doc, TN_FINDING_WARNING, -1, "worker-hangs",
					   "%.200s; it may disturb what is measured after round %u", err.text,
					   run->round + 1);
		tn_churn_close(&run->worker[i].process);
	}
	run->n_workers = 0;
}
