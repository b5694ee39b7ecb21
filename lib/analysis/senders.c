// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joins what a CPU receives with who sent it. A cross call is known by its call_single_data: the same
 * pointer is in csd_queue_cpu at the sender and in csd_function_entry at the target, and it is locked in
 * between, so the last send before the arrival is the one. A reschedule IPI carries nothing; its sender
 * is the last one to that target before it arrived, and earlier ones were merged into it. Likewise for
 * functions that arrive without their call_single_data.
 *
 * A hash of keys, each with its sends in time order: one CPU's sends to another share a single
 * call_single_data, so that in a storm one key has nearly all of them, and both ends of its list must
 * be near.
 */
#include "analysis/senders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256u

#define SEND(s, i) (&((struct tn_send *)(s)->sends.item)[i])
#define LIST(s, i) (&((struct tn_send_list *)(s)->lists.item)[i])

/**
 * tn_senders_key() - what a send and its arrival have in common
 * @target: CPU it goes to
 * @what: address of its call_single_data, or of its function where only that is known; 0 for a reschedule IPI
 *
 * Return: the key; kernel addresses are never in the range used for reschedules.
 */
uint64_t tn_senders_key(int target, uint64_t what)
{
	return what ? what ^ ((uint64_t)target << 48) : (uint64_t)target + 1;
}

