// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The HTML report. Figures, sentences and tables are written here as HTML, by the very code of the text report, so
 * that the two never differ and everything but the plots is there without a script. The plots are drawn in the
 * browser from a block of JSON. The content policy allows the one style and the one script of this build, by their
 * hashes, and nothing from anywhere else: what a document smuggles in would not run.
 */
#include <errno.h>
#include <string.h>

#include "report/comparison.h"
#include "report/html-parts.h"
#include "tn-config.h"

#define WORST_SHOWN 20

/* A site's policy names no hashes: its style and script are files. */
static void put_policy(const struct tn_html_page *page, FILE *out)
{
	fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"", out);
	if (page->links)
		fputs(page->links->policy, out);
	else
		fprintf(out,
			"default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; "
			"form-action 'none'",
			report_web_style_hash, report_web_script_hash);
	fputs("\">\n", out);
}

static void put_style(const struct tn_html_page *page, FILE *out)
{
	if (page->links) {
		fprintf(out, "<link rel=\"stylesheet\" href=\"%s\">\n", page->links->style);
		return;
	}
	fputs("<style>", out);
	fwrite(report_web_style, 1, report_web_style_size, out);
	fputs("</style>\n", out);
}

static void put_script(const struct tn_html_page *page, FILE *out)
{
	if (page->links) {
		fprintf(out, "<script src=\"%s\"></script>\n", page->links->script);
		return;
	}
	fputs("<script>", out);
	fwrite(report_web_script, 1, report_web_script_size, out);
	fputs("</script>\n", out);
}

static void put_head(const struct tn_html_page *page, FILE *out)
{
	const struct tn_run *run = page->side[TN_SIDE_A].document[0].run;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
	put_policy(page, out);
	fprintf(out,
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<link rel=\"icon\" href=\"%s\">\n<title>",
		page->links ? page->links->icon : "data:,");
	html_text(out, page->comparison ? "Comparison: " : "Run: ");
	html_text(out, run->scenario_name[0] ? run->scenario_name : "unnamed scenario");
	fputs(" \xe2\x80\x93 tlbnoise</title>\n", out);
	put_style(page, out);
	fputs("</head>\n<body>\n<a class=\"skip\" href=\"#verdict\">Skip to the result</a>\n", out);
}

static void put_fact(FILE *out, bool wide, const char *what, const char *value)
{
	if (!value[0])
		return;
	fprintf(out, "<div%s><dt>%s</dt><dd>", wide ? " class=\"wide\"" : "", what);
	html_text(out, value);
	fputs("</dd></div>\n", out);
}

static void put_side_facts(const struct tn_html_page *page, unsigned int s, FILE *out)
{
	const struct tn_html_side *side = &page->side[s];
	const struct tn_run *run = side->document[0].run;
	char text[512];
	bool differ = false;

	for (size_t i = 1; i < side->n; i++)
		differ |= strcmp(side->document[i].run->env.kernel_release, run->env.kernel_release) != 0;
	snprintf(text, sizeof(text), "%.200s%s (%zu run%s) \xe2\x80\x93 Linux %s%s, %s%s", side->name,
		 strlen(side->name) > 200 ? "..." : "", side->n, side->n == 1 ? "" : "s", run->env.kernel_release,
		 differ ? " and others" : "", side->n > 1 ? "the first of " : "", run->started_at);
	put_fact(out, true, page->comparison ? s == TN_SIDE_A ? "A, the baseline" : "B" : "Runs", text);
}

