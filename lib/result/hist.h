/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_HIST_H
#define TN_RESULT_HIST_H

#include <math.h>

#include "base/histogram.h"
#include "system/clock.h"

/* The percentiles that documents and reports give, in this order. */
#define TN_PERCENTILES 6
struct tn_percentile {
	double percent;
	const char *name;
};
extern const struct tn_percentile tn_percentiles[TN_PERCENTILES];

double tn_hist_percentile_ns(const struct tn_clock *clock, const struct tn_hist *h, double percent);

#endif
