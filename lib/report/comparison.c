// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of a comparison: the result in words, what was held against what, the headline metrics, what else
 * differs, and what nobody should read out of it.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/comparison.h"
#include "report/parts.h"

#define WIDTH_DEFAULT 100
#define WIDTH_MIN     40
#define CELL          48
#define FOOTNOTES     16

struct cells {
	char value[TN_SIDES][CELL], change[CELL], interval[2 * CELL + 8];
};

static bool differs(enum tn_verdict v)
{
	return v == TN_VERDICT_IMPROVED || v == TN_VERDICT_REGRESSED || v == TN_VERDICT_CHANGED;
}

/* What is counted need not be seen: none in so long a time leaves a bound. */
static bool none_seen(const struct tn_comparison_metric *m, const struct tn_estimate *e)
{
	return tn_metric_quantity(&m->def) == TN_QUANTITY_RATE && !e->events && e->exposure_s > 0.0;
}

/* What lies beyond these tells that next to nothing is known, whatever its digits. */
static const char *ratio(const char *sign, double v, char *buf, size_t size)
{
	struct report_buf b;

	if (isnan(v))
		snprintf(buf, size, "-");
	else if (v > 0.0 && v < 1e-4)
		snprintf(buf, size, "%s<0.0001", sign);
	else
		snprintf(buf, size, "%s%s", sign, v > 1e4 ? ">10,000" : report_number(&b, v));
	return buf;
}

static const char *difference(const struct tn_metric_def *def, double v, char *buf, size_t size)
{
	char value[TN_UNIT_TEXT];

	if (!isfinite(v))
		snprintf(buf, size, isnan(v) ? "-" : v < 0.0 ? "-inf" : "inf");
	else
		snprintf(buf, size, "%s%s", v < 0.0 ? "-" : "+",
			 tn_metric_format(def->kind, fabs(v), value, sizeof(value)));
	return buf;
}

/* A ratio says most, but not against zero: there the difference does. */
static bool has_ratio(const struct tn_compared *r)
{
	return isfinite(r->ratio);
}

static void fill_change(const struct tn_comparison_metric *m, const char *to, struct cells *c)
{
	const struct tn_compared *r = &m->result;
	char low[CELL], high[CELL];

	if (has_ratio(r)) {
		ratio("x", r->ratio, c->change, sizeof(c->change));
		ratio("", r->ratio_interval.low, low, sizeof(low));
		ratio("", r->ratio_interval.high, high, sizeof(high));
	} else {
		difference(&m->def, r->difference, c->change, sizeof(c->change));
		difference(&m->def, r->difference_interval.low, low, sizeof(low));
		difference(&m->def, r->difference_interval.high, high, sizeof(high));
	}
	if (!strcmp(low, "-") && !strcmp(high, "-"))
		snprintf(c->interval, sizeof(c->interval), "-");
	else
		snprintf(c->interval, sizeof(c->interval), "%s%s%s", low, to, high);
}

/* @to: between the ends of an interval */
static void fill_cells(const struct tn_comparison_metric *m, const char *to, struct cells *c)
{
	tn_metric_format(m->def.kind, m->result.a.value, c->value[TN_SIDE_A], CELL);
	tn_metric_format(m->def.kind, m->result.b.value, c->value[TN_SIDE_B], CELL);
	fill_change(m, to, c);
}

/* "B: 0 seen in 250 s: at most 0.0148/s" */
static const char *exposure_text(const struct tn_comparison_metric *m, const struct tn_estimate *e, char *buf,
				 size_t size)
{
	struct report_buf seconds;

	if (m->def.kind == TN_METRIC_PER_OPERATION)
		snprintf(buf, size, "%.0f operations", e->exposure_s);
	else
		snprintf(buf, size, "%s", report_ns(&seconds, e->exposure_s * 1e9));
	return buf;
}

