// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of the run document that other kinds of probe than spin fill: what it costs to enter the kernel,
 * wake-up latency, and what other tools say.
 */
#include "result/fields.h"

#include <errno.h>
#include <inttypes.h>

static const char *condition_name(unsigned int v)
{
	static const char *const name[] = {"quiet", "churn"};

	return v < TN_ARRAY_SIZE(name) ? name[v] : NULL;
}

/**
 * tn_condition_name() - the word for a condition in the document
 * @condition: the condition
 *
 * Return: a constant string, "unknown" for a number that is none.
 */
const char *tn_condition_name(enum tn_condition condition)
{
	const char *name = condition_name(condition);

	return name ? name : "unknown";
}

/* What rows of all kinds have: where and how it was measured, and when. */
#define WHERE_AND_HOW(S)                                                                               \
	INT(S, cpu, "cpu", 0, TN_CPUS_MAX - 1), U32(S, round, "round"), BOOL(S, isolated, "isolated"), \
		BOOL(S, nohz_full, "nohz_full"), BOOL(S, partial, "partial"), BOOL(S, traced, "traced")
#define WINDOW(S) STAMP(S, window_open_ticks, "window_open_ticks"), STAMP(S, window_close_ticks, "window_close_ticks")

static int check_window(uint64_t open, uint64_t close, struct tn_error *err)
{
	if (open <= close)
		return 0;
	return tn_error_set(err, -EBADMSG, "window_close_ticks %" PRIu64 " lies before window_open_ticks %" PRIu64,
			    close, open);
}

#define S struct tn_run_entry_cost
static int check_entry_cost(const void *what, struct tn_error *err)
{
	const S *e = what;

	return check_window(e->window_open_ticks, e->window_close_ticks, err);
}

static const struct tn_field entry_cost_fields[] = {
	WHERE_AND_HOW(S),
	ENUM(S, condition, "condition", condition_name),
	TEXT(S, operation, "operation"),
	WINDOW(S),
	U64(S, clock_ticks, "clock_ticks"),
	HIST(S, cost, "cost"),
};
const struct tn_object tn_run_entry_cost_object = {.fields = entry_cost_fields,
						   .n = TN_ARRAY_SIZE(entry_cost_fields),
						   .derive = tn_derive_entry_cost,
						   .check = check_entry_cost};
#undef S

#define S struct tn_run_wakeup
static int check_wakeup(const void *what, struct tn_error *err)
{
	const S *w = what;

	if (w->wakeups != w->latency.count)
		return tn_error_set(err, -EBADMSG, "wakeups is %" PRIu64 ", but the latencies of %" PRIu64 " are there",
				    w->wakeups, w->latency.count);
	return check_window(w->window_open_ticks, w->window_close_ticks, err);
}

static const struct tn_field wakeup_fields[] = {
	WHERE_AND_HOW(S),           U64(S, interval_ns, "interval_ns"), WINDOW(S),
	U64(S, wakeups, "wakeups"), U64(S, missed, "missed"),           HIST(S, latency, "latency"),
};
const struct tn_object tn_run_wakeup_object = {
	.fields = wakeup_fields, .n = TN_ARRAY_SIZE(wakeup_fields), .derive = tn_derive_wakeup, .check = check_wakeup};
#undef S

#define S struct tn_run_reference
static const struct tn_field reference_fields[] = {
	TEXT(S, tool, "tool"),
	TEXT(S, version, "version"),
	TEXT(S, command, "command"),
	WHERE_AND_HOW(S),
	DOUBLE(S, seconds, "measured_s", 0, 1e9),
	U64(S, samples, "samples"),
	DOUBLE_OR_NULL(S, min_ns, "min_ns", 0, 1e18),
	DOUBLE_OR_NULL(S, mean_ns, "mean_ns", 0, 1e18),
	DOUBLE_OR_NULL(S, p50_ns, "p50_ns", 0, 1e18),
	DOUBLE_OR_NULL(S, p99_ns, "p99_ns", 0, 1e18),
	DOUBLE_OR_NULL(S, p999_ns, "p99.9_ns", 0, 1e18),
	DOUBLE_OR_NULL(S, max_ns, "max_ns", 0, 1e18),
	DOUBLE_OR_NULL(S, resolution_ns, "resolution_ns", 0, 1e18),
	TEXT(S, failure, "failure"),
};
const struct tn_object tn_run_reference_object = OBJECT_OF(reference_fields);
#undef S
