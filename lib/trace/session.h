/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_SESSION_H
#define TN_TRACE_SESSION_H

#include <tracefs/tracefs.h>

#include "trace/reader.h"

#define TN_ROOT_MAX 256
#define TN_PATH_MAX 512

/* Internal to trace/: an instance of tracefs that is ours, and the session made of two of them. */
struct tn_instance {
	struct tracefs_instance *fs; /* NULL: not made */
	char path[TN_PATH_MAX];
	bool sender;
	bool triggered; /* the trigger that records stacks of local calls is set */
	size_t n_streams;
	struct tn_stream *stream;
	struct tracefs_cpu **raw; /* trace_pipe_raw of each stream */
};

struct tn_trace {
	char *owner;
	struct tn_trace_options opt; /* its owner is ours */
	char root[TN_ROOT_MAX];      /* where tracefs is mounted */
	char cmdlines[TN_PATH_MAX];  /* its saved_cmdlines */
	bool mounted;                /* by us */
	bool armed;
	struct tn_instance target, sender;
	void *page;
	uint64_t drain_started, complete_before;
	struct tn_symbols *symbols;
	struct tn_reader reader;
};

int tn_instance_make(struct tn_trace *t, struct tn_instance *in, const struct tn_cpus *cpus, struct tn_error *err);
int tn_instance_arm(const struct tn_trace *t, struct tn_instance *in, struct tn_error *err);
int tn_instance_disarm(struct tn_instance *in, struct tn_error *err);
int tn_instance_lost(const struct tn_instance *in, uint64_t *ret, struct tn_error *err);
int tn_instance_old_filter(const struct tn_cpus *cpus, char *buf, size_t size);
void tn_instance_remove(struct tn_instance *in, const struct tn_log *log);

#endif
