/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_COMPARISON_H
#define TN_REPORT_COMPARISON_H

#include "report/report.h"
#include "result/comparison.h"

int tn_report_comparison(const struct tn_comparison *c, const struct tn_report_options *opt, bool all, FILE *out,
			 struct tn_error *err);

#endif
