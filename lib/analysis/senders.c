// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joins what a CPU receives with who sent it. A cross call is known by its call_single_data: the same
 * pointer is in csd_queue_cpu at the sender and in csd_function_entry at the target, and it is locked in
 * between, so the last send before the arrival is the one. A reschedule IPI carries nothing; its sender
 * is the last one to that target before it arrived, and earlier ones were merged into it.
 *
 * A hash of lists in one array: no allocation per event once it has grown.
 */
#include "analysis/senders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024u

static uint32_t slot_of(const struct tn_senders *s, uint64_t key)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (s->n_buckets - 1);
}

/**
 * tn_senders_key() - what a send and its arrival have in common
 * @target: CPU it goes to
 * @csd: address of its call_single_data; 0 for a reschedule IPI
 *
 * Return: the key; kernel addresses are never in the range used for reschedules.
 */
uint64_t tn_senders_key(int target, uint64_t csd)
{
	return csd ? csd ^ ((uint64_t)target << 48) : (uint64_t)target + 1;
}

static int grow(struct tn_senders *s)
{
	uint32_t size = s->size ? 2 * s->size : FIRST_SIZE;
	struct tn_send *node = reallocarray(s->node, size, sizeof(*node));
	uint32_t *bucket;

	if (!node)
		return -ENOMEM;
	s->node = node;
	bucket = calloc(size, sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	free(s->bucket);
	s->bucket = bucket;
	s->n_buckets = size;
	/* Only called with an empty free list: every node below n_nodes is in use. */
	for (uint32_t i = 1; i < s->n_nodes; i++) {
		uint32_t *head = &bucket[slot_of(s, node[i].key)];

		node[i].next = *head;
		*head = i;
	}
	s->size = size;
	if (!s->n_nodes)
		s->n_nodes = 1;
	return 0;
}

/**
 * tn_senders_add() - remember a send
 * @s: the table
 * @ev: TN_EV_CSD_QUEUE or TN_EV_IPI_RESCHEDULE
 *
 * Return: 0 or -ENOMEM.
 */
int tn_senders_add(struct tn_senders *s, const struct tn_event *ev)
{
	uint32_t i = s->free, *head;
	int r;

	if (i) {
		s->free = s->node[i].next;
	} else {
		if (s->n_nodes >= s->size) {
			r = grow(s);
			if (r < 0)
				return r;
		}
		i = s->n_nodes++;
	}
	s->node[i] = (struct tn_send){
		.key = tn_senders_key(ev->target, ev->type == TN_EV_CSD_QUEUE ? ev->b : 0),
		.ticks = ev->ticks,
		.callsite = ev->callsite,
		.stack = ev->stack,
		.pid = ev->pid,
		.cpu = ev->cpu,
	};
	head = &s->bucket[slot_of(s, s->node[i].key)];
	s->node[i].next = *head;
	*head = i;
	s->used++;
	return 0;
}

static void drop(struct tn_senders *s, uint32_t *link)
{
	uint32_t i = *link;

	*link = s->node[i].next;
	s->node[i].next = s->free;
	s->free = i;
	s->used--;
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
	int found = 0;
	uint32_t *link;

	if (!s->n_buckets)
		return 0;
	link = &s->bucket[slot_of(s, key)];
	while (*link) {
		const struct tn_send *n = &s->node[*link];

		if (n->key != key || n->ticks > until) {
			link = &s->node[*link].next;
			continue;
		}
		if (!found || n->ticks > ret->ticks)
			*ret = *n;
		found = 1;
		drop(s, link);
	}
	return found;
}

/**
 * tn_senders_forget() - remove sends that no arrival asked for
 * @s: the table
 * @before: those sent before this tick
 */
void tn_senders_forget(struct tn_senders *s, uint64_t before)
{
	for (uint32_t b = 0; b < s->n_buckets; b++) {
		uint32_t *link = &s->bucket[b];

		while (*link) {
			if (s->node[*link].ticks < before)
				drop(s, link);
			else
				link = &s->node[*link].next;
		}
	}
}

/**
 * tn_senders_free() - release the table's memory
 * @s: the table; zeroed, so that it can be used again
 */
void tn_senders_free(struct tn_senders *s)
{
	free(s->node);
	free(s->bucket);
	memset(s, 0, sizeof(*s));
}
