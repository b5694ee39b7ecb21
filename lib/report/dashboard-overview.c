// SPDX-License-Identifier: GPL-2.0-or-later
/* The first page: what wants a look, and then each scenario of each rig with its last run and how it came there. */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "report/dashboard-parts.h"

#define ATTENTION_MAX 200

struct counts {
	size_t rigs, confirmed, suspected, failed;
	size_t unjudged; /* scenarios of a rig of which no metric could be held against enough runs */
	size_t partial;  /* whose last run has not all its rounds */
};

static const struct tn_store_point *last_of(const struct tn_history *h)
{
	return &h->run[h->n_runs - 1];
}

static enum tn_history_state state_of(const struct tn_history *h, const struct tn_history_series *s)
{
	return s->mark[h->n_runs - 1].state;
}

static bool is_judged(const struct tn_history *h)
{
	for (size_t k = 0; k < h->n_series; k++)
		if (h->series[k].mark[h->n_runs - 1].references || state_of(h, &h->series[k]) != TN_HISTORY_NORMAL)
			return true;
	return false;
}

static bool is_partial(const struct tn_history *h)
{
	return strcmp(last_of(h)->state, "complete") != 0;
}

static void count(const struct tn_histories *all, struct counts *c)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct tn_history *h = &all->history[i];

		c->rigs += !i || strcmp(h->host, all->history[i - 1].host);
		c->failed += last_of(h)->failed > 0;
		c->unjudged += !is_judged(h);
		c->partial += is_partial(h);
		for (size_t k = 0; k < h->n_series; k++) {
			c->confirmed += state_of(h, &h->series[k]) == TN_HISTORY_CONFIRMED;
			c->suspected += state_of(h, &h->series[k]) == TN_HISTORY_SUSPECTED;
		}
	}
}

static void put_count(FILE *out, const char *tone, const char *name, size_t n, const char *detail)
{
	struct report_buf b;

	dash_card(out, n ? tone : "plain", name, report_count(&b, n), detail);
}

static void put_cards(const struct dash *d, const struct tn_histories *all, const struct counts *c)
{
	fputs("<ul class=\"cards\">\n", d->out);
	put_count(d->out, "plain", "rigs", c->rigs, "hosts that have run anything");
	put_count(d->out, "plain", "runs", all->n_runs, "finished, with a result");
	put_count(d->out, "bad", "regressions confirmed", c->confirmed, "metrics that are worse now");
	put_count(d->out, "warn", "regressions suspected", c->suspected, "by the last runs; the next ones decide");
	put_count(d->out, "bad", "expectations failed", c->failed, "scenarios whose last run failed one");
	fputs("</ul>\n", d->out);
}

static void put_where(const struct dash *d, const struct tn_history *h)
{
	dash_link(d, DASH_SCENARIO, h->host, h->scenario, h->scenario[0] ? h->scenario : "unnamed scenario");
	fputs(" on ", d->out);
	html_text(d->out, h->host[0] ? h->host : "unnamed host");
}

/* "jitter.p99 x1.52 (4.96 us instead of 3.25 us)": the median of the runs since the change, of which one may be back.
 */
static void put_change(const struct dash *d, const struct tn_history *h, const struct tn_history_series *s)
{
	const struct tn_history_mark *m = &s->mark[h->n_runs - 1];
	double last = s->value[h->n_runs - 1].value;
	char usual[TN_UNIT_TEXT], now[TN_UNIT_TEXT];
	struct report_buf b;

	fputs("<strong>", d->out);
	html_text(d->out, s->def.name);
	if (isfinite(m->ratio))
		fprintf(d->out, " \xc3\x97%s", report_number(&b, m->ratio));
	fputs("</strong> (", d->out);
	html_text(d->out,
		  tn_metric_format(s->def.kind, isfinite(m->ratio) ? m->usual * m->ratio : last, now, sizeof(now)));
	fputs(" instead of ", d->out);
	html_text(d->out, tn_metric_format(s->def.kind, m->usual, usual, sizeof(usual)));
	fputc(')', d->out);
}

static bool same_change(const struct tn_history *h, const struct tn_history_series *a,
			const struct tn_history_series *b)
{
	return state_of(h, a) == state_of(h, b) && a->mark[h->n_runs - 1].since == b->mark[h->n_runs - 1].since;
}

static bool is_first(const struct tn_history *h, const struct tn_history_series *s)
{
	for (const struct tn_history_series *before = h->series; before < s; before++)
		if (same_change(h, before, s))
			return false;
	return true;
}

