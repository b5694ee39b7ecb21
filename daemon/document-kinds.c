// SPDX-License-Identifier: GPL-2.0-or-later
/* The results of windows of other kinds than spin, for the run document. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

static bool cut_short(const struct run *run, const struct tn_probe_result *res)
{
	double wanted = (double)run_step(run)->duration_ns * run->plan.clock.hz / 1e9;

	return (double)(res->window_close - res->window_open) < wanted - 1;
}

static int check_place(const struct probe *p, struct tn_error *err)
{
	const struct tn_probe_result *res = &p->handle.shm->result;

	if (res->cpu_before == p->cpu && res->cpu_after == p->cpu)
		return 0;
	return tn_error_set(err, -EIO,
			    "CPU %d: the probe ran on CPU %d, then on %d: the result would be of another CPU; is "
			    "something moving tasks (cpuset, irqbalance, taskset)?",
			    p->cpu, res->cpu_before, res->cpu_after);
}

static int document_operation(struct run *run, const struct probe *p, const char *operation, const struct tn_hist *cost,
			      struct tn_error *err)
{
	const struct tn_probe_result *res = &p->handle.shm->result;
	struct tn_run_entry_cost *e = tn_run_add_entry_cost(run->doc);

	if (!e)
		return tn_error_set(err, -ENOMEM, "out of memory for the entry costs of CPU %d", p->cpu);
	e->cpu = p->cpu;
	e->round = run->round;
	e->isolated = tn_cpus_has(&run->plan.topology.isolated, (unsigned int)p->cpu);
	e->nohz_full = tn_cpus_has(&run->plan.topology.nohz_full, (unsigned int)p->cpu);
	e->partial = cut_short(run, res);
	e->traced = run->armed;
	e->condition = run_step(run)->condition;
	snprintf(e->operation, sizeof(e->operation), "%s", operation);
	e->window_open_ticks = res->window_open;
	e->window_close_ticks = res->window_close;
	e->clock_ticks = res->clock_ticks;
	e->cost = *cost;
	return 0;
}

/**
 * document_entry() - add the results of a window of kind entry
 * @run: the run; all probes done
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int document_entry(struct run *run, struct tn_error *err)
{
	int r = 0;

	for (size_t i = 0; i < run->n_probes && r >= 0; i++) {
		const struct probe *p = &run->probe[i];
		const struct tn_probe_result *res = &p->handle.shm->result;

		r = check_place(p, err);
		if (r >= 0)
			r = document_operation(run, p, "getpid", &res->getpid, err);
		if (r >= 0)
			r = document_operation(run, p, "page-fault", &res->page_fault, err);
	}
	return r;
}

/**
 * document_wakeups() - add the results of a window of kind timer
 * @run: the run; all probes done
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int document_wakeups(struct run *run, struct tn_error *err)
{
	for (size_t i = 0; i < run->n_probes; i++) {
		const struct probe *p = &run->probe[i];
		const struct tn_probe_result *res = &p->handle.shm->result;
		struct tn_run_wakeup *w;
		int r = check_place(p, err);

		if (r < 0)
			return r;
		w = tn_run_add_wakeup(run->doc);
		if (!w)
			return tn_error_set(err, -ENOMEM, "out of memory for the wake-ups of CPU %d", p->cpu);
		w->cpu = p->cpu;
		w->round = run->round;
		w->isolated = tn_cpus_has(&run->plan.topology.isolated, (unsigned int)p->cpu);
		w->nohz_full = tn_cpus_has(&run->plan.topology.nohz_full, (unsigned int)p->cpu);
		w->partial = cut_short(run, res);
		w->traced = run->armed;
		w->interval_ns = run->plan.scenario.timer.interval_ns;
		w->window_open_ticks = res->window_open;
		w->window_close_ticks = res->window_close;
		w->wakeups = res->latency.count;
		w->missed = res->missed;
		w->latency = res->latency;
	}
	return 0;
}

/* Once a tool and CPU: what fails once will in all rounds. */
static void find_failed(struct tn_run *doc, const struct tn_run_reference *f)
{
	char id[48];

	snprintf(id, sizeof(id), "%s-failed", f->tool);
	for (size_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->finding[i].id, id) && doc->finding[i].cpu == f->cpu)
			return;
	tn_run_add_finding(doc, TN_FINDING_WARNING, f->cpu, id, "round %u: %.200s", f->round + 1, f->failure);
}

/**
 * document_references() - add what another tool said in its window
 * @run: the run; all of its processes have ended
 * @err: what failed
 *
 * A tool that failed is a result too, with a finding.
 *
 * Return: 0 or a negative errno.
 */
int document_references(struct run *run, struct tn_error *err)
{
	for (size_t i = 0; i < run->n_references; i++) {
		struct reference *ref = &run->reference[i];
		struct tn_run_reference *f = tn_run_add_reference(run->doc);

		if (!f)
			return tn_error_set(err, -ENOMEM, "out of memory for what %s says",
					    tn_probe_kind_name(run_step(run)->kind));
		snprintf(f->tool, sizeof(f->tool), "%s", tn_probe_kind_name(run_step(run)->kind));
		f->cpu = ref->cpu;
		f->round = run->round;
		f->isolated = tn_cpus_has(&run->plan.topology.isolated, (unsigned int)ref->cpu);
		f->nohz_full = tn_cpus_has(&run->plan.topology.nohz_full, (unsigned int)ref->cpu);
		f->partial = run->stopping && ref->killed;
		f->traced = run->armed;
		reference_read(ref, f);
		if (f->partial)
			snprintf(f->failure, sizeof(f->failure), "the run was stopped");
		else if (*f->failure)
			find_failed(run->doc, f);
	}
	return 0;
}
