// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a reader sees first: the verdict in a word, the result in a sentence, and the few figures that matter most.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/html-parts.h"
#include "result/judge.h"

enum tone { TONE_GOOD, TONE_BAD, TONE_WARN, TONE_PLAIN };

static const char *const tone_class[] = {"good", "bad", "warn", "plain"};

static void put_badge(FILE *out, enum tone tone, const char *text)
{
	fprintf(out, "<span class=\"badge %s\">", tone_class[tone]);
	html_text(out, text);
	fputs("</span>\n", out);
}

static void put_card(FILE *out, enum tone tone, const char *name, const char *value, const char *detail)
{
	fprintf(out, "<li class=\"card %s\"><span class=\"name\">", tone_class[tone]);
	html_text(out, name);
	fputs("</span> <span class=\"value\">", out);
	html_text(out, value);
	fputs("</span> <span class=\"detail\">", out);
	html_text(out, detail);
	fputs("</span></li>\n", out);
}

static void put_paragraph(FILE *out, const char *kind, const char *text)
{
	fprintf(out, "<p class=\"%s\">", kind);
	html_text(out, text);
	fputs("</p>\n", out);
}

static void short_name(const char *name, char *buf, size_t size)
{
	size_t len = strlen(name), from;

	while (len > 1 && name[len - 1] == '/')
		len--;
	if (len > 5 && !strncmp(name + len - 5, ".json", 5))
		len -= 5;
	for (from = len; from > 0 && name[from - 1] != '/'; from--)
		;
	if (strchr(name, ',')) /* several: there is no last part */
		from = 0;
	snprintf(buf, size, "%.*s", (int)(len - from), name + from);
	if (len - from > 40)
		snprintf(buf, size, "%.*s...", 40, name + from);
}

/* What a side is called where there is little room: the last part of its path, unless both have the same. */
const char *html_side_label(const struct tn_html_page *page, unsigned int side, char *buf, size_t size)
{
	char other[64];

	short_name(page->side[side].name, buf, size);
	if (page->side[!side].n) {
		short_name(page->side[!side].name, other, sizeof(other));
		if (!strcmp(buf, other))
			snprintf(buf, size, "%s", page->side[side].name);
	}
	return buf;
}

/* --- two sets --- */

static enum tone tone_of(enum tn_verdict v)
{
	switch (v) {
	case TN_VERDICT_IMPROVED:
		return TONE_GOOD;
	case TN_VERDICT_REGRESSED:
		return TONE_BAD;
	case TN_VERDICT_CHANGED:
		return TONE_WARN;
	default:
		return TONE_PLAIN;
	}
}

/* "x0.27 (95%: 0.25 to 0.30)", or the difference where A is zero. */
static void format_change(const struct tn_comparison *c, const struct tn_comparison_metric *m, char *buf, size_t size)
{
	const struct tn_compared *r = &m->result;
	double percent = c->asked.confidence * 100.0;
	char value[TN_UNIT_TEXT];
	struct report_buf b[3];

	if (isfinite(r->ratio))
		snprintf(buf, size, "x%s (%.4g%%: %s to %s)", report_number(&b[0], r->ratio), percent,
			 report_number(&b[1], r->ratio_interval.low), report_number(&b[2], r->ratio_interval.high));
	else if (isfinite(r->difference))
		snprintf(buf, size, "%s%s", r->difference < 0.0 ? "-" : "+",
			 tn_metric_format(m->def.kind, fabs(r->difference), value, sizeof(value)));
	else
		snprintf(buf, size, "change not known");
}

static void put_metric_card(FILE *out, const struct tn_comparison *c, const struct tn_comparison_metric *m)
{
	char a[TN_UNIT_TEXT], b[TN_UNIT_TEXT], value[96], change[160], detail[256];

	snprintf(value, sizeof(value), "%s \xe2\x86\x92 %s",
		 tn_metric_format(m->def.kind, m->result.a.value, a, sizeof(a)),
		 tn_metric_format(m->def.kind, m->result.b.value, b, sizeof(b)));
	format_change(c, m, change, sizeof(change));
	snprintf(detail, sizeof(detail), "%s: %s", tn_verdict_name(m->result.verdict), change);
	put_card(out, tone_of(m->result.verdict), m->def.name, value, detail);
}