/* Metrics that changed with the same run stand together: they have one cause. */
static void put_attention_mark(const struct dash *d, const struct tn_history *h, const struct tn_history_series *first)
{
	const struct tn_history_mark *m = &first->mark[h->n_runs - 1];
	const struct tn_history_series *s;
	size_t n = 0;

	fputs("<li>", d->out);
	dash_state(d->out, m->state);
	fputs(" <span>", d->out);
	put_where(d, h);
	fputs(", since ", d->out);
	dash_run_link(d, &h->run[m->since]);
	fputs(", Linux ", d->out);
	html_text(d->out, h->run[m->since].kernel);
	fputs("<span class=\"metrics\">", d->out);
	for (s = first; s < h->series + h->n_series; s++)
		if (same_change(h, s, first)) {
			fputs(n++ ? ", " : "", d->out);
			put_change(d, h, s);
		}
	fputs("</span></span></li>\n", d->out);
}

static void put_attention_failed(const struct dash *d, const struct tn_history *h)
{
	const struct tn_store_point *run = last_of(h);

	fputs("<li>", d->out);
	dash_badge(d->out, "bad", "failed");
	fputs(" <span>", d->out);
	put_where(d, h);
	fprintf(d->out, ": %u expectation%s, in the run of ", run->failed, run->failed == 1 ? "" : "s");
	dash_run_link(d, run);
	fputs("</span></li>\n", d->out);
}

static void put_attention_partial(const struct dash *d, const struct tn_history *h)
{
	fputs("<li>", d->out);
	dash_badge(d->out, "warn", last_of(h)->state);
	fputs(" <span>", d->out);
	put_where(d, h);
	fputs(": the last run, of ", d->out);
	dash_run_link(d, last_of(h));
	fputs("</span></li>\n", d->out);
}

/* What was not held against anything is neither good nor bad. */
static void put_unjudged(const struct dash *d, const struct tn_histories *all, const struct counts *c)
{
	if (c->unjudged)
		fprintf(d->out,
			"<p class=\"help\">%zu of %zu scenarios have too few runs yet for their metrics to be judged.</p>\n",
			c->unjudged, all->n);
}

static size_t put_attention_of(const struct dash *d, const struct tn_histories *all, enum tn_history_state state,
			       size_t n)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->history[i].n_series && n < ATTENTION_MAX; k++)
			if (state_of(&all->history[i], &all->history[i].series[k]) == state &&
			    is_first(&all->history[i], &all->history[i].series[k])) {
				put_attention_mark(d, &all->history[i], &all->history[i].series[k]);
				n++;
			}
	return n;
}

static void put_attention(const struct dash *d, const struct tn_histories *all, const struct counts *c)
{
	size_t n;

	fputs("<section id=\"attention\" aria-labelledby=\"attention-h\">\n<h2 id=\"attention-h\">What wants a look</h2>\n",
	      d->out);
	put_cards(d, all, c);
	if (!c->confirmed && !c->suspected && !c->failed && !c->partial) {
		fputs("<p>", d->out);
		dash_badge(d->out, c->unjudged < all->n ? "good" : "plain", "nothing");
		fprintf(d->out, " %s, and no last run failed an expectation.</p>\n",
			c->unjudged < all->n ? "No metric that was judged is worse than it was"
					     : "No metric was judged yet");
		put_unjudged(d, all, c);
		fputs("</section>\n", d->out);
		return;
	}
	fputs("<ul class=\"attention\">\n", d->out);
	n = put_attention_of(d, all, TN_HISTORY_CONFIRMED, 0);
	for (size_t i = 0; i < all->n && n < ATTENTION_MAX; i++)
		if (last_of(&all->history[i])->failed) {
			put_attention_failed(d, &all->history[i]);
			n++;
		}
	for (size_t i = 0; i < all->n && n < ATTENTION_MAX; i++)
		if (is_partial(&all->history[i])) {
			put_attention_partial(d, &all->history[i]);
			n++;
		}
	n = put_attention_of(d, all, TN_HISTORY_SUSPECTED, n);
	fputs("</ul>\n", d->out);
	put_unjudged(d, all, c);
	if (n == ATTENTION_MAX)
		fprintf(d->out, "<p class=\"help\">The first %d; the table has all.</p>\n", ATTENTION_MAX);
	fputs("</section>\n", d->out);
}

static bool any(const struct tn_history_series *s, size_t run)
{
	(void)s, (void)run;
	return true;
}

static void put_headline_value(const struct dash *d, const struct tn_history *h, const struct tn_history_series *s)
{
	char text[TN_UNIT_TEXT];

	html_text(d->out, s ? tn_metric_format(s->def.kind, s->value[h->n_runs - 1].value, text, sizeof(text)) : "-");
}

static void put_row(const struct dash *d, const struct tn_history *h)
{
	const struct tn_history_series *s = tn_history_find(h, "jitter.p99");
	const struct tn_store_point *run = last_of(h);

	fputs("<tr><th scope=\"row\">", d->out);
	dash_link(d, DASH_SCENARIO, h->host, h->scenario, h->scenario[0] ? h->scenario : "unnamed scenario");
	fprintf(d->out, "</th><td class=\"n\">%zu</td><td>", h->n_runs);
	dash_run_link(d, run);
	fputs("</td><td>", d->out);
	html_text(d->out, run->kernel);
	fputs("</td><td>", d->out);
	dash_expectations(d->out, run);
	fputs("</td><td class=\"n\">", d->out);
	put_headline_value(d, h, s);
	fputs("</td><td>", d->out);
	dash_spark(d->out, h, s);
	fputs("</td><td>", d->out);
	if (!dash_marks(d, h, h->n_runs - 1, any))
		fprintf(d->out, "<span class=\"none\">%s</span>", is_judged(h) ? "none" : "too few runs");
	fputs("</td></tr>\n", d->out);
}

