/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_SENDERS_H
#define TN_ANALYSIS_SENDERS_H

#include <stddef.h>
#include <stdint.h>

#include "trace/event.h"

/* Sent and not yet seen to arrive. */
struct tn_send {
	uint64_t ticks, callsite, function;
	uint32_t stack;
	uint32_t comm;
	int32_t pid;
	uint16_t cpu;
	uint32_t older, newer; /* of the same key; indices, 0: none */
};

/* All sends of one key, in time order. */
struct tn_send_list {
	uint64_t key;
	uint32_t oldest, newest;
	uint32_t next; /* in the bucket, or in the free list */
	uint16_t target;
};

/* Items in one array with a free list through it; index 0 is never used. */
struct tn_pool {
	void *item;
	uint32_t n, size, free;
};

struct tn_senders {
	struct tn_pool sends, lists;
	uint32_t *bucket;
	uint32_t n_buckets, used;
};

void tn_senders_free(struct tn_senders *s);
int tn_senders_add(struct tn_senders *s, uint64_t key, const struct tn_event *ev);
int tn_senders_take(struct tn_senders *s, uint64_t key, uint64_t until, struct tn_send *ret);
void tn_senders_forget(struct tn_senders *s, uint64_t before);
void tn_senders_forget_target(struct tn_senders *s, int target);
uint64_t tn_senders_key(int target, uint64_t what);
size_t tn_senders_memory(const struct tn_senders *s);

#endif
