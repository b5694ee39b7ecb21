/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_STAT_H
#define TN_ANALYSIS_STAT_H

#include <stddef.h>
#include <stdint.h>

struct tn_interval {
	double low, high;
	double confidence; /* actual, 0 to 1 */
};

struct tn_interval tn_poisson_interval(uint64_t events, double exposure_s, double confidence);
double tn_median(double *values, size_t n);
struct tn_interval tn_median_interval(double *values, size_t n, double confidence);

#endif
