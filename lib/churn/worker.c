// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a worker: place itself, set the source up, say READY, sleep until GO, operate until STOP,
 * clean up, say DONE. All talk goes through the shared page: the daemon writes the command word, the
 * worker the state word, and both are futexes.
 *
 * A pause between operations is a wait on the command word with an absolute deadline, so that STOP is
 * heard at once at any rate. Flat out, the command is one relaxed load between operations. Should the
 * first operation fail, nothing can be expected of the rest and the worker gives up. Later failures,
 * such as memory that is not free yet, are counted.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/now.h"
#include "churn/worker.h"

#define RETRY_NS 1000000 /* rest after a failed operation */

/** tn_churn_stopped() - whether the worker has been told to stop: cheap, for use inside long operations */
bool tn_churn_stopped(const struct tn_churn_worker *w)
{
	return atomic_load_explicit(&w->shm->command, memory_order_relaxed) == TN_CHURN_STOP;
}

/**
 * tn_churn_pause() - sleep until a time or until told to stop
 * @until_ns: CLOCK_MONOTONIC; in the past: look only
 *
 * Return: true if told to stop.
 */
bool tn_churn_pause(const struct tn_churn_worker *w, uint64_t until_ns)
{
	unsigned int command = atomic_load(&w->shm->command);

	while (command != TN_CHURN_STOP && tn_now_ns(CLOCK_MONOTONIC) < until_ns) {
		tn_churn_futex_wait(&w->shm->command, command, until_ns);
		command = atomic_load(&w->shm->command);
	}
	return command == TN_CHURN_STOP;
}

static void announce(struct tn_churn_shm *shm, enum tn_churn_state state)
{
	atomic_store(&shm->state, state);
	tn_churn_futex_wake(&shm->state);
}

/* Only the first error is kept: later ones tend to follow from it. Readers see it after @errors or @state. */
static void keep_failure(struct tn_churn_shm *shm, const struct tn_error *err)
{
	if (!shm->failure[0])
		snprintf(shm->failure, sizeof(shm->failure), "%.*s", TN_CHURN_FAILURE - 1, err->text);
}

static void add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_release);
}

/* With several workers each has one CPU of the list, in turn; a single worker roams over all of them. */
static struct tn_cpus place_of(const struct tn_cpus *cpus, const struct tn_churn_spec *spec, unsigned int index)
{
	struct tn_cpus one = {{0}};
	unsigned int skip;

	if (spec->workers <= 1)
		return *cpus;
	skip = index % tn_cpus_count(cpus);
	tn_cpus_for_each(cpu, cpus)
		if (skip-- == 0) {
			tn_cpus_add(&one, (unsigned int)cpu);
			break;
		}
	return one;
}

static int verify_place(const struct tn_cpus *place, struct tn_error *err)
{
	char text[TN_CPUS_TEXT];
	struct tn_cpus actual;
	int cpu, r;

	r = tn_cpus_affinity_self(&actual, err);
	if (r < 0)
		return r;
	cpu = sched_getcpu();
	if (tn_cpus_equal(&actual, place) && cpu >= 0 && tn_cpus_has(place, (unsigned int)cpu))
		return 0;
	return tn_error_set(err, -EXDEV, "this worker shall run on CPUs %s, but somebody has moved it: it is on CPU %d",
			    tn_cpus_format(place, text, sizeof(text)), cpu);
}

static int prepare(struct tn_churn_worker *w, const struct tn_churn_source *source, const struct tn_cpus *place,
		   struct tn_error *err)
{
	int r;

	r = tn_cpus_bind_self(place, err);
	if (r < 0)
		return r;
	/* The default slack of 50 us would make every period late that is not much longer. */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	r = source->check(err);
	if (r < 0)
		return r;
	r = source->setup(w, err);
	if (r < 0)
		return r;
	r = verify_place(place, err);
	if (r < 0)
		source->teardown(w);
	return r;
}

static bool await_go(const struct tn_churn_worker *w)
{
	unsigned int command;

	while ((command = atomic_load(&w->shm->command)) == TN_CHURN_WAIT)
		tn_churn_futex_wait(&w->shm->command, TN_CHURN_WAIT, 0);
	return command == TN_CHURN_GO;
}

