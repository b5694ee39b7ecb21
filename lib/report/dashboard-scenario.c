// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page of one scenario on one rig: what is known of it now, its history as plots, and its runs as a table, which
 * has all that the plots have of the metrics that are watched.
 */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "report/dashboard-parts.h"

#define PLOTS   6 /* beside the one that shows any metric */
#define RUNS    400
#define COLUMNS 4 /* metrics of the table of runs */

struct page {
	const struct dash *d;
	const struct tn_history *h;
	size_t first; /* run that is shown */
};

static const struct tn_store_point *last_of(const struct page *p)
{
	return &p->h->run[p->h->n_runs - 1];
}

static void put_header(const struct page *p)
{
	const struct tn_store_point *last = last_of(p);
	FILE *out = p->d->out;
	char when[40];

	fputs("<a class=\"skip\" href=\"#now\">Skip to the result</a>\n<header>\n<p class=\"product\">tlbnoise</p>\n<h1>",
	      out);
	html_text(out, p->h->scenario[0] ? p->h->scenario : "Unnamed scenario");
	fputs(" <span class=\"on\">on ", out);
	html_text(out, p->h->host[0] ? p->h->host : "unnamed host");
	fprintf(out, "</span></h1>\n<p class=\"description\">%zu run%s, the last on Linux ", p->h->n_runs,
		p->h->n_runs == 1 ? "" : "s");
	html_text(out, last->kernel);
	fputs(", ", out);
	html_text(out, dash_time(last->started_at, when, sizeof(when)));
	fputs(" UTC.</p>\n</header>\n<nav aria-label=\"Contents\"><ul>\n<li>", out);
	dash_link(p->d, DASH_OVERVIEW, NULL, NULL, "All rigs");
	fputs("</li>\n<li><a href=\"#now\">Now</a></li>\n<li><a href=\"#plots\">History</a></li>\n"
	      "<li><a href=\"#compare\">Compare</a></li>\n<li><a href=\"#runs\">Runs</a></li>\n</ul></nav>\n<main>\n",
	      out);
}

/* "4.89 to 4.96 us": the unit once where both have it. */
static void put_interval(FILE *out, enum tn_metric_kind kind, struct tn_interval i)
{
	char low[TN_UNIT_TEXT], high[TN_UNIT_TEXT], *unit;

	tn_metric_format(kind, i.low, low, sizeof(low));
	tn_metric_format(kind, i.high, high, sizeof(high));
	unit = low + strspn(low, "0123456789.,-");
	if (!strcmp(unit, high + strspn(high, "0123456789.,-")))
		*unit = '\0';
	fputs(" <small>", out);
	html_text(out, low);
	fputs(" to ", out);
	html_text(out, high);
	fputs("</small>", out);
}

static void put_value(FILE *out, const struct tn_metric_def *def, const struct tn_history_value *v)
{
	char value[TN_UNIT_TEXT];

	html_text(out, tn_metric_format(def->kind, v->value, value, sizeof(value)));
	if (v->rounds > 1)
		put_interval(out, def->kind, v->interval);
}

static void put_now_row(const struct page *p, const struct tn_history_series *s)
{
	const struct tn_history_mark *m = &s->mark[p->h->n_runs - 1];
	const struct tn_store_point *since = &p->h->run[m->since];
	FILE *out = p->d->out;
	char usual[TN_UNIT_TEXT];
	struct report_buf b;

	fputs("<tr><th scope=\"row\">", out);
	html_text(out, s->def.name);
	fputs("</th><td class=\"n\">", out);
	put_value(out, &s->def, &s->value[p->h->n_runs - 1]);
	fputs("</td><td class=\"n\">", out);
	html_text(out, tn_metric_format(s->def.kind, m->usual, usual, sizeof(usual)));
	fprintf(out, "</td><td class=\"n\">%zu</td><td class=\"n\">%s%s</td><td>", m->references,
		isfinite(m->ratio) ? "\xc3\x97" : "", report_number(&b, m->ratio));
	if (!m->references && m->state == TN_HISTORY_NORMAL) {
		fputs("<span class=\"none\">too few runs</span></td><td></td></tr>\n", out);
		return;
	}
	dash_state(out, m->state);
	fputs("</td><td>", out);
	if (m->state != TN_HISTORY_NORMAL)
		dash_run_link(p->d, since);
	fputs("</td></tr>\n", out);
}

