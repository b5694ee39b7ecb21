/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TEST_STREAM_H
#define TN_TEST_STREAM_H

#include <stdio.h>

#include "analysis/attribution.h"

/* A recorded stream of events and interruptions of one round on one CPU, with the names it needs. */

struct stream {
	struct tn_symbols *symbols;
	int cpu, probe_pid;
	uint64_t floor, open, close;
	struct tn_event *event;
	size_t n_events;
	struct tn_interruption *gap;
	size_t n_gaps;
	uint32_t stack_id[4096]; /* of the file -> of symbols */
	struct {
		int pid;
		uint32_t comm;
	} task[256]; /* as the lines so far name them */
	size_t n_tasks;
};

void stream_load(struct stream *s, const char *path);
void stream_free(struct stream *s);
struct tn_attribution *stream_join(const struct stream *s, uint64_t step, unsigned int *ret_records);
void stream_dump(const struct stream *s, struct tn_attribution *a, FILE *out);

#endif
