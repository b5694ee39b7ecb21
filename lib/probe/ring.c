// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring with one producer (the probe) and one consumer (the collector), in memory that both map.
 *
 * @head and @tail count records since the start and never wrap in practice; the place of record i is
 * i modulo the size, a power of two. Each index has one writer and a cache line of its own. A release store
 * of @head makes the records before it visible to whoever loads it with acquire; a release store of @tail
 * hands their places back in the same way. The producer never waits: what finds no room is counted by the
 * caller and gone.
 */
#include "probe/ring.h"

#include <string.h>

/**
 * tn_ring_open() - the producer's end
 * @r: to fill
 * @shm: the shared memory
 * @records: size of its ring, as validated by tn_probe_shm_attach(); 0 for a ring that takes nothing
 */
void tn_ring_open(struct tn_ring *r, struct tn_probe_shm *shm, uint32_t records)
{
	*r = (struct tn_ring){
		.shm = shm,
		.head = atomic_load_explicit(&shm->head, memory_order_relaxed),
		.tail = atomic_load_explicit(&shm->tail, memory_order_acquire),
		.records = records,
		.mask = records ? records - 1 : 0,
	};
}

/**
 * tn_probe_ring_read() - take the oldest interruptions out of the ring
 * @shm: shared with a probe
 * @buf: receives them, oldest first; stamps in ticks
 * @max: room in @buf, records
 *
 * One thread of the collector calls it, while the probe writes. Load @progress before a call that returns
 * less than @max: every interruption that ended up to then has been read. A @head that claims more than the ring
 * holds can only come from a broken probe; no more than the ring's size is then read.
 *
 * Return: number of records copied, 0 when there is none.
 */
size_t tn_probe_ring_read(struct tn_probe_shm *shm, struct tn_interruption *buf, size_t max)
{
	uint64_t tail = atomic_load_explicit(&shm->tail, memory_order_relaxed);
	uint64_t head = atomic_load_explicit(&shm->head, memory_order_acquire);
	uint64_t size = shm->config.ring_records, from = tail & (size - 1), n = head - tail, first;

	if (n > size)
		n = size;
	if (n > max)
		n = max;
	first = n < size - from ? n : size - from;
	memcpy(buf, shm->ring + from, first * sizeof(*buf));
	memcpy(buf + first, shm->ring, (n - first) * sizeof(*buf));
	atomic_store_explicit(&shm->tail, tail + n, memory_order_release);
	return (size_t)n;
}
