// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Brings a scenario to this machine before anything is touched: CPUs exist and do not collide, sources
 * can run, the trace level is there. What the result has to be read with goes into the document's
 * findings.
 */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "churn/churn.h"
#include "system/isolate.h"

static int need_online(const struct plan *plan, const struct tn_cpus *set, const char *key, struct tn_error *err)
{
	struct tn_cpus missing = tn_cpus_minus(set, &plan->topology.online);
	char want[TN_CPUS_TEXT], have[TN_CPUS_TEXT];

	if (tn_cpus_empty(&missing))
		return 0;
	return tn_error_set(err, -ENODEV, "%s: CPU %s is not online here: choose from %s", key,
			    tn_cpus_format(&missing, want, sizeof(want)),
			    tn_cpus_format(&plan->topology.online, have, sizeof(have)));
}

static int choose_probed(struct plan *plan, struct tn_error *err)
{
	const struct tn_cpu_spec *spec = &plan->scenario.probe.cpus;
	const struct tn_topology *t = &plan->topology;
	int r;

	if (spec->choice == TN_CPUS_LIST) {
		r = need_online(plan, &spec->list, "probe.cpus", err);
		if (r < 0)
			return r;
		plan->probed = spec->list;
	} else if (spec->choice == TN_CPUS_HOUSEKEEPING) {
		return tn_error_set(err, -EINVAL,
				    "probe.cpus: the housekeeping CPUs are needed for churn and for "
				    "collecting: give isolated or a list");
	} else {
		plan->probed = tn_cpus_minus(&t->online, &t->housekeeping);
		if (tn_cpus_empty(&plan->probed))
			tn_cpus_add(&plan->probed, (unsigned int)tn_cpus_last(&t->online));
	}
	return 0;
}

static bool isolates_tasks(const struct plan *plan)
{
	return plan->scenario.isolate.parts & TN_ISOLATE_CPUSET;
}

static int choose_isolate(struct plan *plan, struct tn_error *err)
{
	const struct tn_scenario *s = &plan->scenario;
	struct tn_cpus missing;
	char text[TN_CPUS_TEXT];
	int r;

	if (!s->isolate.parts)
		return 0;
	if (geteuid() != 0)
		return tn_error_set(err, -EPERM, "isolate.what: isolating CPUs needs root: run with sudo");
	if (isolates_tasks(plan) &&
	    (tn_scenario_has_kind(s, TN_PROBE_OSLAT) || tn_scenario_has_kind(s, TN_PROBE_CYCLICTEST)))
		return tn_error_set(err, -EINVAL,
				    "isolate.what: oslat and cyclictest keep a thread on a housekeeping CPU, which an "
				    "isolated cpuset does not let them: leave out cpuset, or these kinds");
	plan->isolate = s->isolate.cpus.choice == TN_CPUS_LIST ? s->isolate.cpus.list : plan->probed;
	r = need_online(plan, &plan->isolate, "isolate.cpus", err);
	if (r < 0)
		return r;
	missing = tn_cpus_minus(&plan->probed, &plan->isolate);
	if (tn_cpus_empty(&missing))
		return 0;
	return tn_error_set(err, -EINVAL, "isolate.cpus: CPU %s is probed and not among them: add it, or give probed",
			    tn_cpus_format(&missing, text, sizeof(text)));
}

static int choose_housekeeping(struct plan *plan, struct tn_error *err)
{
	char probed[TN_CPUS_TEXT], online[TN_CPUS_TEXT];

	plan->housekeeping = tn_cpus_minus(&plan->topology.housekeeping, &plan->probed);
	plan->housekeeping = tn_cpus_minus(&plan->housekeeping, &plan->isolate);
	if (!tn_cpus_empty(&plan->housekeeping))
		return 0;
	if (!tn_cpus_equal(&plan->isolate, &plan->probed) && !tn_cpus_empty(&plan->isolate))
		return tn_error_set(err, -EINVAL,
				    "isolate.cpus: isolating CPU %s leaves no housekeeping CPU of %s for churn and "
				    "collecting: isolate fewer CPUs",
				    tn_cpus_format(&plan->isolate, probed, sizeof(probed)),
				    tn_cpus_format(&plan->topology.online, online, sizeof(online)));
	return tn_error_set(err, -EINVAL,
			    "probe.cpus: probing CPU %s leaves no housekeeping CPU of %s for churn and collecting: "
			    "probe fewer CPUs",
			    tn_cpus_format(&plan->probed, probed, sizeof(probed)),
			    tn_cpus_format(&plan->topology.online, online, sizeof(online)));
}

