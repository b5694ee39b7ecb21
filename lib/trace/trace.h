/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_TRACE_H
#define TN_TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpus.h"
#include "base/error.h"
#include "base/log.h"
#include "trace/event.h"
#include "trace/symbols.h"

/*
 * A tracefs session in instances of our own: one on the probed CPUs only, without stacks, for what
 * happens there; one on all CPUs for the senders whose target is a probed CPU, with their stacks.
 */
struct tn_trace_options {
	const char *owner; /* prefix of the instances' names: "tlbnoise.PID.STARTTIME" */
	struct tn_cpus probed;
	bool senders;          /* level full; without it only irq_vectors and friends */
	uint64_t buffer_bytes; /* per CPU and instance */
	const struct tn_log *log;
	/* called before an instance or mount is made, so that the caller can write its journal; may be NULL */
	int (*before_effect)(void *userdata, const char *what, const char *target, struct tn_error *err);
	void *userdata;
};

struct tn_trace_stats {
	uint64_t events; /* delivered */
	uint64_t bytes;
	uint64_t overrun;   /* lost: the buffer was full (overwritten or dropped) */
	uint64_t missed;    /* lost as the reader saw it */
	uint64_t undecoded; /* of a type or format we do not know: counted, not silently passed over */
};

struct tn_trace;
typedef int (*tn_event_fn)(void *userdata, const struct tn_event *events, size_t n);

int tn_trace_mount(const struct tn_trace_options *opt, char *root, size_t size, bool *ret_mounted,
		   struct tn_error *err);
int tn_trace_open(const struct tn_trace_options *opt, struct tn_trace **ret, struct tn_error *err);
int tn_trace_arm(struct tn_trace *t, struct tn_error *err); /* enables the events: before any window */
int tn_trace_disarm(struct tn_trace *t, struct tn_error *err);
int tn_trace_drain(struct tn_trace *t, tn_event_fn fn, void *userdata, struct tn_error *err);
uint64_t tn_trace_complete_before(const struct tn_trace *t); /* ticks before which all has been delivered */
int tn_trace_stats(struct tn_trace *t, struct tn_trace_stats *ret, struct tn_error *err); /* outside a window */
void tn_trace_counts(const struct tn_trace *t, struct tn_trace_stats *ret);               /* any time */
struct tn_symbols *tn_trace_symbols(struct tn_trace *t);
void tn_trace_close(struct tn_trace *t); /* disables, removes the instances, unmounts what it mounted */
TN_DEFINE_CLEANUP(struct tn_trace, tn_trace_close);

int tn_trace_remove_instance(const char *path, struct tn_error *err); /* for recovery after a crash */

/* Level counters: the kernel's own counts, read outside the window at both of its ends. */
#define TN_COUNTERS_MAX 96
struct tn_counter {
	char name[48]; /* row of /proc/interrupts or /proc/softirqs: "CAL", "softirq:RCU", "24" */
	char text[64]; /* what the kernel says of it: "Function call interrupts" */
	uint64_t value;
};
struct tn_counters {
	size_t n;
	struct tn_counter row[TN_COUNTERS_MAX];
	uint64_t dropped_rows;
};
int tn_counters_read(const char *root, const int *cpu, size_t n, struct tn_counters *const *ret, struct tn_error *err);
void tn_counters_delta(const struct tn_counters *before, const struct tn_counters *after, struct tn_counters *ret);

#endif
