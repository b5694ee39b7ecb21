/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_RUN_H
#define TN_RESULT_RUN_H

/*
 * The run document: one struct, one JSON form (schema "tlbnoise.run/1", tlbnoise-run(5)). Everything that
 * reads a result reads this. Owned memory is freed by tn_run_free(); times are ticks of @clock, from which the
 * JSON gives nanoseconds; symbols are resolved to text here, so that a document needs no kernel.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "analysis/cause.h"
#include "base/cpus.h"
#include "base/error.h"
#include "base/histogram.h"
#include "check/check.h"
#include "system/clock.h"
#include "system/environment.h"
#include "system/features.h"

#define TN_RUN_SCHEMA          "tlbnoise.run/1"
#define TN_RUN_SYMBOL          80
#define TN_RUN_STACK           16
#define TN_RUN_CPUS_MAX        4096                  /* CPUs times rounds, of each kind */
#define TN_RUN_ENTRY_COSTS_MAX (4 * TN_RUN_CPUS_MAX) /* two operations, quiet and under churn */
#define TN_RUN_REFERENCES_MAX  (2 * TN_RUN_CPUS_MAX) /* two tools */
#define TN_RUN_READINESS_MAX   8192
#define TN_RUN_FILE_MAX        (128 * 1024 * 1024) /* bytes of a document */

enum tn_run_state {
	TN_RUN_COMPLETE,
	TN_RUN_INCOMPLETE, /* ran to the end, but something was lost: see lost */
	TN_RUN_ABORTED,    /* stopped before its end */
};

enum tn_severity { TN_FINDING_INFO, TN_FINDING_WARNING };

struct tn_finding {
	enum tn_severity severity;
	int cpu;        /* -1: the machine */
	char id[48];    /* "cpu-not-isolated" */
	char text[256]; /* what it is and what it does to the result */
};

/* How a check of tlbnoise-check(1) came out when the run was planned. CPUs of which it says the same share a row. */
struct tn_run_readiness {
	char id[32];
	struct tn_cpus cpus; /* empty: the machine */
	enum tn_check_verdict verdict;
	char evidence[TN_CHECK_FILE + TN_CHECK_VALUE + 2]; /* file and value, of the first of @cpus */
};

struct tn_side_effect {
	char what[48]; /* "tracefs-instance", "affinity", "sched-policy", ... */
	char target[256];
	char before[64], during[64];
	bool undone;
};

/* What happened on one CPU in one round. */
struct tn_run_cpu {
	int cpu;
	uint32_t round;
	int ran_on;   /* verified by the probe at both ends */
	bool partial; /* the window was cut short: the run was stopped */
	bool isolated, nohz_full;
	int node;
	struct tn_cpus siblings;
	uint64_t window_open_ticks, window_close_ticks;
	uint64_t floor_min_ticks, floor_median_ticks, floor_p999_ticks;
	uint64_t threshold_ticks;
	uint64_t quantum_passes, quantum_base_ticks, quantum_min_ticks;
	uint64_t quanta, quanta_below_base;
	uint64_t stolen_ticks;
	uint64_t ring_lost, ring_lost_ticks;
	uint64_t minor_faults, major_faults, voluntary_switches, involuntary_switches; /* of the probe */
	uint64_t steal_ns;            /* hypervisor steal, from /proc/stat; UINT64_MAX unknown */
	uint64_t smi;                 /* SMI count delta, from MSR 0x34; UINT64_MAX unknown */
	double evidence_s;            /* between the two readings of counters, steal and SMI; 0 unknown */
	struct tn_hist interruptions; /* gap length, ticks */
	struct tn_hist jitter;        /* extra ticks per quantum */
	struct tn_run_class {
		uint64_t entries, matched, too_short;            /* conservation: entries = matched + too_short */
		uint64_t interruptions, stolen_ticks, max_ticks; /* primary class */
	} by_class[TN_CLASS_COUNT];
	uint64_t entries_outside, flush_local, senders_unknown;
	size_t n_counters; /* level counters, or as evidence beside full */
	struct tn_run_counter {
		char name[48];
		char text[64];
		uint64_t delta;
	} * counter;
	uint64_t counters_dropped; /* rows of /proc/interrupts that found no room in counter */
};

struct tn_run_cause {
	enum tn_class class;
	char function[TN_RUN_SYMBOL]; /* ran on the probed CPU: csd function, hrtimer function, NMI handler */
	char detail[TN_RUN_SYMBOL];   /* vector, IRQ and handler, softirq name, task switched to */
	char culprit[TN_RUN_SYMBOL];
	char callsite[TN_RUN_SYMBOL];
	char sender_comm[16];
	struct tn_cpus sender_cpus;
	bool local; /* the probed CPU's own task called the function: no IPI was sent */
	uint32_t n_stack;
	char stack[TN_RUN_STACK][TN_RUN_SYMBOL]; /* of one sender, innermost first */
	uint64_t entries, matched, too_short, interruptions, stolen_ticks, max_ticks;
};

