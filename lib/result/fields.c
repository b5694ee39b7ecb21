// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The run document as tables: what each key is called, where it lives in struct tn_run and which values it
 * may have. tlbnoise-run(5) describes the same keys in the same order. What was measured on a CPU is in
 * fields_cpu.c, what caused it in fields_cause.c, and kinds of probe other than spin in fields_kinds.c.
 */
#include "result/fields.h"

#include <errno.h>
#include <math.h>

static const char *state_name(unsigned int v)
{
	static const char *const name[] = {"complete", "incomplete", "aborted"};

	return v < TN_ARRAY_SIZE(name) ? name[v] : NULL;
}

static const char *severity_name(unsigned int v)
{
	static const char *const name[] = {"info", "warning"};

	return v < TN_ARRAY_SIZE(name) ? name[v] : NULL;
}

static const char *source_name(unsigned int v)
{
	return v <= TN_CLOCK_FITTED ? tn_clock_source_name((enum tn_clock_source)v) : NULL;
}

static const char *level_name(unsigned int v)
{
	return v <= TN_TRACE_NONE ? tn_trace_level_name((enum tn_trace_level)v) : NULL;
}

/**
 * tn_run_state_name() - the word for a state in the document
 * @state: the state
 *
 * Return: a constant string, "unknown" for a number that is none.
 */
const char *tn_run_state_name(enum tn_run_state state)
{
	const char *name = state_name(state);

	return name ? name : "unknown";
}

#define S struct tn_run
static const struct tn_field scenario_fields[] = {
	TEXT(S, scenario_name, "name"),           TEXT(S, scenario_description, "description"),
	STRING(S, scenario_text, "text"),         STRINGS(S, override, n_overrides, "overrides", 4096),
	U64(S, duration_ns, "duration_ns"),       U64(S, quantum_ns, "quantum_ns"),
	U32(S, rounds_planned, "rounds_planned"), U32(S, rounds_done, "rounds_done"),
	CPUS(S, probed, "probed_cpus"),           CPUS(S, housekeeping, "housekeeping_cpus"),
};
static const struct tn_object scenario_object = OBJECT_OF(scenario_fields);

static const struct tn_field trace_fields[] = {
	ENUM(S, level, "level", level_name), TEXT(S, level_reason, "level_reason"), TEXT(S, trace_clock, "clock"),
	U64(S, lost.events, "events"),       U64(S, lost.bytes, "bytes"),
};
static const struct tn_object trace_object = OBJECT_OF(trace_fields);

static const struct tn_field lost_fields[] = {
	U64(S, lost.overrun, "trace_overrun"),
	U64(S, lost.missed, "trace_missed"),
	U64(S, lost.undecoded, "trace_undecoded"),
	U64(S, lost.ring, "ring"),
	U64(S, lost.causes, "causes"),
};
static const struct tn_object lost_object = {
	.fields = lost_fields, .n = TN_ARRAY_SIZE(lost_fields), .derive = tn_derive_lost};

static const struct tn_field threshold_fields[] = {
	BOOL(S, threshold_auto, "auto", LATER),
	U64(S, min_threshold_ticks, "min_ticks", LATER),
};
static const struct tn_object threshold_object = {
	.fields = threshold_fields, .n = TN_ARRAY_SIZE(threshold_fields), .derive = tn_derive_threshold};

static const struct tn_field raw_fields[] = {
	TEXT(S, raw_file, "file"),
	U64(S, raw_records, "records"),
	TEXT(S, raw_error, "error", LATER),
};
static const struct tn_object raw_object = OBJECT_OF(raw_fields);
#undef S

#define S struct tn_environment
static const struct tn_field environment_fields[] = {
	TEXT(S, hostname, "hostname"),
	TEXT(S, machine_id_hash, "machine_id_hash"),
	TEXT(S, kernel_release, "kernel_release"),
	TEXT(S, kernel_version, "kernel_version"),
	TEXT(S, cmdline, "cmdline"),
	TEXT(S, arch, "arch"),
	TEXT(S, cpu_model, "cpu_model"),
	TEXT(S, microcode, "microcode"),
	TEXT(S, virtualization, "virtualization"),
	TEXT(S, preemption, "preemption"),
	TEXT(S, distribution, "distribution"),
	U32(S, nodes, "nodes"),
	U64(S, memory_bytes, "memory_bytes"),
	TEXTS(S, config, n_config, "config"),
};
static const struct tn_object environment_object = OBJECT_OF(environment_fields);
#undef S

/* Every nanosecond in the document is ticks divided by this rate. */
static int check_clock(const void *what, struct tn_error *err)
{
	const struct tn_clock *c = what;

	if (isfinite(c->hz) && c->hz >= 1.0)
		return 0;
	return tn_error_set(err, -EBADMSG, "hz is %g: the tick rate must be known and at least 1", c->hz);
}

