/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_RUN_H
#define TLBNOISED_RUN_H

#include <systemd/sd-event.h>

#include "analysis/attribution.h"
#include "base/log.h"
#include "base/now.h"
#include "churn/churn.h"
#include "evidence.h"
#include "plan.h"
#include "probes.h"
#include "references.h"
#include "results.h"
#include "system/isolate.h"
#include "system/undo.h"
#include "trace/trace.h"

/*
 * Lower limit of an automatic threshold. Entering the kernel, running a handler and coming back takes longer, even
 * untraced; shorter gaps are the memory system, the other hyperthread or the hypervisor, and come by the thousand.
 */
#define MIN_THRESHOLD_NS 250.0

enum run_phase {
	RUN_PLANNING,
	RUN_ARMING,      /* trace events enabled; workers are being started */
	RUN_CALIBRATING, /* probes measure their own loop while the machine is as quiet as it gets */
	RUN_WARMUP,      /* churn runs, window not open */
	RUN_MEASURING,
	RUN_COLLECTING,
	RUN_DONE,
};

/* One run from plan to document. Driven by a timer of the event loop; never blocks for long. */
struct run {
	sd_event *event;
	sd_event_source *timer;
	const struct tn_log *log;
	uint64_t beats; /* how often the collector has done its work: what the watchdog is fed from */
	char state_dir[256];
	struct plan plan;
	struct tn_run *doc;
	enum run_phase phase;
	uint64_t started_ns, phase_ns; /* CLOCK_MONOTONIC */
	uint32_t round;                /* from 0 */
	size_t step;                   /* of the round, in the plan */
	uint32_t stopped_in;           /* round, from 1 */
	uint64_t stopping_ns;
	bool stopping; /* asked to end early */
	bool measured; /* the document has something */
	int *lock_fd;
	size_t n_locks;

	size_t n_probes; /* of this step */
	struct probe *probe;
	struct evidence *before, *after; /* of each probe, at both ends of the windows */
	uint64_t evidence_ns;            /* between the two readings */
	uint64_t *progress;              /* of each probe, as of this drain */
	size_t n_workers;
	struct worker {
		size_t spec;
		struct tn_churn_process process;
		struct tn_churn_reading at_open, at_close;
	} * worker;
	uint64_t window_ns; /* CLOCK_MONOTONIC when the windows were opened */
	double window_s;    /* how long they were open, as churn saw it */

	size_t n_references; /* of this step */
	struct reference *reference;
	int dma_latency_fd; /* holds idle states off, -1: not */

	struct tn_undo *undo;
	struct tn_isolation isolation;
	bool isolation_lost; /* and said so */
	struct tn_trace *trace;
	bool armed;                     /* kernel events are recorded */
	struct tn_symbols *own_symbols; /* when there is no trace to take them from */
	struct tn_attribution *attribution;
	struct results results;
	struct tn_cpus affinity_before;

	void (*on_done)(struct run *run, struct tn_run *doc, struct tn_error *err, void *userdata);
	void *userdata;
};

int run_start(sd_event *event, const struct tn_log *log, const struct daemon_config *config, struct tn_run *doc,
	      const struct tn_scenario *scenario,
	      void (*on_done)(struct run *, struct tn_run *, struct tn_error *, void *), void *userdata,
	      struct run **ret, struct tn_error *err);
void run_stop(struct run *run);
void run_free(struct run *run);
void run_name(struct tn_run *doc);
const char *run_phase_name(enum run_phase phase);

static inline const struct plan_step *run_step(const struct run *run)
{
	return &run->plan.step[run->step];
}

static inline bool run_spins(const struct run *run)
{
	return run_step(run)->kind == TN_PROBE_SPIN;
}

/* collect.c */
int collect_drain(struct run *run, struct tn_error *err);
int collect_open(struct run *run, struct tn_error *err);
bool collect_complete(const struct run *run);
int collect_finish(struct run *run, struct tn_error *err);

/* round.c */
int round_spawn_workers(struct run *run, struct tn_error *err);
int round_spawn_probes(struct run *run, struct tn_error *err);
int round_prepare(struct run *run, struct tn_error *err);
bool round_measured(struct run *run);
void round_stop(struct run *run);
void round_warmup(struct run *run);
int round_open(struct run *run, struct tn_error *err);
void round_close(struct run *run);
void round_end(struct run *run);
int round_ready(struct run *run, struct tn_error *err);
bool round_workers_ended(const struct run *run);
bool round_probes_in(const struct run *run, enum tn_probe_state state);
int round_check(struct run *run, struct tn_error *err);

/* effects.c */
int effects_prepare(struct run *run, struct tn_error *err);
int effects_begin(struct run *run, struct tn_error *err);
int effects_before_trace(void *userdata, const char *what, const char *target, struct tn_error *err);
int effects_end(struct run *run);
int effects_lock(struct run *run, const char *name, const char *busy, struct tn_error *err);
void effects_idle_states(struct run *run, bool allow);

/* isolation.c */
int isolation_begin(struct run *run, struct tn_error *err);
const char *isolation_of(const struct run *run, int cpu);
void isolation_check(struct run *run);

/* document.c */
int document_round(struct run *run, struct tn_error *err);
void document_head(struct run *run);
int document_so_far(struct run *run, struct tn_error *err);
int document_finish(struct run *run, struct tn_error *err);

/* document-churn.c, document-kinds.c */
int document_churn(struct run *run, struct tn_error *err);
int document_entry(struct run *run, struct tn_error *err);
int document_wakeups(struct run *run, struct tn_error *err);
int document_references(struct run *run, struct tn_error *err);

#endif