static void note_none_seen(struct report_table *t, const struct tn_comparison_metric *m)
{
	const struct tn_estimate *e[TN_SIDES] = {&m->result.a, &m->result.b};
	char bound[TN_SIDES][128] = {"", ""}, high[TN_UNIT_TEXT], exposure[64];

	for (unsigned int side = 0; side < TN_SIDES; side++)
		if (none_seen(m, e[side]) && isfinite(e[side]->interval.high))
			snprintf(bound[side], sizeof(bound[side]), "%c: 0 seen in %s: at most %s", "AB"[side],
				 exposure_text(m, e[side], exposure, sizeof(exposure)),
				 tn_metric_format(m->def.kind, e[side]->interval.high, high, sizeof(high)));
	if (bound[0][0] || bound[1][0])
		report_table_note(t, "%s%s%s", bound[0], bound[0][0] && bound[1][0] ? "; " : "", bound[1]);
}

/* Why data do not suffice, each reason once below the table; beyond so many they go without. */
struct footnotes {
	char text[FOOTNOTES][192];
	size_t n;
};

static size_t footnote(struct footnotes *f, const struct tn_compared *r)
{
	char text[192];
	size_t i = 0;

	if (r->rounds_needed)
		snprintf(text, sizeof(text), "%s: it takes %zu %s a side", tn_reason_text(r->reason), r->rounds_needed,
			 r->a.by_block ? "runs" : "rounds");
	else
		snprintf(text, sizeof(text), "%s", tn_reason_text(r->reason));
	while (i < f->n && strcmp(f->text[i], text))
		i++;
	if (i == FOOTNOTES)
		return 0;
	if (i == f->n)
		strcpy(f->text[f->n++], text);
	return i + 1;
}

static void add_row(struct report_table *t, struct footnotes *f, const struct tn_comparison_metric *m)
{
	char verdict[CELL];
	struct cells c = {0};
	size_t note = 0;

	fill_cells(m, "..", &c);
	if (m->result.verdict == TN_VERDICT_NOT_ENOUGH_DATA)
		note = footnote(f, &m->result);
	if (note)
		snprintf(verdict, sizeof(verdict), "not enough[%zu]", note);
	else
		snprintf(verdict, sizeof(verdict), "%s", tn_verdict_name(m->result.verdict));
	report_table_row(t, m->def.name, c.value[TN_SIDE_A], c.value[TN_SIDE_B], c.change, c.interval, verdict);
	note_none_seen(t, m);
}

/* Which metrics a table has: the headline; or the others, those that differ and those that are always shown. */
static bool belongs(const struct tn_comparison_metric *m, bool headline, bool all)
{
	if (!m->tested || m->def.headline != headline)
		return false;
	return headline || all || m->def.always_shown || differs(m->result.verdict);
}

static int print_rows(struct report *r, const struct tn_comparison *c, const char *title, bool headline, bool all)
{
	char interval[32];
	const struct report_column columns[] = {
		{"METRIC", true}, {"A", false}, {"B", false}, {"CHANGE", false}, {interval, false}, {"VERDICT", true},
	};
	struct footnotes f = {0};
	struct report_table *t;
	size_t rows = 0;
	int rc;

	snprintf(interval, sizeof(interval), "%.4g%% INTERVAL", c->asked.confidence * 100.0);
	for (size_t i = 0; i < c->n_metrics; i++)
		rows += belongs(&c->metric[i], headline, all);
	if (!rows)
		return 0;
	report_heading(r, title);
	t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	if (t)
		report_table_tighten(t);
	for (size_t i = 0; i < c->n_metrics; i++)
		if (belongs(&c->metric[i], headline, all))
			add_row(t, &f, &c->metric[i]);
	rc = report_table_print(t, r);
	for (size_t i = 0; i < f.n; i++)
		report_text(r, REPORT_PLAIN, 2, 6, "[%zu] not enough data: %s", i + 1, f.text[i]);
	return rc;
}

static void say_metric(struct report *r, const struct tn_comparison *c, const struct tn_comparison_metric *m)
{
	struct cells cells = {0};

	fill_cells(m, " to ", &cells);
	report_text(r, REPORT_PLAIN, 2, 4, "- %s: %s -> %s (%s, %.4g%%: %s): %s.", m->def.name, cells.value[TN_SIDE_A],
		    cells.value[TN_SIDE_B], cells.change, c->asked.confidence * 100.0, cells.interval,
		    tn_verdict_name(m->result.verdict));
}

