/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_DASHBOARD_H
#define TN_REPORT_DASHBOARD_H

/*
 * The pages over a store, for `tlbnoise serve` and, as files, for `tlbnoise dashboard`. A page is made from the store
 * as it is when it is asked for; nothing is kept between two calls.
 *
 * Paths, decoded and without a query:
 *   /                       rigs and scenarios: last result, expectations, sparkline, marks
 *   /scenario/HOST/NAME     the history of one scenario on one rig
 *   /run/ID                 the report of a run
 *   /compare/A/B            two runs, A the baseline
 *   /assets/NAME            style, scripts, icon
 *
 * What the server has to do beside this:
 *  - The form that compares sends GET /compare?a=ID&b=ID (both of letters, digits and -_.~ here, percent-encoded
 *    otherwise): answer it with a redirect (303) to /compare/A/B, so that it works without a script.
 *  - The content policy of all pages: TN_DASHBOARD_POLICY. Pages name it in a <meta> as well. No page has inline style
 * or script, only blocks of JSON (<script type="application/json">), which no policy forbids.
 *  - The name of an asset holds a hash of its content: it may be cached for ever. Pages must not be cached without
 *    asking (Cache-Control: no-cache).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "store/store.h"

#define TN_DASHBOARD_POLICY                                                                          \
	"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; " \
	"form-action 'self'"

enum tn_dashboard_links {
	TN_DASHBOARD_SERVER, /* "/run/ID", made relative, so that it may live below a prefix of a reverse proxy */
	TN_DASHBOARD_FILES,  /* "run/ID.html", relative: any web server, or none */
};

struct tn_dashboard_options {
	enum tn_dashboard_links links;
	size_t runs;            /* of one history on its page, the latest; 0: 400 */
	size_t points;          /* interruptions in the timelines of a page; 0: as tn_report_html() has it */
	double smallest_effect; /* of marks and comparisons, a share; 0: 0.05 */
};

/* 0; -ENOENT for a page that is not there; another negative errno. @out may hold part of a page after a failure. */
int tn_dashboard_page(struct tn_store *store, const char *path, const struct tn_dashboard_options *opt, FILE *out,
		      const char **ret_type, struct tn_error *err);

/* The same pages as files. What it cannot have, a comparison of any two runs, its pages say. */
struct tn_dashboard_site {
	size_t pages, comparisons, left_out; /* left_out: pages of what cannot be read */
	uint64_t bytes;
};
int tn_dashboard_site(struct tn_store *store, const char *folder, const struct tn_dashboard_options *opt,
		      const struct tn_log *log, struct tn_dashboard_site *ret, struct tn_error *err);

#endif