static void put_header(const struct tn_html_page *page, FILE *out)
{
	const struct tn_run *run = page->side[TN_SIDE_A].document[0].run;
	struct report_buf cpus, duration;
	char text[512];

	fputs("<header>\n<p class=\"product\">tlbnoise</p>\n<h1>", out);
	html_text(out, run->scenario_name[0] ? run->scenario_name : "Unnamed scenario");
	fputs("</h1>\n<p class=\"description\">", out);
	html_text(out, run->scenario_description);
	fputs("</p>\n<dl class=\"facts\">\n", out);
	for (unsigned int s = 0; s < TN_SIDES && page->side[s].n; s++)
		put_side_facts(page, s, out);
	put_fact(out, false, "Machine", run->env.cpu_model);
	put_fact(out, false, "Host", run->env.hostname);
	put_fact(out, false, "Virtualization", run->env.virtualization);
	snprintf(text, sizeof(text), "%s, %u round%s of %s", report_cpus(&cpus, &run->probed), run->rounds_planned,
		 run->rounds_planned == 1 ? "" : "s", report_ns(&duration, (double)run->duration_ns));
	put_fact(out, false, "CPUs probed", text);
	put_fact(out, false, "Attribution", tn_trace_level_name(run->level));
	fputs("</dl>\n</header>\n<nav aria-label=\"Contents\"><ul>\n", out);
	for (size_t i = 0; page->links && i < page->links->n; i++) {
		fprintf(out, "<li><a href=\"%s\">", page->links->link[i].url);
		html_text(out, page->links->link[i].text);
		fputs("</a></li>\n", out);
	}
	fputs("<li><a href=\"#verdict\">Result</a></li>\n"
	      "<li><a href=\"#plots\">Plots</a></li>\n<li><a href=\"#cpus\">By CPU</a></li>\n",
	      out);
	fputs(page->comparison ? "<li><a href=\"#comparison\">Comparison</a></li>\n" : "", out);
	fputs("<li><a href=\"#runs\">Runs</a></li>\n<li><a href=\"#limits\">What this cannot show</a></li>\n</ul></nav>\n"
	      "<main>\n",
	      out);
}

/* A place for a plot; the script fills it and says in words what is drawn. */
static void put_plot(FILE *out, const char *id, const char *title, const char *text)
{
	fprintf(out,
		"<figure id=\"%s\">\n<h3 id=\"%s-h\">%s</h3>\n<div class=\"controls\"></div>\n"
		"<div class=\"plot\" role=\"group\" aria-roledescription=\"interactive plot\" aria-labelledby=\"%s-h\" "
		"aria-describedby=\"%s-t\" tabindex=\"0\"></div>\n<p class=\"readout\" role=\"status\"></p>\n"
		"<figcaption id=\"%s-t\">%s</figcaption>\n</figure>\n",
		id, id, title, id, id, id, text);
}

static void put_plots(const struct tn_html_page *page, FILE *out)
{
	fputs("<section id=\"plots\" aria-labelledby=\"plots-h\">\n<h2 id=\"plots-h\">Plots</h2>\n"
	      "<noscript><p class=\"warn\">The plots need JavaScript. All their figures are in the tables below.</p></noscript>\n",
	      out);
	put_plot(
		out, "curve", "Jitter by percentile",
		"Extra time that a quantum of work needed. Each step to the right leaves a tenth of the quanta. Shaded: the "
		"95% interval over rounds, or over runs where a side has several; the last point is the maximum. Values "
		"below the clock\xe2\x80\x99s grain are drawn at it. Both axes are logarithmic.");
	put_plot(out, "histogram", "Length of interruptions",
		 "How many interruptions were how long, in twenty steps to the decade; both axes are logarithmic.");
	put_plot(
		out, "timeline-a", page->comparison ? "Every interruption of A" : "Every interruption",
		"A point is an interruption: when it began in the measured time, and how long it was. Vertical lines: rounds.");
	if (page->side[TN_SIDE_B].n)
		put_plot(out, "timeline-b", "Every interruption of B", "The same for B, on the same scales.");
	fputs("<p class=\"help\">In a plot: drag to zoom, double-click to see all. With the keyboard: arrow keys go from point to "
	      "point, Page Up and Page Down to the longer and the shorter, + and \xe2\x88\x92 zoom, 0 shows all.</p>\n"
	      "</section>\n",
	      out);
}

static int put_comparison(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	struct report_html h = {.out = out, .level = 3};
	const struct tn_report_options opt = {.unicode = true, .html = &h};
	int r;

	fputs("<section id=\"comparison\" aria-labelledby=\"comparison-h\">\n<h2 id=\"comparison-h\">Comparison</h2>\n",
	      out);
	r = tn_report_comparison(page->comparison, &opt, true, out, err);
	html_end(&h);
	fputs("</section>\n", out);
	return r;
}

