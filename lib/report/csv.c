// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs as tables for other programs (RFC 4180, with line feeds alone), each with the run in its first column, so that
 * tables of many runs can be put together: figures, causes, or interruptions one by one. Figures have a line for each
 * metric, CPU and round, since a metric is present in some runs and absent in others; metrics have the names of
 * [expect], values the unit that stands beside them.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/records.h"
#include "result/metric.h"

static void put_text(FILE *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* @n texts, a comma behind each. */
static void put_texts(FILE *out, const char *const *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put_text(out, text[i]);
		putc(',', out);
	}
}

/* An empty cell where there is no value. */
static void put_number(FILE *out, double v)
{
	if (isfinite(v))
		fprintf(out, "%.17g", v);
}

static void put_run(FILE *out, const struct tn_run *run)
{
	const char *const text[] = {run->id,
				    run->started_at,
				    run->env.hostname,
				    run->env.kernel_release,
				    run->scenario_name,
				    tn_run_state_name(run->state)};

	put_texts(out, text, TN_ARRAY_SIZE(text));
}

static int put_metric(FILE *out, const struct tn_run *run, const struct tn_metric_def *def)
{
	tn_cleanup(tn_series_free) struct tn_series series = {0};
	int r = tn_series_collect(def, &run, 1, &series);

	for (size_t i = 0; i < series.n && r == 0; i++) {
		const struct tn_metric_round *m = &series.round[i];

		put_run(out, run);
		put_text(out, def->name);
		fprintf(out, ",%s,", tn_metric_unit(def->kind));
		if (m->cpu >= 0)
			fprintf(out, "%d", m->cpu);
		fprintf(out, ",%u,", m->round);
		put_number(out, m->value);
		putc('\n', out);
	}
	return r;
}

static int put_metrics(const struct tn_export *x, FILE *out)
{
	tn_autofree struct tn_metric_def *def = NULL;
	size_t n = 0;
	int r = tn_metric_list(&x->run, 1, &def, &n);

	for (size_t i = 0; i < n && r == 0; i++)
		r = put_metric(out, x->run, &def[i]);
	return r;
}

/* What identifies a cause: seven columns, and a comma behind each. */
static void put_cause_name(FILE *out, const struct tn_run_cause *c)
{
	static const char *const none[7] = {"", "", "", "", "", "", ""};
	char cpus[256];

	if (!c)
		return put_texts(out, none, TN_ARRAY_SIZE(none));
	put_texts(out,
		  (const char *const[]){c->function, c->detail, c->culprit, c->callsite, c->sender_comm,
					tn_cpus_format(&c->sender_cpus, cpus, sizeof(cpus)), c->local ? "1" : "0"},
		  7);
}

static int put_causes(const struct tn_export *x, FILE *out)
{
	const struct tn_run *run = x->run;

	for (size_t i = 0; i < run->n_causes; i++) {
		const struct tn_run_cause *c = &run->cause[i];

		put_run(out, run);
		fprintf(out, "%zu,%s,", i, html_class_name(c->class));
		put_cause_name(out, c);
		fprintf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", c->entries, c->matched, c->too_short,
			c->interruptions);
		put_number(out, tn_ticks_to_ns(&run->clock, (double)c->stolen_ticks));
		putc(',', out);
		put_number(out, tn_ticks_to_ns(&run->clock, (double)c->max_ticks));
		putc('\n', out);
	}
	return 0;
}

static void put_interruption(FILE *out, const struct records *r, const struct tn_raw_record *rec)
{
	put_text(out, r->run->id);
	fprintf(out, ",%u,%u,%" PRIu64 ",%" PRIu64 ",", rec->cpu, rec->round, rec->start, rec->end);
	put_number(out, records_at_s(r, rec));
	putc(',', out);
	put_number(out, records_ns(r, rec));
	fprintf(out, ",%s,%u,", html_class_name(rec->class), records_entries(records_worst(r, rec), rec));
	put_cause_name(out, records_cause(r, rec));
	if (records_cause(r, rec))
		fprintf(out, "%u", rec->cause);
	putc('\n', out);
}

static int put_interruptions(const struct tn_export *x, FILE *out)
{
	tn_cleanup(records_close) struct records r = {0};
	int rc = records_open(x, &r);

	for (uint64_t i = 0; i < r.n && rc == 0 && !ferror(out); i++)
		put_interruption(out, &r, &r.rec[i]);
	return rc;
}

#define RUN_COLUMNS   "run,started_at,host,kernel,scenario,state,"
#define CAUSE_COLUMNS "function,detail,culprit,callsite,sender_comm,sender_cpus,local,"

static const struct {
	const char *name, *header;
	int (*put)(const struct tn_export *x, FILE *out);
} tables[TN_CSV_TABLES] = {
	[TN_CSV_METRICS] = {"metrics", RUN_COLUMNS "metric,unit,cpu,round,value", put_metrics},
	[TN_CSV_CAUSES] = {"causes",
			   RUN_COLUMNS "cause,class," CAUSE_COLUMNS
				       "entries,matched,too_short,interruptions,stolen_ns,max_ns",
			   put_causes},
	[TN_CSV_INTERRUPTIONS] = {"interruptions",
				  "run,cpu,round,start_ticks,end_ticks,at_s,length_ns,class,entries," CAUSE_COLUMNS
				  "cause",
				  put_interruptions},
};

/**
 * tn_csv_table_name() - what a user calls a table
 * @table: the table
 *
 * Return: its name; NULL behind the last.
 */
const char *tn_csv_table_name(enum tn_csv_table table)
{
	return table < TN_CSV_TABLES ? tables[table].name : NULL;
}

/**
 * tn_export_csv() - runs as a table
 * @x: the runs
 * @n: how many
 * @table: which
 * @out: stream; an empty value means that there is none
 * @err: message
 *
 * Return: 0; -ENOMEM; -EIO when @out failed, -EPIPE when nobody reads it any more.
 */
int tn_export_csv(const struct tn_export *x, size_t n, enum tn_csv_table table, FILE *out, struct tn_error *err)
{
	int r = 0;

	fprintf(out, "%s\n", tables[table].header);
	for (size_t i = 0; i < n && r == 0; i++)
		r = tables[table].put(&x[i], out);
	if (r < 0)
		return tn_error_set(err, r, "no memory for the table of %s", tables[table].name);
	return records_written(out, "table", err);
}