static void put_now(const struct page *p)
{
	FILE *out = p->d->out;
	size_t worse = 0;

	for (size_t i = 0; i < p->h->n_series; i++)
		worse += p->h->series[i].mark[p->h->n_runs - 1].state == TN_HISTORY_CONFIRMED;
	fputs("<section id=\"now\" aria-labelledby=\"now-h\">\n<h2 id=\"now-h\">Now</h2>\n<p>", out);
	if (worse)
		fprintf(out, "<span class=\"badge bad\">%zu metric%s regressed</span> ", worse, worse == 1 ? "" : "s");
	fputs("The last run: ", out);
	dash_link(p->d, DASH_RUN, last_of(p)->id, NULL, last_of(p)->id);
	fputs(", expectations: ", out);
	dash_expectations(out, last_of(p));
	fputs("</p>\n<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Metrics now\">\n<table>\n<thead><tr>"
	      "<th scope=\"col\">Metric</th><th scope=\"col\" class=\"n\">Last run</th><th scope=\"col\" class=\"n\">Usual</th>"
	      "<th scope=\"col\" class=\"n\">of runs</th><th scope=\"col\" class=\"n\">Ratio</th><th scope=\"col\">Regression</th>"
	      "<th scope=\"col\">Since</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < p->h->n_series; i++)
		if (p->h->series[i].marked)
			put_now_row(p, &p->h->series[i]);
	fputs("</tbody>\n</table>\n</div>\n<p class=\"help\">The value of a run is the median over the rounds of the CPU that had "
	      "it worst, with the interval of that median: 95% from six rounds on, of fewer all that they span (94% of five). It is "
	      "held against the last 64 runs that were usual: worse than all of them is "
	      "<em>suspected</em>; <em>confirmed</em> when the next runs, together with it, pass a rank test at 0.05%; "
	      "<em>recovered</em> when two in a row are back. The manual, tlbnoise-statistics(7), has the rules and how often "
	      "they are wrong.</p>\n</section>\n",
	      out);
}

static void put_plot(FILE *out, const char *id, const char *title, const char *metric)
{
	fprintf(out, "<figure id=\"%s\" data-metric=\"", id);
	html_text(out, metric);
	fprintf(out, "\">\n<h3 id=\"%s-h\">", id);
	html_text(out, title);
	fprintf(out,
		"</h3>\n<div class=\"controls\"></div>\n<div class=\"plot history\" role=\"group\" "
		"aria-roledescription=\"interactive plot\" aria-labelledby=\"%s-h\" aria-describedby=\"plots-t\" tabindex=\"0\"></div>\n"
		"<p class=\"readout\" role=\"status\"></p>\n</figure>\n",
		id);
}

static void put_plots(const struct page *p)
{
	FILE *out = p->d->out;
	char id[24];
	int n = 0;

	fputs("<section id=\"plots\" aria-labelledby=\"plots-h\">\n<h2 id=\"plots-h\">History</h2>\n"
	      "<noscript><p class=\"warn\">The plots need JavaScript. The table below has their figures.</p></noscript>\n"
	      "<ul class=\"key\" aria-label=\"Marks of regressions\">\n",
	      out);
	for (unsigned int i = TN_HISTORY_SUSPECTED; i <= TN_HISTORY_RECOVERED; i++)
		fprintf(out,
			"<li><svg class=\"swatch\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><circle class=\"%s\" cx=\"5\" "
			"cy=\"5\" r=\"4\"/></svg>regression %s</li>\n",
			tn_history_state_name((enum tn_history_state)i),
			tn_history_state_name((enum tn_history_state)i));
	fputs("</ul>\n<p class=\"help\" id=\"plots-t\">A point is a run, with the interval of the median over its rounds; the kernel stands "
	      "where it changes. Grey: what was usual. A click on a point, or Enter, opens its report; drag to zoom, double-click "
	      "to see all. With the keyboard: arrow keys go from run to run, + and \xe2\x88\x92 zoom, 0 shows all.</p>\n"
	      "<div class=\"histories\">\n",
	      out);
	for (size_t i = 0; i < p->h->n_series && n < PLOTS; i++) {
		if (!p->h->series[i].marked)
			continue;
		snprintf(id, sizeof(id), "history-%d", n++);
		put_plot(out, id, p->h->series[i].def.name, p->h->series[i].def.name);
	}
	put_plot(out, "history-any", "Any metric", "");
	fputs("</div>\n</section>\n", out);
}

static void put_option(const struct page *p, size_t i, size_t selected)
{
	const struct tn_store_point *run = &p->h->run[i];
	char when[40];

	fputs("<option value=\"", p->d->out);
	html_text(p->d->out, run->id);
	fputs(i == selected ? "\" selected>" : "\">", p->d->out);
	html_text(p->d->out, dash_time(run->started_at, when, sizeof(when)));
	fputs(", Linux ", p->d->out);
	html_text(p->d->out, run->kernel);
	fputs("</option>\n", p->d->out);
}

static void put_choice(const struct page *p, const char *name, const char *label, size_t selected)
{
	fprintf(p->d->out, "<label>%s <select name=\"%s\">\n", label, name);
	for (size_t i = p->h->n_runs; i-- > p->first;)
		put_option(p, i, selected);
	fputs("</select></label>\n", p->d->out);
}

/* Any two when served; a site has those that it links to. */
static void put_compare(const struct page *p)
{
	size_t last = p->h->n_runs - 1;
	FILE *out = p->d->out;

	fputs("<section id=\"compare\" aria-labelledby=\"compare-h\">\n<h2 id=\"compare-h\">Compare</h2>\n", out);
	if (p->d->opt->links == TN_DASHBOARD_FILES) {
		fputs("<p>These pages have the last run against the one before, and each run at which a mark changed against the "
		      "last one before the change: see the table of runs. Any other two: "
		      "<code>tlbnoise report A B</code>, or <code>tlbnoise serve</code>, which compares what one asks for.</p>\n"
		      "</section>\n",
		      out);
		return;
	}
	fprintf(out, "<form class=\"compare\" method=\"get\" action=\"%scompare\">\n",
		p->d->depth == 2 ? "../../" : "");
	put_choice(p, "a", "Baseline", last ? last - 1 : last);
	put_choice(p, "b", "Held against it", last);
	fputs("<button type=\"submit\">Compare</button>\n</form>\n</section>\n", out);
}

/* What the table of runs has in its columns: the first of those that are watched. */
static size_t choose_columns(const struct tn_history *h, const struct tn_history_series *column[COLUMNS])
{
	static const char *const first[] = {"jitter.p99", "interruptions.rate", "stolen"};
	size_t n = 0;

	for (size_t i = 0; i < TN_ARRAY_SIZE(first); i++)
		if (tn_history_find(h, first[i]))
			column[n++] = tn_history_find(h, first[i]);
	for (size_t i = 0; i < h->n_series && n < COLUMNS; i++) {
		bool there = !h->series[i].marked;

		for (size_t k = 0; k < n; k++)
			there |= column[k] == &h->series[i];
		if (!there)
			column[n++] = &h->series[i];
	}
	return n;
}

static bool changed(const struct tn_history_series *s, size_t run)
{
	return !run || s->mark[run].state != s->mark[run - 1].state;
}

/* The run before a change that shows with run @i; SIZE_MAX: nothing changed. */
static size_t before_change(const struct tn_history *h, size_t i)
{
	size_t before = SIZE_MAX;

	for (size_t k = 0; k < h->n_series; k++) {
		const struct tn_history_mark *m = &h->series[k].mark[i];

		if (m->state != TN_HISTORY_NORMAL && changed(&h->series[k], i) && m->since)
			before = m->since - 1;
	}
	return before;
}

static void put_compare_links(const struct page *p, size_t i, size_t before)
{
	bool last = i + 1 == p->h->n_runs, all = p->d->opt->links == TN_DASHBOARD_SERVER;

	if (i && (all || last || before == i - 1))
		dash_compare_link(p->d, p->h->run[i - 1].id, p->h->run[i].id, "run before");
	if (before == SIZE_MAX || before + 1 == i)
		return;
	fputs(i && (all || last) ? "<br>" : "", p->d->out);
	dash_compare_link(p->d, p->h->run[before].id, p->h->run[i].id, "before the change");
}

static void put_run(const struct page *p, size_t i, const struct tn_history_series *const *column, size_t n)
{
	const struct tn_store_point *run = &p->h->run[i];
	FILE *out = p->d->out;

	fputs("<tr><th scope=\"row\">", out);
	dash_run_link(p->d, run);
	fputs("</th><td>", out);
	html_text(out, run->kernel);
	fputs("</td><td>", out);
	dash_expectations(out, run);
	for (size_t k = 0; k < n; k++) {
		fputs("</td><td class=\"n\">", out);
		put_value(out, &column[k]->def, &column[k]->value[i]);
	}
	fputs("</td><td>", out);
	dash_marks(p->d, p->h, i, changed);
	fputs("</td><td>", out);
	put_compare_links(p, i, before_change(p->h, i));
	fputs("</td></tr>\n", out);
}

static void put_runs(const struct page *p)
{
	const struct tn_history_series *column[COLUMNS];
	size_t n = choose_columns(p->h, column);
	FILE *out = p->d->out;

	fputs("<section id=\"runs\" aria-labelledby=\"runs-h\">\n<h2 id=\"runs-h\">Runs</h2>\n", out);
	if (p->first)
		fprintf(out, "<p>The last %zu of %zu runs; <code>tlbnoise runs</code> lists all.</p>\n",
			p->h->n_runs - p->first, p->h->n_runs);
	fputs("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Runs\">\n<table>\n<thead><tr>"
	      "<th scope=\"col\">Run</th><th scope=\"col\">Kernel</th><th scope=\"col\">Expectations</th>",
	      out);
	for (size_t k = 0; k < n; k++) {
		fputs("<th scope=\"col\" class=\"n\">", out);
		html_text(out, column[k]->def.name);
		fputs("</th>", out);
	}
	fputs("<th scope=\"col\">Regressions</th><th scope=\"col\">Compare with</th></tr></thead>\n<tbody>\n", out);
	for (size_t i = p->h->n_runs; i-- > p->first;)
		put_run(p, i, column, n);
	fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

int dash_scenario(const struct dash *d, const char *host, const char *name, struct tn_error *err)
{
	const struct tn_histories_options options = {
		.host = host, .scenario = name, .all_metrics = true, .smallest_effect = d->opt->smallest_effect};
	tn_cleanup(tn_histories_free) struct tn_histories all = {0};
	size_t runs = d->opt->runs ? d->opt->runs : RUNS;
	struct page p = {.d = d};
	char title[256];
	int r = tn_histories_load(d->store, &options, &all, err);

	if (r < 0)
		return r;
	if (!all.n)
		return -ENOENT;
	p.h = &all.history[0];
	p.first = p.h->n_runs > runs ? p.h->n_runs - runs : 0;
	snprintf(title, sizeof(title), "%s on %s", name, host);
	dash_begin(d, title, true);
	put_header(&p);
	put_now(&p);
	put_plots(&p);
	put_compare(&p);
	put_runs(&p);
	r = dash_data(d, p.h, p.first, err);
	dash_end(d, true);
	return r;
}
