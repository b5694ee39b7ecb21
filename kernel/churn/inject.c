// SPDX-License-Identifier: GPL-2.0-only
/*
 * The injector: interrupts a CPU for a known time and writes down when. It is the ground truth
 * for a probe that claims to see interruptions. A thread on another CPU sends one IPI after the
 * other with smp_call_function_single() and waits for each, so there is one interruption at a
 * time and the record needs no lock. The handler takes the time first thing, spins, and takes
 * the time last thing; everything else, the log included, happens on the sender.
 *
 * The interrupted CPU has interrupts off as long as the handler spins, and the sender cannot be
 * preempted. Hence the short limit, and a spacing of at least the duration, which leaves each of
 * them half of its time.
 */
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

#include "internal.h"

struct tnc_injector {
	struct tlbnoise_churn_inject plan;
	struct tlbnoise_churn_record shot; /* the one under way */
	struct tnc_log *log;
	struct task_struct *owner, *task;
	u64 random;
	u64 shots, failed;
	bool stop;
	int error;
};

/*
 * In interrupt context on the CPU to be kept busy. This name is what traces show: tlbnoise knows
 * an injected interruption by it (lib/analysis/cause.c), see TLBNOISE_CHURN_INJECT_FUNCTION.
 */
static void tlbnoise_churn_interrupt(void *record)
{
	struct tlbnoise_churn_record *shot = record;
	u64 entry = tnc_ticks();

	while (tnc_ticks() - entry < shot->asked)
		cpu_relax();
	shot->entry = entry;
	shot->exit = tnc_ticks();
}

static u64 to_ticks(u64 ns)
{
	return mul_u64_u32_div(ns, tnc_tick_khz(), USEC_PER_SEC);
}

/*
 * Without preemption, so that what has been looked at still holds when the interrupt is sent: a
 * thread whose CPU goes offline is moved, perhaps to the very CPU that it is to interrupt.
 */
static int interrupt(struct tnc_injector *inj)
{
	struct tlbnoise_churn_record *shot = &inj->shot;
	int r = -EXDEV;

	preempt_disable();
	if (tnc_bound_to(inj->plan.sender)) {
		shot->sent = tnc_ticks();
		r = smp_call_function_single(shot->cpu, tlbnoise_churn_interrupt, shot, true);
	}
	preempt_enable();
	return r;
}

/* 0, also if the CPU to interrupt is offline, which is counted; -EXDEV if the sender's CPU is. */
static int shoot(struct tnc_injector *inj)
{
	struct tlbnoise_churn_record *shot = &inj->shot;
	u64 d = tnc_random_range(&inj->random, inj->plan.duration_min, inj->plan.duration_max);
	int r;

	shot->asked = inj->plan.flags & TLBNOISE_CHURN_TICKS ? d : to_ticks(d);
	r = interrupt(inj);
	if (r == -EXDEV)
		return r;
	if (r < 0) {
		WRITE_ONCE(inj->failed, inj->failed + 1);
		return 0;
	}
	tnc_log_add(inj->log, shot);
	shot->sequence++;
	WRITE_ONCE(inj->shots, inj->shots + 1);
	return 0;
}

/* False if told to stop. */
static bool rest(struct tnc_injector *inj)
{
	u64 ns = tnc_random_range(&inj->random, inj->plan.spacing_min_ns, inj->plan.spacing_max_ns);
	u64 due_ns = ktime_get_ns() + ns;
	ktime_t due = ns_to_ktime(due_ns);
	bool go;

	for (;;) {
		set_current_state(TASK_IDLE);
		go = !READ_ONCE(inj->stop) && !tnc_is_ending(inj->owner);
		if (!go || ktime_get_ns() >= due_ns)
			break;
		schedule_hrtimeout(&due, HRTIMER_MODE_ABS);
	}
	__set_current_state(TASK_RUNNING);
	return go;
}

