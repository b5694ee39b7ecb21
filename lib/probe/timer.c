// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Wake-up latency, as cyclictest has it: sleep until an absolute time on CLOCK_MONOTONIC, ask the same clock on
 * return, and the difference is the latency. Next time is the programmed one plus the interval, so that a late
 * wake-up does not shift those after it; periods that had passed by then are counted and left out.
 *
 * The clock is read through the vDSO, without entering the kernel. Latencies are kept in ticks as everything else
 * is, by the rate that the collector knows.
 */
#include "probe/timer.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/ticks.h"

#define NS_PER_S 1000000000ll

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int sleep_until(int64_t ns, struct tn_error *err)
{
	struct timespec t = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
	int r = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);

	return r ? tn_error_set(err, -r, "cannot sleep: clock_nanosleep: %s", strerror(r)) : 0;
}

/**
 * tn_timer_prepare() - have wake-ups come when they are due
 * @err: what failed
 *
 * The kernel may delay timers of normal tasks by their slack, 50 us by default, to wake up less often. Tasks with
 * SCHED_FIFO have none.
 *
 * Return: 0; negative errno of prctl(2).
 */
int tn_timer_prepare(struct tn_error *err)
{
	if (prctl(PR_SET_TIMERSLACK, 1ul, 0, 0, 0) == 0)
		return 0;
	return tn_error_set(err, -errno, "cannot set the timer slack to 1 ns: %m");
}

/**
 * tn_timer_window() - sleep and wake up, until the time is over or the collector says stop
 * @shm: gives interval, duration and command; its state becomes TN_PROBE_RUNNING, its result is filled
 * @err: what failed
 *
 * Return: 0; negative errno of clock_nanosleep(2).
 */
int tn_timer_window(struct tn_probe_shm *shm, struct tn_error *err)
{
	const struct tn_probe_config *c = &shm->config;
	struct tn_probe_result *res = &shm->result;
	const int64_t interval = (int64_t)c->interval_ns;
	int64_t next, late;
	int r;

	tn_hist_init(&res->latency);
	res->missed = 0;
	res->window_open = tn_ticks();
	atomic_store_explicit(&shm->state, TN_PROBE_RUNNING, memory_order_release);
	next = now_ns() + interval;
	do {
		r = sleep_until(next, err);
		if (r < 0)
			return r;
		late = now_ns() - next;
		tn_hist_record(&res->latency, late > 0 ? (uint64_t)((double)late * c->ticks_per_ns + 0.5) : 0);
		if (late >= interval)
			res->missed += (uint64_t)(late / interval);
		next += interval * (1 + (late > 0 ? late / interval : 0));
		res->window_close = tn_ticks();
	} while (res->window_close - res->window_open < c->duration_ticks &&
		 atomic_load_explicit(&shm->command, memory_order_relaxed) != TN_PROBE_STOP);
	return 0;
}
