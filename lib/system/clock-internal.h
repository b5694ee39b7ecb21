/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_CLOCK_INTERNAL_H
#define TN_SYSTEM_CLOCK_INTERNAL_H

/* Between clock.c, clock-fit.c and clock-grain.c, and their tests. */
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct tn_clock_point {
	double ns, ticks;
};

int tn_clock_page_rate(const volatile struct perf_event_mmap_page *page, double *ret_hz);

int tn_clock_fit(double *ret_hz, double *ret_error_ppm, struct tn_error *err);
int tn_clock_fit_line(const struct tn_clock_point *points, size_t n, double *ret_slope, double *ret_error);

uint64_t tn_clock_measure_grain(void);
uint64_t tn_clock_grain(const uint64_t *steps, size_t n);

#endif
