/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CHECK_WATCH_H
#define TN_CHECK_WATCH_H

/* Isolation proved by counting: what the kernel counted on CPUs between two readings. */
#include <stdint.h>

#include "check/check.h"

enum tn_watch_kind {
	TN_WATCH_TICKS,    /* the CPU's own timer */
	TN_WATCH_IRQS,     /* devices */
	TN_WATCH_IPIS,     /* other CPUs: reschedule, function calls, TLB, irq_work */
	TN_WATCH_NMIS,     /* performance counters, watchdog */
	TN_WATCH_OTHER,    /* machine checks, thermal, spurious, ... */
	TN_WATCH_SOFTIRQS, /* of all kinds */
	TN_WATCH_SWITCHES, /* tasks that began to run */
	TN_WATCH_KINDS,
};

struct tn_watch_cpu {
	int cpu;
	uint64_t count[TN_WATCH_KINDS]; /* UINT64_MAX: not to be had */
	enum tn_check_verdict verdict;  /* the worst of all kinds */
	double busy;                    /* share of the window that tasks had; NaN unknown */
	char most[96];                  /* the counters that went up most, "LOC 2500, CAL 12" */
};

struct tn_watch_result {
	double seconds;
	size_t n;
	struct tn_watch_cpu *cpu;
};

struct tn_watch_reading;
int tn_watch_read(const char *root, const struct tn_cpus *cpus, struct tn_watch_reading **ret, struct tn_error *err);
void tn_watch_reading_free(struct tn_watch_reading *reading);
TN_DEFINE_CLEANUP(struct tn_watch_reading, tn_watch_reading_free);
int tn_watch_compare(const struct tn_watch_reading *before, const struct tn_watch_reading *after, double seconds,
		     struct tn_watch_result *ret, struct tn_error *err);
void tn_watch_result_clear(struct tn_watch_result *result);

const char *tn_watch_kind_name(enum tn_watch_kind kind);
enum tn_check_verdict tn_watch_judge(uint64_t count, double seconds);

#endif