#define S struct tn_clock
static const struct tn_field clock_fields[] = {
	DOUBLE(S, hz, "hz", 1, 1e15),           DOUBLE(S, hz_error_ppm, "hz_error_ppm", 0, 1e6),
	ENUM(S, source, "source", source_name), U64(S, quantum_ticks, "quantum_ticks"),
	BOOL(S, invariant, "invariant"),        BOOL(S, reliable, "reliable"),
	TEXT(S, clocksource, "clocksource"),
};
static const struct tn_object clock_object = {
	.fields = clock_fields, .n = TN_ARRAY_SIZE(clock_fields), .derive = tn_derive_clock, .check = check_clock};
#undef S

#define S struct tn_finding
static const struct tn_field finding_fields[] = {
	ENUM(S, severity, "severity", severity_name),
	INT(S, cpu, "cpu", -1, TN_CPUS_MAX - 1),
	TEXT(S, id, "id"),
	TEXT(S, text, "text"),
};
static const struct tn_object finding_object = OBJECT_OF(finding_fields);
#undef S

#define S struct tn_side_effect
static const struct tn_field effect_fields[] = {
	TEXT(S, what, "what"),     TEXT(S, target, "target"), TEXT(S, before, "before"),
	TEXT(S, during, "during"), BOOL(S, undone, "undone"),
};
static const struct tn_object effect_object = OBJECT_OF(effect_fields);
#undef S

#define S struct tn_run_churn
static const struct tn_field churn_fields[] = {
	TEXT(S, name, "name"),
	TEXT(S, source, "source"),
	TEXT(S, operation, "operation"),
	TEXT(S, mechanism, "mechanism", LATER),
	CPUS(S, cpus, "cpus"),
	U32(S, workers, "workers"),
	DOUBLE(S, requested_per_s, "requested_per_s", 0, 1e12),
	TEXT(S, kind, "kind", LATER),
	U32(S, round, "round"),
	DOUBLE(S, seconds, "measured_s", 0, 1e9),
	U64(S, operations, "operations"),
	U64(S, missed, "missed"),
	U64(S, errors, "errors"),
	DOUBLE(S, busy_s, "busy_s", 0, 1e12),
	TEXT(S, failure, "failure"),
};
static const struct tn_object churn_object = {
	.fields = churn_fields, .n = TN_ARRAY_SIZE(churn_fields), .derive = tn_derive_churn};
#undef S

static int check_run(const void *what, struct tn_error *err)
{
	const struct tn_run *run = what;

	for (size_t i = 0; i < run->n_worst; i++)
		if (run->worst[i].cause >= 0 && (uint64_t)run->worst[i].cause >= run->n_causes)
			return tn_error_set(err, -EBADMSG, "worst[%zu].cause is %lld, but there are %zu causes", i,
					    (long long)run->worst[i].cause, run->n_causes);
	return tn_run_check_repeats(run, err);
}

#define S struct tn_run
static const struct tn_field run_fields[] = {
	TEXT(S, id, "id"),
	ENUM(S, state, "state", state_name),
	TEXT(S, state_reason, "state_reason"),
	TEXT(S, started_at, "started_at"),
	DOUBLE(S, elapsed_s, "elapsed_s", 0, 1e9),
	TEXT(S, tlbnoise_version, "tlbnoise_version"),
	PART("scenario", &scenario_object),
	OBJECT(S, env, "environment", &environment_object),
	OBJECT(S, clock, "clock", &clock_object),
	PART("threshold", &threshold_object, LATER),
	PART("trace", &trace_object),
	PART("lost", &lost_object),
	ARRAY(S, finding, n_findings, "findings", 65536, &finding_object),
	ARRAY(S, readiness, n_readiness, "readiness", TN_RUN_READINESS_MAX, &tn_run_readiness_object, LATER),
	ARRAY(S, effect, n_effects, "side_effects", 65536, &effect_object),
	ARRAY(S, cpu, n_cpus, "cpus", TN_RUN_CPUS_MAX, &tn_run_cpu_object),
	ARRAY(S, cause, n_causes, "causes", 4096, &tn_run_cause_object),
	ARRAY(S, worst, n_worst, "worst", 65536, &tn_run_worst_object),
	ARRAY(S, churn, n_churn, "churn", 65536, &churn_object),
	ARRAY(S, entry_cost, n_entry_costs, "entry_costs", TN_RUN_ENTRY_COSTS_MAX, &tn_run_entry_cost_object, LATER),
	ARRAY(S, wakeup, n_wakeups, "wakeups", TN_RUN_CPUS_MAX, &tn_run_wakeup_object, LATER),
	ARRAY(S, reference, n_references, "references", TN_RUN_REFERENCES_MAX, &tn_run_reference_object, LATER),
	ARRAY(S, expectation, n_expectations, "expectations", 4096, &tn_run_expectation_object, LATER),
	PART("raw", &raw_object),
};
const struct tn_object tn_run_object = {
	.fields = run_fields, .n = TN_ARRAY_SIZE(run_fields), .derive = tn_derive_run, .check = check_run};
#undef S
