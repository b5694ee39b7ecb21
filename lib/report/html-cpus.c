// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each CPU of each run in one row, with a bar of where its stolen time went. The bars are drawn by no script, so they
 * are there on paper and where scripts are not allowed; each says in words what it shows.
 */
#include <errno.h>
#include <string.h>

#include "report/html-parts.h"

#define BAR_WIDTH 200.0

struct row {
	const struct tn_run *run;
	const struct tn_run_total *total;
	const struct tn_run_cpu *first; /* round */
	double scale;                   /* width of the bar for all of the time */
};

static const struct tn_run_cpu *first_round(const struct tn_run *run, int cpu)
{
	for (size_t i = 0; i < run->n_cpus; i++)
		if (run->cpu[i].cpu == cpu)
			return &run->cpu[i];
	return NULL;
}

static double share_of(const struct row *row, unsigned int class)
{
	double ns = tn_ticks_to_ns(&row->run->clock, (double)row->total->by_class[class].stolen_ticks);

	return row->total->window_s > 0.0 ? ns / 1e9 / row->total->window_s : 0.0;
}

static void put_bar(const struct row *row, FILE *out)
{
	double at = 0.0, share;
	struct report_buf b;
	bool any = false;

	fputs("<svg class=\"bar\" viewBox=\"0 0 200 14\" role=\"img\" aria-label=\"", out);
	for (unsigned int i = 0; i < TN_CLASS_COUNT; i++) {
		share = share_of(row, i);
		if (share > 0.0)
			fprintf(out, "%s%s %s", any ? ", " : "", html_class_name(i), report_share(&b, share));
		any |= share > 0.0;
	}
	fprintf(out, "%s\"><rect class=\"back\" width=\"200\" height=\"14\"/>", any ? "" : "nothing by cause");
	for (unsigned int i = 0; i < TN_CLASS_COUNT; i++) {
		share = share_of(row, i) * row->scale;
		if (share > 0.0)
			fprintf(out,
				"<rect class=\"k%u\" x=\"%.2f\" width=\"%.2f\" height=\"14\"><title>%s</title></rect>",
				i, at, share, html_class_name(i));
		at += share;
	}
	fputs("</svg>", out);
}

static void put_cell(FILE *out, const char *text)
{
	fputs("<td class=\"n\">", out);
	html_text(out, text);
	fputs("</td>", out);
}

static void put_row(const struct tn_html_page *page, unsigned int side, const struct row *row, FILE *out)
{
	const struct tn_metric_total *m = row->total->metric;
	const struct tn_run_total *t = row->total;
	struct report_buf b;
	char rounds[48];

	fprintf(out, "<tr><th scope=\"row\" class=\"n\">%d</th><td>", t->cpu);
	html_text(out, report_cpu_kind(row->run, t->cpu, row->first->isolated));
	fputs(row->first->nohz_full ? ", nohz_full</td>" : "</td>", out);
	if (page->comparison)
		fprintf(out, "<td>%c</td>", "AB"[side]);
	fputs("<td>", out);
	html_text(out, row->run->id);
	fputs("</td>", out);
	snprintf(rounds, sizeof(rounds), t->partial ? "%zu, %zu cut short" : "%zu", t->rounds, t->partial);
	put_cell(out, rounds);
	put_cell(out, report_count(&b, t->interruptions.count));
	put_cell(out, report_number(&b, m[TN_METRIC_PER_S].merged));
	put_cell(out, report_share(&b, m[TN_METRIC_STOLEN_SHARE].merged));
	put_cell(out, report_ns(&b, m[TN_METRIC_JITTER].merged));
	put_cell(out, report_ns(&b, m[TN_METRIC_JITTER + 2].merged));
	put_cell(out, report_ns(&b, m[TN_METRIC_JITTER + TN_PERCENTILES - 1].merged));
	fputs("<td>", out);
	put_bar(row, out);
	fputs("</td></tr>\n", out);
}

