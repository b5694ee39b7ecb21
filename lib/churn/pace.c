// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When the next operation is due, and how large it is. Pure functions of their arguments: a clock or a
 * random device would make them untestable, and two runs of one scenario different.
 *
 * Time is cut into periods of 1 s / rate from one fixed start, so that lateness does not add up. Each
 * period has room for one operation, which may begin at any time in it. Periods that went by whole are
 * missed: counted and skipped, since catching up in a burst would measure another load than the one asked
 * for.
 */
#include "churn/worker.h"

static uint64_t begin_of(const struct tn_churn_pace *p, uint64_t index)
{
	return p->start_ns + (uint64_t)((double)index * p->period_ns);
}

/**
 * tn_churn_pace_start() - begin with period 0
 * @rate_per_s: operations per second, above 0
 * @phase: 0 up to 1: by which part of a period the start is put off, so that workers that share a rate
 *	take turns
 * @now_ns: the time
 */
void tn_churn_pace_start(struct tn_churn_pace *p, double rate_per_s, double phase, uint64_t now_ns)
{
	p->period_ns = 1e9 / rate_per_s;
	p->start_ns = now_ns + (uint64_t)(phase * p->period_ns);
	p->index = 0;
	p->due_ns = p->start_ns;
}

/**
 * tn_churn_pace_next() - move on after an operation
 * @now_ns: the time, at or after the beginning of the current period
 *
 * @p->due_ns is then when the next operation may begin; in the past if its period has begun already.
 *
 * Return: the number of periods missed.
 */
uint64_t tn_churn_pace_next(struct tn_churn_pace *p, uint64_t now_ns)
{
	uint64_t wanted = p->index + 1, running;

	p->index = wanted;
	p->due_ns = begin_of(p, wanted);
	if (now_ns <= p->due_ns)
		return 0;
	running = (uint64_t)((double)(now_ns - p->start_ns) / p->period_ns);
	if (running <= wanted)
		return 0;
	p->index = running;
	p->due_ns = begin_of(p, running);
	return running - wanted;
}

/**
 * tn_churn_random() - next of a sequence of 64-bit numbers
 * @state: not 0; updated
 *
 * Marsaglia's xorshift with the shifts 13, 7, 17: period 2^64 - 1 ("Xorshift RNGs", J. Stat. Soft. 8, 2003).
 */
uint64_t tn_churn_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

/**
 * tn_churn_seed() - state to begin with for worker number @index
 *
 * The same in every run: runs that are compared do the same work. Consecutive multiples of 2^64 divided by the
 * golden ratio lie far apart and are never 0 for an index below 2^32 - 1.
 */
uint64_t tn_churn_seed(unsigned int index)
{
	return ((uint64_t)index + 1) * 0x9e3779b97f4a7c15u;
}

/**
 * tn_churn_pages() - size of the worker's next operation, in pages
 *
 * Uniform over the scenario's range; 1 to 512 pages when it names none. The bias of the modulo is below
 * 2^-47 for the largest range.
 */
uint64_t tn_churn_pages(struct tn_churn_worker *w)
{
	struct tn_range r = w->spec->pages;

	if (!r.max)
		r = (struct tn_range){1, 512};
	return r.min + tn_churn_random(&w->random) % (r.max - r.min + 1);
}
