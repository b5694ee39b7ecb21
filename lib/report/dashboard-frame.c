// SPDX-License-Identifier: GPL-2.0-or-later
/* What the pages of the dashboard have in common: head, foot, and the small marks that stand in many places. */
#include <string.h>

#include "report/dashboard-parts.h"
#include "tn-config.h"

static void put_asset(const struct dash *d, const char *before, const char *name, const char *behind)
{
	char url[DASH_PATH];

	dash_url(d, DASH_ASSET, name, NULL, url, sizeof(url));
	fprintf(d->out, "%s%s%s", before, url, behind);
}

/* Up to where the page's own header begins. @script: it has plots */
void dash_begin(const struct dash *d, const char *title, bool script)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"" TN_DASHBOARD_POLICY "\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
	      d->out);
	put_asset(d, "<link rel=\"icon\" type=\"image/svg+xml\" href=\"", dashboard_web_icon_name, "\">\n");
	put_asset(d, "<link rel=\"stylesheet\" href=\"", dashboard_web_style_name, "\">\n");
	if (script)
		put_asset(d, "<script defer src=\"", dashboard_web_script_name, "\"></script>\n");
	fputs("<title>", d->out);
	html_text(d->out, title);
	fputs(" \xe2\x80\x93 tlbnoise</title>\n</head>\n<body>\n", d->out);
}

void dash_end(const struct dash *d, bool script)
{
	fputs("</main>\n<footer><p>Made by tlbnoise " TN_VERSION, d->out);
	if (script)
		fputs(". Plots: dygraphs (MIT licence, in the source of the script)", d->out);
	fputs(".</p></footer>\n</body>\n</html>\n", d->out);
}

void dash_badge(FILE *out, const char *tone, const char *text)
{
	fprintf(out, "<span class=\"badge %s\">", tone);
	html_text(out, text);
	fputs("</span>", out);
}

void dash_card(FILE *out, const char *tone, const char *name, const char *value, const char *detail)
{
	fprintf(out, "<li class=\"card %s\"><span class=\"name\">", tone);
	html_text(out, name);
	fputs("</span> <span class=\"value\">", out);
	html_text(out, value);
	fputs("</span> <span class=\"detail\">", out);
	html_text(out, detail);
	fputs("</span></li>\n", out);
}

/* "2026-11-22T10:15:02Z" as "2026-11-22 10:15", and whatever else a document has as it is. */
const char *dash_time(const char *started_at, char *buf, size_t size)
{
	snprintf(buf, size, "%s", started_at);
	if (strlen(buf) == 20 && buf[10] == 'T' && buf[19] == 'Z') {
		buf[10] = ' ';
		buf[16] = '\0';
	}
	return buf;
}

/* A link to a run, by its time. */
void dash_run_link(const struct dash *d, const struct tn_store_point *run)
{
	char when[40];

	dash_link(d, DASH_RUN, run->id, NULL, dash_time(run->started_at, when, sizeof(when)));
}

/* One badge for each state of metrics that @has says, with the first of them by name: "confirmed jitter.p99 and 2
 * more". */
size_t dash_marks(const struct dash *d, const struct tn_history *h, size_t run, dash_has *has)
{
	size_t lines = 0;

	for (unsigned int state = TN_HISTORY_CONFIRMED; state;
	     state = state == TN_HISTORY_CONFIRMED   ? TN_HISTORY_SUSPECTED
		     : state == TN_HISTORY_SUSPECTED ? TN_HISTORY_RECOVERED
						     : 0) {
		const struct tn_history_series *first = NULL;
		size_t n = 0;

		for (size_t k = 0; k < h->n_series; k++)
			if (h->series[k].mark[run].state == state && has(&h->series[k], run)) {
				first = first ? first : &h->series[k];
				n++;
			}
		if (!n)
			continue;
		fputs(lines++ ? "<br>" : "", d->out);
		dash_state(d->out, (enum tn_history_state)state);
		fputc(' ', d->out);
		html_text(d->out, first->def.name);
		if (n > 1)
			fprintf(d->out, " and %zu more", n - 1);
	}
	return lines;
}

void dash_expectations(FILE *out, const struct tn_store_point *run)
{
	unsigned int open = run->undecided + run->not_judged, all = run->met + run->failed + open;
	char text[64];

	if (strcmp(run->state, "complete")) {
		dash_badge(out, "warn", run->state);
		fputc(' ', out);
	}
	if (run->failed) {
		snprintf(text, sizeof(text), "%u of %u failed", run->failed, all);
		dash_badge(out, "bad", text);
	} else if (open) {
		snprintf(text, sizeof(text), "%u of %u met", run->met, all);
		dash_badge(out, "warn", text);
	} else if (all) {
		snprintf(text, sizeof(text), all == 1 ? "met" : "all %u met", all);
		dash_badge(out, "good", text);
	} else {
		fputs("<span class=\"none\">none</span>", out);
	}
}

void dash_state(FILE *out, enum tn_history_state state)
{
	static const char *const tone[] = {"plain", "warn", "bad", "good"};

	dash_badge(out, tone[state], tn_history_state_name(state));
}
