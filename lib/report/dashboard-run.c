// SPDX-License-Identifier: GPL-2.0-or-later
/* The report of a run, and of two that are compared, as pages among the others: the same report, with ways out of it.
 */
#include <errno.h>
#include <string.h>

#include "report/dashboard-parts.h"

#define SMALLEST_EFFECT 0.05

/* A run with all that its page needs. */
struct loaded {
	struct tn_run *run;
	struct tn_raw_reader *raw;
	char note[TN_ERROR_TEXT];
	struct tn_html_document document;
};

static void loaded_free(struct loaded *l)
{
	tn_run_free(l->run);
	tn_raw_closep(&l->raw);
}

static void open_raw(struct tn_store *store, struct loaded *l)
{
	struct tn_error err = {0};
	char path[352];

	if (tn_store_raw_path(store, l->run->id, path, sizeof(path), NULL) < 0)
		return;
	if (tn_raw_open(path, &l->raw, &err) < 0)
		snprintf(l->note, sizeof(l->note), "%s", err.text);
	else if (strcmp(tn_raw_run_id(l->raw), l->run->id))
		tn_raw_closep(&l->raw), l->raw = NULL;
}

/* -ENOENT also for a run that is still going on, or that has no result: it has no page yet, or never. */
static int load(const struct dash *d, const char *id, struct loaded *l, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	size_t n = 0;
	int r = tn_store_document(d->store, id, &text, &n, err);

	if (r < 0)
		return r == -EBUSY || r == -ENODATA ? -ENOENT : r;
	r = tn_run_parse(id, text, n, &l->run, err);
	if (r < 0)
		return r;
	open_raw(d->store, l);
	l->document = (struct tn_html_document){l->run, l->raw, l->note};
	return 0;
}

/* Addresses that links point to must live as long as these. */
struct ways {
	struct tn_html_links links;
	char style[DASH_PATH], script[DASH_PATH], icon[DASH_PATH];
	char url[TN_ARRAY_SIZE(((struct tn_html_links *)NULL)->link)][DASH_PATH];
};

static void ways_begin(const struct dash *d, struct ways *w)
{
	dash_url(d, DASH_ASSET, report_web_style_name, NULL, w->style, sizeof(w->style));
	dash_url(d, DASH_ASSET, report_web_script_name, NULL, w->script, sizeof(w->script));
	dash_url(d, DASH_ASSET, dashboard_web_icon_name, NULL, w->icon, sizeof(w->icon));
	w->links = (struct tn_html_links){
		.policy = TN_DASHBOARD_POLICY, .style = w->style, .script = w->script, .icon = w->icon};
}

static void way(const struct dash *d, struct ways *w, enum dash_kind kind, const char *a, const char *b,
		const char *text)
{
	char *url = w->url[w->links.n];

	dash_url(d, kind, a, b, url, DASH_PATH);
	w->links.link[w->links.n++] = (struct tn_html_link){url, text};
}

static bool same_history(const struct tn_store_point *a, const struct tn_store_point *b)
{
	return !strcmp(a->host, b->host) && !strcmp(a->scenario, b->scenario);
}

/* The runs beside this one in its history; @point: sorted, at least all of that history. */
static void add_neighbours(const struct dash *d, const struct tn_run *run, const struct tn_store_point *point, size_t n,
			   struct ways *w)
{
	size_t at = 0;
	bool first, last;

	while (at < n && strcmp(point[at].id, run->id))
		at++;
	if (at == n)
		return;
	first = !at || !same_history(&point[at - 1], &point[at]);
	last = at + 1 == n || !same_history(&point[at], &point[at + 1]);
	if (!first)
		way(d, w, DASH_RUN, point[at - 1].id, NULL, "\xe2\x86\x90 Run before");
	if (!last)
		way(d, w, DASH_RUN, point[at + 1].id, NULL, "Run after \xe2\x86\x92");
	if (!first && !d->site)
		way(d, w, DASH_COMPARE, point[at - 1].id, run->id, "Compare with the one before");
}

static int way_beside(const struct dash *d, const struct tn_run *run, struct ways *w, struct tn_error *err)
{
	tn_autofree struct tn_store_point *point = NULL;
	size_t n = 0;
	int r = 0;

	if (d->site) {
		add_neighbours(d, run, d->site->run, d->site->n_runs, w);
		return 0;
	}
	r = tn_store_points(d->store, run->env.hostname, run->scenario_name, &point, &n, err);
	if (r == 0)
		add_neighbours(d, run, point, n, w);
	return r;
}

