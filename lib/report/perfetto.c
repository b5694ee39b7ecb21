// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run on one timeline, in the trace viewers' JSON ("Trace Event Format", JSON Object Format), which Perfetto opens.
 * Each CPU is a process with tracks for what is known of it: rounds, the interruptions that its probe saw, the kernel
 * events inside them, what it sent. Slices of a track never overlap, times rise along it, and no event needs one that
 * comes later, so that a file of any length is written in one pass over the records.
 *
 * Times are microseconds, whole nanoseconds that are rounded alike at both ends: a slice that ends where the next one
 * starts does so in the file, too. Readers that multiply by 1000 and cut off would sometimes lose a nanosecond to
 * binary fractions, and slices would overlap; therefore starts, and they alone, have a tenth of one more. Stacks are in
 * stackFrames, once for each cause.
 */
#include "report/perfetto.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Ticks in nanoseconds from the beginning of the timeline. */
uint64_t trace_ns(const struct trace *t, uint64_t ticks)
{
	if (ticks < t->base)
		return 0;
	return (uint64_t)llround(tn_ticks_to_ns(&t->run->clock, (double)(ticks - t->base)));
}

void trace_us(FILE *out, const char *key, uint64_t ns)
{
	fprintf(out, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000, (unsigned int)(ns % 1000));
}

/* Thread numbers differ between processes, too: viewers of Linux traces take them for unique. */
static void put_place(const struct trace *t, int cpu, enum trace_track track)
{
	fprintf(t->out, ",\"pid\":%d,\"tid\":%d", cpu + 1, (cpu + 1) * TRACKS * 2 + (int)track);
}

/* Begins an event: the caller adds what its phase needs, and the closing brace. */
void trace_event(struct trace *t, const char *phase, int cpu, enum trace_track track, uint64_t ns, const char *category,
		 const char *name)
{
	fprintf(t->out, "%s\n{\"ph\":\"%s\"", t->follows ? "," : "", phase);
	t->follows = true;
	put_place(t, cpu, track);
	trace_us(t->out, "ts", ns);
	fprintf(t->out, "1,\"cat\":\"%s\",\"name\":", category);
	json_text(t->out, name);
}

/* An event of phase M: a name, or where to sort. @value is JSON. */
static void put_meta(struct trace *t, const char *what, int cpu, enum trace_track track, const char *key,
		     const char *value, int number)
{
	fprintf(t->out, "%s\n{\"ph\":\"M\"", t->follows ? "," : "");
	t->follows = true;
	put_place(t, cpu, track);
	fprintf(t->out, ",\"name\":\"%s\",\"args\":{\"%s\":", what, key);
	if (value)
		json_text(t->out, value);
	else
		fprintf(t->out, "%d", number);
	fputs("}}", t->out);
}

static void put_track(struct trace *t, int cpu, enum trace_track track)
{
	static const char *const name[TRACKS] = {"rounds", "probe: interruptions", "kernel events", "sends"};

	put_meta(t, "thread_name", cpu, track, "name", name[track], 0);
	put_meta(t, "thread_sort_index", cpu, track, "sort_index", NULL, (int)track);
}

static void put_cpu(struct trace *t, int cpu, bool probed, bool sends)
{
	char name[64];

	snprintf(name, sizeof(name), "CPU %d%s%s", cpu, probed ? " (probed)" : "", sends ? " (sends)" : "");
	put_meta(t, "process_name", cpu, TRACK_ROUNDS, "name", name, 0);
	put_meta(t, "process_sort_index", cpu, TRACK_ROUNDS, "sort_index", NULL, probed ? cpu : TN_CPUS_MAX + cpu);
	for (unsigned int i = 0; i < TRACKS; i++)
		if (i == TRACK_SENDS ? sends : probed)
			put_track(t, cpu, (enum trace_track)i);
}