/* Which metrics of the headline went which way: "jitter.p99 and stolen". */
static size_t name_metrics(const struct tn_comparison *c, enum tn_verdict verdict, char *buf, size_t size)
{
	size_t n = 0, len;

	buf[0] = '\0';
	for (size_t i = 0; i < c->n_metrics; i++) {
		const struct tn_comparison_metric *m = &c->metric[i];

		if (!m->tested || m->result.verdict != verdict || (!m->def.headline && verdict != TN_VERDICT_REGRESSED))
			continue;
		len = strlen(buf);
		if (n++ < 4)
			snprintf(buf + len, size - len, "%s%s", len ? ", " : "", m->def.name);
	}
	len = strlen(buf);
	if (n > 4)
		snprintf(buf + len, size - len, " and %zu more", n - 4);
	return n;
}

/* "A (stock)" */
static void name_side(const struct tn_html_page *page, unsigned int side, char *buf, size_t size)
{
	const char letter[] = {"AB"[side], '\0'};
	char label[256];

	html_side_label(page, side, label, sizeof(label));
	if (strcmp(label, letter))
		snprintf(buf, size, "%s (%s)", letter, label);
	else
		snprintf(buf, size, "%s", letter);
}

static void put_comparison(const struct tn_html_page *page, FILE *out)
{
	const struct tn_comparison *c = page->comparison;
	char a[272], b[272];
	char improved[512], regressed[512], text[2048];
	size_t n_improved = name_metrics(c, TN_VERDICT_IMPROVED, improved, sizeof(improved));
	size_t n_regressed = name_metrics(c, TN_VERDICT_REGRESSED, regressed, sizeof(regressed));

	put_badge(out, tone_of(c->verdict), tn_verdict_name(c->verdict));
	if (c->not_comparable)
		put_badge(out, TONE_WARN, "not comparable, compared by force");
	name_side(page, TN_SIDE_A, a, sizeof(a));
	name_side(page, TN_SIDE_B, b, sizeof(b));
	snprintf(text, sizeof(text), "%s against %s: %s%s%s%s%s.", b, a, n_regressed ? "regressed in " : "", regressed,
		 n_regressed && n_improved ? "; " : "", n_improved ? "improved in " : "",
		 n_improved || n_regressed ? improved : "no metric of the headline is known to be better or worse");
	put_paragraph(out, "headline", text);
	snprintf(text, sizeof(text),
		 "%zu metrics improved, %zu regressed, %zu changed, %zu show no difference; for %zu the data do not "
		 "suffice, %zu could not be tested.",
		 c->count[TN_VERDICT_IMPROVED], c->count[TN_VERDICT_REGRESSED], c->count[TN_VERDICT_CHANGED],
		 c->count[TN_VERDICT_NO_DIFFERENCE], c->count[TN_VERDICT_NOT_ENOUGH_DATA], c->untested);
	put_paragraph(out, "counts", text);
	fputs("<ul class=\"cards\">\n", out);
	for (size_t i = 0; i < c->n_metrics; i++)
		if (c->metric[i].tested && c->metric[i].def.headline)
			put_metric_card(out, c, &c->metric[i]);
	fputs("</ul>\n", out);
}

/* --- one set --- */

static void put_expectations(const struct tn_html_side *side, FILE *out)
{
	size_t n[TN_EXPECTATION_NOT_JUDGED + 1] = {0}, all = 0;
	char text[96];

	for (size_t i = 0; i < side->n; i++)
		for (size_t k = 0; k < side->document[i].run->n_expectations; k++, all++)
			n[side->document[i].run->expectation[k].verdict]++;
	if (n[TN_EXPECTATION_FAILED]) {
		snprintf(text, sizeof(text), "%zu of %zu expectations failed", n[TN_EXPECTATION_FAILED], all);
		put_badge(out, TONE_BAD, text);
	}
	if (n[TN_EXPECTATION_NOT_JUDGED] || n[TN_EXPECTATION_UNDECIDED]) {
		snprintf(text, sizeof(text), "%zu not judged, %zu undecided", n[TN_EXPECTATION_NOT_JUDGED],
			 n[TN_EXPECTATION_UNDECIDED]);
		put_badge(out, TONE_WARN, text);
	}
	if (all && n[TN_EXPECTATION_MET] == all) {
		snprintf(text, sizeof(text), all == 1 ? "the expectation is met" : "all %zu expectations met", all);
		put_badge(out, TONE_GOOD, text);
	}
	if (!all)
		put_badge(out, TONE_PLAIN, "no expectations");
}

