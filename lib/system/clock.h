/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_CLOCK_H
#define TN_SYSTEM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

enum tn_clock_source {
	TN_CLOCK_KERNEL, /* the kernel's own multiplier, from a perf event's mmap page */
	TN_CLOCK_FITTED, /* least squares against CLOCK_MONOTONIC_RAW */
};

/* The tick counter: rate, grain, and whether it may be trusted. */
struct tn_clock {
	double hz;           /* ticks per second, fractional */
	double hz_error_ppm; /* half width of the 95 % interval; 0 when the kernel gave the rate */
	enum tn_clock_source source;
	uint64_t quantum_ticks; /* the step in which the counter advances: its grain */
	bool invariant;         /* constant and non-stop by CPUID */
	bool reliable;          /* the kernel itself uses it as clocksource, or calls it reliable */
	char clocksource[32];   /* the kernel's current clocksource */
};

int tn_clock_measure(struct tn_clock *ret, struct tn_error *err);
const char *tn_clock_source_name(enum tn_clock_source source);

/* Ticks to nanoseconds and back. @hz above 0. */
static inline double tn_ticks_to_ns(const struct tn_clock *c, double ticks)
{
	return ticks * 1e9 / c->hz;
}

static inline uint64_t tn_ns_to_ticks(const struct tn_clock *c, double ns)
{
	return (uint64_t)(ns * c->hz / 1e9 + 0.5);
}

#endif
