// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a recorded stream: lines of "symbol ADDRESS NAME", "task PID COMM", "stack ID FRAME...",
 * "window CPU PID FLOOR OPEN CLOSE", "gap START END" and "event TYPE TICKS CPU TARGET ARG PID OTHER A B
 * CALLSITE STACK NAME" ("-" for no name), and joins it in steps of any size, as the collector would.
 */
#include "stream.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_send(const struct tn_event *ev)
{
	return ev->type == TN_EV_CSD_QUEUE || ev->type == TN_EV_IPI_RESCHEDULE;
}

static void load_stack(struct stream *s, char *text)
{
	uint64_t frame[TN_STACK_DEPTH];
	uint32_t depth = 0;
	char *end;
	unsigned long id = strtoul(text, &end, 10);

	while (*end && *end != '\n' && depth < TN_STACK_DEPTH)
		frame[depth++] = strtoull(end, &end, 16);
	assert_true(id < TN_ARRAY_SIZE(s->stack_id));
	s->stack_id[id] = tn_symbols_intern_stack(s->symbols, frame, depth);
	assert_true(s->stack_id[id] > 0);
}

/* A second line for a task renames it, for the events that follow. */
static void load_task(struct stream *s, int pid, const char *comm)
{
	size_t i = 0;

	while (i < s->n_tasks && s->task[i].pid != pid)
		i++;
	assert_true(i < TN_ARRAY_SIZE(s->task));
	s->n_tasks += i == s->n_tasks;
	s->task[i].pid = pid;
	s->task[i].comm = tn_symbols_intern(s->symbols, comm);
}

/* As the reader does it: the name is part of the event where somebody sends or calls locally. */
static uint32_t comm_of(const struct stream *s, const struct tn_event *ev)
{
	if (!is_send(ev) && (ev->type != TN_EV_CSD_ENTRY || ev->b))
		return 0;
	for (size_t i = 0; i < s->n_tasks; i++)
		if (s->task[i].pid == ev->pid)
			return s->task[i].comm;
	return 0;
}

static void load_event(struct stream *s, const char *text)
{
	struct tn_event ev = {0};
	unsigned int type, cpu, target, arg, stack;
	char name[64];

	assert_int_equal(sscanf(text, "%u %" SCNu64 " %u %u %u %d %d %" SCNx64 " %" SCNx64 " %" SCNx64 " %u %63[^\n]",
				&type, &ev.ticks, &cpu, &target, &arg, &ev.pid, &ev.other, &ev.a, &ev.b, &ev.callsite,
				&stack, name),
			 12);
	ev.type = (uint16_t)type;
	ev.cpu = (uint16_t)cpu;
	ev.target = (uint16_t)target;
	ev.arg = (uint16_t)arg;
	ev.stack = s->stack_id[stack];
	ev.name = strcmp(name, "-") ? tn_symbols_intern(s->symbols, name) : 0;
	ev.comm = comm_of(s, &ev);
	s->event = reallocarray(s->event, s->n_events + 1, sizeof(ev));
	assert_non_null(s->event);
	s->event[s->n_events++] = ev;
}

static void load_line(struct stream *s, char *line)
{
	struct tn_interruption gap;
	char name[128];
	uint64_t address;
	int pid;

	if (sscanf(line, "symbol %" SCNx64 " %127s", &address, name) == 2) {
		assert_int_equal(tn_symbols_add(s->symbols, address, name), 0);
	} else if (sscanf(line, "task %d %127[^\n]", &pid, name) == 2) {
		load_task(s, pid, name);
	} else if (!strncmp(line, "stack ", 6)) {
		load_stack(s, line + 6);
	} else if (sscanf(line, "gap %" SCNu64 " %" SCNu64, &gap.start, &gap.end) == 2) {
		s->gap = reallocarray(s->gap, s->n_gaps + 1, sizeof(gap));
		assert_non_null(s->gap);
		s->gap[s->n_gaps++] = gap;
	} else if (!strncmp(line, "event ", 6)) {
		load_event(s, line + 6);
	} else if (sscanf(line, "window %d %d %" SCNu64 " %" SCNu64 " %" SCNu64, &s->cpu, &s->probe_pid, &s->floor,
			  &s->open, &s->close) != 5) {
		assert_true(*line == '#' || *line == '\n');
	}
}

void stream_load(struct stream *s, const char *path)
{
	tn_autofclose FILE *f = fopen(path, "re");
	char line[2048];

	memset(s, 0, sizeof(*s));
	if (!f)
		fail_msg("cannot open %s", path);
	assert_int_equal(tn_symbols_new(&s->symbols, NULL), 0);
	while (fgets(line, sizeof(line), f))
		load_line(s, line);
	assert_true(s->close > s->open);
}

void stream_free(struct stream *s)
{
	tn_symbols_free(s->symbols);
	free(s->event);
	free(s->gap);
}

