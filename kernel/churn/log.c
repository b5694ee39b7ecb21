// SPDX-License-Identifier: GPL-2.0-only
/*
 * The injector's log: a ring with one writer, the injector's thread, and readers one at a time.
 * The counts only grow; the writer publishes a record by its head, a reader gives the room back
 * by its tail. When there is no room the new record is dropped and counted, so that what is in
 * the log stays whole and in order.
 *
 * Only the writer's thread wakes readers, never the interrupted CPU: waking is work that the log
 * would not show.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

void tnc_log_init(struct tnc_log *log)
{
	mutex_init(&log->lock);
	init_waitqueue_head(&log->wait);
	log->ended = true;
}

/** tnc_log_free() - the session is over: no writer, no reader */
void tnc_log_free(struct tnc_log *log)
{
	kvfree(log->ring);
	tnc_uncharge((u64)log->size * sizeof(*log->ring));
}

/**
 * tnc_log_resize() - make room for @size records and begin anew; while there is no writer
 * @log: the log
 * @size: in records
 *
 * Records that have not been read are lost, on request of the program and therefore not counted.
 */
int tnc_log_resize(struct tnc_log *log, u32 size)
{
	struct tlbnoise_churn_record *ring;
	int r;

	r = tnc_charge((u64)size * sizeof(*ring), tnc_memory_max());
	if (r < 0)
		return r;
	ring = kvcalloc(size, sizeof(*ring), GFP_KERNEL);
	if (!ring) {
		tnc_uncharge((u64)size * sizeof(*ring));
		return -ENOMEM;
	}
	mutex_lock(&log->lock);
	swap(log->ring, ring);
	swap(log->size, size);
	log->head = 0;
	log->tail = 0;
	WRITE_ONCE(log->ended, false);
	mutex_unlock(&log->lock);
	kvfree(ring);
	tnc_uncharge((u64)size * sizeof(*ring));
	return 0;
}

/** tnc_log_add() - the writer: keep a copy of @record, or count it as lost */
void tnc_log_add(struct tnc_log *log, const struct tlbnoise_churn_record *record)
{
	u64 head = log->head;

	/* Pairs with the release in copy(): the room has been read out before it is written. */
	if (head - smp_load_acquire(&log->tail) >= log->size) {
		WRITE_ONCE(log->lost, log->lost + 1);
		return;
	}
	log->ring[head % log->size] = *record;
	/* Pairs with the acquire in available(): who sees the head sees the record. */
	smp_store_release(&log->head, head + 1);
	wake_up_interruptible(&log->wait);
}

/** tnc_log_end() - no record will follow */
void tnc_log_end(struct tnc_log *log)
{
	/* Pairs with the acquire in tnc_log_read(). */
	smp_store_release(&log->ended, true);
	wake_up_interruptible(&log->wait);
}

static u64 available(const struct tnc_log *log)
{
	/* Pairs with the release in tnc_log_add(). */
	return smp_load_acquire(&log->head) - READ_ONCE(log->tail);
}

/** tnc_log_readable() - whether a read would not wait */
bool tnc_log_readable(struct tnc_log *log)
{
	return READ_ONCE(log->ended) || available(log);
}

/* Bytes copied; at most up to the end of the ring. */
static ssize_t copy(struct tnc_log *log, char __user *to, size_t size)
{
	u64 n = min_t(u64, available(log), size / sizeof(*log->ring));
	u32 at;

	if (!n)
		return 0;
	at = log->tail % log->size;
	n = min_t(u64, n, log->size - at);
	if (copy_to_user(to, &log->ring[at], n * sizeof(*log->ring)))
		return -EFAULT;
	/* Pairs with the acquire in tnc_log_add(). */
	smp_store_release(&log->tail, log->tail + n);
	return n * sizeof(*log->ring);
}

/**
 * tnc_log_read() - whole records, oldest first
 * @log: the log
 * @to: in userspace
 * @size: bytes of room at @to
 * @wait: for a record, or for the end of the log
 *
 * Return: bytes; 0 at the end of the log, -EAGAIN if there is nothing yet, -EINVAL without room
 * for one record.
 */
ssize_t tnc_log_read(struct tnc_log *log, char __user *to, size_t size, bool wait)
{
	bool ended;
	ssize_t n;

	if (size < sizeof(*log->ring))
		return -EINVAL;
	for (;;) {
		/* Before the look at the ring: what was written last must not be missed. */
		ended = smp_load_acquire(&log->ended);
		mutex_lock(&log->lock);
		n = copy(log, to, size);
		mutex_unlock(&log->lock);
		if (n || ended)
			return n;
		if (!wait)
			return -EAGAIN;
		if (wait_event_interruptible(log->wait, tnc_log_readable(log)))
			return -ERESTARTSYS;
	}
}