int dash_run(const struct dash *d, const char *id, struct tn_error *err)
{
	tn_cleanup(loaded_free) struct loaded l = {0};
	struct tn_html_page page = {.points = d->opt->points};
	struct ways w;
	int r = load(d, id, &l, err);

	if (r < 0)
		return r;
	ways_begin(d, &w);
	way(d, &w, DASH_OVERVIEW, NULL, NULL, "All rigs");
	way(d, &w, DASH_SCENARIO, l.run->env.hostname, l.run->scenario_name, "History");
	r = way_beside(d, l.run, &w, err);
	page.side[TN_SIDE_A] = (struct tn_html_side){id, 1, &l.document};
	page.links = &w.links;
	return r < 0 ? r : tn_report_html(&page, d->out, err);
}

/* That they cannot be compared is an answer too. */
static void put_refusal(const struct dash *d, const struct loaded *a, const struct loaded *b,
			const struct tn_comparison *c)
{
	FILE *out = d->out;

	dash_begin(d, "Not comparable", false);
	fputs("<a class=\"skip\" href=\"#verdict\">Skip to the result</a>\n<header>\n<p class=\"product\">tlbnoise</p>\n"
	      "<h1>Not comparable</h1>\n</header>\n<nav aria-label=\"Contents\"><ul>\n<li>",
	      out);
	dash_link(d, DASH_OVERVIEW, NULL, NULL, "All rigs");
	fputs("</li>\n<li>", out);
	dash_link(d, DASH_SCENARIO, a->run->env.hostname, a->run->scenario_name, "History of A");
	fputs("</li>\n<li>", out);
	dash_link(d, DASH_SCENARIO, b->run->env.hostname, b->run->scenario_name, "History of B");
	fputs("</li>\n</ul></nav>\n<main>\n<section id=\"verdict\" aria-labelledby=\"verdict-h\">\n"
	      "<h2 id=\"verdict-h\">Why</h2>\n<p>",
	      out);
	dash_link(d, DASH_RUN, a->run->id, NULL, a->run->id);
	fputs(" and ", out);
	dash_link(d, DASH_RUN, b->run->id, NULL, b->run->id);
	fputs(" differ in more than the kernel, so that a difference between their figures would say nothing of it:</p>\n<ul>\n",
	      out);
	for (size_t i = 0; i < c->n_differences; i++) {
		if (!c->difference[i].refuses)
			continue;
		fputs("<li>", out);
		html_text(out, c->difference[i].text);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n<p><code>tlbnoise report A B --force</code> compares them all the same, and says so.</p>\n</section>\n",
	      out);
	dash_end(d, false);
}

static int put_comparison(const struct dash *d, const struct loaded *a, const struct loaded *b,
			  const struct tn_comparison *c, struct tn_error *err)
{
	struct tn_html_page page = {.comparison = c, .points = d->opt->points};
	struct ways w;

	ways_begin(d, &w);
	way(d, &w, DASH_OVERVIEW, NULL, NULL, "All rigs");
	way(d, &w, DASH_SCENARIO, b->run->env.hostname, b->run->scenario_name, "History");
	way(d, &w, DASH_RUN, a->run->id, NULL, "Run A");
	way(d, &w, DASH_RUN, b->run->id, NULL, "Run B");
	page.side[TN_SIDE_A] = (struct tn_html_side){a->run->id, 1, &a->document};
	page.side[TN_SIDE_B] = (struct tn_html_side){b->run->id, 1, &b->document};
	page.links = &w.links;
	return tn_report_html(&page, d->out, err);
}

int dash_compare(const struct dash *d, const char *a, const char *b, struct tn_error *err)
{
	const struct tn_comparison_options options = {
		.smallest_effect = d->opt->smallest_effect > 0.0 ? d->opt->smallest_effect : SMALLEST_EFFECT,
		.confidence = 0.95,
		.seed = 1,
	};
	tn_cleanup(loaded_free) struct loaded side_a = {0}, side_b = {0};
	tn_cleanup(tn_comparison_freep) struct tn_comparison *c = NULL;
	struct tn_run_set set_a, set_b;
	int r = load(d, a, &side_a, err);

	if (r == 0)
		r = load(d, b, &side_b, err);
	if (r < 0)
		return r;
	set_a = (struct tn_run_set){a, (const struct tn_run *const *)&side_a.run, 1};
	set_b = (struct tn_run_set){b, (const struct tn_run *const *)&side_b.run, 1};
	r = tn_comparison_make(&set_a, &set_b, &options, &c, err);
	if (r == -EXDEV) {
		put_refusal(d, &side_a, &side_b, c);
		return 0;
	}
	return r < 0 ? r : put_comparison(d, &side_a, &side_b, c, err);
}
