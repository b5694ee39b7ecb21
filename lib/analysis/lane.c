// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the events of one CPU to its entries: what happened, each thing once. A cross-call vector is not
 * an entry by itself, the functions that it ran are; a local timer interrupt takes its class from the
 * hrtimers that expired in it. Both need to be seen up to their end, so deriving stops at a handler
 * whose exit is not there yet.
 */
#include "analysis/lane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SOFTIRQ_RCU 9 /* include/linux/interrupt.h: RCU_SOFTIRQ */

/**
 * tn_queue_reserve() - make room at the end of a queue
 * @q: the queue
 * @more: items that will be added
 * @item: size of one in bytes
 *
 * Return: 0 or -ENOMEM.
 */
int tn_queue_reserve(struct tn_queue *q, size_t more, size_t item)
{
	size_t size = q->size ? q->size : 256;
	char *data;

	if (q->head && (q->head == q->n || q->head > q->size / 2)) {
		memmove(q->data, q->data + q->head * item, (q->n - q->head) * item);
		q->n -= q->head;
		q->head = 0;
	}
	if (q->n + more <= q->size)
		return 0;
	while (size < q->n + more)
		size *= 2;
	data = reallocarray(q->data, size, item);
	if (!data)
		return -ENOMEM;
	q->data = data;
	q->size = size;
	return 0;
}

/* The slot of a function in the cache, filled; of an unknown one if @function is 0. */
static size_t look_up_function(struct tn_resolver *r, uint64_t function)
{
	size_t i = (function * 0x9e3779b97f4a7c15ull >> 32) % TN_CLASS_CACHE;

	if (r->class_cache[i].address != function || !function) {
		const char *name = tn_symbols_name(r->symbols, function);

		r->class_cache[i].address = function;
		r->class_cache[i].class = tn_class_of_function(name);
		r->class_cache[i].silent = tn_function_is_silent(name);
		r->class_cache[i].frees_tables = tn_function_frees_tables(name);
	}
	return i;
}

/**
 * tn_resolver_class() - class of a function, looked up once
 * @r: the resolver
 * @function: its address
 *
 * Return: the class.
 */
enum tn_class tn_resolver_class(struct tn_resolver *r, uint64_t function)
{
	return r->class_cache[look_up_function(r, function)].class;
}

/* What a cross call is known by at both ends: its csd, or its function if it may arrive without. */
static uint64_t csd_key(struct tn_resolver *r, int target, const struct tn_event *ev)
{
	bool silent = r->class_cache[look_up_function(r, ev->a)].silent;

	return tn_senders_key(target, silent ? ev->a : ev->b);
}

static void note_silent(struct tn_resolver *r, uint64_t function)
{
	for (uint32_t i = 0; i < r->n_silent; i++)
		if (r->silent[i] == function)
			return;
	if (r->n_silent < TN_SILENT_KEPT)
		r->silent[r->n_silent++] = function;
}

/**
 * tn_resolver_send() - remember a send until it arrives
 * @r: the resolver
 * @ev: TN_EV_CSD_QUEUE or TN_EV_IPI_RESCHEDULE
 *
 * Return: 0 or -ENOMEM.
 */
int tn_resolver_send(struct tn_resolver *r, const struct tn_event *ev)
{
	if (ev->type == TN_EV_IPI_RESCHEDULE)
		return tn_senders_add(&r->senders, tn_senders_key(ev->target, 0), ev);
	if (r->class_cache[look_up_function(r, ev->a)].silent)
		note_silent(r, ev->a);
	return tn_senders_add(&r->senders, csd_key(r, ev->target, ev), ev);
}

/**
 * tn_resolver_culprit() - culprit of a stack, looked up once
 * @r: the resolver
 * @stack: id of the stack, 0: none
 *
 * Return: start address of its function, 0 when unknown.
 */
uint64_t tn_resolver_culprit(struct tn_resolver *r, uint32_t stack)
{
	if (stack >= r->n_culprit) {
		uint32_t n = stack < 512 ? 1024 : 2 * stack;
		uint64_t *p = reallocarray(r->culprit, n, sizeof(*p));

		if (!p)
			return tn_culprit(r->symbols, tn_symbols_stack(r->symbols, stack));
		memset(p + r->n_culprit, 0xff, (n - r->n_culprit) * sizeof(*p));
		r->culprit = p;
		r->n_culprit = n;
	}
	if (r->culprit[stack] == UINT64_MAX)
		r->culprit[stack] = tn_culprit(r->symbols, tn_symbols_stack(r->symbols, stack));
	return r->culprit[stack];
}