struct tn_run_entry {
	enum tn_class class;
	uint64_t ticks;
	char function[TN_RUN_SYMBOL], detail[TN_RUN_SYMBOL], culprit[TN_RUN_SYMBOL];
	int sender_cpu, sender_pid;
	char sender_comm[16];
	uint64_t delivery_ticks; /* from the sending to @ticks; 0: not sent, or not known */
};

struct tn_run_worst {
	uint64_t start_ticks, end_ticks;
	int cpu;
	uint32_t round;
	enum tn_class class;
	int64_t cause; /* index, -1 none */
	uint32_t n_entries, n_kept;
	struct tn_run_entry *entry; /* n_kept */
};

struct tn_run_churn {
	char name[32], source[32], operation[64];
	char mechanism[32]; /* what did the work: "module", or the source it fell back to; "" unknown */
	struct tn_cpus cpus;
	uint32_t workers;
	double requested_per_s;              /* 0: flat out */
	char kind[16];                       /* of the round: "spin", "entry", ... */
	uint32_t round;                      /* among those of its kind, from 0 */
	double seconds;                      /* how long its window-overlapping measurement was */
	uint64_t operations, missed, errors; /* inside the window */
	double busy_s;
	char failure[256];
};

/* Whether churn ran while something was measured. */
enum tn_condition { TN_CONDITION_QUIET, TN_CONDITION_CHURN };

/* What it costs to enter the kernel and come back, on one CPU in one round of kind entry. */
struct tn_run_entry_cost {
	int cpu;
	uint32_t round; /* among the rounds of its kind and condition, from 0 */
	bool isolated, nohz_full;
	bool partial;
	bool traced; /* kernel events were armed, which makes entries dearer */
	enum tn_condition condition;
	char operation[16]; /* "getpid", "page-fault" */
	uint64_t window_open_ticks, window_close_ticks;
	uint64_t clock_ticks; /* cost of reading the clock; taken off each value */
	struct tn_hist cost;  /* ticks per operation */
};

/* Wake-up latency on one CPU in one round of kind timer. */
struct tn_run_wakeup {
	int cpu;
	uint32_t round;
	bool isolated, nohz_full;
	bool partial;
	bool traced; /* kernel events were armed */
	uint64_t interval_ns;
	uint64_t window_open_ticks, window_close_ticks;
	uint64_t wakeups, missed; /* missed: periods that had begun before the wake-up for an earlier one */
	struct tn_hist latency;   /* ticks from the programmed time to the return to userspace */
};

/* What another tool says of the same CPU under the same churn, in a round of its own. */
struct tn_run_reference {
	char tool[16];     /* "oslat", "cyclictest" */
	char version[64];  /* as the tool gives it */
	char command[256]; /* as it was called */
	int cpu;
	uint32_t round;
	bool isolated, nohz_full;
	bool partial;   /* it was stopped early */
	bool traced;    /* kernel events were armed */
	double seconds; /* it measured; 0 when it failed */
	uint64_t samples;
	double min_ns, mean_ns, p50_ns, p99_ns, p999_ns, max_ns; /* NaN: it does not say */
	double resolution_ns;                                    /* of its percentiles */
	char failure[256];                                       /* "" when it worked */
};

enum tn_expectation_verdict {
	TN_EXPECTATION_MET,
	TN_EXPECTATION_FAILED,
	TN_EXPECTATION_UNDECIDED,  /* met by the estimate, not by all of its interval */
	TN_EXPECTATION_NOT_JUDGED, /* there is no value to judge */
};

/* A line of [expect], held against what was measured. */
struct tn_run_expectation {
	char metric[96];
	char text[64]; /* operator and limit, as written */
	uint32_t line; /* in the scenario; 0: an override */
	enum tn_expectation_verdict verdict;
	char unit[16];                       /* "ns", "per_s", "share", "count" */
	double value, low, high, confidence; /* NaN: none */
	char reason[192];                    /* why it could not be judged, or not well; "" otherwise */
};

struct tn_run {
	char id[40];
	enum tn_run_state state;
	char state_reason[256];
	char started_at[40]; /* RFC 3339, UTC */
	double elapsed_s;
	char tlbnoise_version[32];
	char scenario_name[64], scenario_description[256];
	char *scenario_text;
	size_t n_overrides;
	char **override;
	uint64_t duration_ns, quantum_ns;
	uint32_t rounds_planned, rounds_done;
	bool threshold_auto;          /* derived from the floor of the loop, not set by the scenario */
	uint64_t min_threshold_ticks; /* the least that an automatic threshold can be; 0 unknown */
	struct tn_cpus probed, housekeeping;

