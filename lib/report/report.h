/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_REPORT_H
#define TN_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "result/run.h"

struct report_html;

struct tn_report_options {
	bool colour;
	bool unicode;
	unsigned int width;       /* columns; 0: 80 */
	unsigned int worst;       /* how many of the worst interruptions to list */
	struct report_html *html; /* inside lib/report: write HTML blocks; NULL: text */
};

/* The text report: a pure function of the run document. */
int tn_report_text(const struct tn_run *run, const struct tn_report_options *opt, FILE *out, struct tn_error *err);

#endif
