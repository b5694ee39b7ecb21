/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_CLOCK_FIT_H
#define TN_SYSTEM_CLOCK_FIT_H

#include <stddef.h>

#include "base/error.h"

struct tn_clock_point {
	double ns, ticks;
};

int tn_clock_fit(double *ret_hz, double *ret_error_ppm, struct tn_error *err);
int tn_clock_fit_line(const struct tn_clock_point *points, size_t n, double *ret_slope, double *ret_error);

#endif