static void put_states(const struct tn_html_page *page, FILE *out)
{
	size_t n[TN_RUN_ABORTED + 1] = {0};
	char text[96];

	for (unsigned int s = 0; s < TN_SIDES; s++)
		for (size_t i = 0; i < page->side[s].n; i++)
			n[page->side[s].document[i].run->state]++;
	for (unsigned int state = TN_RUN_INCOMPLETE; state <= TN_RUN_ABORTED; state++) {
		if (!n[state])
			continue;
		snprintf(text, sizeof(text), "%zu run%s %s", n[state], n[state] == 1 ? "" : "s",
			 tn_run_state_name((enum tn_run_state)state));
		put_badge(out, TONE_WARN, text);
	}
}

/* The same work, whoever sent it from wherever. */
static bool alike(const struct tn_run_cause *a, const struct tn_run_cause *b)
{
	return a->class == b->class && !strcmp(a->function, b->function) && !strcmp(a->culprit, b->culprit);
}

/* Causes that are alike, over all runs of a side. */
struct group {
	const struct tn_run_cause *cause;
	const struct tn_run *run; /* that of @cause */
	double ns;                /* stolen */
};

/* What stole most of all; without a cause when nothing is known. Returns 0 or -ENOMEM. */
static int foremost(const struct tn_html_side *side, struct group *ret)
{
	tn_autofree struct group *group = NULL;
	size_t n = 0, most = 0;

	for (size_t i = 0; i < side->n; i++)
		n += side->document[i].run->n_causes;
	group = calloc(n + 1, sizeof(*group));
	if (!group)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < side->n; i++) {
		const struct tn_run *run = side->document[i].run;

		for (size_t k = 0, g; k < run->n_causes; k++) {
			for (g = 0; g < n && !alike(group[g].cause, &run->cause[k]); g++)
				;
			if (g == n)
				group[n++] = (struct group){&run->cause[k], run, 0.0};
			group[g].ns += tn_ticks_to_ns(&run->clock, (double)run->cause[k].stolen_ticks);
		}
	}
	for (size_t g = 1; g < n; g++)
		if (group[g].ns > group[most].ns)
			most = g;
	*ret = group[most];
	return 0;
}

/* The figures of one side. */
struct figures {
	struct html_rounds rounds;
	struct tn_estimate p99, p9999;
	struct tn_interval per_s;
	struct group most;
};

static int measure(const struct tn_html_side *side, struct figures *f, struct tn_error *err)
{
	int r = html_rounds_make(side, &f->rounds);

	if (r == 0)
		r = foremost(side, &f->most);
	if (r < 0)
		return tn_error_set(err, r, "no memory for the figures of %s", side->name);
	r = html_rounds_percentile(&f->rounds, 99.0, &f->p99, err);
	if (r == 0)
		r = html_rounds_percentile(&f->rounds, 99.99, &f->p9999, err);
	f->per_s = tn_poisson_interval((uint64_t)f->rounds.events, f->rounds.seconds, TN_CONFIDENCE);
	return r;
}