static int add_run(const struct tn_html_page *page, unsigned int side, const struct tn_run *run, double scale,
		   FILE *out)
{
	tn_cleanup(tn_run_totals_free) struct tn_run_totals totals = {0};
	int r = tn_run_totals(run, &totals);

	for (size_t i = 0; r == 0 && i < totals.n; i++) {
		struct row row = {run, &totals.cpu[i], first_round(run, totals.cpu[i].cpu), scale};

		put_row(page, side, &row, out);
	}
	return r;
}

/* The greatest share that any CPU lost in one round: all bars have the same scale. */
static double greatest(const struct tn_html_page *page)
{
	double most = 0.0, share;

	for (unsigned int s = 0; s < TN_SIDES; s++)
		for (size_t i = 0; i < page->side[s].n; i++) {
			const struct tn_run *run = page->side[s].document[i].run;

			for (size_t k = 0; k < run->n_cpus; k++) {
				const struct tn_run_cpu *c = &run->cpu[k];
				double window = (double)(c->window_close_ticks - c->window_open_ticks);

				share = window > 0.0 ? (double)c->stolen_ticks / window : 0.0;
				most = share > most ? share : most;
			}
		}
	return most;
}

static void put_key(const struct tn_html_page *page, FILE *out)
{
	bool seen[TN_CLASS_COUNT] = {false};

	for (unsigned int s = 0; s < TN_SIDES; s++)
		for (size_t i = 0; i < page->side[s].n; i++)
			for (size_t k = 0; k < page->side[s].document[i].run->n_cpus; k++)
				for (unsigned int c = 0; c < TN_CLASS_COUNT; c++)
					seen[c] |= page->side[s].document[i].run->cpu[k].by_class[c].stolen_ticks > 0;
	fputs("<ul class=\"key\" aria-label=\"Colours of the causes\">\n", out);
	for (unsigned int c = 0; c < TN_CLASS_COUNT; c++)
		if (seen[c])
			fprintf(out,
				"<li><svg class=\"swatch\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"k%u\" "
				"width=\"10\" height=\"10\"/></svg>%s</li>\n",
				c, html_class_name(c));
	fputs("</ul>\n", out);
}

int html_cpus(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	double most = greatest(page);
	struct report_buf b;
	int r = 0;

	fputs("<section id=\"cpus\" aria-labelledby=\"cpus-h\">\n<h2 id=\"cpus-h\">By CPU</h2>\n<p>", out);
	fprintf(out, "A bar shows where the time of a CPU went, by cause; its full width is %s of the time.</p>\n",
		report_share(&b, most));
	put_key(page, out);
	fputs("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Figures by CPU\">\n<table>\n<thead><tr>"
	      "<th scope=\"col\" class=\"n\">CPU</th><th scope=\"col\">Kind</th>",
	      out);
	fputs(page->comparison ? "<th scope=\"col\">Side</th>" : "", out);
	fputs("<th scope=\"col\">Run</th><th scope=\"col\" class=\"n\">Rounds</th><th scope=\"col\" class=\"n\">Interruptions"
	      "</th><th scope=\"col\" class=\"n\">Per s</th><th scope=\"col\" class=\"n\">Stolen</th>"
	      "<th scope=\"col\" class=\"n\">Jitter p50</th><th scope=\"col\" class=\"n\">p99</th>"
	      "<th scope=\"col\" class=\"n\">Max</th><th scope=\"col\">Stolen by</th></tr></thead>\n<tbody>\n",
	      out);
	for (unsigned int s = 0; s < TN_SIDES; s++)
		for (size_t i = 0; i < page->side[s].n && r == 0; i++)
			r = add_run(page, s, page->side[s].document[i].run, most > 0.0 ? BAR_WIDTH / most : 0.0, out);
	fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
	return r < 0 ? tn_error_set(err, r, "no memory for the figures by CPU") : 0;
}