/* Everything of [from, to), targets before senders as a drain delivers it. */
static void feed(const struct stream *s, struct tn_attribution *a, uint64_t from, uint64_t to)
{
	for (int senders = 0; senders < 2; senders++)
		for (size_t i = 0; i < s->n_events; i++)
			if (s->event[i].ticks >= from && s->event[i].ticks < to && is_send(&s->event[i]) == senders)
				assert_int_equal(tn_attribution_events(a, &s->event[i], 1), 0);
	for (size_t i = 0; i < s->n_gaps; i++)
		if (s->gap[i].end >= from && s->gap[i].end < to)
			assert_int_equal(tn_attribution_interruptions(a, s->cpu, &s->gap[i], 1), 0);
}

/* The probe's last stamp at @now: inside a gap it is the gap's start, and none is later than the window's end. */
static uint64_t stamp_at(const struct stream *s, uint64_t now)
{
	if (now > s->close)
		now = s->close;
	for (size_t i = 0; i < s->n_gaps; i++)
		if (s->gap[i].start < now && now <= s->gap[i].end)
			return s->gap[i].start;
	return now;
}

static int count_record(void *userdata, const struct tn_raw_record *rec)
{
	assert_true(rec->end > rec->start);
	*(unsigned int *)userdata += 1;
	return 0;
}

/* Joins in steps of @step ticks; 0: all at once. */
struct tn_attribution *stream_join(const struct stream *s, uint64_t step, unsigned int *ret_records)
{
	struct tn_attribution_options opt = {.symbols = s->symbols, .on_record = count_record, .userdata = ret_records};
	uint64_t last = s->n_events ? s->event[s->n_events - 1].ticks : s->close, now = 0;
	struct tn_attribution *a = NULL;
	struct tn_error err = {0};

	*ret_records = 0;
	assert_int_equal(tn_attribution_new(&opt, &a, &err), 0);
	assert_int_equal(tn_attribution_window(a, s->cpu, 0, s->floor, s->probe_pid, &err), 0);
	assert_int_equal(tn_attribution_open_at(a, s->cpu, s->open), 0);
	if (step) {
		for (now = s->event[0].ticks; now < last; now += step) {
			uint64_t from = now == s->event[0].ticks ? 0 : now;

			feed(s, a, from, now + step);
			assert_int_equal(tn_attribution_advance(a, s->cpu, now + step, stamp_at(s, now + step), &err),
					 0);
		}
	}
	feed(s, a, now, UINT64_MAX);
	assert_int_equal(tn_attribution_close_at(a, s->cpu, s->close), 0);
	assert_int_equal(tn_attribution_advance(a, s->cpu, UINT64_MAX, UINT64_MAX, &err), 0);
	return a;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Rows in the order of their text, since the table's order is that of discovery. */
static void dump_causes(const struct stream *s, struct tn_attribution *a, FILE *out)
{
	size_t n;
	const struct tn_cause *c = tn_attribution_causes(a, &n);
	char **row = calloc(n + 1, sizeof(*row));

	for (size_t i = 0; i < n; i++, c++) {
		char cpus[TN_CPUS_TEXT];

		assert_true(asprintf(&row[i],
				     "cause %s function=%s culprit=%s name=%s arg=%u local=%d sender=%s cpus=%s "
				     "entries=%" PRIu64 " matched=%" PRIu64 " short=%" PRIu64 " interruptions=%" PRIu64
				     " stolen=%" PRIu64 " max=%" PRIu64 "\n",
				     tn_class_name(c->class),
				     c->function ? tn_symbols_name(s->symbols, c->function) : "-",
				     c->culprit ? tn_symbols_name(s->symbols, c->culprit) : "-",
				     c->name ? tn_symbols_text(s->symbols, c->name) : "-", c->vector_arg, c->local,
				     *c->sender_comm ? c->sender_comm : "-",
				     tn_cpus_format(&c->sender_cpus, cpus, sizeof(cpus)), c->entries, c->matched,
				     c->too_short, c->interruptions, c->stolen_ticks, c->max_ticks) > 0);
	}
	qsort(row, n, sizeof(*row), by_text);
	for (size_t i = 0; i < n; i++) {
		fputs(row[i], out);
		free(row[i]);
	}
	free(row);
}

void stream_dump(const struct stream *s, struct tn_attribution *a, FILE *out)
{
	const struct tn_cpu_tally *t = tn_attribution_tally(a, s->cpu);
	const struct tn_worst *w;
	size_t n;

	fprintf(out,
		"interruptions=%" PRIu64 " stolen=%" PRIu64 " outside=%" PRIu64 " local=%" PRIu64
		" unknown-senders=%" PRIu64 "\n",
		t->interruptions, t->stolen_ticks, t->outside_window, t->flush_local, t->senders_unknown);
	for (int c = 0; c < TN_CLASS_COUNT; c++)
		fprintf(out,
			"class %s entries=%" PRIu64 " matched=%" PRIu64 " short=%" PRIu64 " interruptions=%" PRIu64
			"\n",
			tn_class_name((enum tn_class)c), t->conservation[c].entries, t->conservation[c].matched,
			t->conservation[c].too_short, t->class_interruptions[c]);
	dump_causes(s, a, out);
	n = tn_attribution_worst(a, &w);
	for (size_t i = 0; i < n && i < 5; i++)
		fprintf(out, "worst %" PRIu64 " at=%" PRIu64 " class=%s entries=%u\n", w[i].end - w[i].start,
			w[i].start, tn_class_name(w[i].class), w[i].n_entries);
}