static void put_sentence(const struct tn_html_side *side, const struct figures *f, FILE *out)
{
	const struct tn_run *run = side->document[0].run;
	const struct group *most = &f->most;
	char who[512] = "", cause[768] = "", text[2048], tail[128] = "";
	struct report_buf b[6];

	if (!(f->rounds.seconds > 0.0)) {
		put_paragraph(out, "headline", "No window of kind spin was measured: there is no jitter to report.");
		return;
	}
	if (most->cause && most->ns > 0.0) {
		report_who(most->run, most->cause, who, sizeof(who));
		snprintf(cause, sizeof(cause), " Of the causes, %s took most, %s%s%s.",
			 tn_class_name(most->cause->class), report_ns(&b[0], most->ns), who[0] ? ": " : "", who);
	}
	if (isfinite(f->p99.value))
		snprintf(tail, sizeof(tail), " up to %s in 99 of 100 cases (p99), and", report_ns(&b[1], f->p99.value));
	snprintf(text, sizeof(text),
		 "On CPU %s, %s of work was delayed by%s at most %s. %s interruptions a second stole %s of the time.%s",
		 report_cpus(&b[2], &run->probed), report_ns(&b[3], (double)run->quantum_ns), tail,
		 report_ns(&b[1], f->rounds.max_ns), report_number(&b[4], f->rounds.events / f->rounds.seconds),
		 report_share(&b[5], f->rounds.stolen_s / f->rounds.seconds), cause);
	put_paragraph(out, "headline", text);
	if (!f->rounds.cut)
		return;
	if (f->rounds.cut == f->rounds.windows)
		snprintf(text, sizeof(text), "Every round was cut short: these are the figures of what there is.");
	else
		snprintf(text, sizeof(text),
			 "%zu of %zu windows cut short: they count in rates, in the time stolen and in the maximum, "
			 "and not in percentiles.",
			 f->rounds.cut, f->rounds.windows);
	put_paragraph(out, "warn", text);
}

static void put_percentile(FILE *out, const char *name, const struct tn_estimate *e)
{
	char detail[128] = "";
	struct report_buf b[3];

	if (isfinite(e->interval.low) && isfinite(e->interval.high))
		snprintf(detail, sizeof(detail), "95%%: %s to %s", report_ns(&b[0], e->interval.low),
			 report_ns(&b[1], e->interval.high));
	else
		snprintf(detail, sizeof(detail),
			 isfinite(e->value) ? "no interval: too few rounds or values" : "too few values");
	put_card(out, TONE_PLAIN, name, report_ns(&b[2], e->value), detail);
}

static void put_figures(const struct figures *f, FILE *out)
{
	const struct html_rounds *s = &f->rounds;
	struct report_buf b[3];
	char text[128];

	fputs("<ul class=\"cards\">\n", out);
	put_percentile(out, "jitter p99", &f->p99);
	put_percentile(out, "jitter p99.99", &f->p9999);
	snprintf(text, sizeof(text), "the longest of %s quanta", report_number(&b[0], s->quanta));
	put_card(out, TONE_PLAIN, "jitter, maximum", report_ns(&b[1], s->max_ns), text);
	snprintf(text, sizeof(text), "95%%: %s, if they come independently", report_interval(&b[0], f->per_s));
	put_card(out, TONE_PLAIN, "interruptions per second", report_number(&b[1], s->events / s->seconds), text);
	snprintf(text, sizeof(text), "of %s measured, summed over CPUs", report_ns(&b[0], s->seconds * 1e9));
	put_card(out, TONE_PLAIN, "time stolen", report_share(&b[1], s->stolen_s / s->seconds), text);
	fputs("</ul>\n", out);
}

static int put_one(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	const struct tn_html_side *side = &page->side[TN_SIDE_A];
	struct figures f = {0};
	int r = measure(side, &f, err);

	if (r == 0) {
		put_expectations(side, out);
		put_states(page, out);
		put_sentence(side, &f, out);
	}
	if (r == 0 && f.rounds.seconds > 0.0)
		put_figures(&f, out);
	html_rounds_free(&f.rounds);
	return r;
}

int html_headline(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	int r = 0;

	fputs("<section id=\"verdict\" aria-labelledby=\"verdict-h\">\n<h2 id=\"verdict-h\">Result</h2>\n", out);
	if (page->comparison) {
		put_comparison(page, out);
		put_states(page, out);
	} else
		r = put_one(page, out, err);
	fputs("</section>\n", out);
	return r;
}
