// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of causes: one row for each different what (class, function, vector, name) and who (culprit,
 * call site, task). Tasks are told apart by name, not by pid, since churn makes many short-lived ones.
 * Bounded: what does not fit is counted.
 */
#include "analysis/causes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N_BUCKETS (2 * TN_CAUSES_MAX)

/* A cause of something outside, such as an IRQ, has no sender, and the vector tells the rest apart. */
static uint64_t hash(const struct tn_entry *e, const char *comm)
{
	uint64_t h = e->function ^ (e->callsite * 31) ^ (e->culprit * 131);

	h ^= (uint64_t)e->class << 56 ^ (uint64_t)e->vector_arg << 40 ^ (uint64_t)e->name << 8 ^ e->type;
	for (; *comm; comm++)
		h = h * 33 ^ (unsigned char)*comm;
	return (h * 0x9e3779b97f4a7c15ull) >> 32;
}

static bool same(const struct tn_cause *c, const struct tn_entry *e, const char *comm)
{
	return c->function == e->function && c->callsite == e->callsite && c->culprit == e->culprit &&
	       c->class == e->class && c->name == e->name && c->vector_arg == e->vector_arg && c->type == e->type &&
	       c->local == e->local && !strncmp(c->sender_comm, comm, sizeof(c->sender_comm) - 1);
}

static void note_sender(struct tn_cause *c, const struct tn_entry *e)
{
	if (e->sender_cpu < 0)
		return;
	tn_cpus_add(&c->sender_cpus, (unsigned int)e->sender_cpu);
	if (e->stack)
		c->stack = e->stack;
}

/**
 * tn_causes_find() - the row for an entry, made if it is new
 * @c: the table
 * @e: the entry
 * @comm: name of its sender's task, "" when there is none
 *
 * Return: index of the row, UINT32_MAX when the table is full.
 */
uint32_t tn_causes_find(struct tn_causes *c, const struct tn_entry *e, const char *comm)
{
	uint32_t i = (uint32_t)hash(e, comm) % N_BUCKETS;
	struct tn_cause *row;

	for (; c->bucket[i]; i = (i + 1) % N_BUCKETS) {
		row = &c->row[c->bucket[i] - 1];
		if (same(row, e, comm)) {
			note_sender(row, e);
			return c->bucket[i] - 1;
		}
	}
	if (c->n == TN_CAUSES_MAX) {
		c->dropped++;
		return UINT32_MAX;
	}
	row = &c->row[c->n];
	*row = (struct tn_cause){
		.class = e->class,
		.function = e->function,
		.callsite = e->callsite,
		.culprit = e->culprit,
		.name = e->name,
		.vector_arg = e->vector_arg,
		.type = e->type,
		.local = e->local,
	};
	strncpy(row->sender_comm, comm, sizeof(row->sender_comm) - 1);
	note_sender(row, e);
	c->bucket[i] = ++c->n;
	return c->n - 1;
}

/**
 * tn_causes_init() - make an empty table
 * @c: the table
 *
 * Return: 0 or -ENOMEM.
 */
int tn_causes_init(struct tn_causes *c)
{
	c->row = calloc(TN_CAUSES_MAX, sizeof(*c->row));
	c->bucket = calloc(N_BUCKETS, sizeof(*c->bucket));
	if (c->row && c->bucket)
		return 0;
	tn_causes_free(c);
	return -ENOMEM;
}

/**
 * tn_causes_free() - release the table's memory
 * @c: the table
 */
void tn_causes_free(struct tn_causes *c)
{
	free(c->row);
	free(c->bucket);
	memset(c, 0, sizeof(*c));
}