static void put_rigs(const struct dash *d, const struct tn_histories *all)
{
	fputs("<section id=\"rigs\" aria-labelledby=\"rigs-h\">\n<h2 id=\"rigs-h\">Rigs and scenarios</h2>\n"
	      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Rigs and scenarios\">\n<table class=\"rigs\">\n"
	      "<thead><tr><th scope=\"col\">Scenario</th><th scope=\"col\" class=\"n\">Runs</th><th scope=\"col\">Last run</th>"
	      "<th scope=\"col\">Kernel</th><th scope=\"col\">Expectations</th><th scope=\"col\" class=\"n\">Jitter p99</th>"
	      "<th scope=\"col\">Its last runs</th><th scope=\"col\">Regressions</th></tr></thead>\n<tbody>\n",
	      d->out);
	for (size_t i = 0; i < all->n; i++) {
		const struct tn_history *h = &all->history[i];

		if (!i || strcmp(h->host, all->history[i - 1].host)) {
			fputs("<tr class=\"group\"><th scope=\"row\" colspan=\"8\">", d->out);
			html_text(d->out, h->host[0] ? h->host : "unnamed host");
			fputs("</th></tr>\n", d->out);
		}
		put_row(d, h);
	}
	fputs("</tbody>\n</table>\n</div>\n<p class=\"help\">Jitter is the extra time that a quantum of work needed; p99 of the "
	      "CPU that had it worst, median over the rounds. A line is scaled to its own runs. Dots: "
	      "a regression suspected (hollow), confirmed (filled), recovered.</p>\n</section>\n",
	      d->out);
}

static size_t count_scenarios(const struct tn_histories *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		size_t k = 0;

		while (k < i && strcmp(all->history[k].scenario, all->history[i].scenario))
			k++;
		n += k == i;
	}
	return n;
}

static const char *latest(const struct tn_histories *all)
{
	const char *last = "";

	for (size_t i = 0; i < all->n_runs; i++)
		if (strcmp(all->run[i].started_at, last) > 0)
			last = all->run[i].started_at;
	return last;
}

static void put_header(const struct dash *d, const struct tn_histories *all, const struct counts *c)
{
	size_t scenarios = count_scenarios(all);
	struct report_buf runs;
	char when[40];

	fputs("<a class=\"skip\" href=\"#rigs\">Skip to the rigs</a>\n<header>\n<p class=\"product\">tlbnoise</p>\n"
	      "<h1>Noise on isolated CPUs</h1>\n<p class=\"description\">",
	      d->out);
	fprintf(d->out, "%s runs of %zu scenario%s on %zu rig%s; the last began ", report_count(&runs, all->n_runs),
		scenarios, scenarios == 1 ? "" : "s", c->rigs, c->rigs == 1 ? "" : "s");
	html_text(d->out, dash_time(latest(all), when, sizeof(when)));
	fputs(" UTC.</p>\n</header>\n<nav aria-label=\"Contents\"><ul>\n<li><a href=\"#attention\">What wants a look</a></li>\n"
	      "<li><a href=\"#rigs\">Rigs and scenarios</a></li>\n</ul></nav>\n<main>\n",
	      d->out);
}

static void put_empty(const struct dash *d)
{
	fputs("<header>\n<p class=\"product\">tlbnoise</p>\n<h1>Noise on isolated CPUs</h1>\n</header>\n"
	      "<nav aria-label=\"Contents\"><ul><li><a href=\"#rigs\">Rigs and scenarios</a></li></ul></nav>\n<main>\n"
	      "<section id=\"rigs\"><h2>Rigs and scenarios</h2>\n<p>No run has finished yet. <code>tlbnoise run</code> and "
	      "<code>tlbnoise import</code> put runs here.</p></section>\n",
	      d->out);
}

int dash_overview(const struct dash *d, struct tn_error *err)
{
	const struct tn_histories_options options = {.smallest_effect = d->opt->smallest_effect};
	tn_cleanup(tn_histories_free) struct tn_histories all = {0};
	struct counts c = {0};
	int r = tn_histories_load(d->store, &options, &all, err);

	if (r < 0)
		return r;
	count(&all, &c);
	dash_begin(d, "Overview", false);
	if (all.n) {
		put_header(d, &all, &c);
		put_attention(d, &all, &c);
		put_rigs(d, &all);
	} else {
		put_empty(d);
	}
	dash_end(d, false);
	return 0;
}