/* One operation and its accounts. -ECANCELED: STOP came in the middle, it counts neither way. */
static int operate(struct tn_churn_worker *w, const struct tn_churn_source *source, struct tn_error *err)
{
	struct tn_churn_shm *shm = w->shm;
	uint64_t begin = tn_now_ns(CLOCK_MONOTONIC);
	int r = source->operate(w, err);

	add(&shm->busy_ns, tn_now_ns(CLOCK_MONOTONIC) - begin);
	if (r == 0) {
		add(&shm->operations, 1);
		return 0;
	}
	if (r == -ECANCELED || (atomic_load(&shm->operations) == 0 && atomic_load(&shm->errors) == 0))
		return r;
	keep_failure(shm, err);
	add(&shm->errors, 1);
	tn_churn_pause(w, tn_now_ns(CLOCK_MONOTONIC) + RETRY_NS);
	return 0;
}

static int run(struct tn_churn_worker *w, const struct tn_churn_source *source, struct tn_error *err)
{
	unsigned int workers = w->spec->workers > 1 ? w->spec->workers : 1;
	bool paced = w->spec->rate_per_s > TN_RATE_MAX;
	struct tn_churn_pace pace;
	int r;

	if (paced)
		tn_churn_pace_start(&pace, w->spec->rate_per_s, (double)(w->index % workers) / workers,
				    tn_now_ns(CLOCK_MONOTONIC));
	for (;;) {
		if (paced ? tn_churn_pause(w, pace.due_ns) : tn_churn_stopped(w))
			return 0;
		r = operate(w, source, err);
		if (r < 0)
			return r == -ECANCELED ? 0 : r;
		if (paced)
			add(&w->shm->missed, tn_churn_pace_next(&pace, tn_now_ns(CLOCK_MONOTONIC)));
	}
}

static int fail(struct tn_churn_shm *shm, int code, const struct tn_error *err)
{
	keep_failure(shm, err);
	announce(shm, TN_CHURN_FAILED);
	return code;
}

/**
 * tn_churn_worker_main() - be a worker until told to stop
 * @spec: what to do; rate_per_s is the share of this worker
 * @cpus: where; with more than one worker, worker number @index takes one CPU of these
 * @index: from 0 to spec->workers - 1
 * @shm: shared with the daemon, zeroed but for magic, abi and owner
 *
 * Changes affinity and timer slack of the calling thread: call it from a process of its own.
 *
 * Return: 0 after STOP, or -errno with shm->failure set and shm->state TN_CHURN_FAILED.
 */
int tn_churn_worker_main(const struct tn_churn_spec *spec, const struct tn_cpus *cpus, unsigned int index,
			 struct tn_churn_shm *shm)
{
	const struct tn_churn_source *source = tn_churn_find(spec->source);
	struct tn_churn_worker w = {
		.spec = spec, .shm = shm, .index = index, .random = tn_churn_seed(index), .mechanism = spec->source};
	struct tn_error err = {0};
	struct tn_cpus place;
	int r;

	r = tn_churn_validate(spec, &err);
	if (r < 0)
		return fail(shm, r, &err);
	if (tn_cpus_empty(cpus))
		return fail(shm, -EINVAL, (tn_error_set(&err, -EINVAL, "no CPU to run on"), &err));
	place = place_of(cpus, spec, index);
	r = prepare(&w, source, &place, &err);
	if (r < 0)
		return fail(shm, r, &err);
	snprintf(shm->mechanism, sizeof(shm->mechanism), "%s", w.mechanism);
	announce(shm, TN_CHURN_READY);
	if (await_go(&w)) {
		announce(shm, TN_CHURN_RUNNING);
		r = run(&w, source, &err);
		if (r == 0)
			r = verify_place(&place, &err);
	}
	source->teardown(&w);
	if (r < 0)
		return fail(shm, r, &err);
	announce(shm, TN_CHURN_DONE);
	return 0;
}
