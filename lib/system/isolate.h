/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_ISOLATE_H
#define TN_SYSTEM_ISOLATE_H

#include "base/cpus.h"
#include "system/undo.h"

/* What is kept off isolated CPUs. */
enum tn_isolate_part {
	TN_ISOLATE_CPUSET = 1 << 0,     /* tasks: an isolated cpuset partition */
	TN_ISOLATE_IRQS = 1 << 1,       /* affinity of interrupt lines, and of those to come */
	TN_ISOLATE_WORKQUEUES = 1 << 2, /* unbound workqueues */
	TN_ISOLATE_ALL = (1 << 3) - 1,
};

struct tn_isolate_options {
	const char *root;            /* of the file tree, "" for this machine */
	struct tn_cpus cpus;         /* to isolate */
	struct tn_cpus housekeeping; /* takes what is moved off them */
	unsigned int parts;          /* of enum tn_isolate_part */
	struct tn_undo *undo;        /* gets each change before it is made */
	/* Hears of each change made; 0, or a negative errno to end it. */
	int (*on_effect)(void *userdata, const char *what, const char *target, const char *before, const char *during);
	/* Hears of what could not be moved; likewise. */
	int (*on_note)(void *userdata, bool warning, const char *id, const char *text);
	void *userdata;
};

#define TN_ISOLATION_PATH 256

/* What is in place; all "" without a cpuset. */
struct tn_isolation {
	char enter[TN_ISOLATION_PATH];     /* who writes 0 there may run on the isolated CPUs, and on no other */
	char partition[TN_ISOLATION_PATH]; /* cgroup v2: says whether the partition is still valid */
};

int tn_isolate(const struct tn_isolate_options *opt, struct tn_isolation *ret, struct tn_error *err);
int tn_isolation_holds(const struct tn_isolation *isolation, struct tn_error *err);

#endif
