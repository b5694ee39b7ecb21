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

#include "base/cpus.h"
#include "base/error.h"
#include "scenario/scenario.h"

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
	atomic_uint_fast64_t missed;  /* periods that passed without an operation because it was late */
	atomic_uint_fast64_t errors;  /* operations that failed */
	atomic_uint_fast64_t busy_ns; /* time inside operations */
	char failure[256];            /* text of the first error */
};

enum tn_churn_state { TN_CHURN_START, TN_CHURN_READY, TN_CHURN_RUNNING, TN_CHURN_DONE, TN_CHURN_FAILED };
enum tn_churn_command { TN_CHURN_WAIT, TN_CHURN_GO, TN_CHURN_STOP };

const struct tn_churn_source *tn_churn_find(const char *name);
const struct tn_churn_source *tn_churn_at(size_t index); /* NULL behind the last */
int tn_churn_validate(const struct tn_churn_spec *spec, struct tn_error *err);

/* Worker side: runs until told to stop; returns 0 or -errno with shm->failure set. */
int tn_churn_worker_main(const struct tn_churn_spec *spec, const struct tn_cpus *cpus, unsigned int index,
			 struct tn_churn_shm *shm);

#endif