static int put_run(const struct tn_html_page *page, unsigned int side, const struct tn_run *run, FILE *out,
		   struct tn_error *err)
{
	bool alone = page->side[TN_SIDE_A].n + page->side[TN_SIDE_B].n == 1;
	struct report_html h = {.out = out, .level = alone ? 3 : 4};
	const struct tn_report_options opt = {.unicode = true, .worst = WORST_SHOWN, .html = &h};
	int r;

	if (!alone) {
		fprintf(out, "<details>\n<summary><h3>%s", page->comparison ? side == TN_SIDE_A ? "A: " : "B: " : "");
		html_text(out, run->id);
		fputs("</h3></summary>\n", out);
	}
	r = tn_report_text(run, &opt, out, err);
	html_end(&h);
	fputs(alone ? "" : "</details>\n", out);
	return r;
}

static int put_runs(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	int r = 0;

	fputs("<section id=\"runs\" aria-labelledby=\"runs-h\">\n<h2 id=\"runs-h\">Runs</h2>\n", out);
	for (unsigned int s = 0; s < TN_SIDES; s++)
		for (size_t i = 0; i < page->side[s].n && r == 0; i++)
			r = put_run(page, s, page->side[s].document[i].run, out, err);
	fputs("</section>\n", out);
	return r;
}

static int put_data(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	int r;

	fputs("<script type=\"application/json\" id=\"data\">\n{\"classes\":[", out);
	for (unsigned int i = 0; i < HTML_CLASSES; i++) {
		fputs(i ? "," : "", out);
		html_json_text(out, html_class_name(i));
	}
	fputs("],\n\"sides\":", out);
	r = html_curves(page, out, err);
	if (r < 0)
		return r;
	fputs(",\n\"timelines\":", out);
	r = html_timelines(page, out, err);
	fputs("}\n</script>\n", out);
	return r;
}

static void put_foot(const struct tn_html_page *page, FILE *out)
{
	fputs("</main>\n<footer><p>Made by tlbnoise " TN_VERSION ".", out);
	fputs(page->links
		      ? " Plots: dygraphs (MIT licence, in the source of the script)."
		      : " This file needs no other file and no network. Plots: dygraphs (MIT licence, in the source of "
			"this page).",
	      out);
	fputs("</p></footer>\n", out);
}

static int check(const struct tn_html_page *page, struct tn_error *err)
{
	if (!page->side[TN_SIDE_A].n)
		return tn_error_set(err, -ENODATA, "%s: no run document to report", page->side[TN_SIDE_A].name);
	for (unsigned int s = 0; s < TN_SIDES; s++)
		for (size_t i = 0; i < page->side[s].n; i++) {
			const struct tn_run *run = page->side[s].document[i].run;

			if (!(run->clock.hz >= 1.0))
				return tn_error_set(
					err, -EBADMSG,
					"run %s: the tick rate is not known, so nothing can be said in time", run->id);
		}
	return 0;
}

/**
 * tn_report_html() - the report of one set of runs, or of two and their comparison, as one HTML file
 * @page: the runs; the comparison is that of its sides
 * @out: where to
 * @err: what failed
 *
 * The same page gives the same bytes. Text of documents is escaped wherever it stands. Longest interruptions are never
 * left out; how many others are drawn is said beside each timeline.
 *
 * Return: 0; -ENODATA without a run; -EBADMSG when a tick rate is not known; -ENOMEM; -EIO or -EPIPE when @out cannot
 * be written.
 */
int tn_report_html(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	int r = check(page, err);

	if (r < 0)
		return r;
	put_head(page, out);
	put_header(page, out);
	r = html_headline(page, out, err);
	if (r == 0)
		put_plots(page, out);
	if (r == 0)
		r = html_cpus(page, out, err);
	if (r == 0 && page->comparison)
		r = put_comparison(page, out, err);
	if (r == 0)
		r = put_runs(page, out, err);
	if (r < 0)
		return r;
	html_limits(page, out);
	put_foot(page, out);
	r = put_data(page, out, err);
	if (r < 0)
		return r;
	put_script(page, out);
	fputs("</body>\n</html>\n", out);
	if (fflush(out) || ferror(out))
		return tn_error_set(err, errno == EPIPE ? -EPIPE : -EIO, "cannot write the page: %s", strerror(errno));
	return 0;
}
