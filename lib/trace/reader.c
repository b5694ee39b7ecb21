// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From pages of the kernel's ring buffer to batches of events. The kernel writes a stack as a record of
 * its own behind its event, usually the next one; but an interrupt in between may put its events, with
 * their stacks, before it, and the page or the read may end in between. So an event that expects a
 * stack waits, and what comes behind it waits too, since events are delivered in time order.
 *
 * Contexts nest: task, softirq, interrupt, NMI. The event and its stack are recorded with preemption
 * off, so a stack belongs to the last waiting event of its own context, and an event in a context says
 * that whatever waits there or in a deeper one has been left without its stack: the buffer was full, or
 * the kernel recorded none, as 6.18 does now and then for an IPI sent out of a softirq.
 */
#include "trace/reader.h"

#include <errno.h>
#include <string.h>
#include <traceevent/kbuffer.h>

/**
 * tn_reader_init() - make a reader
 * @r: reader; fn and userdata are set before each use
 * @symbols: receives names and stacks; must outlive the reader
 * @err: text on failure
 *
 * Return: 0 or -ENOMEM; after a failure nothing is owned.
 */
int tn_reader_init(struct tn_reader *r, struct tn_symbols *symbols, struct tn_error *err)
{
	int rc = tn_decoder_new(symbols, &r->decoder, err);

	if (rc)
		return rc;
	r->kbuf = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	if (!r->kbuf) {
		tn_decoder_free(tn_steal_ptr(r->decoder));
		return tn_error_set(err, -ENOMEM, "out of memory for the reader of kernel events");
	}
	r->symbols = symbols;
	r->tasks = (struct tn_tasks){.symbols = symbols, .proc = "/proc", .last = -1};
	return 0;
}

/**
 * tn_reader_release() - free what the reader owns
 * @r: reader, or one that tn_reader_init() never saw but that is all zero
 */
void tn_reader_release(struct tn_reader *r)
{
	tn_decoder_free(r->decoder);
	if (r->kbuf)
		kbuffer_free(r->kbuf);
	tn_tasks_release(&r->tasks);
	r->decoder = NULL;
	r->kbuf = NULL;
}

/**
 * tn_reader_flush() - hand the batch to the callback
 * @r: reader
 *
 * Return: 0, or the first failure of the callback; it is not called again after it failed.
 */
int tn_reader_flush(struct tn_reader *r)
{
	if (r->n && !r->status)
		r->status = r->fn(r->userdata, r->batch, r->n);
	r->n = 0;
	return r->status;
}

static inline void deliver(struct tn_reader *r, const struct tn_event *ev)
{
	r->batch[r->n++] = *ev;
	r->stats.events++;
	if (r->n == TN_BATCH)
		tn_reader_flush(r);
}

/* Delivers from the front whatever waits for nothing any more. */
static void release_settled(struct tn_reader *r, struct tn_stream *s)
{
	size_t n = 0;

	while (n < s->n_waiting && s->waiting[n].settled)
		deliver(r, &s->waiting[n++].event);
	s->n_waiting -= n;
	memmove(s->waiting, s->waiting + n, s->n_waiting * sizeof(s->waiting[0]));
}

/**
 * tn_reader_settle() - deliver what waits, with or without stack
 * @r: reader
 * @s: stream; nothing waits afterwards
 */
void tn_reader_settle(struct tn_reader *r, struct tn_stream *s)
{
	for (size_t i = 0; i < s->n_waiting; i++)
		s->waiting[i].settled = true;
	release_settled(r, s);
}

static void wait_for_stack(struct tn_reader *r, struct tn_stream *s, const struct tn_event *ev, uint8_t context,
			   bool expects)
{
	for (size_t i = 0; i < s->n_waiting; i++)
		if (s->waiting[i].context >= context)
			s->waiting[i].settled = true;
	if (s->n_waiting == TN_WAITING)
		s->waiting[0].settled = true;
	release_settled(r, s);
	s->waiting[s->n_waiting++] = (struct tn_waiting){.event = *ev, .context = context, .settled = !expects};
	release_settled(r, s);
}

static void take_stack(struct tn_reader *r, struct tn_stream *s, const struct tn_record *head, const void *record,
		       size_t size)
{
	for (size_t i = s->n_waiting; i--;) {
		struct tn_waiting *w = &s->waiting[i];

		if (w->context > head->context)
			w->settled = true; /* that context is over */
		if (w->settled || w->context != head->context || w->event.pid != head->pid)
			continue;
		w->event.stack = tn_decode_stack(r->decoder, record, size);
		w->settled = true;
		release_settled(r, s);
		return;
	}
	r->stats.undecoded++; /* the stack of an event that is not here */
}

static void take_record(struct tn_reader *r, struct tn_stream *s, uint64_t ticks, const void *record, size_t size)
{
	struct tn_record head;
	struct tn_event ev;
	bool expects;

	if (!tn_decode_head(r->decoder, record, size, &head)) {
		r->stats.undecoded++;
		return;
	}
	if (tn_decode_is_stack(r->decoder, &head)) {
		take_stack(r, s, &head, record, size);
		return;
	}
	if (!tn_decode(r->decoder, record, size, &head, &ev)) {
		r->stats.undecoded++;
		return;
	}
	ev.ticks = ticks;
	ev.cpu = s->cpu;
	expects = s->sender || (ev.type == TN_EV_CSD_ENTRY && !ev.b);
	if (expects)
		ev.comm = tn_tasks_name(&r->tasks, ev.pid);
	if (expects || s->n_waiting)
		wait_for_stack(r, s, &ev, head.context, expects);
	else
		deliver(r, &ev);
}

/**
 * tn_reader_page() - take in one page as read from trace_pipe_raw
 * @r: reader
 * @s: the CPU's stream
 * @page: header and records; a page may be filled in part
 *
 * What the kernel overwrote before this page is added to stats.missed.
 */
void tn_reader_page(struct tn_reader *r, struct tn_stream *s, void *page)
{
	unsigned long long ticks;
	void *record;
	int missed;

	if (kbuffer_load_subbuffer(r->kbuf, page) < 0) {
		r->stats.undecoded++;
		return;
	}
	missed = kbuffer_missed_events(r->kbuf);
	if (missed) {
		/* A stack whose event is lost must not be given to an older one. -1: lost, but not counted. */
		tn_reader_settle(r, s);
		r->stats.missed += missed > 0 ? (uint64_t)missed : 1;
	}
	for (record = kbuffer_read_event(r->kbuf, &ticks); record; record = kbuffer_next_event(r->kbuf, &ticks)) {
		int size = kbuffer_event_size(r->kbuf);

		s->last_tick = ticks;
		r->stats.bytes += (uint64_t)size;
		take_record(r, s, ticks, record, (size_t)size);
	}
}