	struct tn_environment env;
	struct tn_clock clock;
	enum tn_trace_level level;
	char level_reason[256];
	char trace_clock[16];
	struct {
		uint64_t events, bytes, overrun, missed, undecoded; /* of the trace */
		uint64_t ring;                                      /* interruptions that found a ring full */
		uint64_t causes;                                    /* did not fit into the table */
	} lost;

	size_t n_findings, n_effects, n_cpus, n_causes, n_worst, n_churn;
	size_t n_entry_costs, n_wakeups, n_references, n_expectations, n_readiness;
	struct tn_finding *finding;
	struct tn_run_readiness *readiness;
	struct tn_side_effect *effect;
	struct tn_run_cpu *cpu; /* all rounds, in order */
	struct tn_run_cause *cause;
	struct tn_run_worst *worst; /* longest first */
	struct tn_run_churn *churn;
	struct tn_run_entry_cost *entry_cost;
	struct tn_run_wakeup *wakeup;
	struct tn_run_reference *reference;
	struct tn_run_expectation *expectation;

	char raw_file[512]; /* "" when none was kept */
	uint64_t raw_records;
	char raw_error[256]; /* why raw interruptions were not kept to the end; "" when they were */
};

int tn_run_new(struct tn_run **ret, struct tn_error *err);
void tn_run_free(struct tn_run *run);
TN_DEFINE_CLEANUP(struct tn_run, tn_run_free);

const char *tn_run_state_name(enum tn_run_state state);
int tn_run_add_finding(struct tn_run *run, enum tn_severity severity, int cpu, const char *id, const char *fmt, ...)
	tn_printf(5, 6);
int tn_run_add_readiness(struct tn_run *run, const struct tn_check_report *report, struct tn_error *err);
int tn_run_add_effect(struct tn_run *run, const char *what, const char *target, const char *before, const char *during);
struct tn_run_cpu *tn_run_add_cpu(struct tn_run *run); /* zeroed, histograms initialised; NULL: no memory */
struct tn_run_entry_cost *tn_run_add_entry_cost(struct tn_run *run);
struct tn_run_wakeup *tn_run_add_wakeup(struct tn_run *run);
struct tn_run_reference *tn_run_add_reference(struct tn_run *run);
const char *tn_condition_name(enum tn_condition condition);
int tn_run_check_conservation(uint64_t entries, uint64_t matched, uint64_t too_short, struct tn_error *err);
int tn_run_check_repeats(const struct tn_run *run, struct tn_error *err);

int tn_run_to_json(const struct tn_run *run, cJSON **ret, struct tn_error *err);
int tn_run_from_json(const cJSON *json, struct tn_run **ret, struct tn_error *err);
int tn_run_parse(const char *name, const char *text, size_t n, struct tn_run **ret, struct tn_error *err);
int tn_run_read_text(const char *path, char **ret, size_t *ret_n, struct tn_error *err);
int tn_run_read_file(const char *path, struct tn_run **ret, struct tn_error *err);
int tn_run_write_file(const struct tn_run *run, const char *path,
		      struct tn_error *err); /* atomic: temporary, fsync, rename */

/* Raw interruptions beside the document: result/raw.c, tlbnoise-raw(5). */
struct tn_raw_writer;
struct tn_raw_record;
int tn_raw_create(const char *path, const char *run_id, double hz, struct tn_raw_writer **ret, struct tn_error *err);
int tn_raw_append(struct tn_raw_writer *w, const struct tn_raw_record *rec);
int tn_raw_sync(struct tn_raw_writer *w, uint64_t *ret_records);
int tn_raw_finish(struct tn_raw_writer *w, uint64_t *ret_records, struct tn_error *err); /* frees @w also on failure */
struct tn_raw_reader;
int tn_raw_open(const char *path, struct tn_raw_reader **ret, struct tn_error *err);
uint64_t tn_raw_count(const struct tn_raw_reader *r);
const struct tn_raw_record *tn_raw_at(const struct tn_raw_reader *r, uint64_t index);
double tn_raw_hz(const struct tn_raw_reader *r);
const char *tn_raw_run_id(const struct tn_raw_reader *r);
const char *tn_raw_warning(const struct tn_raw_reader *r); /* "" or why the file is not whole */
void tn_raw_close(struct tn_raw_reader *r);
TN_DEFINE_CLEANUP(struct tn_raw_reader, tn_raw_close);

#endif