static int injector(void *data)
{
	struct tnc_injector *inj = data;
	u64 left = inj->plan.count ?: U64_MAX;

	while (left && rest(inj)) {
		int r = shoot(inj);

		if (r < 0) {
			WRITE_ONCE(inj->error, r);
			break;
		}
		left--;
	}
	if (!READ_ONCE(inj->stop) && tnc_is_ending(inj->owner))
		WRITE_ONCE(inj->error, -EOWNERDEAD);
	tnc_log_end(inj->log);
	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static bool is_online(u32 cpu)
{
	return cpu < nr_cpu_ids && cpu_online(cpu);
}

static u64 duration_max_ns(const struct tlbnoise_churn_inject *plan)
{
	u64 ticks;

	if (!(plan->flags & TLBNOISE_CHURN_TICKS))
		return plan->duration_max;
	/* Cut first: far beyond the limit nothing has to be exact, but nothing may overflow. */
	ticks = min(plan->duration_max, to_ticks(2 * TNC_DURATION_MAX_NS));
	return mul_u64_u32_div(ticks, USEC_PER_SEC, tnc_tick_khz());
}

static int check(const struct tlbnoise_churn_inject *plan)
{
	if (!tnc_tick_khz())
		return -EOPNOTSUPP;
	if (plan->flags & ~TLBNOISE_CHURN_TICKS ||
	    !tnc_is_zero(plan->reserved, sizeof(plan->reserved)))
		return -EINVAL;
	if (!is_online(plan->cpu) || !is_online(plan->sender) || plan->cpu == plan->sender)
		return -EINVAL;
	if (plan->duration_min > plan->duration_max || duration_max_ns(plan) > TNC_DURATION_MAX_NS)
		return -EINVAL;
	if (plan->spacing_min_ns < max_t(u64, TNC_SPACING_MIN_NS, duration_max_ns(plan)) ||
	    plan->spacing_min_ns > plan->spacing_max_ns ||
	    plan->spacing_max_ns > TNC_SPACING_MAX_NS)
		return -EINVAL;
	return plan->records > TNC_RECORDS_MAX ? -E2BIG : 0;
}

static void release(struct tnc_injector *inj)
{
	put_task_struct(inj->owner);
	kfree(inj);
}

static int create(struct tnc_session *s, const struct tlbnoise_churn_inject *plan)
{
	struct tnc_injector *inj;
	int r;

	inj = kzalloc(sizeof(*inj), GFP_KERNEL);
	if (!inj)
		return -ENOMEM;
	inj->plan = *plan;
	inj->shot.cpu = plan->cpu;
	inj->shot.sender = plan->sender;
	inj->log = &s->log;
	inj->random = tnc_random_seed(plan->seed, 0);
	inj->owner = get_task_struct(current);
	inj->task =
		kthread_create_on_node(injector, inj, cpu_to_node(plan->sender), "tlbnoise-inj");
	if (IS_ERR(inj->task)) {
		r = PTR_ERR(inj->task);
		release(inj);
		return r;
	}
	r = tnc_log_resize(&s->log, plan->records ?: TNC_RECORDS_MAX);
	if (r < 0) {
		kthread_stop(inj->task);
		release(inj);
		return r;
	}
	kthread_bind(inj->task, plan->sender);
	s->injector = inj;
	wake_up_process(inj->task);
	return 0;
}

/** tnc_inject_start() - TLBNOISE_CHURN_INJECT */
long tnc_inject_start(struct tnc_session *s, void *arg)
{
	int r = check(arg);

	if (r < 0)
		return r;
	mutex_lock(&s->lock);
	r = s->injector ? -EBUSY : create(s, arg);
	mutex_unlock(&s->lock);
	return r;
}

/** tnc_inject_tell() - tell the injector, if there is one, to stop; under the session's lock */
void tnc_inject_tell(struct tnc_session *s)
{
	if (!s->injector)
		return;
	WRITE_ONCE(s->injector->stop, true);
	wake_up_process(s->injector->task);
}

/** tnc_inject_stop() - TLBNOISE_CHURN_CEASE, and when the session ends */
long tnc_inject_stop(struct tnc_session *s, void *arg)
{
	struct tnc_injector *inj;

	mutex_lock(&s->lock);
	tnc_inject_tell(s);
	inj = s->injector;
	s->injector = NULL;
	if (inj) {
		kthread_stop(inj->task);
		/* A thread that had not begun ends without a word. */
		tnc_log_end(&s->log);
		s->shots += inj->shots;
		s->shots_failed += inj->failed;
		s->inject_error = s->inject_error ?: inj->error;
		release(inj);
	}
	mutex_unlock(&s->lock);
	return inj ? 0 : -ENOENT;
}

/** tnc_inject_stats() - fill in what is known of injections; under the session's lock */
void tnc_inject_stats(struct tnc_session *s, struct tlbnoise_churn_stats *stats)
{
	stats->shots = s->shots;
	stats->shots_failed = s->shots_failed;
	stats->records_lost = READ_ONCE(s->log.lost);
	stats->error = stats->error ?: s->inject_error;
	if (s->injector) {
		stats->error = stats->error ?: READ_ONCE(s->injector->error);
		stats->shots += READ_ONCE(s->injector->shots);
		stats->shots_failed += READ_ONCE(s->injector->failed);
	}
}