/* The CPUs that the timeline shows: those with windows and those that sent. */
static void put_cpus(struct trace *t)
{
	struct tn_cpus probed = {0}, sends = {0};

	for (size_t i = 0; i < t->run->n_cpus; i++)
		tn_cpus_add(&probed, (unsigned int)t->run->cpu[i].cpu);
	for (size_t i = 0; i < t->run->n_worst; i++) {
		const struct tn_run_worst *w = &t->run->worst[i];

		for (uint32_t k = 0; k < w->n_kept; k++)
			if (w->entry[k].sender_cpu >= 0 && w->entry[k].sender_cpu != w->cpu)
				tn_cpus_add(&sends, (unsigned int)w->entry[k].sender_cpu);
	}
	for (unsigned int cpu = 0; cpu < TN_CPUS_MAX; cpu++)
		if (tn_cpus_has(&probed, cpu) || tn_cpus_has(&sends, cpu))
			put_cpu(t, (int)cpu, tn_cpus_has(&probed, cpu), tn_cpus_has(&sends, cpu));
}

static void put_rounds(struct trace *t)
{
	for (size_t i = 0; i < t->run->n_cpus; i++) {
		const struct tn_run_cpu *c = &t->run->cpu[i];
		uint64_t open = trace_ns(t, c->window_open_ticks), close = trace_ns(t, c->window_close_ticks);
		char name[32];

		snprintf(name, sizeof(name), "round %u", c->round);
		trace_event(t, "X", c->cpu, TRACK_ROUNDS, open, "round", name);
		trace_us(t->out, "dur", close - open);
		fprintf(t->out, ",\"args\":{\"interruptions\":%" PRIu64 ",\"cut short\":%s}}", c->interruptions.count,
			c->partial ? "true" : "false");
	}
}

static void put_kernel_event(struct trace *t, const struct tn_run_worst *w, const struct tn_run_entry *e)
{
	trace_event(t, "i", w->cpu, TRACK_KERNEL, trace_ns(t, e->ticks), "kernel", html_class_name(e->class));
	fputs(",\"s\":\"t\",\"args\":{\"function\":", t->out);
	json_text(t->out, e->function);
	fputs(",\"detail\":", t->out);
	json_text(t->out, e->detail);
	if (e->sender_cpu >= 0)
		fprintf(t->out, ",\"sender CPU\":%d,\"sender pid\":%d,\"sender\":", e->sender_cpu, e->sender_pid);
	if (e->sender_cpu >= 0)
		json_text(t->out, e->sender_comm);
	fputs(",\"from\":", t->out);
	json_text(t->out, e->culprit);
	fputs("}}", t->out);
}

/* Perfetto shows arguments alone: a stack stands there, too, where one interruption is looked at closely. */
static void put_stack(FILE *out, const struct tn_run_cause *c)
{
	fputs(",\"sender's stack\":[", out);
	for (uint32_t i = 0; i < c->n_stack; i++) {
		fputs(i ? "," : "", out);
		json_text(out, c->stack[i]);
	}
	putc(']', out);
}

static void put_interruption(struct trace *t, const struct tn_raw_record *rec)
{
	const struct tn_run_worst *w = records_worst(t->records, rec);
	const struct tn_run_cause *c = records_cause(t->records, rec);
	uint64_t start = trace_ns(t, rec->start);
	char who[512] = "";

	if (!html_spans_find(&t->records->spans, rec))
		return; /* of no window: counted in otherData */
	trace_event(t, "X", rec->cpu, TRACK_PROBE, start, "interruption", html_class_name(rec->class));
	trace_us(t->out, "dur", trace_ns(t, rec->end) - start);
	if (c && c->n_stack)
		fprintf(t->out, ",\"sf\":\"%u.0\"", rec->cause);
	if (c)
		report_who(t->run, c, who, sizeof(who));
	fprintf(t->out, ",\"args\":{\"round\":%u,\"kernel entries\":%u,\"cause\":", rec->round,
		records_entries(w, rec));
	json_text(t->out, who);
	if (w && c && c->n_stack)
		put_stack(t->out, c);
	fputs("}}", t->out);
	for (uint32_t i = 0; w && i < w->n_kept; i++)
		put_kernel_event(t, w, &w->entry[i]);
}

