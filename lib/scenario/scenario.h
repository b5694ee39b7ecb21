/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SCENARIO_SCENARIO_H
#define TN_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpus.h"
#include "base/error.h"
#include "base/units.h"

#define TN_SCENARIO_CHURN_MAX  16
#define TN_SCENARIO_EXPECT_MAX 64
#define TN_SCENARIO_TEXT_MAX   (64 * 1024)

/* Whom a cpus= key means; resolved against the machine when the run is planned. */
enum tn_cpu_choice {
	TN_CPUS_ISOLATED,
	TN_CPUS_HOUSEKEEPING,
	TN_CPUS_LIST,
	TN_CPUS_BOTH,   /* [entry]: the probed ones and one housekeeping CPU */
	TN_CPUS_PROBED, /* [isolate] */
};

struct tn_cpu_spec {
	enum tn_cpu_choice choice;
	struct tn_cpus list;
};

enum tn_probe_kind {
	TN_PROBE_SPIN,
	TN_PROBE_ENTRY,
	TN_PROBE_TIMER,
	TN_PROBE_OSLAT,
	TN_PROBE_CYCLICTEST,
	TN_PROBE_KINDS,
};
enum tn_sched_policy { TN_SCHED_OTHER, TN_SCHED_FIFO };

struct tn_probe_spec {
	uint32_t n_kinds;
	enum tn_probe_kind kind[TN_PROBE_KINDS]; /* as written, each once */
	struct tn_cpu_spec cpus;
	bool threshold_auto;
	uint64_t threshold_ns;
	uint64_t quantum_ns;   /* of work, for jitter */
	uint32_t ring_records; /* a power of two */
	enum tn_sched_policy policy;
	unsigned int priority; /* with fifo: 1 to 99 */
};

/* Of kind entry. */
struct tn_entry_spec {
	uint64_t duration_ns; /* of each of the two windows of a round: quiet, and under churn */
	struct tn_cpu_spec cpus;
	uint32_t pages; /* faults in a row, and system calls in a row */
};

/* Of kind timer. */
struct tn_timer_spec {
	uint64_t duration_ns;
	uint64_t interval_ns;
};

/* Of kinds oslat and cyclictest. */
struct tn_reference_spec {
	uint64_t duration_ns;
};

/* What to isolate for the run: bits as in system/isolate.h, which this folder does not import. */
struct tn_isolate_spec {
	uint32_t parts; /* 0: nothing */
	struct tn_cpu_spec cpus;
};

struct tn_churn_spec {
	char name[32];   /* the section: [churn NAME] */
	char source[32]; /* source = ..., NAME when absent */
	int line;        /* of the section, for messages */
	struct tn_cpu_spec cpus;
	double rate_per_s;     /* TN_RATE_MAX: flat out */
	struct tn_range pages; /* per operation; sources that have no use for it refuse the key */
	bool pages_set;
	uint32_t workers;
	uint32_t burst;  /* threads: how many at once; 0: not set, the source has its own default */
	uint32_t groups; /* hackbench -g; 0: not set, likewise */
};

/* Level names as in system/features.h; the scenario keeps the text so that it imports base only. */
struct tn_trace_spec {
	char level[16];        /* auto, full, entry, counters, none */
	uint64_t buffer_bytes; /* per CPU and instance */
};

enum tn_expect_op { TN_EXPECT_LT, TN_EXPECT_LE, TN_EXPECT_EQ, TN_EXPECT_GE, TN_EXPECT_GT };

struct tn_expect {
	char metric[64]; /* jitter.p99, interruption.max, interruptions.rate, stolen, cause.CLASS ... */
	enum tn_expect_op op;
	double value;  /* ns for times, per second for rates, a fraction for shares, else a count */
	char text[64]; /* as written, for messages */
	int line;
};

struct tn_scenario {
	char name[64];
	char file[512]; /* where it was read from, for messages */
	char description[256];
	uint64_t duration_ns; /* of the window of each round */
	uint64_t warmup_ns;   /* churn runs this long before the window opens */
	uint32_t rounds;
	struct tn_probe_spec probe;
	struct tn_entry_spec entry;
	struct tn_timer_spec timer;
	struct tn_reference_spec reference;
	struct tn_trace_spec trace;
	struct tn_isolate_spec isolate;
	size_t n_churn;
	struct tn_churn_spec churn[TN_SCENARIO_CHURN_MAX];
	size_t n_expect;
	struct tn_expect expect[TN_SCENARIO_EXPECT_MAX];
};

enum tn_scenario_type {
	TN_SCENARIO_TEXT,
	TN_SCENARIO_KIND,
	TN_SCENARIO_LEVEL,
	TN_SCENARIO_SOURCE,
	TN_SCENARIO_DURATION,
	TN_SCENARIO_THRESHOLD,
	TN_SCENARIO_COUNT,
	TN_SCENARIO_POWER_OF_TWO,
	TN_SCENARIO_SIZE,
	TN_SCENARIO_RATE,
	TN_SCENARIO_RANGE,
	TN_SCENARIO_CPUS,
	TN_SCENARIO_CPUS_OR_BOTH,
	TN_SCENARIO_CPUS_OR_PROBED,
	TN_SCENARIO_PARTS,
	TN_SCENARIO_SCHED,
};

/* One key of the file format: all that the parser, the man page and a listing need to know of it. */
struct tn_scenario_key {
	const char *section; /* "churn" stands for each [churn NAME] */
	const char *key;
	enum tn_scenario_type type;
	const char *min, *max; /* as one would write them; NULL where the type has no range */
	const char *fallback;  /* the default, likewise; NULL: stays unset */
	size_t offset;         /* in struct tn_scenario, of a churn key in struct tn_churn_spec */
	const char *help;
};

enum tn_metric_kind { TN_METRIC_DURATION, TN_METRIC_RATE, TN_METRIC_PER_OPERATION, TN_METRIC_SHARE, TN_METRIC_COUNT };

/* What [expect] can ask for; NAME in a name stands for the name of a [churn] section. */
struct tn_scenario_metric {
	const char *name;
	enum tn_metric_kind kind;
	const char *help;
};

int tn_scenario_parse(const char *text, size_t len, const char *file, const char *const *overrides,
		      struct tn_scenario *ret, struct tn_error *err);
int tn_scenario_load(const char *path, char **ret_text, struct tn_error *err);
bool tn_scenario_has_kind(const struct tn_scenario *sc, enum tn_probe_kind kind);
const char *tn_probe_kind_name(enum tn_probe_kind kind);
const char *tn_cpu_spec_format(const struct tn_cpu_spec *spec, char *buf, size_t size);

/* Tables of the format; NULL behind the last. */
const struct tn_scenario_key *tn_scenario_key_at(size_t index);
const struct tn_scenario_metric *tn_scenario_metric_at(size_t index);
const char *tn_scenario_type_name(enum tn_scenario_type type);

#endif
