// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Life of struct tn_run: made empty, filled by whoever plans, measures and collects, freed as a whole.
 * Elements lie in plain arrays, so a pointer to one holds until the next is added.
 */
#include "result/run.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/**
 * tn_run_new() - an empty run
 * @ret: the run; free with tn_run_free()
 * @err: set on failure
 *
 * Return: 0 or -ENOMEM.
 */
int tn_run_new(struct tn_run **ret, struct tn_error *err)
{
	struct tn_run *run = calloc(1, sizeof(*run));

	if (!run)
		return tn_error_set(err, -ENOMEM, "no memory for a run");
	*ret = run;
	return 0;
}

/** tn_run_free() - frees a run and all it owns; accepts NULL */
void tn_run_free(struct tn_run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->n_overrides && run->override; i++)
		free(run->override[i]);
	for (size_t i = 0; i < run->n_cpus && run->cpu; i++)
		free(run->cpu[i].counter);
	for (size_t i = 0; i < run->n_worst && run->worst; i++)
		free(run->worst[i].entry);
	free(run->override);
	free(run->scenario_text);
	free(run->finding);
	free(run->readiness);
	free(run->effect);
	free(run->cpu);
	free(run->cause);
	free(run->worst);
	free(run->churn);
	free(run->entry_cost);
	free(run->wakeup);
	free(run->reference);
	free(run->expectation);
	free(run);
}

/* Makes room for one more element of @size behind @n, zeroed; NULL when there is none. */
static void *grow(void **array, size_t n, size_t size)
{
	char *larger = reallocarray(*array, n + 1, size);

	if (!larger)
		return NULL;
	*array = larger;
	return memset(larger + n * size, 0, size);
}

static void copy_text(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}

/**
 * tn_run_add_finding() - record something about the machine that bears on the result
 * @run: the run
 * @severity: whether it makes the result worth less
 * @cpu: whom it concerns; -1: the machine
 * @id: short name for programs, such as "cpu-not-isolated"
 * @fmt: what it is and what it does to the result
 *
 * Return: 0 or -ENOMEM.
 */
int tn_run_add_finding(struct tn_run *run, enum tn_severity severity, int cpu, const char *id, const char *fmt, ...)
{
	struct tn_finding *f = grow((void **)&run->finding, run->n_findings, sizeof(*f));
	va_list ap;

	if (!f)
		return -ENOMEM;
	f->severity = severity;
	f->cpu = cpu;
	copy_text(f->id, sizeof(f->id), id);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	run->n_findings++;
	return 0;
}

/**
 * tn_run_add_effect() - record a change that the run made to the machine
 * @run: the run
 * @what: kind of change, such as "tracefs-instance" or "sched-policy"
 * @target: what was changed
 * @before: its value before, NULL when there was none
 * @during: its value during the run, NULL when that says nothing
 *
 * The effect counts as not undone until its owner sets @undone.
 *
 * Return: 0 or -ENOMEM.
 */
int tn_run_add_effect(struct tn_run *run, const char *what, const char *target, const char *before, const char *during)
{
	struct tn_side_effect *e = grow((void **)&run->effect, run->n_effects, sizeof(*e));

	if (!e)
		return -ENOMEM;
	copy_text(e->what, sizeof(e->what), what);
	copy_text(e->target, sizeof(e->target), target);
	copy_text(e->before, sizeof(e->before), before);
	copy_text(e->during, sizeof(e->during), during);
	run->n_effects++;
	return 0;
}

/**
 * tn_run_add_cpu() - room for what one CPU measures in one round
 * @run: the run
 *
 * All is zero but what is unknown until it is measured: the node, where the probe ran, steal time, SMI count.
 *
 * Return: the element, valid until the next call; NULL when there is no memory or TN_RUN_CPUS_MAX are there.
 */
struct tn_run_cpu *tn_run_add_cpu(struct tn_run *run)
{
	struct tn_run_cpu *c;

	if (run->n_cpus >= TN_RUN_CPUS_MAX)
		return NULL;
	c = grow((void **)&run->cpu, run->n_cpus, sizeof(*c));
	if (!c)
		return NULL;
	c->node = -1;
	c->ran_on = -1;
	c->steal_ns = UINT64_MAX;
	c->smi = UINT64_MAX;
	tn_hist_init(&c->interruptions);
	tn_hist_init(&c->jitter);
	run->n_cpus++;
	return c;
}

/**
 * tn_run_add_entry_cost() - room for what an operation costs on one CPU in one window of kind entry
 * @run: the run
 *
 * Return: the element, zeroed, valid until the next call; NULL when there is no memory or too many are there.
 */
struct tn_run_entry_cost *tn_run_add_entry_cost(struct tn_run *run)
{
	struct tn_run_entry_cost *e = NULL;

	if (run->n_entry_costs < TN_RUN_ENTRY_COSTS_MAX)
		e = grow((void **)&run->entry_cost, run->n_entry_costs, sizeof(*e));
	if (!e)
		return NULL;
	tn_hist_init(&e->cost);
	run->n_entry_costs++;
	return e;
}

/**
 * tn_run_add_wakeup() - room for the wake-ups on one CPU in one round of kind timer
 * @run: the run
 *
 * Return: the element, zeroed, valid until the next call; NULL when there is no memory or TN_RUN_CPUS_MAX are there.
 */
struct tn_run_wakeup *tn_run_add_wakeup(struct tn_run *run)
{
	struct tn_run_wakeup *w = NULL;

	if (run->n_wakeups < TN_RUN_CPUS_MAX)
		w = grow((void **)&run->wakeup, run->n_wakeups, sizeof(*w));
	if (!w)
		return NULL;
	tn_hist_init(&w->latency);
	run->n_wakeups++;
	return w;
}

/**
 * tn_run_add_reference() - room for what another tool says of one CPU in one round
 * @run: the run
 *
 * Its figures are NaN until they are known.
 *
 * Return: the element, valid until the next call; NULL when there is no memory or too many are there.
 */
struct tn_run_reference *tn_run_add_reference(struct tn_run *run)
{
	struct tn_run_reference *f = NULL;

	if (run->n_references < TN_RUN_REFERENCES_MAX)
		f = grow((void **)&run->reference, run->n_references, sizeof(*f));
	if (!f)
		return NULL;
	f->min_ns = f->mean_ns = f->p50_ns = f->p99_ns = f->p999_ns = f->max_ns = f->resolution_ns = NAN;
	run->n_references++;
	return f;
}
