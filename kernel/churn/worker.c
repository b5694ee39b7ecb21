// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker: one operation after the other. Time is cut into periods from one fixed start, so
 * that lateness does not add up; periods that went by whole are counted as missed and skipped,
 * since catching up in a burst would be another load than the one asked for. Sleep is TASK_IDLE
 * with an absolute deadline: it adds nothing to the load average, has no slack, and
 * kthread_stop() ends it at once.
 *
 * A thread whose CPU goes offline is moved by the scheduler. It then stops working and says
 * EXDEV, since churn from another CPU, perhaps an isolated one, is not what was asked for.
 */
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "internal.h"

#define RETRY_NS NSEC_PER_MSEC /* rest after a failed operation */

/** tnc_worker_prepare() - allocate what the pattern needs; released also after a failure */
int tnc_worker_prepare(struct tnc_worker *w)
{
	return w->pattern->prepare ? w->pattern->prepare(w) : 0;
}

/** tnc_worker_release() - free what any pattern may have prepared */
void tnc_worker_release(struct tnc_worker *w)
{
	kvfree(w->pages);
	if (w->page)
		__free_page(w->page);
	if (w->buffer)
		__free_pages(w->buffer, w->buffer_order);
}

/** tnc_worker_stopped() - whether to end; long operations look in between and return -ECANCELED */
bool tnc_worker_stopped(const struct tnc_worker *w)
{
	return READ_ONCE(w->churn->stop);
}

static void count(u64 *counter, u64 n)
{
	WRITE_ONCE(*counter, *counter + n);
}

static void keep_error(struct tnc_worker *w, int error)
{
	if (!w->counts.error)
		WRITE_ONCE(w->counts.error, error);
}

/**
 * tnc_worker_operate() - do and count one operation
 * @w: prepared
 * @pages: its size, or 0 to draw one of the worker's range
 *
 * Return: the size, or a negative errno.
 */
int tnc_worker_operate(struct tnc_worker *w, u32 pages)
{
	u64 begin;
	int r;

	if (!pages)
		pages = tnc_random_range(&w->random, w->pages_min, w->pages_max);
	begin = ktime_get_ns();
	r = w->pattern->operate(w, pages);
	count(&w->counts.busy_ns, ktime_get_ns() - begin);
	if (r == -ECANCELED)
		return r;
	if (r < 0) {
		keep_error(w, r);
		count(&w->counts.errors, 1);
		return r;
	}
	count(&w->counts.pages, pages);
	count(&w->counts.operations, 1);
	return pages;
}

/* False if told to stop. */
static bool sleep_until(const struct tnc_worker *w, u64 due_ns)
{
	ktime_t due = ns_to_ktime(due_ns);
	bool go;

	for (;;) {
		set_current_state(TASK_IDLE);
		go = !tnc_worker_stopped(w);
		if (!go || ktime_get_ns() >= due_ns)
			break;
		schedule_hrtimeout(&due, HRTIMER_MODE_ABS);
	}
	__set_current_state(TASK_RUNNING);
	return go;
}

/* When the period after that of @due_ns begins, or the one that is running if that is later. */
static u64 next_period(struct tnc_worker *w, u64 due_ns)
{
	u64 period = w->churn->period_ns, now = ktime_get_ns(), behind;

	due_ns += period;
	if (now <= due_ns)
		return due_ns;
	behind = div64_u64(now - due_ns, period);
	count(&w->counts.missed, behind);
	return due_ns + behind * period;
}

static void work(struct tnc_worker *w)
{
	u64 period = w->churn->period_ns, due = w->churn->start_ns;

	due += div_u64(period, w->churn->workers) * w->index;
	while (period ? sleep_until(w, due) : !tnc_worker_stopped(w)) {
		if (raw_smp_processor_id() != w->cpu) {
			keep_error(w, -EXDEV);
			return;
		}
		if (tnc_worker_operate(w, 0) < 0)
			sleep_until(w, ktime_get_ns() + RETRY_NS);
		if (period)
			due = next_period(w, due);
		cond_resched();
	}
}

/** tnc_worker_thread() - a worker's thread, bound to its CPU by who made it */
int tnc_worker_thread(void *worker)
{
	struct tnc_worker *w = worker;

	work(w);
	WRITE_ONCE(w->running, false);
	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}
