/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_PLAN_H
#define TLBNOISED_PLAN_H

#include "result/run.h"
#include "scenario/scenario.h"
#include "system/topology.h"

/* One window of a round: of one kind, quiet or under churn. */
struct plan_step {
	enum tn_probe_kind kind;
	enum tn_condition condition;
	uint64_t duration_ns;
	uint64_t warmup_ns; /* of the churn, before the window */
};
#define PLAN_STEPS_MAX (TN_PROBE_KINDS + 1) /* entry has two */

/* A scenario brought to this machine: which CPU does what, and what the kernel can say. */
struct plan {
	struct tn_scenario scenario;
	struct tn_topology topology;
	struct tn_features features;
	struct tn_clock clock;
	enum tn_trace_level level;
	char level_reason[256];
	struct tn_cpus probed;
	struct tn_cpus housekeeping; /* left for churn and for ourselves */
	struct tn_cpus isolate;      /* for the run; empty: none */
	struct tn_cpus entry_cpus;   /* of kind entry */
	size_t n_steps;
	struct plan_step step[PLAN_STEPS_MAX]; /* of each round, in order */
	struct tn_cpus churn_cpus[TN_SCENARIO_CHURN_MAX];
};

int plan_make(const struct tn_scenario *scenario, struct plan *plan, struct tn_run *doc, struct tn_error *err);

int plan_look(struct plan *plan, struct tn_run *doc, struct tn_error *err);

/* steps.c */
int plan_steps(struct plan *plan, struct tn_error *err);
uint64_t plan_round_ns(const struct plan *plan, size_t n_steps);

#endif
