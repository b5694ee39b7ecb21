// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a document may have once only: a CPU has one figure in each round. A second one, as of a list that was
 * written twice, would count as a repetition that never was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "result/run.h"

/* What tells one measurement of a list from the others in it. */
struct measurement {
	const char *word;
	unsigned int condition;
	uint32_t round;
	int cpu;
};

static int by_all(const void *left, const void *right)
{
	const struct measurement *a = left, *b = right;
	int r = strcmp(a->word, b->word);

	if (r)
		return r;
	if (a->condition != b->condition)
		return a->condition < b->condition ? -1 : 1;
	if (a->round != b->round)
		return a->round < b->round ? -1 : 1;
	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static int once(struct measurement *m, size_t n, const char *list, struct tn_error *err)
{
	qsort(m, n, sizeof(*m), by_all);
	for (size_t i = 1; i < n; i++)
		if (!by_all(&m[i - 1], &m[i]))
			return tn_error_set(err, -EBADMSG, "%s: CPU %d is there twice in round %u%s%s", list, m[i].cpu,
					    m[i].round, *m[i].word ? " of " : "", m[i].word);
	return 0;
}

/**
 * tn_run_check_repeats() - that no CPU is there twice in a round
 * @run: the run
 * @err: the list, the CPU and the round
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int tn_run_check_repeats(const struct tn_run *run, struct tn_error *err)
{
	size_t most = run->n_cpus + run->n_entry_costs + run->n_wakeups + run->n_references;
	tn_autofree struct measurement *m = calloc(most + 1, sizeof(*m));
	int r;

	if (!m)
		return tn_error_set(err, -ENOMEM, "no memory to check a run");
	for (size_t i = 0; i < run->n_cpus; i++)
		m[i] = (struct measurement){"", 0, run->cpu[i].round, run->cpu[i].cpu};
	r = once(m, run->n_cpus, "cpus", err);
	for (size_t i = 0; i < run->n_wakeups; i++)
		m[i] = (struct measurement){"", 0, run->wakeup[i].round, run->wakeup[i].cpu};
	if (!r)
		r = once(m, run->n_wakeups, "wakeups", err);
	for (size_t i = 0; i < run->n_entry_costs; i++) {
		const struct tn_run_entry_cost *e = &run->entry_cost[i];

		m[i] = (struct measurement){e->operation, e->condition, e->round, e->cpu};
	}
	if (!r)
		r = once(m, run->n_entry_costs, "entry_costs", err);
	for (size_t i = 0; i < run->n_references; i++) {
		const struct tn_run_reference *f = &run->reference[i];

		m[i] = (struct measurement){f->tool, 0, f->round, f->cpu};
	}
	return r ? r : once(m, run->n_references, "references", err);
}
