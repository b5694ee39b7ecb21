// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPUs isolated for a run, when the scenario wants it: lib/system/isolate.c does it, the undo journal takes it back,
 * and the document gets each change and what could not be moved. Masks are machine-wide, and two runs that change them
 * in turns could not both put them back: one run isolates at a time.
 */
#include <string.h>

#include "run.h"

static int on_effect(void *userdata, const char *what, const char *target, const char *before, const char *during)
{
	struct run *run = userdata;

	return tn_run_add_effect(run->doc, what, target, before, during);
}

static int on_note(void *userdata, bool warning, const char *id, const char *text)
{
	struct run *run = userdata;

	return tn_run_add_finding(run->doc, warning ? TN_FINDING_WARNING : TN_FINDING_INFO, -1, id, "%s", text);
}

/**
 * isolation_begin() - isolate what the plan says
 * @run: the run, with its locks on CPUs and its journal
 * @err: what failed; the journal has what was done until then
 *
 * Return: 0; -EBUSY when another run isolates; another negative errno.
 */
int isolation_begin(struct run *run, struct tn_error *err)
{
	const struct tn_isolate_options opt = {
		.root = "",
		.cpus = run->plan.isolate,
		.housekeeping = run->plan.housekeeping,
		.parts = run->plan.scenario.isolate.parts,
		.undo = run->undo,
		.on_effect = on_effect,
		.on_note = on_note,
		.userdata = run,
	};
	int r;

	if (!opt.parts)
		return 0;
	r = effects_lock(run, "isolate", "CPUs are being isolated", err);
	return r < 0 ? r : tn_isolate(&opt, &run->isolation, err);
}

/**
 * isolation_of() - where a probe has to go before it can be placed
 * @run: the run
 * @cpu: the probe's CPU
 *
 * Return: the file in which it enters the isolated cpuset; "" when it runs on a CPU outside, or there is none.
 */
const char *isolation_of(const struct run *run, int cpu)
{
	return tn_cpus_has(&run->plan.isolate, (unsigned int)cpu) ? run->isolation.enter : "";
}

/**
 * isolation_check() - say so, once, when the CPUs are isolated no more
 * @run: the run, at the end of a window
 */
void isolation_check(struct run *run)
{
	struct tn_error err = {0};

	if (run->isolation_lost || tn_isolation_holds(&run->isolation, &err) == 0)
		return;
	run->isolation_lost = true;
	tn_run_add_finding(run->doc, TN_FINDING_WARNING, -1, "isolation-lost",
			   "the CPUs lost their isolation in round %u: %.150s", run->round + 1, err.text);
	tn_log(run->log, LOG_WARNING, "run %s: the CPUs lost their isolation: %s", run->doc->id, err.text);
}
