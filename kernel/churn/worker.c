// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker: one operation after the other. Time is cut into periods from one fixed start, so
 * that lateness does not add up; periods that went by whole are counted as missed and skipped,
 * since catching up in a burst would be another load than the one asked for. Sleep is TASK_IDLE
 * with an absolute deadline: it adds nothing to the load average, has no slack, and
 * kthread_stop() ends it at once.
 *
 * Stopping must not take long: between the steps of an operation, and above all after waiting
 * for its turn to flush, a worker looks whether it is still wanted. What it has begun with the
 * kernel it has to finish: one step. A process that is killed frees its memory before it closes
 * its files, and shares the CPU with churn that never rests; so a thread does not wait for the
 * session to end but sees by itself when its owner begins to.
 *
 * A thread whose CPU goes offline is moved by the scheduler, which also takes its binding away.
 * It then stops working and says EXDEV, since churn from another CPU, perhaps an isolated one, is
 * not what was asked for. It sees this after its operation, the end of which ran elsewhere.
 */
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "internal.h"

#define RETRY_NS NSEC_PER_MSEC /* rest after a failed operation */

/* The kernel lets one at a time purge (vmap_purge_lock), and who waits there cannot be stopped. */
static DEFINE_MUTEX(flush_turn);

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

/** tnc_is_ending() - whether the process of @task has been killed, or exits */
bool tnc_is_ending(const struct task_struct *task)
{
	return READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT;
}

/**
 * tnc_worker_stopped() - whether to end; operations look between their steps
 * @w: the worker; one without a thread works for who called TLBNOISE_CHURN_OPERATE
 */
bool tnc_worker_stopped(const struct tnc_worker *w)
{
	return READ_ONCE(w->churn->stop) || tnc_is_ending(w->task ? w->churn->owner : current);
}

/** tnc_worker_flush() - vm_unmap_aliases() as a step of an operation; 0 or -ECANCELED */
int tnc_worker_flush(struct tnc_worker *w)
{
	int r = -ECANCELED;

	mutex_lock(&flush_turn);
	if (!tnc_worker_stopped(w)) {
		vm_unmap_aliases();
		r = 0;
	}
	mutex_unlock(&flush_turn);
	return r;
}

/** tnc_bound_to() - whether the calling thread is on @cpu, and bound to it still */
bool tnc_bound_to(unsigned int cpu)
{
	return raw_smp_processor_id() == cpu && cpumask_equal(current->cpus_ptr, cpumask_of(cpu));
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
 * Return: the pages done, which a pattern may round (huge-vmap) or limit (mixed), or a negative
 * errno.
 */
int tnc_worker_operate(struct tnc_worker *w, u32 pages)
{
	u64 begin, end;
	int r;

	if (!pages)
		pages = tnc_random_range(&w->random, w->pages_min, w->pages_max);
	begin = ktime_get_ns();
	r = w->pattern->operate(w, pages);
	end = ktime_get_ns();
	count(&w->counts.busy_ns, end - begin);
	tnc_count_activity(end);
	if (r == -ECANCELED)
		return r;
	if (r < 0) {
		keep_error(w, r);
		count(&w->counts.errors, 1);
		return r;
	}
	count(&w->counts.pages, r);
	count(&w->counts.operations, 1);
	return r;
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
		if (!tnc_bound_to(w->cpu)) {
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
	if (!READ_ONCE(w->churn->stop) && tnc_is_ending(w->churn->owner))
		keep_error(w, -EOWNERDEAD);
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