static void say_verdict(struct report *r, const struct tn_comparison *c)
{
	static const char *const word[] = {
		[TN_VERDICT_IMPROVED] = "Improved",
		[TN_VERDICT_REGRESSED] = "REGRESSED",
		[TN_VERDICT_CHANGED] = "Changed",
		[TN_VERDICT_NO_DIFFERENCE] = "No difference",
		[TN_VERDICT_NOT_ENOUGH_DATA] = "Not enough data",
	};
	enum report_style style = c->verdict == TN_VERDICT_REGRESSED ? REPORT_WARN : REPORT_BOLD;

	report_text(r, style, 0, 2,
		    "%s: of %zu metrics B improved %zu and regressed %zu; %zu changed, %zu show no difference, for %zu "
		    "the data do not suffice.",
		    word[c->verdict], c->n_metrics - c->untested, c->count[TN_VERDICT_IMPROVED],
		    c->count[TN_VERDICT_REGRESSED], c->count[TN_VERDICT_CHANGED], c->count[TN_VERDICT_NO_DIFFERENCE],
		    c->count[TN_VERDICT_NOT_ENOUGH_DATA]);
}

/* Regressions first, whatever metric they are of. */
static void say_result(struct report *r, const struct tn_comparison *c)
{
	say_verdict(r, c);
	for (unsigned int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < c->n_metrics; i++) {
			const struct tn_comparison_metric *m = &c->metric[i];
			bool regressed = m->result.verdict == TN_VERDICT_REGRESSED;

			if (m->tested && regressed == !pass && (regressed || m->def.headline) &&
			    differs(m->result.verdict))
				say_metric(r, c, m);
		}
}

static void say_side(struct report *r, const struct tn_comparison_side *s, char name)
{
	struct report_buf cpus;

	report_text(r, REPORT_PLAIN, 2, 5, "%c: %s: %zu %s, %zu rounds on CPU %s; Linux %s", name, s->name, s->runs,
		    s->runs == 1 ? "run" : "runs", s->rounds, report_cpus(&cpus, &s->cpus), s->kernels);
	if (s->incomplete)
		report_text(r, REPORT_WARN, 5, 7,
			    "! %zu of its runs incomplete: something was lost, so counts by cause are not tested",
			    s->incomplete);
	if (s->aborted || s->partial)
		report_text(r, REPORT_WARN, 5, 7,
			    "! %zu of its runs stopped before their end: %zu rounds that were cut short are left out",
			    s->aborted, s->partial);
}

static void say_differences(struct report *r, const struct tn_comparison *c)
{
	if (c->not_comparable)
		report_text(
			r, REPORT_WARN, 2, 4,
			"! Not comparable, and compared all the same since --force was given: verdicts may speak of "
			"what differs here, not of the kernels.");
	for (size_t i = 0; i < c->n_differences; i++)
		report_text(r, c->difference[i].refuses ? REPORT_WARN : REPORT_PLAIN, 2, 4, "%s %s",
			    c->difference[i].refuses ? "!" : "-", c->difference[i].text);
}

/* Metrics without a test, those with the same reason together. */
static void say_untested(struct report *r, const struct tn_comparison *c)
{
	if (!c->untested)
		return;
	report_heading(r, "Not tested");
	for (size_t i = 0; i < c->n_metrics; i++) {
		tn_autofree char *names = NULL;
		const char *reason = c->metric[i].reason;
		size_t n = 0, first = 0;
		FILE *f;

		for (; first < i && (c->metric[first].tested || strcmp(c->metric[first].reason, reason)); first++)
			;
		if (c->metric[i].tested || first < i)
			continue;
		f = open_memstream(&names, &n);
		if (!f)
			return;
		for (size_t k = i; k < c->n_metrics; k++)
			if (!c->metric[k].tested && !strcmp(c->metric[k].reason, reason))
				fprintf(f, "%s%s", k > i ? ", " : "", c->metric[k].def.name);
		fclose(f);
		report_text(r, REPORT_PLAIN, 2, 4, "- %s: %s", names ? names : "", reason);
	}
}

