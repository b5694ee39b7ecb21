/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_SENDERS_H
#define TN_ANALYSIS_SENDERS_H

#include <stddef.h>
#include <stdint.h>

#include "trace/event.h"

/* Sent and not yet seen to arrive. */
struct tn_send {
	uint64_t key;
	uint64_t ticks, callsite;
	uint32_t stack;
	int32_t pid;
	uint16_t cpu;
	uint32_t next;
};

struct tn_senders {
	struct tn_send *node; /* [0] is not used: index 0 ends a list */
	uint32_t *bucket;
	uint32_t n_buckets, n_nodes, size, free, used;
};

void tn_senders_free(struct tn_senders *s);
int tn_senders_add(struct tn_senders *s, const struct tn_event *ev);
int tn_senders_take(struct tn_senders *s, uint64_t key, uint64_t until, struct tn_send *ret);
void tn_senders_forget(struct tn_senders *s, uint64_t before);
uint64_t tn_senders_key(int target, uint64_t csd);

#endif
