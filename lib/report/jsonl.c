// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interruptions as lines of JSON, each of which explains itself: run, CPU, time, length, cause with sender and stack,
 * and, where the document lists it, what ran inside. Keys are those of run documents, tlbnoise-run(5). A cause is
 * written to memory once and then copied, since a million interruptions share some dozens of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "report/records.h"

/* The text of each cause, and of the run's id. */
struct parts {
	size_t n;
	char **cause;
	char *run;
};

static void parts_free(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->cause[i]);
	free(p->cause);
	free(p->run);
}

static void put_pair(FILE *out, const char *before, const char *key, const char *text)
{
	fprintf(out, "%s\"%s\":", before, key);
	json_text(out, text);
}

static void put_cause(FILE *out, size_t index, const struct tn_run_cause *c)
{
	char cpus[256];

	fprintf(out, "{\"index\":%zu", index);
	put_pair(out, ",", "class", html_class_name(c->class));
	put_pair(out, ",", "function", c->function);
	put_pair(out, ",", "detail", c->detail);
	put_pair(out, ",", "culprit", c->culprit);
	put_pair(out, ",", "callsite", c->callsite);
	put_pair(out, ",", "sender_comm", c->sender_comm);
	put_pair(out, ",", "sender_cpus", tn_cpus_format(&c->sender_cpus, cpus, sizeof(cpus)));
	fprintf(out, ",\"local\":%s,\"stack\":[", c->local ? "true" : "false");
	for (uint32_t i = 0; i < c->n_stack; i++) {
		fputs(i ? "," : "", out);
		json_text(out, c->stack[i]);
	}
	fputs("]}", out);
}

/* Either function to memory; NULL when there is none. */
static char *cause_text(size_t index, const struct tn_run_cause *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	put_cause(f, index, c);
	return fclose(f) ? free(text), NULL : text;
}

static char *quoted(const char *id)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	json_text(f, id);
	return fclose(f) ? free(text), NULL : text;
}

static int parts_make(const struct tn_run *run, struct parts *ret)
{
	ret->run = quoted(run->id);
	ret->cause = calloc(run->n_causes + 1, sizeof(*ret->cause));
	if (!ret->run || !ret->cause)
		return -ENOMEM;
	for (; ret->n < run->n_causes; ret->n++) {
		ret->cause[ret->n] = cause_text(ret->n, &run->cause[ret->n]);
		if (!ret->cause[ret->n])
			return -ENOMEM;
	}
	return 0;
}

static void put_or_null(FILE *out, const char *key, int v)
{
	if (v < 0)
		fprintf(out, ",\"%s\":null", key);
	else
		fprintf(out, ",\"%s\":%d", key, v);
}

static void put_entry(FILE *out, const struct tn_run *run, const struct tn_run_worst *w, const struct tn_run_entry *e)
{
	double after = (double)e->ticks - (double)w->start_ticks;

	put_pair(out, "{", "class", html_class_name(e->class));
	fputs(",\"after_ns\":", out);
	json_number(out, tn_ticks_to_ns(&run->clock, after));
	put_pair(out, ",", "function", e->function);
	put_pair(out, ",", "detail", e->detail);
	put_pair(out, ",", "culprit", e->culprit);
	put_or_null(out, "sender_cpu", e->sender_cpu);
	put_or_null(out, "sender_pid", e->sender_pid);
	put_pair(out, ",", "sender_comm", e->sender_comm);
	fputs(",\"sent_before_ns\":", out);
	json_number(out, e->delivery_ticks ? tn_ticks_to_ns(&run->clock, (double)e->delivery_ticks) : NAN);
	putc('}', out);
}

static void put_entries(FILE *out, const struct tn_run *run, const struct tn_run_worst *w)
{
	fputs(",\"entries\":[", out);
	for (uint32_t i = 0; i < w->n_kept; i++) {
		fputs(i ? "," : "", out);
		put_entry(out, run, w, &w->entry[i]);
	}
	putc(']', out);
}

static void put_record(FILE *out, const struct records *r, const struct parts *p, const struct tn_raw_record *rec)
{
	const struct tn_run_worst *w = records_worst(r, rec);

	fprintf(out,
		"{\"run\":%s,\"cpu\":%u,\"round\":%u,\"start_ticks\":\"%" PRIu64 "\",\"end_ticks\":\"%" PRIu64 "\"",
		p->run, rec->cpu, rec->round, rec->start, rec->end);
	fputs(",\"at_s\":", out);
	json_number(out, records_at_s(r, rec));
	fputs(",\"length_ns\":", out);
	json_number(out, records_ns(r, rec));
	put_pair(out, ",", "class", html_class_name(rec->class));
	fprintf(out, ",\"n_entries\":%u,\"cause\":%s", records_entries(w, rec),
		rec->cause < p->n ? p->cause[rec->cause] : "null");
	if (w)
		put_entries(out, r->run, w);
	fputs("}\n", out);
}

/**
 * tn_export_jsonl() - interruptions, a line of JSON each
 * @x: the runs
 * @n: how many
 * @out: stream
 * @err: message
 *
 * Lines are in the order of the raw records: by time for each CPU and round. Without raw records: the worst
 * interruptions of the document, by time.
 *
 * Return: 0; -ENOMEM; -EIO when @out failed, -EPIPE when nobody reads it any more.
 */
int tn_export_jsonl(const struct tn_export *x, size_t n, FILE *out, struct tn_error *err)
{
	for (size_t i = 0; i < n; i++) {
		tn_cleanup(records_close) struct records r = {0};
		tn_cleanup(parts_free) struct parts p = {0};

		if (records_open(&x[i], &r) < 0 || parts_make(x[i].run, &p) < 0)
			return tn_error_set(err, -ENOMEM, "no memory for the interruptions of run %s", x[i].run->id);
		for (uint64_t k = 0; k < r.n && !ferror(out); k++)
			put_record(out, &r, &p, &r.rec[k]);
	}
	return records_written(out, "interruptions", err);
}
