/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_HTML_PARTS_H
#define TN_REPORT_HTML_PARTS_H

/* Inside lib/report only: what the files of the HTML report share. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report/html.h"
#include "report/parts.h"

/* web/embed.py: what goes into the page's <style> and <script>, and what the content policy allows. */
extern const char report_web_style[], report_web_script[];
extern const size_t report_web_style_size, report_web_script_size;
extern const char report_web_style_hash[], report_web_script_hash[];

/* html-block.c: where a text report that is written as HTML stands. tn_report_options.html points to it. */
struct report_html {
	FILE *out;
	unsigned int level; /* of its headings, 2 to 6 */
	bool section, list; /* elements that are open */
};
void html_text(FILE *out, const char *text);
void html_json_text(FILE *out, const char *text);
void html_number(FILE *out, double v);
void html_heading(struct report_html *h, const char *title);
void html_paragraph(struct report_html *h, enum report_style style, bool inner, const char *text);
void html_end_list(struct report_html *h);
void html_end(struct report_html *h);
const char *html_class_name(unsigned int class);
unsigned int html_class_slot(unsigned int class);
void html_duration(FILE *out, double ns);

const char *html_side_label(const struct tn_html_page *page, unsigned int side, char *buf, size_t size);

#define HTML_CLASSES (TN_CLASS_COUNT + 1) /* the last: not attributed */

/* html-rounds.c */
struct html_rounds {
	size_t n;
	struct tn_round *round;                           /* of jitter; of a side with several runs: one for each */
	struct tn_hist *merged;                           /* of these; NULL: rounds are the run's own */
	double repeated;                                  /* quanta in these */
	size_t windows, cut;                              /* all there are, and those of them that were cut short */
	double seconds, events, stolen_s, quanta, max_ns; /* of all windows; max_ns: jitter */
};
int html_rounds_make(const struct tn_html_side *side, struct html_rounds *ret);
int html_rounds_percentile(const struct html_rounds *s, double percent, struct tn_estimate *ret, struct tn_error *err);
void html_rounds_free(struct html_rounds *s);

/* html-pick.c */
#define HTML_WORST 1000 /* always among the chosen */
struct html_span {
	int cpu;
	uint32_t round;
	uint64_t open, close; /* ticks */
	double at;            /* ticks from the beginning of the first window to this one's, without what lay between */
};
struct html_spans {
	size_t n;
	struct html_span *span;
	double length; /* of all windows, one after the other */
	size_t rounds;
	double *round_at;
};
struct html_pick {
	size_t n;
	uint64_t *index;  /* of records, rising */
	uint64_t total;   /* records inside a window */
	uint64_t outside; /* those in none, which are passed over */
	size_t columns;   /* 0: all were taken */
	uint64_t max_ticks;
};
int html_spans_make(const struct tn_run *run, struct html_spans *ret);
void html_spans_free(struct html_spans *s);
const struct html_span *html_spans_find(const struct html_spans *s, const struct tn_raw_record *rec);
int html_pick(const struct html_spans *s, const struct tn_raw_record *rec, uint64_t n, size_t budget,
	      struct html_pick *ret);
void html_pick_free(struct html_pick *p);

/* The parts of the page. */
int html_curves(const struct tn_html_page *page, FILE *out, struct tn_error *err);
int html_timelines(const struct tn_html_page *page, FILE *out, struct tn_error *err);
int html_headline(const struct tn_html_page *page, FILE *out, struct tn_error *err);
int html_cpus(const struct tn_html_page *page, FILE *out, struct tn_error *err);
void html_limits(const struct tn_html_page *page, FILE *out);

#endif
