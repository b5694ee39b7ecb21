/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_CHECK_H
#define TN_REPORT_CHECK_H

#include "check/check.h"
#include "check/watch.h"
#include "report/report.h"

int tn_report_check(const struct tn_check_report *report, const struct tn_report_options *opt, FILE *out,
		    struct tn_error *err);
int tn_report_watch(const struct tn_watch_result *result, const struct tn_report_options *opt, FILE *out,
		    struct tn_error *err);

#endif
