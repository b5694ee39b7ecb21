/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_TICKS_H
#define TN_BASE_TICKS_H

/*
 * The one place with architecture code: the free-running counter that probes, the kernel's trace clock
 * and the report share. x86-64: TSC, trace clock "x86-tsc". aarch64: the virtual counter, for which no
 * trace clock exists, so attribution there needs another clock.
 */
#include <stdint.h>
#include <sys/syscall.h>

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

/*
 * Read for both ends of something short: all before it has run when it is taken, nothing behind it has begun. LFENCE
 * waits for the instructions before it and holds back those behind it (Intel SDM volume 2, RDTSC and LFENCE; on AMD as
 * Linux sets it up, DE_CFG bit 1).
 */
static inline uint64_t tn_ticks_fenced(void)
{
	uint64_t v = tn_ticks_ordered();

	__builtin_ia32_lfence();
	return v;
}

static inline void tn_cpu_relax(void)
{
	__builtin_ia32_pause();
}

/* getpid(2) by the bare instruction: no library can answer it from memory. */
static inline long tn_syscall_getpid(void)
{
	long v = SYS_getpid;

	__asm__ volatile("syscall" : "+a"(v) : : "rcx", "r11", "memory");
	return v;
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

static inline uint64_t tn_ticks_fenced(void)
{
	uint64_t v = tn_ticks_ordered();

	__asm__ volatile("isb" ::: "memory");
	return v;
}

static inline void tn_cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static inline long tn_syscall_getpid(void)
{
	register long number __asm__("x8") = SYS_getpid;
	register long v __asm__("x0");

	__asm__ volatile("svc #0" : "=r"(v) : "r"(number) : "memory", "cc");
	return v;
}

#else
#error "tlbnoise knows x86-64 and aarch64 only: add the counter of this architecture here"
#endif

#endif
