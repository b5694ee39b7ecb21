// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The part of the run document that was measured on one CPU in one round. Figures that contradict each
 * other are refused in both directions: a document in which entries are neither seen nor too short to be
 * seen has lost some silently, and nothing can be concluded from it.
 */
#include "result/fields.h"

#include <errno.h>
#include <inttypes.h>

/**
 * tn_run_check_conservation() - entries must be matched or too short to be seen
 * @entries: what the kernel reported on the CPU, inside the window
 * @matched: those that lie in an interruption
 * @too_short: those that lie in none
 * @err: the three figures
 *
 * Return: 0, or -EBADMSG when they do not add up.
 */
int tn_run_check_conservation(uint64_t entries, uint64_t matched, uint64_t too_short, struct tn_error *err)
{
	uint64_t sum;

	if (!__builtin_add_overflow(matched, too_short, &sum) && sum == entries)
		return 0;
	return tn_error_set(err, -EBADMSG,
			    "entries are %" PRIu64 ", but matched %" PRIu64 " and too_short %" PRIu64
			    " do not add up to that: events were lost or counted twice, trust nothing here",
			    entries, matched, too_short);
}

#define S struct tn_run_class
static int check_class(const void *what, struct tn_error *err)
{
	const S *c = what;

	return tn_run_check_conservation(c->entries, c->matched, c->too_short, err);
}

static const struct tn_field class_fields[] = {
	U64(S, entries, "entries"),           U64(S, matched, "matched"),
	U64(S, too_short, "too_short"),       U64(S, interruptions, "interruptions"),
	U64(S, stolen_ticks, "stolen_ticks"), U64(S, max_ticks, "max_ticks"),
};
static const struct tn_object class_object = {
	.fields = class_fields, .n = TN_ARRAY_SIZE(class_fields), .derive = tn_derive_class, .check = check_class};
#undef S

#define S struct tn_run_counter
static const struct tn_field counter_fields[] = {
	TEXT(S, name, "name"),
	TEXT(S, text, "text"),
	U64(S, delta, "delta"),
};
static const struct tn_object counter_object = OBJECT_OF(counter_fields);
#undef S

#define S struct tn_run_cpu
static int check_cpu(const void *what, struct tn_error *err)
{
	const S *c = what;

	if (c->window_open_ticks <= c->window_close_ticks)
		return 0;
	return tn_error_set(err, -EBADMSG,
			    "window_close_ticks %" PRIu64 " lies before window_open_ticks %" PRIu64
			    ": the counter went backwards or the document was edited",
			    c->window_close_ticks, c->window_open_ticks);
}

static const struct tn_field cpu_fields[] = {
	INT(S, cpu, "cpu", 0, TN_CPUS_MAX - 1),
	U32(S, round, "round"),
	INT(S, ran_on, "ran_on", -1, TN_CPUS_MAX - 1),
	BOOL(S, isolated, "isolated"),
	BOOL(S, nohz_full, "nohz_full"),
	INT(S, node, "node", -1, 65535),
	CPUS(S, siblings, "siblings"),
	BOOL(S, partial, "partial", LATER),
	STAMP(S, window_open_ticks, "window_open_ticks"),
	STAMP(S, window_close_ticks, "window_close_ticks"),
	U64(S, floor_min_ticks, "floor_min_ticks"),
	U64(S, floor_median_ticks, "floor_median_ticks"),
	U64(S, floor_p999_ticks, "floor_p999_ticks"),
	U64(S, threshold_ticks, "threshold_ticks"),
	U64(S, quantum_passes, "quantum_passes"),
	U64(S, quantum_base_ticks, "quantum_base_ticks"),
	U64(S, quantum_min_ticks, "quantum_min_ticks"),
	U64(S, quanta, "quanta"),
	U64(S, quanta_below_base, "quanta_below_base"),
	U64(S, stolen_ticks, "stolen_ticks"),
	U64(S, ring_lost, "ring_lost"),
	U64(S, ring_lost_ticks, "ring_lost_ticks"),
	U64(S, minor_faults, "minor_faults"),
	U64(S, major_faults, "major_faults"),
	U64(S, voluntary_switches, "voluntary_switches"),
	U64(S, involuntary_switches, "involuntary_switches"),
	U64_OR_NULL(S, steal_ns, "steal_ns"),
	U64_OR_NULL(S, smi, "smi"),
	DOUBLE(S, evidence_s, "evidence_s", 0, 1e9, LATER),
	HIST(S, interruptions, "interruptions"),
	HIST(S, jitter, "jitter"),
	CLASSES(S, by_class, "by_class", &class_object),
	U64(S, entries_outside, "entries_outside"),
	U64(S, flush_local, "flush_local"),
	U64(S, senders_unknown, "senders_unknown"),
	ARRAY(S, counter, n_counters, "counters", 4096, &counter_object),
	U64(S, counters_dropped, "counters_dropped", LATER),
};
const struct tn_object tn_run_cpu_object = {
	.fields = cpu_fields, .n = TN_ARRAY_SIZE(cpu_fields), .derive = tn_derive_cpu, .check = check_cpu};
#undef S