static void put_events(struct trace *t, uint64_t *ret_outside)
{
	*ret_outside = 0;
	put_cpus(t);
	put_rounds(t);
	for (uint64_t i = 0; i < t->records->n && !ferror(t->out); i++) {
		put_interruption(t, &t->records->rec[i]);
		*ret_outside += !html_spans_find(&t->records->spans, &t->records->rec[i]);
	}
}

/* Frame "CAUSE.0" is the innermost; each names its parent, the one that called it. */
static void put_frames(struct trace *t)
{
	bool follows = false;

	fputs("\n],\"stackFrames\":{", t->out);
	for (size_t i = 0; i < t->run->n_causes; i++) {
		const struct tn_run_cause *c = &t->run->cause[i];

		for (uint32_t k = 0; k < c->n_stack; k++) {
			fprintf(t->out, "%s\n\"%zu.%u\":{\"category\":\"kernel\",\"name\":", follows ? "," : "", i, k);
			follows = true;
			json_text(t->out, c->stack[k]);
			if (k + 1 < c->n_stack)
				fprintf(t->out, ",\"parent\":\"%zu.%u\"", i, k + 1);
			putc('}', t->out);
		}
	}
	putc('}', t->out);
}

static void put_pair(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\n\"%s\":", key);
	json_text(out, text);
}

/* What the viewer shows as metadata of the file. */
static void put_other(const struct trace *t, const struct tn_export *x, uint64_t outside)
{
	const struct tn_run *run = t->run;

	fputs(",\n\"displayTimeUnit\":\"ns\",\n\"otherData\":{\n\"writer\":\"tlbnoise\"", t->out);
	put_pair(t->out, "run", run->id);
	put_pair(t->out, "started_at", run->started_at);
	put_pair(t->out, "host", run->env.hostname);
	put_pair(t->out, "kernel", run->env.kernel_release);
	put_pair(t->out, "scenario", run->scenario_name);
	put_pair(t->out, "interruptions",
		 x->raw ? "all of the raw records" : "the worst ones of the document: raw records were not there");
	put_pair(
		t->out, "kernel events and senders",
		"of the worst interruptions, as many as the document lists; of the others the cause is in the arguments");
	put_pair(t->out, "raw", x->raw ? tn_raw_warning(x->raw) : "");
	fprintf(t->out, ",\n\"time_0_ticks\":\"%" PRIu64 "\",\n\"outside_windows\":%" PRIu64 "\n}}\n", t->base,
		outside);
}

static uint64_t first_tick(const struct tn_run *run)
{
	uint64_t base = UINT64_MAX;

	for (size_t i = 0; i < run->n_cpus; i++)
		if (run->cpu[i].window_open_ticks < base)
			base = run->cpu[i].window_open_ticks;
	return trace_first_send(run, base);
}

/**
 * tn_export_trace() - a run in the trace viewers' JSON
 * @x: the run
 * @out: stream
 * @err: message
 *
 * Without raw records: the worst interruptions of the document. Arrows from senders: perfetto-sends.c.
 *
 * Return: 0; -ENOMEM; -EIO when @out failed, -EPIPE when nobody reads it any more.
 */
int tn_export_trace(const struct tn_export *x, FILE *out, struct tn_error *err)
{
	tn_cleanup(records_close) struct records r = {0};
	struct trace t = {.out = out, .run = x->run, .records = &r, .base = first_tick(x->run)};
	uint64_t outside;

	if (records_open(x, &r) < 0)
		return tn_error_set(err, -ENOMEM, "no memory for the interruptions of run %s", x->run->id);
	fputs("{\"traceEvents\":[", out);
	put_events(&t, &outside);
	if (trace_sends(&t) < 0)
		return tn_error_set(err, -ENOMEM, "no memory for the senders of run %s", x->run->id);
	put_frames(&t);
	put_other(&t, x, outside);
	return records_written(out, "trace", err);
}
