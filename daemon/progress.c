// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a run is, as the object Progress of the interface. */
#include <string.h>

#include "daemon.h"

static uint64_t lost_so_far(const struct run *run)
{
	struct tn_trace_stats stats = {0};
	uint64_t lost = run->doc->lost.ring;

	for (size_t i = 0; i < run->n_probes; i++)
		if (run->probe[i].handle.shm && probe_state(&run->probe[i]) >= TN_PROBE_RUNNING)
			lost += run->probe[i].handle.shm->result.lost; /* before, calibration uses the same counters */
	if (run->trace)
		tn_trace_counts(run->trace, &stats);
	return lost + stats.missed + stats.undecoded;
}

static void add_worst(cJSON *j, const struct run *run)
{
	uint64_t interruptions = 0, worst = 0;
	int worst_cpu = -1;

	for (size_t i = 0; i < run->doc->n_cpus; i++)
		interruptions += run->doc->cpu[i].interruptions.count;
	tn_cpus_for_each(cpu, &run->plan.probed) {
		const struct tn_cpu_tally *t = run->attribution ? tn_attribution_tally(run->attribution, cpu) : NULL;

		if (!t)
			continue;
		/* What the window of this round has so far; the document has those that are over. */
		interruptions += run_spins(run) && t->round == run->doc->rounds_done ? t->interruptions : 0;
		if (t->max_ticks > worst) {
			worst = t->max_ticks;
			worst_cpu = t->cpu;
		}
	}
	cJSON_AddNumberToObject(j, "interruptions", (double)interruptions);
	cJSON_AddNumberToObject(j, "worst_ns", tn_ticks_to_ns(&run->plan.clock, (double)worst));
	cJSON_AddNumberToObject(j, "worst_cpu", worst_cpu);
}

/**
 * daemon_progress() - where a run is
 * @run: the run
 *
 * Return: a Progress object; the caller's.
 */
cJSON *daemon_progress(const struct run *run)
{
	const struct tn_scenario *s = &run->plan.scenario;
	uint64_t now = tn_now_ns(CLOCK_MONOTONIC), elapsed = now - run->started_ns, window = 0;
	const struct plan_step *step = run_step(run);
	uint64_t left = (uint64_t)(s->rounds - run->round) * plan_round_ns(&run->plan, run->plan.n_steps);
	cJSON *j = cJSON_CreateObject();

	if (run->round < s->rounds)
		left -= plan_round_ns(&run->plan, run->step);
	if (run->phase == RUN_MEASURING && now > run->window_ns)
		window = now - run->window_ns < step->duration_ns ? now - run->window_ns : step->duration_ns;
	if (run->phase == RUN_MEASURING)
		left -= step->warmup_ns + window;
	if (run->phase == RUN_COLLECTING)
		left -= step->warmup_ns + step->duration_ns;
	if (run->phase == RUN_DONE)
		left = 0;
	cJSON_AddStringToObject(j, "run", run->doc->id);
	cJSON_AddStringToObject(j, "scenario", s->name);
	cJSON_AddStringToObject(j, "state", run_phase_name(run->phase));
	cJSON_AddNumberToObject(j, "round", run->round < s->rounds ? run->round + 1 : s->rounds);
	cJSON_AddNumberToObject(j, "rounds", s->rounds);
	cJSON_AddNumberToObject(j, "window_elapsed_ms", (double)(window / 1000000));
	cJSON_AddNumberToObject(j, "window_total_ms", (double)(step->duration_ns / 1000000));
	cJSON_AddNumberToObject(j, "elapsed_ms", (double)(elapsed / 1000000));
	cJSON_AddNumberToObject(j, "estimated_total_ms", (double)((elapsed + left) / 1000000));
	add_worst(j, run);
	cJSON_AddNumberToObject(j, "lost", (double)lost_so_far(run));
	cJSON_AddStringToObject(j, "kind", tn_probe_kind_name(step->kind));
	return j;
}

/**
 * daemon_waiting() - the same of a run that waits
 * @d: the daemon
 * @job: in its queue
 *
 * Return: a Progress object; the caller's.
 */
cJSON *daemon_waiting(const struct daemon *d, const struct job *job)
{
	static const char *const zero[] = {"round",
					   "window_elapsed_ms",
					   "window_total_ms",
					   "elapsed_ms",
					   "estimated_total_ms",
					   "interruptions",
					   "worst_ns",
					   "lost"};
	cJSON *j = cJSON_CreateObject();

	cJSON_AddStringToObject(j, "run", job->id);
	cJSON_AddStringToObject(j, "scenario", job->scenario->name);
	cJSON_AddStringToObject(j, "state", "queued");
	cJSON_AddNumberToObject(j, "rounds", job->scenario->rounds);
	for (size_t i = 0; i < TN_ARRAY_SIZE(zero); i++)
		cJSON_AddNumberToObject(j, zero[i], 0);
	cJSON_AddNumberToObject(j, "worst_cpu", -1);
	cJSON_AddNumberToObject(j, "position", queue_position(&d->queue, job));
	cJSON_AddNumberToObject(j, "priority", job->priority);
	cJSON_AddNumberToObject(j, "waiting_ms", (double)((tn_now_ns(CLOCK_MONOTONIC) - job->asked_ns) / 1000000));
	cJSON_AddNumberToObject(j, "uid", job->uid);
	return j;
}
