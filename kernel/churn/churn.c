// SPDX-License-Identifier: GPL-2.0-only
/*
 * The requests START, OPERATE and STOP: a set of workers from one to the other. The threads are
 * all made before the first of them runs, and all told to stop before the first is waited for;
 * so stopping takes what they have in hand at that moment, however many threads there are.
 */
#include <linux/bitops.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>

#include "internal.h"

static void add_counts(struct tnc_counts *sum, const struct tnc_counts *c)
{
	sum->operations += READ_ONCE(c->operations);
	sum->missed += READ_ONCE(c->missed);
	sum->errors += READ_ONCE(c->errors);
	sum->pages += READ_ONCE(c->pages);
	sum->busy_ns += READ_ONCE(c->busy_ns);
	sum->tables_freed += READ_ONCE(c->tables_freed);
	if (!sum->error)
		sum->error = READ_ONCE(c->error);
}

static void stop_threads(struct tnc_churn *c)
{
	unsigned int i;

	WRITE_ONCE(c->stop, true);
	for (i = 0; i < c->workers; i++)
		if (c->worker[i].task)
			wake_up_process(c->worker[i].task);
	for (i = 0; i < c->workers; i++) {
		if (c->worker[i].task)
			kthread_stop(c->worker[i].task);
		c->worker[i].task = NULL;
	}
}

static void destroy(struct tnc_churn *c)
{
	unsigned int i;

	stop_threads(c);
	for (i = 0; i < c->workers; i++)
		tnc_worker_release(&c->worker[i]);
	tnc_uncharge(c->charged);
	put_task_struct(c->owner);
	kvfree(c);
}

/* Number of CPUs asked for, or -EINVAL if one of them is not online. */
static int count_cpus(const struct tlbnoise_churn_start *start)
{
	unsigned int cpu;
	int n = 0;

	for (cpu = 0; cpu < TLBNOISE_CHURN_CPUS; cpu++) {
		if (!(start->cpus[cpu / 64] & BIT_ULL(cpu % 64)))
			continue;
		if (cpu >= nr_cpu_ids || !cpu_online(cpu))
			return -EINVAL;
		n++;
	}
	return n;
}

static int check(const struct tlbnoise_churn_start *start)
{
	const struct tnc_pattern *pattern = tnc_pattern_find(start->pattern);

	if (start->pattern >= TLBNOISE_CHURN_PATTERNS || start->flags ||
	    !tnc_is_zero(start->reserved, sizeof(start->reserved)))
		return -EINVAL;
	if (!pattern)
		return -EOPNOTSUPP;
	if (start->pages_min < 1 || start->pages_min > start->pages_max ||
	    start->period_ns > TNC_PERIOD_MAX_NS)
		return -EINVAL;
	return start->pages_max > pattern->pages_max ? -E2BIG : 0;
}

static void init_worker(struct tnc_churn *c, unsigned int index,
			const struct tlbnoise_churn_start *start)
{
	struct tnc_worker *w = &c->worker[index];

	w->pattern = tnc_pattern_find(start->pattern);
	w->pages_min = start->pages_min;
	w->pages_max = start->pages_max;
	w->random = tnc_random_seed(start->seed, index);
	w->churn = c;
	w->index = index;
}

static int init_thread(struct tnc_worker *w, unsigned int cpu)
{
	struct task_struct *t;

	t = kthread_create_on_node(tnc_worker_thread, w, cpu_to_node(cpu), "tlbnoise/%u", cpu);
	if (IS_ERR(t))
		return PTR_ERR(t);
	kthread_bind(t, cpu);
	w->task = t;
	w->cpu = cpu;
	w->running = true;
	return 0;
}

/* One worker for each CPU, or one without a thread. */
static int init_workers(struct tnc_churn *c, const struct tlbnoise_churn_start *start, bool threads)
{
	unsigned int cpu = 0, i;
	int r;

	for (i = 0; i < c->workers; i++) {
		init_worker(c, i, start);
		r = tnc_worker_prepare(&c->worker[i]);
		if (r < 0)
			return r;
		if (!threads)
			continue;
		while (!(start->cpus[cpu / 64] & BIT_ULL(cpu % 64)))
			cpu++;
		r = init_thread(&c->worker[i], cpu++);
		if (r < 0)
			return r;
	}
	return 0;
}