/* Who it was, and so what the flush is for, which does not show where it arrives. */
static void set_sender(struct tn_entry *e, struct tn_resolver *r, const struct tn_send *send)
{
	e->sent = send->ticks;
	e->sender_cpu = send->cpu;
	e->sender_pid = send->pid;
	e->sender_name = send->comm;
	e->callsite = send->callsite;
	e->stack = send->stack;
	e->culprit = tn_resolver_culprit(r, send->stack);
	if (e->class == TN_CLASS_KERNEL_TLB_FLUSH && r->class_cache[look_up_function(r, e->culprit)].frees_tables)
		e->class = TN_CLASS_PAGE_TABLE_FLUSH;
}

static void from_csd(struct tn_resolver *r, const struct tn_event *ev, struct tn_entry *e)
{
	struct tn_send send;

	e->class = tn_resolver_class(r, ev->a);
	e->function = ev->a;
	if (ev->b && tn_senders_take(&r->senders, csd_key(r, ev->cpu, ev), ev->ticks, &send)) {
		set_sender(e, r, &send);
	} else if (!ev->b) {
		/* Called directly by the task that is current here: no IPI, the CPU did it to itself. */
		send = (struct tn_send){.cpu = ev->cpu, .pid = ev->pid, .comm = ev->comm, .stack = ev->stack};
		set_sender(e, r, &send);
		e->local = true;
	} else {
		e->unknown_sender = true;
	}
}

/* What lies between a vector's entry at @i and its exit. */
struct handler {
	size_t exit;       /* index of the exit, 0: not there */
	bool ran_function; /* a cross-called function */
	bool tick;
	uint64_t hrtimer; /* the tick's function if it expired, else the first other one */
};

static struct handler look_into(const struct tn_lane *lane, struct tn_resolver *r, size_t i)
{
	const struct tn_event *entry = TN_QUEUE_AT(&lane->events, struct tn_event, i);
	struct handler h = {0};

	for (size_t j = i + 1; j < TN_QUEUE_LEN(&lane->events); j++) {
		const struct tn_event *ev = TN_QUEUE_AT(&lane->events, struct tn_event, j);

		if ((ev->type == TN_EV_VECTOR_EXIT || ev->type == TN_EV_VECTOR_ENTRY) && ev->arg == entry->arg) {
			h.exit = j; /* a second entry without an exit: events were lost, this one ends here */
			break;
		}
		if (ev->type == TN_EV_CSD_ENTRY)
			h.ran_function = true;
		if (ev->type == TN_EV_HRTIMER && !h.tick) {
			h.tick = tn_resolver_class(r, ev->a) == TN_CLASS_TICK;
			if (h.tick || !h.hrtimer)
				h.hrtimer = ev->a;
		}
	}
	return h;
}

/*
 * A cross-call vector in which no function was seen. It ran what was sent silently before it, all of it at once; the
 * last of these gives its name. With none it found the queue empty, since the vector before took its function along.
 */
static void from_silent(struct tn_resolver *r, const struct tn_event *ev, struct tn_entry *e)
{
	struct tn_send send, last = {0};

	for (uint32_t i = 0; i < r->n_silent; i++)
		if (tn_senders_take(&r->senders, tn_senders_key(ev->cpu, r->silent[i]), ev->ticks, &send) &&
		    send.ticks >= last.ticks)
			last = send;
	e->unknown_sender = !last.function;
	e->class = TN_CLASS_OTHER_IPI;
	if (!last.function)
		return;
	e->class = tn_resolver_class(r, last.function);
	e->function = last.function;
	set_sender(e, r, &last);
}

