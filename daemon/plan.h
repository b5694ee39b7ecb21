/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_PLAN_H
#define TLBNOISED_PLAN_H

#include "result/run.h"
#include "scenario/scenario.h"
#include "system/topology.h"

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
	struct tn_cpus churn_cpus[TN_SCENARIO_CHURN_MAX];
};

int plan_make(const struct tn_scenario *scenario, struct plan *plan, struct tn_run *doc, struct tn_error *err);

#endif
