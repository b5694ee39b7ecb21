/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CHURN_CHURN_H
#define TN_CHURN_CHURN_H

/*
 * Sources of churn: kernel work done on purpose on housekeeping CPUs. One file a source, one row in
 * churn/table.c. A source runs inside a worker process (tlbnoise-churn), one per worker, pinned.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpus.h"
#include "base/error.h"
#include "scenario/scenario.h"

#define TN_CHURN_MAGIC       0x6e727563 /* "curn" */
#define TN_CHURN_ABI         2
#define TN_CHURN_FAILURE     256
#define TN_CHURN_MECHANISM   32
#define TN_CHURN_WORKERS_MAX 256
#define TN_CHURN_PAGES_MAX   65536
#define TN_CHURN_BURST_MAX   4096
#define TN_CHURN_GROUPS_MAX  64
#define TN_CHURN_RATE_MAX    1e7

struct tn_churn_worker;

/* Which keys of a [churn] section a source has a use for; others are refused with a message. */
enum tn_churn_keys {
	TN_CHURN_KEY_PAGES = 1 << 0,
	TN_CHURN_KEY_BURST = 1 << 1,
	TN_CHURN_KEY_GROUPS = 1 << 2,
};

struct tn_churn_source {
	const char *name;
	const char *summary;   /* one line: what it does */
	const char *provokes;  /* kernel functions or classes that isolated CPUs get from it */
	const char *operation; /* what one operation is: the unit of the rate */
	unsigned int keys;
	/* 0 if it can run here and now; otherwise -errno, and @err says why and what to do */
	int (*check)(struct tn_error *err);
	int (*setup)(struct tn_churn_worker *w, struct tn_error *err);
	int (*operate)(struct tn_churn_worker *w, struct tn_error *err); /* one operation */
	void (*teardown)(struct tn_churn_worker *w);
};

/* Shared with the daemon: one memfd a worker. */
struct tn_churn_shm {
	uint32_t magic, abi;
	atomic_uint state;   /* enum tn_churn_state, written by the worker */
	atomic_uint command; /* enum tn_churn_command, a futex, written by the daemon */
	atomic_uint_fast64_t operations;
	atomic_uint_fast64_t missed;        /* periods that passed without an operation because it was late */
	atomic_uint_fast64_t errors;        /* operations that failed */
	atomic_uint_fast64_t busy_ns;       /* time inside operations */
	char failure[TN_CHURN_FAILURE];     /* text of the first error */
	char mechanism[TN_CHURN_MECHANISM]; /* what does the work: "module", or a source's name; from READY on */
	int32_t owner;                      /* PID of the daemon; a worker with another parent ends at once */
};

enum tn_churn_state { TN_CHURN_START, TN_CHURN_READY, TN_CHURN_RUNNING, TN_CHURN_DONE, TN_CHURN_FAILED };
enum tn_churn_command { TN_CHURN_WAIT, TN_CHURN_GO, TN_CHURN_STOP };

const struct tn_churn_source *tn_churn_find(const char *name);
const struct tn_churn_source *tn_churn_at(size_t index); /* NULL behind the last */
int tn_churn_validate(const struct tn_churn_spec *spec, struct tn_error *err);

/* Worker side: runs until told to stop; returns 0 or -errno with shm->failure set. The rate is this worker's. */
int tn_churn_worker_main(const struct tn_churn_spec *spec, const struct tn_cpus *cpus, unsigned int index,
			 struct tn_churn_shm *shm);

/* Daemon side: one worker process. A zeroed one is none. */
struct tn_churn_process {
	pid_t pid; /* 0 when there is none, or it has been reaped */
	int pidfd; /* readable once it has ended; valid while pid is not 0 */
	struct tn_churn_shm *shm;
	uint64_t killed_ns; /* CLOCK_MONOTONIC when it was killed from here; 0 not yet */
};

struct tn_churn_reading {
	enum tn_churn_state state;
	uint64_t operations, missed, errors, busy_ns;
	char failure[TN_CHURN_FAILURE];     /* "" if nothing has failed */
	char mechanism[TN_CHURN_MECHANISM]; /* "" before READY */
};

int tn_churn_spawn(const struct tn_churn_spec *spec, const struct tn_cpus *cpus, unsigned int index,
		   const char *helper_path, struct tn_churn_process *ret, struct tn_error *err);
int tn_churn_wait_ready(const struct tn_churn_process *p, uint64_t timeout_ns, struct tn_error *err);
void tn_churn_go(const struct tn_churn_process *p);
void tn_churn_stop(const struct tn_churn_process *p);
void tn_churn_kill(struct tn_churn_process *p);
int tn_churn_reap(struct tn_churn_process *p, uint64_t timeout_ns, struct tn_error *err);
void tn_churn_read(const struct tn_churn_process *p, struct tn_churn_reading *ret);
void tn_churn_close(struct tn_churn_process *p);

#endif
