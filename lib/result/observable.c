// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a run could have seen at all. "None" is a result only where one would have been seen: a bound on what
 * the level of attribution cannot tell, or on what may lie in the events that were lost, would be false.
 */
#include "result/observable.h"

/**
 * tn_class_observable() - whether every entry of a class is counted as one of this class
 * @level: of attribution
 * @class: of a cause
 *
 * Level entry knows the vector of an IPI, not the function that it ran, and puts all cross calls into
 * other-ipi. So it cannot tell kernel-tlb-flush, page-table-flush, user-tlb-flush, sync-core and injected, and only
 * a part of reschedule (a remote wake-up may run sched_ttwu_pending), rcu (the softirq, not rcu_exp_handler), tick
 * (not nohz_full_kick_func) and timer (not retrigger_next_event): see the table in analysis/cause.c.
 *
 * Return: true when zero entries mean that there were none, as far as nothing was lost.
 */
bool tn_class_observable(enum tn_trace_level level, enum tn_class class)
{
	if (level == TN_TRACE_FULL)
		return class < TN_CLASS_COUNT;
	if (level != TN_TRACE_ENTRY)
		return false;
	switch (class) {
	case TN_CLASS_IRQ:
	case TN_CLASS_SOFTIRQ:
	case TN_CLASS_TASK_SWITCH:
	case TN_CLASS_FAULT:
	case TN_CLASS_NMI:
	case TN_CLASS_OTHER_IPI:
	case TN_CLASS_UNEXPLAINED:
		return true;
	default:
		return false;
	}
}

/**
 * tn_run_events_lost() - whether kernel events of the run are missing
 * @run: the run
 *
 * Entries of all classes are then lower bounds. An interruption whose only event is missing is taken for an
 * unexplained one, so these are an upper bound.
 *
 * Return: true when some are.
 */
bool tn_run_events_lost(const struct tn_run *run)
{
	return run->lost.overrun || run->lost.missed || run->lost.undecoded;
}

/**
 * tn_run_entries_whole() - whether a count of entries is neither a part of the truth nor more than it
 * @run: the run
 *
 * Return: true when the level knows events and none is missing.
 */
bool tn_run_entries_whole(const struct tn_run *run)
{
	return run->level <= TN_TRACE_ENTRY && !tn_run_events_lost(run);
}

/**
 * tn_run_rings_lost() - whether a probe found its ring full
 * @run: the run
 *
 * Return: true when interruptions were seen that no event was compared with.
 */
bool tn_run_rings_lost(const struct tn_run *run)
{
	bool lost = run->lost.ring;

	for (size_t i = 0; i < run->n_cpus && !lost; i++)
		lost = run->cpu[i].ring_lost;
	return lost;
}

/**
 * tn_run_causes_whole() - the same for interruptions by cause
 * @run: the run
 *
 * An interruption that found the probe's ring full has no cause, and the entries in it count as too short.
 *
 * Return: true when, besides, every interruption was compared with the events.
 */
bool tn_run_causes_whole(const struct tn_run *run)
{
	return !tn_run_rings_lost(run) && tn_run_entries_whole(run);
}
