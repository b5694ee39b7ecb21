/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_TICKS_H
#define TN_BASE_TICKS_H

/*
 * The one place with architecture code: the free-running counter that probes, the kernel's trace clock
 * and the report share. x86-64: TSC, trace clock "x86-tsc". aarch64: the virtual counter, for which no
 * trace clock exists, so attribution there needs another clock.
 */
#include <stdint.h>

#if defined(__x86_64__)

#define TN_ARCH        "x86_64"
#define TN_TRACE_CLOCK "x86-tsc"

/* Unordered read: cheapest; consecutive reads on one CPU do not go backwards. */
static inline uint64_t tn_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

/* Read that waits for earlier instructions: for stamps that are compared between CPUs. */
static inline uint64_t tn_ticks_ordered(void)
{
	__builtin_ia32_lfence();
	return __builtin_ia32_rdtsc();
}

static inline void tn_cpu_relax(void)
{
	__builtin_ia32_pause();
}

#elif defined(__aarch64__)

#define TN_ARCH        "aarch64"
#define TN_TRACE_CLOCK ""

static inline uint64_t tn_ticks(void)
{
	uint64_t v;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
}

static inline uint64_t tn_ticks_ordered(void)
{
	__asm__ volatile("isb" ::: "memory");
	return tn_ticks();
}

static inline void tn_cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

#else
#error "tlbnoise knows x86-64 and aarch64 only: add the counter of this architecture here"
#endif

#endif