static uint32_t *bucket_of(const struct tn_senders *s, uint64_t key)
{
	return &s->bucket[(uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (s->n_buckets - 1)];
}

/* Room for one more item behind the last; the free list is the caller's. */
static int pool_grow(struct tn_pool *p, size_t size)
{
	uint32_t n = p->size ? 2 * p->size : FIRST_SIZE;
	void *item;

	if (p->n < p->size)
		return 0;
	item = reallocarray(p->item, n, size);
	if (!item)
		return -ENOMEM;
	p->item = item;
	p->size = n;
	if (!p->n)
		p->n = 1;
	return 0;
}

/* As many buckets as there can be lists, so that chains stay short. */
static int rehash(struct tn_senders *s)
{
	uint32_t *bucket;

	if (s->n_buckets >= s->lists.size)
		return 0;
	bucket = calloc(s->lists.size, sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	free(s->bucket);
	s->bucket = bucket;
	s->n_buckets = s->lists.size;
	/* Only called with an empty free list: every list below lists.n is in use. */
	for (uint32_t i = 1; i < s->lists.n; i++) {
		uint32_t *head = bucket_of(s, LIST(s, i)->key);

		LIST(s, i)->next = *head;
		*head = i;
	}
	return 0;
}

static uint32_t *find(const struct tn_senders *s, uint64_t key)
{
	uint32_t *link = s->n_buckets ? bucket_of(s, key) : NULL;

	while (link && *link && LIST(s, *link)->key != key)
		link = &LIST(s, *link)->next;
	return link && *link ? link : NULL;
}

static int new_list(struct tn_senders *s, uint64_t key, uint16_t target, uint32_t *ret)
{
	uint32_t i = s->lists.free, *head;

	if (i) {
		s->lists.free = LIST(s, i)->next;
	} else {
		if (pool_grow(&s->lists, sizeof(struct tn_send_list)) < 0 || rehash(s) < 0)
			return -ENOMEM;
		i = s->lists.n++;
	}
	head = bucket_of(s, key);
	*LIST(s, i) = (struct tn_send_list){.key = key, .target = target, .next = *head};
	*head = i;
	*ret = i;
	return 0;
}

static int new_send(struct tn_senders *s, uint32_t *ret)
{
	uint32_t i = s->sends.free;

	if (i) {
		s->sends.free = SEND(s, i)->newer;
	} else {
		if (pool_grow(&s->sends, sizeof(struct tn_send)) < 0)
			return -ENOMEM;
		i = s->sends.n++;
	}
	*ret = i;
	return 0;
}

/* Sends of one CPU come in order; those of several may interleave, then it walks back a little. */
static void insert(struct tn_senders *s, struct tn_send_list *list, uint32_t i)
{
	uint32_t older = list->newest;

	while (older && SEND(s, older)->ticks > SEND(s, i)->ticks)
		older = SEND(s, older)->older;
	SEND(s, i)->older = older;
	SEND(s, i)->newer = older ? SEND(s, older)->newer : list->oldest;
	if (SEND(s, i)->newer)
		SEND(s, SEND(s, i)->newer)->older = i;
	else
		list->newest = i;
	if (older)
		SEND(s, older)->newer = i;
	else
		list->oldest = i;
}

/**
 * tn_senders_add() - remember a send
 * @s: the table
 * @key: from tn_senders_key()
 * @ev: TN_EV_CSD_QUEUE or TN_EV_IPI_RESCHEDULE
 *
 * Return: 0 or -ENOMEM.
 */
int tn_senders_add(struct tn_senders *s, uint64_t key, const struct tn_event *ev)
{
	const uint32_t *link = find(s, key);
	uint32_t list, i;

	if (!link && new_list(s, key, ev->target, &list) < 0)
		return -ENOMEM;
	if (link)
		list = *link;
	if (new_send(s, &i) < 0)
		return -ENOMEM;
	*SEND(s, i) = (struct tn_send){
		.ticks = ev->ticks,
		.callsite = ev->callsite,
		.function = ev->a,
		.comm = ev->comm,
		.stack = ev->stack,
		.pid = ev->pid,
		.cpu = ev->cpu,
	};
	insert(s, LIST(s, list), i);
	s->used++;
	return 0;
}

/* Removes the oldest send of the list behind @link, and the list with its last one. */
static void drop_oldest(struct tn_senders *s, uint32_t *link)
{
	uint32_t list_index = *link;
	struct tn_send_list *list = LIST(s, list_index);
	uint32_t i = list->oldest;

	list->oldest = SEND(s, i)->newer;
	if (list->oldest)
		SEND(s, list->oldest)->older = 0;
	SEND(s, i)->newer = s->sends.free;
	s->sends.free = i;
	s->used--;
	if (list->oldest)
		return;
	*link = list->next;
	list->next = s->lists.free;
	s->lists.free = list_index;
}

/* Drops what was sent up to @until; the last of it goes to @ret. */
static int drop_until(struct tn_senders *s, uint32_t *link, uint64_t until, struct tn_send *ret)
{
	uint32_t list = *link;
	int found = 0;

	while (*link == list && SEND(s, LIST(s, list)->oldest)->ticks <= until) {
		*ret = *SEND(s, LIST(s, list)->oldest);
		found = 1;
		drop_oldest(s, link);
	}
	return found;
}

/**
 * tn_senders_take() - find and remove the sender of an arrival
 * @s: the table
 * @key: from tn_senders_key()
 * @until: tick of the arrival
 * @ret: the last send with @key at or before @until; earlier ones are removed as well
 *
 * Return: 1 when found, 0 when there is none.
 */
int tn_senders_take(struct tn_senders *s, uint64_t key, uint64_t until, struct tn_send *ret)
{
	uint32_t *link = find(s, key);

	return link ? drop_until(s, link, until, ret) : 0;
}

/* Drops what was sent up to @until, to @target only unless that is -1. */
static void forget(struct tn_senders *s, int target, uint64_t until)
{
	struct tn_send ignored;

	for (uint32_t b = 0; b < s->n_buckets; b++) {
		uint32_t *link = &s->bucket[b];

		while (*link) {
			uint32_t list = *link;

			if (target < 0 || LIST(s, list)->target == target)
				drop_until(s, link, until, &ignored);
			if (*link == list)
				link = &LIST(s, list)->next;
		}
	}
}

/**
 * tn_senders_forget() - remove sends that no arrival asked for
 * @s: the table
 * @before: those sent before this tick
 */
void tn_senders_forget(struct tn_senders *s, uint64_t before)
{
	if (before)
		forget(s, -1, before - 1);
}

/**
 * tn_senders_forget_target() - remove all sends to a CPU
 * @s: the table
 * @target: its number
 */
void tn_senders_forget_target(struct tn_senders *s, int target)
{
	forget(s, target, UINT64_MAX);
}

/**
 * tn_senders_memory() - what the table has allocated
 * @s: the table
 *
 * Return: bytes.
 */
size_t tn_senders_memory(const struct tn_senders *s)
{
	return s->sends.size * sizeof(struct tn_send) + s->lists.size * sizeof(struct tn_send_list) +
	       s->n_buckets * sizeof(*s->bucket);
}

/**
 * tn_senders_free() - release the table's memory
 * @s: the table; zeroed, so that it can be used again
 */
void tn_senders_free(struct tn_senders *s)
{
	free(s->sends.item);
	free(s->lists.item);
	free(s->bucket);
	memset(s, 0, sizeof(*s));
}
