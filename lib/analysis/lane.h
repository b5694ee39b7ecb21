/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_LANE_H
#define TN_ANALYSIS_LANE_H

#include "analysis/attribution.h"
#include "analysis/senders.h"

/* A queue in one array: what is taken from its head is given back when the array is compacted. */
struct tn_queue {
	char *data;
	size_t head, n, size; /* in items */
};

int tn_queue_reserve(struct tn_queue *q, size_t more, size_t item);

#define TN_QUEUE_AT(q, type, i) ((type *)(void *)(q)->data + (q)->head + (i))
#define TN_QUEUE_LEN(q)         ((q)->n - (q)->head)

/* What is known of one probed CPU and not yet joined. */
struct tn_lane {
	bool used;    /* it has a tally */
	bool running; /* between tn_attribution_window() and tn_attribution_end_round() */
	bool opened;
	int probe_pid;
	uint64_t floor_ticks, open, close;
	uint64_t known_before; /* entries are derived up to here */
	struct tn_cpu_tally tally;
	struct tn_queue events;        /* struct tn_event */
	struct tn_queue interruptions; /* struct tn_interruption */
	struct tn_queue entries;       /* struct tn_entry */
};

/* Shared by the lanes: names, senders, and caches that save looking the same address up again. */
#define TN_CLASS_CACHE 1024
#define TN_SILENT_KEPT 8
struct tn_resolver {
	const struct tn_symbols *symbols;
	struct tn_senders senders;
	struct {
		uint64_t address;
		enum tn_class class;
		bool silent;       /* see tn_function_is_silent() */
		bool frees_tables; /* see tn_function_frees_tables() */
	} class_cache[TN_CLASS_CACHE];
	uint64_t silent[TN_SILENT_KEPT]; /* functions of this kind that were sent */
	uint32_t n_silent;
	uint64_t *culprit; /* by stack id; UINT64_MAX: not looked up yet */
	uint32_t n_culprit;
};

enum tn_class tn_resolver_class(struct tn_resolver *r, uint64_t function);
int tn_resolver_send(struct tn_resolver *r, const struct tn_event *ev);
uint64_t tn_resolver_culprit(struct tn_resolver *r, uint32_t stack);
int tn_lane_derive(struct tn_lane *lane, struct tn_resolver *r, uint64_t before);
void tn_lane_free(struct tn_lane *lane);

#endif