static int plan_churn(struct plan *plan, size_t i, struct tn_run *doc, struct tn_error *err)
{
	const struct tn_churn_spec *spec = &plan->scenario.churn[i];
	char key[64], text[TN_CPUS_TEXT];
	struct tn_cpus both;
	int r;

	snprintf(key, sizeof(key), "churn.%s.cpus", spec->name);
	r = tn_churn_validate(spec, err);
	if (r < 0)
		return tn_error_prefix(err, r, "%s:%d", plan->scenario.file, spec->line);
	r = tn_churn_find(spec->source)->check(err);
	if (r < 0)
		return tn_error_prefix(err, r, "[churn %s] cannot run here", spec->name);
	if (spec->cpus.choice == TN_CPUS_ISOLATED)
		return tn_error_set(err, -EINVAL,
				    "%s: churn on isolated CPUs would be measured as its own victim: "
				    "give housekeeping or a list",
				    key);
	plan->churn_cpus[i] = spec->cpus.choice == TN_CPUS_LIST ? spec->cpus.list : plan->housekeeping;
	r = need_online(plan, &plan->churn_cpus[i], key, err);
	if (r < 0)
		return r;
	both = tn_cpus_and(&plan->churn_cpus[i], &plan->probed);
	if (!tn_cpus_empty(&both))
		return tn_error_set(err, -EINVAL,
				    "%s: CPU %s is probed: churn there would be measured as its own victim", key,
				    tn_cpus_format(&both, text, sizeof(text)));
	both = tn_cpus_and(&plan->churn_cpus[i], &plan->isolate);
	if (!tn_cpus_empty(&both))
		return tn_error_set(err, -EINVAL, "%s: CPU %s is in isolate.cpus: what churns there is not kept off it",
				    key, tn_cpus_format(&both, text, sizeof(text)));
	both = tn_cpus_minus(&plan->churn_cpus[i], &plan->topology.housekeeping);
	if (!tn_cpus_empty(&both))
		tn_run_add_finding(doc, TN_FINDING_WARNING, -1, "churn-on-isolated",
				   "[churn %s] runs on CPU %s, which the kernel isolates", spec->name,
				   tn_cpus_format(&both, text, sizeof(text)));
	return 0;
}

static int choose_level(struct plan *plan, struct tn_run *doc, struct tn_error *err)
{
	enum tn_trace_level best =
		tn_features_best_level(&plan->features, plan->level_reason, sizeof(plan->level_reason));
	enum tn_trace_level asked = TN_TRACE_AUTO;

	if (!tn_scenario_has_kind(&plan->scenario, TN_PROBE_SPIN)) {
		plan->level = TN_TRACE_NONE;
		snprintf(plan->level_reason, sizeof(plan->level_reason),
			 "no windows of kind spin, so that there is nothing to attribute");
		return 0;
	}
	tn_trace_level_parse(plan->scenario.trace.level, &asked);
	plan->level = asked == TN_TRACE_AUTO ? best : asked;
	if (asked == TN_TRACE_AUTO && best > TN_TRACE_ENTRY && geteuid() != 0)
		return tn_error_set(
			err, -EPERM,
			"naming causes needs tracefs, and that needs root (%s): run with sudo; without root, "
			"-o trace.level=counters measures with /proc/interrupts, and list, show and version work",
			plan->level_reason);
	if (plan->level < best)
		return tn_error_set(err, -EOPNOTSUPP, "trace.level=%s cannot be had here (%s): use %s or auto",
				    tn_trace_level_name(asked), plan->level_reason, tn_trace_level_name(best));
	if (asked != TN_TRACE_AUTO && asked != best)
		snprintf(plan->level_reason, sizeof(plan->level_reason),
			 "%s: asked for by the scenario; %s was possible", tn_trace_level_name(asked),
			 tn_trace_level_name(best));
	if (plan->level != TN_TRACE_FULL)
		tn_run_add_finding(doc, TN_FINDING_WARNING, -1, "trace-level", "causes are known at level %s only: %s",
				   tn_trace_level_name(plan->level), plan->level_reason);
	return 0;
}

static void find_on_cpu(const struct plan *plan, int cpu, struct tn_run *doc)
{
	const struct tn_topology *t = &plan->topology;
	struct tn_cpus siblings, busy;
	char text[TN_CPUS_TEXT];

	if (!tn_cpus_has(&t->isolated, (unsigned int)cpu))
		tn_run_add_finding(doc, TN_FINDING_WARNING, cpu, "cpu-not-isolated",
				   "CPU %d is not isolated: other tasks may run on it and count as interruptions "
				   "(isolcpus= would prevent that, and --isolate does for a run)",
				   cpu);
	if (!tn_cpus_has(&t->nohz_full, (unsigned int)cpu))
		tn_run_add_finding(doc, TN_FINDING_WARNING, cpu, "cpu-not-nohz-full",
				   "CPU %d is not nohz_full: the tick interrupts it (nohz_full= with CONFIG_NO_HZ_FULL "
				   "would stop it)",
				   cpu);
	if (tn_topology_siblings("", cpu, &siblings, NULL) < 0)
		return;
	tn_cpus_del(&siblings, (unsigned int)cpu);
	busy = tn_cpus_and(&siblings, &t->online);
	if (!tn_cpus_empty(&busy))
		tn_run_add_finding(
			doc, TN_FINDING_WARNING, cpu, "smt-sibling",
			"CPU %d shares its core with CPU %s: work there slows the probe without a kernel event", cpu,
			tn_cpus_format(&busy, text, sizeof(text)));
}

