// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The histograms of a run as an interval log of HdrHistogram, version 1.3 (HistogramLogWriter of the Java library): a
 * line for each histogram, its tag says of what and of which CPU, its interval is the window of the round. Rounds of
 * one tag add up to what the run says "together"; plotters draw tags as lines of their own.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "report/hdr.h"
#include "report/records.h"

struct line {
	char tag[80];
	uint64_t open, close; /* ticks */
	const struct tn_hist *hist;
};

struct lines {
	size_t n;
	struct line *line;
};

static void lines_free(struct lines *l)
{
	free(l->line);
}

/* Tags end at a comma; blanks end them for some readers, and names of operations are from the document. */
static void clean(char *tag)
{
	for (; *tag; tag++)
		if ((unsigned char)*tag <= ' ' || *tag == ',' || *tag == '"' || (unsigned char)*tag >= 0x7f)
			*tag = '_';
}

static void add(struct lines *l, uint64_t open, uint64_t close, const struct tn_hist *hist, const char *fmt, ...)
	tn_printf(5, 6);

static void add(struct lines *l, uint64_t open, uint64_t close, const struct tn_hist *hist, const char *fmt, ...)
{
	struct line *line = &l->line[l->n++];
	va_list ap;

	line->open = open;
	line->close = close;
	line->hist = hist;
	va_start(ap, fmt);
	vsnprintf(line->tag, sizeof(line->tag), fmt, ap);
	va_end(ap);
	clean(line->tag);
}

/* Tags are metrics of [expect], without what they choose of the distribution, and the CPU. */
static int collect(const struct tn_run *run, struct lines *l)
{
	l->line = calloc(2 * run->n_cpus + run->n_entry_costs + run->n_wakeups + 1, sizeof(*l->line));
	if (!l->line)
		return -ENOMEM;
	for (size_t i = 0; i < run->n_cpus; i++) {
		const struct tn_run_cpu *c = &run->cpu[i];

		add(l, c->window_open_ticks, c->window_close_ticks, &c->jitter, "jitter.cpu%d", c->cpu);
		add(l, c->window_open_ticks, c->window_close_ticks, &c->interruptions, "interruption.cpu%d", c->cpu);
	}
	for (size_t i = 0; i < run->n_entry_costs; i++) {
		const struct tn_run_entry_cost *e = &run->entry_cost[i];

		add(l, e->window_open_ticks, e->window_close_ticks, &e->cost, "entry.%s.%s.cpu%d", e->operation,
		    tn_condition_name(e->condition), e->cpu);
	}
	for (size_t i = 0; i < run->n_wakeups; i++) {
		const struct tn_run_wakeup *w = &run->wakeup[i];

		add(l, w->window_open_ticks, w->window_close_ticks, &w->latency, "timer.cpu%d", w->cpu);
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->open != y->open)
		return x->open < y->open ? -1 : 1;
	return strcmp(x->tag, y->tag);
}

static double started_s(const struct tn_run *run)
{
	struct tm tm = {0};
	const char *end = strptime(run->started_at, "%Y-%m-%dT%H:%M:%S", &tm);

	return end ? (double)timegm(&tm) : 0.0;
}

/* Lines that begin with "#" are comments to its readers but for these two. */
static void put_head(const struct tn_run *run, FILE *out)
{
	double start = started_s(run);
	char name[sizeof(run->scenario_name)];

	snprintf(name, sizeof(name), "%s", run->scenario_name);
	clean(name);
	fprintf(out, "#[Run %s of scenario %s by tlbnoise %s]\n", run->id, name, run->tlbnoise_version);
	fputs("#[Values: ns, from the true value to 1/128 above it; Interval_Max: ms, exact; times from the first window on]\n",
	      out);
	fputs("#[Histogram log format version 1.3]\n", out);
	fprintf(out, "#[StartTime: %.3f (seconds since epoch), %s]\n", start, run->started_at);
	fprintf(out, "#[BaseTime: %.3f (seconds since epoch)]\n", start);
	fputs("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n", out);
}

static int put_line(const struct tn_run *run, const struct line *l, uint64_t base, FILE *out)
{
	tn_autofree unsigned char *bytes = NULL;
	size_t n;
	int r = hdr_encode(&run->clock, l->hist, &bytes, &n);

	if (r < 0)
		return r;
	fprintf(out, "Tag=%s,%.3f,%.3f,%.6f,", l->tag, tn_ticks_to_ns(&run->clock, (double)(l->open - base)) / 1e9,
		tn_ticks_to_ns(&run->clock, (double)(l->close - l->open)) / 1e9,
		l->hist->count ? tn_ticks_to_ns(&run->clock, (double)l->hist->max) / 1e6 : 0.0);
	report_base64(out, bytes, n);
	putc('\n', out);
	return 0;
}

/**
 * tn_export_hdr() - all histograms of a run as a log of HdrHistogram
 * @run: the run
 * @out: stream
 * @err: message
 *
 * Histograms without values are left out, as the library's own writer does with intervals that it skips.
 *
 * Return: 0; -ENOMEM; -EIO when @out failed, -EPIPE when nobody reads it any more.
 */
int tn_export_hdr(const struct tn_run *run, FILE *out, struct tn_error *err)
{
	tn_cleanup(lines_free) struct lines lines = {0};
	int r = collect(run, &lines);

	if (r == 0) {
		qsort(lines.line, lines.n, sizeof(*lines.line), by_time);
		put_head(run, out);
	}
	for (size_t i = 0; i < lines.n && r == 0; i++)
		if (lines.line[i].hist->count)
			r = put_line(run, &lines.line[i], lines.line[0].open, out);
	if (r < 0)
		return tn_error_set(err, r, "no memory for the histograms of run %s", run->id);
	return records_written(out, "histograms", err);
}
