// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a probe: make ready, wait, measure, account. Whatever goes wrong is told through the shared
 * memory, because nobody reads what a probe prints.
 *
 * Page faults and context switches of the window are differences of getrusage(2) right outside of its two
 * ends, less what the calls themselves cost. That is rehearsed before READY with two calls in a row (after
 * one that binds the symbol). What happens between a call and the stamp next to it, well below a microsecond,
 * counts as inside: the figures may be too high by such an event, but none of the window is missing.
 * They are said of windows of kind spin; in the others the probe faults and sleeps on purpose.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/ticks.h"
#include "probe/calibrate.h"
#include "probe/entry.h"
#include "probe/place.h"
#include "probe/shm.h"
#include "probe/timer.h"

/* What is needed for a window, by the work to be done in it. */
struct work {
	struct tn_spin spin;
	struct tn_entry_work entry;
};

struct usage {
	uint64_t minor, major, voluntary, involuntary;
};

static struct usage usage_now(void)
{
	struct rusage u = {0};

	getrusage(RUSAGE_THREAD, &u);
	return (struct usage){
		.minor = (uint64_t)u.ru_minflt,
		.major = (uint64_t)u.ru_majflt,
		.voluntary = (uint64_t)u.ru_nvcsw,
		.involuntary = (uint64_t)u.ru_nivcsw,
	};
}

static struct usage usage_between(const struct usage *a, const struct usage *b)
{
	return (struct usage){
		.minor = b->minor - a->minor,
		.major = b->major - a->major,
		.voluntary = b->voluntary - a->voluntary,
		.involuntary = b->involuntary - a->involuntary,
	};
}

/* Faults of the calls themselves. Switches are not the calls' doing: those of the rehearsal are chance. */
static struct usage usage_own(void)
{
	struct usage a, b, own;

	usage_now();
	a = usage_now();
	b = usage_now();
	own = usage_between(&a, &b);
	own.voluntary = own.involuntary = 0;
	return own;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static int prepare_work(struct work *w, struct tn_probe_shm *shm, struct tn_error *err)
{
	switch (shm->config.work) {
	case TN_WORK_ENTRY:
		return tn_entry_prepare(&w->entry, &shm->config, err);
	case TN_WORK_TIMER:
		return tn_timer_prepare(err);
	default:
		return tn_spin_calibrate(&w->spin, shm, err);
	}
}

static int do_work(struct work *w, struct tn_probe_shm *shm, struct tn_error *err)
{
	switch (shm->config.work) {
	case TN_WORK_ENTRY:
		return tn_entry_window(&w->entry, shm, err);
	case TN_WORK_TIMER:
		return tn_timer_window(shm, err);
	default:
		tn_spin_window(&w->spin, shm);
		return 0;
	}
}

static int make_ready(struct work *w, struct tn_probe_shm *shm, struct tn_error *err)
{
	const struct tn_probe_config *c = &shm->config;
	int32_t cpu;
	int r;

	r = tn_probe_tie(c->collector, err);
	if (r >= 0)
		r = tn_probe_config_check(c, err);
	if (r >= 0)
		r = tn_probe_place(c, err);
	if (r >= 0)
		r = tn_probe_lock(shm, tn_probe_shm_size(c->ring_records), err);
	if (r >= 0)
		r = tn_probe_cpu(&cpu, err);
	if (r < 0)
		return r;
	shm->result.cpu_before = shm->result.cpu_after = cpu;
	if (cpu != c->cpu)
		return tn_error_set(err, -EXDEV, "the probe runs on CPU %d although bound to CPU %d", cpu, c->cpu);
	return prepare_work(w, shm, err);
}

/* Without entering the kernel: sleeping would let the CPU go idle, and waking it up is work for the kernel. */
static unsigned int wait_command(struct tn_probe_shm *shm)
{
	unsigned int command;

	while ((command = atomic_load_explicit(&shm->command, memory_order_acquire)) == TN_PROBE_WAIT)
		tn_cpu_relax();
	return command;
}

static int measure(struct work *w, struct tn_probe_shm *shm, const struct usage *own, struct tn_error *err)
{
	struct tn_probe_result *res = &shm->result;
	struct usage before, after, inside;
	int r;

	before = usage_now();
	r = do_work(w, shm, err);
	after = usage_now();
	if (r < 0)
		return r;
	inside = usage_between(&before, &after);
	res->minor_faults = less(inside.minor, own->minor);
	res->major_faults = less(inside.major, own->major);
	res->voluntary_switches = inside.voluntary;
	res->involuntary_switches = inside.involuntary;
	return tn_probe_cpu(&res->cpu_after, err);
}

static int run(struct tn_probe_shm *shm, struct tn_error *err)
{
	struct work work = {0};
	struct usage own;
	int r;

	r = make_ready(&work, shm, err);
	if (r < 0)
		return r;
	tn_probe_settle();
	own = usage_own();
	atomic_store_explicit(&shm->state, TN_PROBE_READY, memory_order_release);
	if (wait_command(shm) == TN_PROBE_STOP)
		return 0;
	return measure(&work, shm, &own, err);
}

/**
 * tn_probe_main() - be the probe, from the first step to the last
 * @shm: from tn_probe_shm_attach(); its configuration says what to do. On success its state is TN_PROBE_DONE
 *       and the result complete; a probe that was stopped before its window opened has no quanta and both ends
 *       of the window at 0. On failure the state is TN_PROBE_FAILED and @shm->failure a line for the user
 *
 * To be called in a process of its own with one thread, forked by the collector: it blocks signals, binds the
 * process to a CPU, and locks all of its memory.
 *
 * Return: 0 or a negative errno.
 */
int tn_probe_main(struct tn_probe_shm *shm)
{
	struct tn_error err = {0};
	int r = run(shm, &err);

	if (r < 0) {
		size_t n = strnlen(err.text, sizeof(shm->failure) - 1);

		memcpy(shm->failure, err.text, n);
		shm->failure[n] = '\0';
	}
	atomic_store_explicit(&shm->state, r < 0 ? TN_PROBE_FAILED : TN_PROBE_DONE, memory_order_release);
	return r;
}
