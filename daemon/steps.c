// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a round consists of: a window for each kind of probe in the order of the scenario, of kind entry two. Kinds
 * take turns within a round instead of one after the other over the run, so that what changes on the machine in
 * the meantime hits all of them.
 */
#include <errno.h>

#include "plan.h"

static void add_step(struct plan *plan, enum tn_probe_kind kind, enum tn_condition condition, uint64_t duration_ns)
{
	plan->step[plan->n_steps++] = (struct plan_step){
		.kind = kind,
		.condition = condition,
		.duration_ns = duration_ns,
		.warmup_ns = condition == TN_CONDITION_CHURN ? plan->scenario.warmup_ns : 0,
	};
}

static void add_kind(struct plan *plan, enum tn_probe_kind kind)
{
	const struct tn_scenario *s = &plan->scenario;
	/* Both tools take whole seconds. */
	uint64_t reference_ns = (s->reference.duration_ns + 999999999) / 1000000000 * 1000000000;

	switch (kind) {
	case TN_PROBE_ENTRY:
		add_step(plan, kind, TN_CONDITION_QUIET, s->entry.duration_ns);
		if (s->n_churn)
			add_step(plan, kind, TN_CONDITION_CHURN, s->entry.duration_ns);
		break;
	case TN_PROBE_TIMER:
		add_step(plan, kind, TN_CONDITION_CHURN, s->timer.duration_ns);
		break;
	case TN_PROBE_OSLAT:
	case TN_PROBE_CYCLICTEST:
		add_step(plan, kind, TN_CONDITION_CHURN, reference_ns);
		break;
	default:
		add_step(plan, kind, TN_CONDITION_CHURN, s->duration_ns);
	}
}

static int choose_entry_cpus(struct plan *plan, struct tn_error *err)
{
	const struct tn_cpu_spec *spec = &plan->scenario.entry.cpus;
	struct tn_cpus missing;
	char want[TN_CPUS_TEXT], have[TN_CPUS_TEXT];

	switch (spec->choice) {
	case TN_CPUS_HOUSEKEEPING:
		plan->entry_cpus = plan->housekeeping;
		return 0;
	case TN_CPUS_ISOLATED:
		plan->entry_cpus = tn_cpus_minus(&plan->topology.online, &plan->topology.housekeeping);
		if (tn_cpus_empty(&plan->entry_cpus))
			plan->entry_cpus = plan->probed;
		return 0;
	case TN_CPUS_LIST:
		plan->entry_cpus = spec->list;
		break;
	default:
		plan->entry_cpus = plan->probed;
		tn_cpus_add(&plan->entry_cpus, (unsigned int)tn_cpus_first(&plan->housekeeping));
	}
	missing = tn_cpus_minus(&plan->entry_cpus, &plan->topology.online);
	if (tn_cpus_empty(&missing))
		return 0;
	return tn_error_set(err, -ENODEV, "entry.cpus: CPU %s is not online here: choose from %s",
			    tn_cpus_format(&missing, want, sizeof(want)),
			    tn_cpus_format(&plan->topology.online, have, sizeof(have)));
}

/**
 * plan_steps() - the windows of each round, and the CPUs of kind entry
 * @plan: scenario, topology and probed CPUs are there
 * @err: what cannot be
 *
 * Return: 0; -ENODEV for a CPU that is not online; -E2BIG for more results than a document holds.
 */
int plan_steps(struct plan *plan, struct tn_error *err)
{
	const struct tn_scenario *s = &plan->scenario;
	unsigned int cpus = tn_cpus_count(&plan->probed);
	int r;

	for (uint32_t i = 0; i < s->probe.n_kinds; i++)
		add_kind(plan, s->probe.kind[i]);
	if (tn_scenario_has_kind(s, TN_PROBE_ENTRY)) {
		r = choose_entry_cpus(plan, err);
		if (r < 0)
			return r;
		if (tn_cpus_count(&plan->entry_cpus) > cpus)
			cpus = tn_cpus_count(&plan->entry_cpus);
	}
	if ((uint64_t)cpus * s->rounds <= TN_RUN_CPUS_MAX)
		return 0;
	return tn_error_set(err, -E2BIG,
			    "scenario.rounds: %u rounds on %u CPUs are more than the %u results a document holds",
			    s->rounds, cpus, (unsigned int)TN_RUN_CPUS_MAX);
}

/**
 * plan_round_ns() - how long the first steps of a round take, as far as that is planned
 * @plan: the plan
 * @n_steps: how many; @plan->n_steps for a whole round
 *
 * Return: nanoseconds of windows and warm-ups.
 */
uint64_t plan_round_ns(const struct plan *plan, size_t n_steps)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n_steps; i++)
		sum += plan->step[i].duration_ns + plan->step[i].warmup_ns;
	return sum;
}