static int create(const struct tlbnoise_churn_start *start, struct tnc_churn **ret)
{
	int cpus = count_cpus(start), r = check(start);
	u64 limit = start->memory_max ?: tnc_memory_max(), bytes;
	const struct tnc_pattern *pattern;
	unsigned int workers = max(cpus, 1);
	struct tnc_churn *c;

	if (r < 0 || cpus < 0)
		return r < 0 ? r : cpus;
	pattern = tnc_pattern_find(start->pattern);
	bytes = workers * (pattern->worst_case(start->pages_max) + sizeof(c->worker[0]));
	r = tnc_charge(bytes, limit);
	if (r < 0)
		return r;
	c = kvzalloc(struct_size(c, worker, workers), GFP_KERNEL);
	if (!c) {
		tnc_uncharge(bytes);
		return -ENOMEM;
	}
	c->owner = get_task_struct(current);
	c->workers = workers;
	c->charged = bytes;
	c->period_ns = start->period_ns;
	r = init_workers(c, start, cpus > 0);
	if (r < 0)
		destroy(c);
	else
		*ret = c;
	return r;
}

/** tnc_churn_start() - TLBNOISE_CHURN_START */
long tnc_churn_start(struct tnc_session *s, void *arg)
{
	struct tnc_churn *c;
	unsigned int i;
	int r;

	mutex_lock(&s->lock);
	r = s->churn ? -EBUSY : create(arg, &c);
	if (r == 0) {
		c->start_ns = ktime_get_ns();
		for (i = 0; i < c->workers; i++)
			if (c->worker[i].task)
				wake_up_process(c->worker[i].task);
		s->churn = c;
	}
	mutex_unlock(&s->lock);
	return r;
}

static int operate(struct tnc_worker *w, struct tlbnoise_churn_operate *op)
{
	u64 busy_ns = w->counts.busy_ns, tables = w->counts.tables_freed;
	int r;

	if (!tnc_is_zero(op->reserved, sizeof(op->reserved)) || op->tables_freed || op->busy_ns)
		return -EINVAL;
	if (op->pages > w->pages_max)
		return -E2BIG;
	r = tnc_worker_operate(w, op->pages);
	if (r < 0)
		return r;
	op->pages = r;
	op->busy_ns = w->counts.busy_ns - busy_ns;
	op->tables_freed = w->counts.tables_freed - tables;
	return 0;
}

/** tnc_churn_operate() - TLBNOISE_CHURN_OPERATE */
long tnc_churn_operate(struct tnc_session *s, void *arg)
{
	int r;

	mutex_lock(&s->lock);
	if (!s->churn)
		r = -ENOENT;
	else if (s->churn->worker[0].task)
		r = -EBUSY;
	else
		r = operate(&s->churn->worker[0], arg);
	mutex_unlock(&s->lock);
	return r;
}

/** tnc_churn_stop() - TLBNOISE_CHURN_STOP, and when the session ends */
long tnc_churn_stop(struct tnc_session *s, void *arg)
{
	struct tnc_churn *c;
	unsigned int i;

	mutex_lock(&s->lock);
	c = s->churn;
	s->churn = NULL;
	if (c) {
		stop_threads(c);
		for (i = 0; i < c->workers; i++)
			add_counts(&s->total, &c->worker[i].counts);
		destroy(c);
	}
	mutex_unlock(&s->lock);
	return c ? 0 : -ENOENT;
}

/** tnc_churn_stats() - fill in what is known of churn; under the session's lock */
void tnc_churn_stats(struct tnc_session *s, struct tlbnoise_churn_stats *stats)
{
	struct tnc_counts sum = s->total;
	unsigned int i;

	for (i = 0; s->churn && i < s->churn->workers; i++) {
		add_counts(&sum, &s->churn->worker[i].counts);
		stats->threads += READ_ONCE(s->churn->worker[i].running);
	}
	stats->operations = sum.operations;
	stats->missed = sum.missed;
	stats->errors = sum.errors;
	stats->pages = sum.pages;
	stats->busy_ns = sum.busy_ns;
	stats->tables_freed = sum.tables_freed;
	stats->error = sum.error;
	stats->memory = s->churn ? s->churn->charged : 0;
}
