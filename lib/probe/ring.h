/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_PROBE_RING_H
#define TN_PROBE_RING_H

#include <stdbool.h>

#include "probe/probe.h"

/* The producer's end of the ring: what it need not ask the shared memory for. */
struct tn_ring {
	struct tn_probe_shm *shm;
	uint64_t head;    /* next record to write; published in shm->head */
	uint64_t tail;    /* shm->tail as last seen: never ahead of the truth */
	uint64_t records; /* that may be unread at once; 0 makes every push fail */
	uint64_t mask;
};

/*
 * Append a record, or return false when the reader is a whole ring behind. The reader's cache line is
 * looked at only when the ring seems full. Inline, wait-free, no system call: runs inside the window.
 */
static inline bool tn_ring_push(struct tn_ring *r, uint64_t start, uint64_t end)
{
	if (__builtin_expect(r->head - r->tail >= r->records, 0)) {
		r->tail = atomic_load_explicit(&r->shm->tail, memory_order_acquire);
		if (r->head - r->tail >= r->records)
			return false;
	}
	r->shm->ring[r->head & r->mask] = (struct tn_interruption){.start = start, .end = end};
	atomic_store_explicit(&r->shm->head, ++r->head, memory_order_release);
	return true;
}

void tn_ring_open(struct tn_ring *r, struct tn_probe_shm *shm, uint32_t records);

#endif