static bool rt_throttled(void)
{
	tn_autofclose FILE *f = fopen("/proc/sys/kernel/sched_rt_runtime_us", "re");
	long runtime_us = -1;

	return f && fscanf(f, "%ld", &runtime_us) == 1 && runtime_us >= 0;
}

static void find(const struct plan *plan, struct tn_run *doc)
{
	tn_cpus_for_each(cpu, &plan->probed)
		find_on_cpu(plan, cpu, doc);
	if (strcmp(doc->env.virtualization, "none") && *doc->env.virtualization)
		tn_run_add_finding(
			doc, TN_FINDING_WARNING, -1, "virtual-machine",
			"this is a virtual machine (%s): the hypervisor interrupts too, which shows as unexplained, entering "
			"the kernel costs more, and single latencies carry the host's scheduling",
			doc->env.virtualization);
	if (!plan->clock.invariant || !plan->clock.reliable)
		tn_run_add_finding(
			doc, TN_FINDING_WARNING, -1, "clock-not-reliable",
			"the tick counter is not known to be constant and in step between CPUs (clocksource %s): "
			"lengths and matches may be off",
			plan->clock.clocksource);
	if (plan->scenario.probe.policy == TN_SCHED_FIFO && rt_throttled())
		tn_run_add_finding(doc, TN_FINDING_WARNING, -1, "rt-throttling",
				   "the kernel takes the CPU from real-time tasks now and then "
				   "(kernel.sched_rt_runtime_us is not -1): such pauses count as interruptions");
	if (plan->level <= TN_TRACE_ENTRY && plan->scenario.probe.n_kinds > 1)
		tn_run_add_finding(doc, TN_FINDING_INFO, -1, "trace-off",
				   "kernel events are recorded in windows of kind spin only: those of other kinds are "
				   "measured without tracing");
	if (plan->scenario.rounds < 3)
		tn_run_add_finding(doc, TN_FINDING_WARNING, -1, "few-rounds",
				   "%u round(s) say little about spread: 5 or more give intervals worth reading",
				   plan->scenario.rounds);
}

/* What the checks say of the machine goes into the document as it is: they judge, a run does not obey. */
static int find_readiness(const struct plan *plan, struct tn_run *doc, struct tn_error *err)
{
	tn_cleanup(tn_check_freep) struct tn_check_report *report = NULL;
	int r = tn_check_run("", &plan->probed, &plan->topology.isolated, &report, err);

	return r < 0 ? r : tn_run_add_readiness(doc, report, err);
}

/**
 * plan_make() - bring a scenario to this machine
 * @scenario: what to do
 * @plan: the plan
 * @doc: gets the environment, and findings on what the plan chose
 * @err: why it cannot be done
 *
 * Return: 0 or a negative errno; nothing on the machine has changed.
 */
int plan_make(const struct tn_scenario *scenario, struct plan *plan, struct tn_run *doc, struct tn_error *err)
{
	int r;

	plan->scenario = *scenario;
	tn_features_read(&plan->features);
	r = tn_topology_read("", &plan->topology, err);
	if (r < 0)
		return r;
	r = choose_probed(plan, err);
	if (r < 0)
		return r;
	r = choose_isolate(plan, err);
	if (r < 0)
		return r;
	r = choose_housekeeping(plan, err);
	if (r < 0)
		return r;
	r = plan_steps(plan, err);
	if (r < 0)
		return r;
	r = choose_level(plan, doc, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < scenario->n_churn; i++) {
		r = plan_churn(plan, i, doc, err);
		if (r < 0)
			return r;
	}
	r = tn_environment_read("", &doc->env, err);
	if (r < 0)
		return r;
	return tn_clock_measure(&plan->clock, err);
}

/**
 * plan_look() - look at the machine as the run will find it
 * @plan: from plan_make(); what is isolated now is looked up again
 * @doc: gets findings, and what the readiness checks say
 * @err: what failed
 *
 * To be called when CPUs have been isolated, if the scenario wants that.
 *
 * Return: 0 or a negative errno.
 */
int plan_look(struct plan *plan, struct tn_run *doc, struct tn_error *err)
{
	struct tn_topology *t = &plan->topology;
	int r = tn_topology_read("", t, err);

	if (r < 0)
		return r;
	if (isolates_tasks(plan)) /* the legacy hierarchy does not show in the topology */
		t->isolated = tn_cpus_or(&t->isolated, &plan->isolate);
	find(plan, doc);
	return find_readiness(plan, doc, err);
}
