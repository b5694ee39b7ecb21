/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_HTML_H
#define TN_REPORT_HTML_H

/*
 * The report as one HTML file that needs nothing else: no network, no other file, and for its tables no script. Or as a
 * page of a site, which has its style and script beside it.
 */
#include "result/comparison.h"

struct tn_html_document {
	const struct tn_run *run;
	const struct tn_raw_reader *raw; /* all its interruptions; NULL: the worst ones of the document alone */
	const char *raw_note;            /* why there is no @raw, "" or NULL: none was kept */
};

struct tn_html_side {
	const char *name; /* as the user gave it */
	size_t n;
	const struct tn_html_document *document;
};

/* Where a page of a site finds its style and script, and its neighbours. */
struct tn_html_links {
	const char *policy; /* of content */
	const char *style, *script, *icon;
	size_t n;
	struct tn_html_link {
		const char *url, *text;
	} link[8];
};

struct tn_html_page {
	struct tn_html_side side[TN_SIDES];     /* the second may be empty: a page about one set */
	const struct tn_comparison *comparison; /* of both; NULL with one */
	size_t points;                          /* at most so many interruptions in the timelines; 0: a default */
	const struct tn_html_links *links;      /* NULL: the page has style and script in itself, and stands alone */
};

int tn_report_html(const struct tn_html_page *page, FILE *out, struct tn_error *err);

#endif
