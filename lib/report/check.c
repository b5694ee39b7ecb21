// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Readiness for people. What is fine takes a line with its evidence, what is not also says what it does to results and
 * what to do about it; CPUs of which the same is to be said share a row.
 */
#include "report/check.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report/parts.h"

static void setup(struct report *r, const struct tn_report_options *opt, FILE *out)
{
	*r = (struct report){.out = out};
	if (opt)
		r->opt = *opt;
	if (!r->opt.width)
		r->opt.width = 120;
	if (r->opt.width < 60)
		r->opt.width = 60;
}

/* c and r: the profiles of TuneD, by their first letters. */
static const char *tuned_mark(unsigned int tuned)
{
	static const char *const marks[] = {"", "c", "r", "cr"};

	return marks[tuned & 3];
}

/* A paragraph behind a head that is as wide as its indent. */
static void print_behind(struct report *r, const char *head, const char *fmt, ...) tn_printf(3, 4);
static void print_behind(struct report *r, const char *head, const char *fmt, ...)
{
	tn_autofree char *text = NULL, *page = NULL;
	struct report inner = *r;
	size_t size, indent = strlen(head);
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	inner.out = open_memstream(&page, &size);
	if (!text || !inner.out)
		return;
	report_text(&inner, REPORT_PLAIN, (unsigned int)indent, (unsigned int)indent + 2, "%s", text);
	if (!fclose(inner.out) && size > indent)
		fprintf(r->out, "%s%s", head, page + indent);
}

static void print_row(struct report *r, const struct tn_check_row *row)
{
	const struct tn_check_finding *f = row->finding;
	bool bad = f->verdict >= TN_CHECK_WARNING;
	char head[64], blank[64], cpus[TN_CPUS_TEXT] = "";

	if (!tn_cpus_empty(&row->cpus))
		tn_cpus_format(&row->cpus, cpus, sizeof(cpus));
	snprintf(head, sizeof(head), "%-8s%-21s%-3s", tn_check_verdict_name(f->verdict), f->check->id,
		 tuned_mark(f->check->tuned));
	snprintf(blank, sizeof(blank), "%*s", (int)strlen(head), "");
	if (r->opt.colour && bad)
		fputs(f->verdict == TN_CHECK_FAIL ? "\033[1;31m" : "\033[1;33m", r->out);
	print_behind(r, head, "%s%.120s%s%s%s%s", *cpus ? "CPU " : "", cpus, *cpus ? ": " : "", f->file,
		     *f->file ? ": " : "", *f->value ? f->value : "(empty)");
	if (r->opt.colour && bad)
		fputs("\033[0m", r->out);
	if (!bad)
		return;
	print_behind(r, blank, "wanted: %s", f->check->what);
	print_behind(r, blank, "effect: %s", f->check->effect);
	print_behind(r, blank, "fix: %s", f->fix);
}

static void print_group(struct report *r, const struct tn_check_row *rows, size_t n, enum tn_check_group group)
{
	bool any = false;

	report_heading(r, tn_check_group_title(group));
	for (size_t i = 0; i < n; i++)
		if (rows[i].finding->check->group == group && rows[i].finding->verdict != TN_CHECK_NOT_APPLICABLE)
			print_row(r, &rows[i]);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].finding->check->group != group || rows[i].finding->verdict != TN_CHECK_NOT_APPLICABLE)
			continue;
		fprintf(r->out, "%s%s (%s)", any ? "; " : "not applicable: ", rows[i].finding->check->id,
			rows[i].finding->value);
		any = true;
	}
	if (any)
		fputc('\n', r->out);
}

static void print_head(struct report *r, const struct tn_check_report *report)
{
	struct report_buf cpus, housekeeping;
	const char *why = report->chosen     ? "as asked for"
			  : report->isolated ? "which the kernel isolates"
					     : "which a run would probe, as none is isolated";

	report_text(r, REPORT_PLAIN, 0, 2, "Checked: CPU %s, %s; housekeeping: CPU %s",
		    report_cpus(&cpus, &report->cpus), why, report_cpus(&housekeeping, &report->housekeeping));
}

