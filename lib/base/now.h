/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_NOW_H
#define TN_BASE_NOW_H

#include <stdint.h>
#include <time.h>

/* The time of @clock in ns. It cannot fail for a clock that the kernel has. */
static inline uint64_t tn_now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

#endif
