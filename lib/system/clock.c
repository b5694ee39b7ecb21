// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rate, grain and trust of the tick counter. The kernel publishes the factor by which it turns ticks into its own
 * nanoseconds in the mmap page of any perf event (perf_event_open(2), cap_user_time: ns = ticks * time_mult >>
 * time_shift). Where it does not, a line is fitted to pairs of ticks and CLOCK_MONOTONIC_RAW.
 */
#include "system/clock.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "system/arch.h"
#include "system/clock-internal.h"
#include "system/files.h"

#define CLOCKSOURCE_FILE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

#define GRAIN_SERIES     15
#define GRAIN_READS      2000

/**
 * tn_clock_page_rate() - rate of the tick counter from a perf event's mmap page
 * @page: the page; its sequence count is odd while the kernel writes to it
 * @ret_hz: 10^9 * 2^time_shift / time_mult, the inverse of the kernel's conversion; untouched on failure
 *
 * Return: 0; -EOPNOTSUPP when the kernel gives no rate (its own clock is not the bare counter); -EAGAIN when the
 * page never comes to rest.
 */
int tn_clock_page_rate(const volatile struct perf_event_mmap_page *page, double *ret_hz)
{
	uint32_t seq, mult, shift, tries = 0;
	bool known;

	do {
		if (++tries > 1000)
			return -EAGAIN;
		seq = page->lock;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		known = page->cap_user_time;
		mult = page->time_mult;
		shift = page->time_shift;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (page->lock != seq || (seq & 1));
	if (!known || !mult)
		return -EOPNOTSUPP;
	*ret_hz = ldexp(1e9, (int)shift) / mult;
	return 0;
}

static int rate_from_kernel(double *ret_hz)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	tn_autoclose int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page;
	int r;

	if (fd < 0)
		return -errno;
	page = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	r = tn_clock_page_rate(page, ret_hz);
	munmap(page, size);
	return r;
}

/**
 * tn_clock_measure() - rate, grain and trust of the tick counter
 * @ret: the clock; untouched on failure
 * @err: why the counter cannot be used
 *
 * Takes a few milliseconds when the kernel tells the rate, otherwise 200 ms.
 *
 * Return: 0; -EIO when the counter does not advance.
 */
int tn_clock_measure(struct tn_clock *ret, struct tn_error *err)
{
	struct tn_clock c = {.source = TN_CLOCK_KERNEL};
	int r;

	c.quantum_ticks = tn_clock_measure_grain();
	if (rate_from_kernel(&c.hz) < 0) {
		c.source = TN_CLOCK_FITTED;
		r = tn_clock_fit(&c.hz, &c.hz_error_ppm, err);
		if (r < 0)
			return r;
	}
	if (!c.quantum_ticks)
		return tn_error_set(err, -EIO, "the tick counter of this CPU does not advance");
	c.invariant = tn_arch_counter_invariant();
	tn_file_read(CLOCKSOURCE_FILE, c.clocksource, sizeof(c.clocksource));
	c.reliable = !strcmp(c.clocksource, tn_arch_counter_clocksource()) ||
		     tn_file_has_word("/proc/cpuinfo", "tsc_reliable");
	*ret = c;
	return 0;
}

/** tn_clock_source_name() - "kernel" or "fitted": where the rate comes from */
const char *tn_clock_source_name(enum tn_clock_source source)
{
	return source == TN_CLOCK_KERNEL ? "kernel" : "fitted";
}