static void print_sum(struct report *r, const struct tn_check_report *report)
{
	unsigned int n[TN_CHECK_VERDICTS];

	tn_check_tally(report, n);
	fputc('\n', r->out);
	report_text(r, n[TN_CHECK_FAIL] ? REPORT_WARN : REPORT_BOLD, 0, 2,
		    "%zu checks: %u ok, %u warnings, %u failed, %u unknown, %u not applicable", tn_check_count(),
		    n[TN_CHECK_OK], n[TN_CHECK_WARNING], n[TN_CHECK_FAIL], n[TN_CHECK_UNKNOWN],
		    n[TN_CHECK_NOT_APPLICABLE]);
}

static int finish(FILE *out, struct tn_error *err)
{
	if (fflush(out) || ferror(out))
		return tn_error_set(err, errno == EPIPE ? -EPIPE : -EIO, "cannot write the report: %s",
				    strerror(errno));
	return 0;
}

/**
 * tn_report_check() - readiness as text
 * @report: from tn_check_run()
 * @opt: how to write it; NULL: plain ASCII, 120 columns
 * @out: where to
 * @err: what failed
 *
 * Return: 0; -ENOMEM; -EIO when @out cannot be written.
 */
int tn_report_check(const struct tn_check_report *report, const struct tn_report_options *opt, FILE *out,
		    struct tn_error *err)
{
	tn_autofree struct tn_check_row *rows = NULL;
	struct report r;
	size_t n;
	int rc = tn_check_rows(report, &rows, &n, err);

	if (rc < 0)
		return rc;
	setup(&r, opt, out);
	print_head(&r, report);
	for (int g = 0; g < TN_CHECK_GROUPS; g++)
		print_group(&r, rows, n, (enum tn_check_group)g);
	print_sum(&r, report);
	return finish(out, err);
}

static void add_watch_row(struct report_table *table, const struct tn_watch_cpu *c)
{
	char cpu[16], busy[16] = "-", count[TN_WATCH_KINDS][24];

	snprintf(cpu, sizeof(cpu), "%d", c->cpu);
	if (!isnan(c->busy))
		snprintf(busy, sizeof(busy), "%.0f%%", c->busy * 100.0);
	for (int k = 0; k < TN_WATCH_KINDS; k++)
		if (c->count[k] == UINT64_MAX)
			strcpy(count[k], "-");
		else
			snprintf(count[k], sizeof(count[k]), "%llu", (unsigned long long)c->count[k]);
	report_table_row(table, cpu, tn_check_verdict_name(c->verdict), busy, count[0], count[1], count[2], count[3],
			 count[4], count[5], count[6], c->most);
}

/**
 * tn_report_watch() - what was counted on CPUs over a window, as text
 * @result: from tn_watch_compare()
 * @opt: how to write it; NULL: plain ASCII, 120 columns
 * @out: where to
 * @err: what failed
 *
 * Return: 0; -ENOMEM; -EIO when @out cannot be written.
 */
int tn_report_watch(const struct tn_watch_result *result, const struct tn_report_options *opt, FILE *out,
		    struct tn_error *err)
{
	static const struct report_column columns[] = {
		{"CPU", false},      {"VERDICT", true},   {"BUSY", false}, {"TICKS", false},
		{"IRQS", false},     {"IPIS", false},     {"NMIS", false}, {"OTHER", false},
		{"SOFTIRQS", false}, {"SWITCHES", false}, {"MOST", true},
	};
	struct report_table *table = report_table_new(columns, TN_ARRAY_SIZE(columns));
	bool idle = false;
	struct report r;

	_Static_assert(TN_ARRAY_SIZE(columns) == TN_WATCH_KINDS + 4, "a column for each kind");
	setup(&r, opt, out);
	report_text(&r, REPORT_PLAIN, 0, 2, "Counted over %.1f s:", result->seconds);
	for (size_t i = 0; i < result->n; i++) {
		add_watch_row(table, &result->cpu[i]);
		idle |= result->cpu[i].busy < 0.5;
	}
	if (report_table_print(table, &r) < 0)
		return tn_error_set(err, -ENOMEM, "no memory for the report");
	if (idle)
		report_text(&r, REPORT_PLAIN, 0, 2,
			    "A CPU that is idle has no ticks in any case: let your program run there meanwhile.");
	return finish(out, err);
}