/* 1: @e is an entry, 0: the vector is none by itself, -EAGAIN: its exit has not been seen. */
static int from_vector(struct tn_lane *lane, struct tn_resolver *r, size_t i, bool last, struct tn_entry *e)
{
	const struct tn_event *ev = TN_QUEUE_AT(&lane->events, struct tn_event, i);
	struct tn_send send;
	struct handler h;

	switch (ev->arg) {
	case TN_VEC_LOCAL_TIMER:
		h = look_into(lane, r, i);
		if (!h.exit && !last)
			return -EAGAIN;
		e->class = h.hrtimer && !h.tick ? TN_CLASS_TIMER : TN_CLASS_TICK;
		e->function = h.hrtimer;
		return 1;
	case TN_VEC_CALL_FUNCTION:
	case TN_VEC_CALL_FUNCTION_SINGLE:
		h = look_into(lane, r, i);
		if (!h.exit && !last)
			return -EAGAIN;
		if (h.ran_function)
			return 0;
		from_silent(r, ev, e);
		return 1;
	case TN_VEC_RESCHEDULE:
		e->class = TN_CLASS_RESCHEDULE;
		if (tn_senders_take(&r->senders, tn_senders_key(ev->cpu, 0), ev->ticks, &send))
			set_sender(e, r, &send);
		else
			e->unknown_sender = true;
		return 1;
	case TN_VEC_IRQ_WORK:
	case TN_VEC_PLATFORM_IPI:
		e->class = TN_CLASS_OTHER_IPI;
		return 1;
	default:
		e->class = TN_CLASS_IRQ;
		return 1;
	}
}

static int from_event(struct tn_lane *lane, struct tn_resolver *r, size_t i, bool last, struct tn_entry *e)
{
	const struct tn_event *ev = TN_QUEUE_AT(&lane->events, struct tn_event, i);

	*e = (struct tn_entry){
		.ticks = ev->ticks,
		.name = ev->name,
		.vector_arg = ev->arg,
		.type = ev->type,
		.sender_cpu = -1,
		.sender_pid = -1,
	};
	switch (ev->type) {
	case TN_EV_VECTOR_ENTRY:
		return from_vector(lane, r, i, last, e);
	case TN_EV_CSD_ENTRY:
		from_csd(r, ev, e);
		return 1;
	case TN_EV_IRQ_ENTRY:
		e->class = TN_CLASS_IRQ;
		return 1;
	case TN_EV_SOFTIRQ_ENTRY:
		e->class = ev->arg == SOFTIRQ_RCU ? TN_CLASS_RCU : TN_CLASS_SOFTIRQ;
		return 1;
	case TN_EV_SWITCH:
		e->class = TN_CLASS_TASK_SWITCH;
		return ev->other != lane->probe_pid;
	case TN_EV_FAULT:
		e->class = TN_CLASS_FAULT;
		return 1;
	case TN_EV_NMI:
		e->class = TN_CLASS_NMI;
		e->function = ev->a;
		return 1;
	default:
		return 0;
	}
}

/**
 * tn_lane_derive() - turn a CPU's events into entries
 * @lane: the CPU
 * @r: names and senders
 * @before: events before this tick are complete; UINT64_MAX: no more will come
 *
 * Sets @lane->known_before to the tick before which its entries are complete.
 *
 * Return: 0 or -ENOMEM.
 */
int tn_lane_derive(struct tn_lane *lane, struct tn_resolver *r, uint64_t before)
{
	size_t n = TN_QUEUE_LEN(&lane->events), i;
	int ret;

	ret = tn_queue_reserve(&lane->entries, n, sizeof(struct tn_entry));
	if (ret < 0)
		return ret;
	lane->known_before = before;
	for (i = 0; i < n; i++) {
		const struct tn_event *ev = TN_QUEUE_AT(&lane->events, struct tn_event, i);
		struct tn_entry *e = TN_QUEUE_AT(&lane->entries, struct tn_entry, TN_QUEUE_LEN(&lane->entries));

		if (ev->ticks >= before)
			break;
		ret = from_event(lane, r, i, before == UINT64_MAX, e);
		if (ret == -EAGAIN) {
			lane->known_before = ev->ticks;
			break;
		}
		if (ret > 0)
			lane->entries.n++;
	}
	lane->events.head += i;
	return 0;
}

/**
 * tn_lane_free() - release the memory of a lane's queues
 * @lane: the lane
 */
void tn_lane_free(struct tn_lane *lane)
{
	free(lane->events.data);
	free(lane->interruptions.data);
	free(lane->entries.data);
	memset(lane, 0, sizeof(*lane));
}
