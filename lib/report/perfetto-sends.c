// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The senders' side of the timeline, for the interruptions whose entries the document lists: a slice on the sender's
 * track from when it sent until the last arrival of that send, and an arrow to each interruption it caused. One send
 * reaches many CPUs at once, so sends of the same nanosecond on a CPU are one slice; a slice ends where the next one
 * begins, since those of a track must not overlap. Documents of before delivery_ticks do not say when it was sent:
 * then the slice is at the arrival, and says so.
 */
#include <errno.h>
#include <string.h>

#include "report/perfetto.h"

#define UNKNOWN_NS 1000 /* length of a slice whose beginning is not known */

struct send {
	uint64_t sent, arrived; /* ns of the timeline */
	int target;
	const struct tn_run_entry *entry;
};

static bool is_sent(const struct tn_run_worst *w, const struct tn_run_entry *e)
{
	return e->sender_cpu >= 0 && e->sender_cpu != w->cpu;
}

static uint64_t sent_ticks(const struct tn_run_entry *e)
{
	return e->delivery_ticks < e->ticks ? e->ticks - e->delivery_ticks : e->ticks;
}

/* The earlier of @base and the first send, so that no time is negative. */
uint64_t trace_first_send(const struct tn_run *run, uint64_t base)
{
	for (size_t i = 0; i < run->n_worst; i++)
		for (uint32_t k = 0; k < run->worst[i].n_kept; k++)
			if (is_sent(&run->worst[i], &run->worst[i].entry[k]) &&
			    sent_ticks(&run->worst[i].entry[k]) < base)
				base = sent_ticks(&run->worst[i].entry[k]);
	return base;
}

static int by_time(const void *a, const void *b)
{
	const struct send *x = a, *y = b;

	if (x->entry->sender_cpu != y->entry->sender_cpu)
		return x->entry->sender_cpu < y->entry->sender_cpu ? -1 : 1;
	if (x->sent != y->sent)
		return x->sent < y->sent ? -1 : 1;
	return x->target - y->target;
}

static size_t collect(const struct trace *t, struct send *send)
{
	size_t n = 0;

	for (size_t i = 0; i < t->run->n_worst; i++) {
		const struct tn_run_worst *w = &t->run->worst[i];

		for (uint32_t k = 0; k < w->n_kept; k++)
			if (is_sent(w, &w->entry[k]))
				send[n++] = (struct send){.sent = trace_ns(t, sent_ticks(&w->entry[k])),
							  .arrived = trace_ns(t, w->entry[k].ticks),
							  .target = w->cpu,
							  .entry = &w->entry[k]};
	}
	qsort(send, n, sizeof(*send), by_time);
	return n;
}

/* How many of @send, which are sorted, are one send. */
static size_t together(const struct send *send, size_t n)
{
	size_t i = 1;

	while (i < n && send[i].entry->sender_cpu == send[0].entry->sender_cpu && send[i].sent == send[0].sent)
		i++;
	return i;
}

/* From the sending to the last arrival, at least 1 ns, and not beyond the next send of this CPU. */
static uint64_t duration(const struct send *send, size_t n, const struct send *next)
{
	uint64_t end = send->entry->delivery_ticks ? send->sent + 1 : send->sent + UNKNOWN_NS;

	for (size_t i = 0; i < n; i++)
		end = send[i].arrived > end ? send[i].arrived : end;
	if (next && next->entry->sender_cpu == send->entry->sender_cpu && next->sent < end)
		end = next->sent;
	return end - send->sent;
}

static void put_send(struct trace *t, const struct send *send, size_t n, const struct send *next)
{
	const struct tn_run_entry *e = send->entry;
	struct tn_cpus targets = {0};
	char cpus[128], name[TN_RUN_SYMBOL + 8];

	for (size_t i = 0; i < n; i++)
		tn_cpus_add(&targets, (unsigned int)send[i].target);
	snprintf(name, sizeof(name), "send %s", e->function[0] ? e->function : html_class_name(e->class));
	trace_event(t, "X", e->sender_cpu, TRACK_SENDS, send->sent, "send", name);
	trace_us(t->out, "dur", duration(send, n, next));
	fprintf(t->out,
		",\"args\":{\"to CPUs\":\"%s\",\"pid\":%d,\"task\":", tn_cpus_format(&targets, cpus, sizeof(cpus)),
		e->sender_pid);
	json_text(t->out, e->sender_comm);
	fputs(",\"from\":", t->out);
	json_text(t->out, e->culprit);
	fprintf(t->out, ",\"time of sending\":\"%s\"}}",
		e->delivery_ticks ? "recorded" : "not recorded: drawn at the arrival");
}

/* From the send's slice to the interruption that encloses its arrival; @id ties both ends together. */
static void put_arrow(struct trace *t, const struct send *send, size_t id)
{
	trace_event(t, "s", send->entry->sender_cpu, TRACK_SENDS, send->sent, "send", "IPI");
	fprintf(t->out, ",\"id\":%zu}", id);
	trace_event(t, "f", send->target, TRACK_PROBE, send->arrived, "send", "IPI");
	fprintf(t->out, ",\"bp\":\"e\",\"id\":%zu}", id);
}

/* Return: 0 or -ENOMEM. */
int trace_sends(struct trace *t)
{
	tn_autofree struct send *send = NULL;
	size_t n = 1, same;

	for (size_t i = 0; i < t->run->n_worst; i++)
		n += t->run->worst[i].n_kept;
	send = calloc(n, sizeof(*send));
	if (!send)
		return -ENOMEM;
	n = collect(t, send);
	for (size_t i = 0; i < n; i += same) {
		same = together(&send[i], n - i);
		put_send(t, &send[i], same, i + same < n ? &send[i + same] : NULL);
		for (size_t k = 0; k < same; k++)
			put_arrow(t, &send[i + k], i + k + 1);
	}
	return 0;
}