static size_t count_quiet(const struct tn_comparison *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_metrics; i++)
		n += c->metric[i].tested && !c->metric[i].def.headline && !belongs(&c->metric[i], false, false);
	return n;
}

/* What the differences had to stand out against. */
static const char *units_of(const struct tn_comparison *c)
{
	if (c->side[TN_SIDE_A].runs > 1 || c->side[TN_SIDE_B].runs > 1)
		return "Runs are what is compared: a difference has to stand out against how they vary, from boot to boot.";
	return "One run a side: a difference has to stand out against how rounds vary; how it varies from boot to boot is "
	       "not known.";
}

static void say_notes(struct report *r, const struct tn_comparison *c, bool all)
{
	size_t quiet = count_quiet(c);

	report_heading(r, "How to read this");
	report_text(
		r, REPORT_PLAIN, 2, 4,
		"- CHANGE is B / A, or B - A where A is zero. Differences are called so only if they are also greater "
		"than %.4g%%, the smallest effect that matters here.",
		c->asked.smallest_effect * 100.0);
	report_text(r, REPORT_PLAIN, 2, 4, "- %s", units_of(c));
	report_text(
		r, REPORT_PLAIN, 2, 4,
		"- The chance that any verdict of a difference is false is at most %.3g%%: levels are corrected for "
		"the number of metrics, %.3g%% of it is spent on the headline. Bootstrap with seed %llu. Formulas: "
		"tlbnoise-statistics(7).",
		(1.0 - c->asked.confidence) * 100.0, c->statistics.headline_share * 100.0,
		(unsigned long long)c->asked.seed);
	report_text(
		r, REPORT_PLAIN, 2, 4,
		"- Percentiles of interruption lengths have no better side: where many short ones go away, they rise.");
	if (quiet && !all)
		report_text(r, REPORT_PLAIN, 2, 4,
			    "- %zu more metrics show no difference, or too little data; --all lists them.", quiet);
	if (c->emulated)
		report_text(
			r, REPORT_WARN, 2, 4,
			"! QEMU emulated the CPUs (TCG): counts and rates of kernel entries are sound; lengths of time "
			"carry the host's scheduling, and entering the kernel costs many times what it costs on "
			"hardware.");
}

/**
 * tn_report_comparison() - a comparison as text
 * @c: the comparison
 * @opt: how to write it, of width 0: 100 columns; NULL: plain ASCII
 * @all: also list metrics without a difference that are not headline
 * @out: where to
 * @err: what failed
 *
 * The same comparison and options give the same text.
 *
 * Return: 0; -ENOMEM; -EIO when @out cannot be written.
 */
int tn_report_comparison(const struct tn_comparison *c, const struct tn_report_options *opt, bool all, FILE *out,
			 struct tn_error *err)
{
	struct report r = {.out = out};
	int rc;

	if (opt)
		r.opt = *opt;
	if (!r.opt.width)
		r.opt.width = WIDTH_DEFAULT;
	if (r.opt.width < WIDTH_MIN)
		r.opt.width = WIDTH_MIN;
	say_result(&r, c);
	report_heading(&r, "What was compared");
	say_side(&r, &c->side[TN_SIDE_A], 'A');
	say_side(&r, &c->side[TN_SIDE_B], 'B');
	say_differences(&r, c);
	rc = print_rows(&r, c, "Headline", true, true);
	if (!rc)
		rc = print_rows(&r, c, all ? "All other metrics" : "Beside the headline", false, all);
	if (rc < 0)
		return tn_error_set(err, rc, "no memory for the report");
	say_untested(&r, c);
	say_notes(&r, c, all);
	if (fflush(out) || ferror(out))
		return tn_error_set(err, -EIO, "cannot write the report: %s", strerror(errno));
	return 0;
}
