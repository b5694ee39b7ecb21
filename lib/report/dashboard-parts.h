/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_DASHBOARD_PARTS_H
#define TN_REPORT_DASHBOARD_PARTS_H

/* Inside lib/report only: what the files of the dashboard share. */
#include "report/dashboard.h"
#include "report/histories.h"
#include "report/html-parts.h"

#define DASH_NAME 400                  /* of a host or a scenario, encoded: three bytes for each of 127 */
#define DASH_PATH (2 * DASH_NAME + 64) /* of a page within the site */

enum dash_kind { DASH_OVERVIEW, DASH_SCENARIO, DASH_RUN, DASH_COMPARE, DASH_ASSET };

/* Of a site that is written: the runs that it is of, and the comparisons that its pages link to. */
struct dash_site {
	const struct tn_store_point *run; /* as tn_store_points() gives all */
	size_t n_runs;
	size_t n;
	struct dash_pair {
		char a[40], b[40];
	} * pair;
};

/* A page that is being made. */
struct dash {
	struct tn_store *store;
	const struct tn_dashboard_options *opt;
	FILE *out;
	unsigned int depth;     /* folders between it and the overview */
	struct dash_site *site; /* NULL: served, any comparison can be had */
};

/* dashboard-links.c */
const char *dash_path(const struct dash *d, enum dash_kind kind, const char *a, const char *b, char *buf, size_t size);
void dash_link(const struct dash *d, enum dash_kind kind, const char *a, const char *b, const char *text);
void dash_url(const struct dash *d, enum dash_kind kind, const char *a, const char *b, char *buf, size_t size);
void dash_compare_link(const struct dash *d, const char *a, const char *b, const char *text);

/* dashboard-frame.c */
void dash_begin(const struct dash *d, const char *title, bool script);
void dash_end(const struct dash *d, bool script);
void dash_badge(FILE *out, const char *tone, const char *text);
void dash_card(FILE *out, const char *tone, const char *name, const char *value, const char *detail);
const char *dash_time(const char *started_at, char *buf, size_t size);
void dash_run_link(const struct dash *d, const struct tn_store_point *run);
typedef bool dash_has(const struct tn_history_series *s, size_t run);
size_t dash_marks(const struct dash *d, const struct tn_history *h, size_t run, dash_has *has);
void dash_expectations(FILE *out, const struct tn_store_point *run);
void dash_state(FILE *out, enum tn_history_state state);

/* dashboard-spark.c */
void dash_spark(FILE *out, const struct tn_history *h, const struct tn_history_series *s);

/* The pages: 0, -ENOENT, or another negative errno. */
int dash_overview(const struct dash *d, struct tn_error *err);
int dash_scenario(const struct dash *d, const char *host, const char *name, struct tn_error *err);
int dash_run(const struct dash *d, const char *id, struct tn_error *err);
int dash_compare(const struct dash *d, const char *a, const char *b, struct tn_error *err);

/* dashboard-data.c */
int dash_data(const struct dash *d, const struct tn_history *h, size_t first, struct tn_error *err);

/* dashboard.c */
int dash_page(struct tn_store *store, const char *path, const struct tn_dashboard_options *opt, struct dash_site *site,
	      FILE *out, const char **ret_type, struct tn_error *err);
struct dash_asset {
	const char *name, *type, *data;
	size_t size;
};
size_t dash_assets(struct dash_asset *ret, size_t max);

/* web/embed.py; the names are those of the files of a site. */
extern const char report_web_style_name[], report_web_script_name[];
extern const char dashboard_web_style[], dashboard_web_style_name[], dashboard_web_style_hash[];
extern const char dashboard_web_script[], dashboard_web_script_name[], dashboard_web_script_hash[];
extern const char dashboard_web_icon[], dashboard_web_icon_name[], dashboard_web_icon_hash[];
extern const size_t dashboard_web_style_size, dashboard_web_script_size, dashboard_web_icon_size;

#endif
