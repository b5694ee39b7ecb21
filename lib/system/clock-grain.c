// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The step in which the tick counter advances. Some processors add many ticks at once, at the pace of a slow
 * reference clock, and a hypervisor that scales the counter makes that step fractional: 25.96 ticks show as
 * 26 with now and then one tick less or more. Neither the smallest difference between two reads (it may be
 * the cost of a read, or that odd tick) nor an exact common divisor (1, because of that tick) finds it.
 *
 * The grain is therefore the largest step of which nearly all differences are multiples, give or take a tick.
 * A counter that advances by single ticks passes for a step g by chance in 3 of g cases, far from nearly all.
 */
#include "system/clock-internal.h"

#include <stdbool.h>

#include "base/ticks.h"

#define READS       4096
#define PAUSES      41   /* prime: reads lie at all distances */
#define TOLERATED   100  /* one of so many differences may be odd: a migration, an interrupt */
#define MULTIPLES   16   /* beyond, a fractional step has drifted by more than the tick allowed */
#define TOO_FINE    4    /* below, a tick more or less would allow everything */
#define GRAIN_LIMIT 4096 /* no candidate beyond: bounds the search */

static bool is_multiple(uint64_t step, uint64_t grain)
{
	uint64_t rest = step % grain;

	if (grain < TOO_FINE)
		return rest == 0;
	return rest <= 1 || rest == grain - 1;
}

static bool fits(const uint64_t *steps, size_t n, uint64_t grain)
{
	size_t odd = 0, used = 0;

	for (size_t i = 0; i < n; i++) {
		if (!steps[i] || steps[i] > grain * MULTIPLES)
			continue;
		used++;
		odd += !is_multiple(steps[i], grain);
	}
	return used && odd <= used / TOLERATED;
}

/* Sum of the distances to the nearest multiple. */
static uint64_t deviation(const uint64_t *steps, size_t n, uint64_t grain)
{
	uint64_t sum = 0, rest;

	for (size_t i = 0; i < n; i++) {
		rest = steps[i] % grain;
		if (steps[i] <= grain * MULTIPLES)
			sum += rest < grain - rest ? rest : grain - rest;
	}
	return sum;
}

/* The median of the differences that are not zero: a grain cannot be much above it. */
static uint64_t largest_candidate(const uint64_t *steps, size_t n)
{
	size_t below, nonzero = 0;

	for (size_t i = 0; i < n; i++)
		nonzero += steps[i] > 0;
	for (uint64_t limit = 1; limit < GRAIN_LIMIT; limit++) {
		below = 0;
		for (size_t i = 0; i < n; i++)
			below += steps[i] && steps[i] <= limit;
		if (below * 2 > nonzero)
			return limit;
	}
	return GRAIN_LIMIT;
}

/**
 * tn_clock_grain() - the step behind differences of successive counter reads
 * @steps: the differences in ticks, taken at varying distances; 0 is allowed
 * @n: how many
 *
 * Return: ticks, 1 or more; 0 when all differences are 0.
 */
uint64_t tn_clock_grain(const uint64_t *steps, size_t n)
{
	bool moves = false;

	for (size_t i = 0; i < n && !moves; i++)
		moves = steps[i] > 0;
	if (!moves)
		return 0;
	for (uint64_t grain = largest_candidate(steps, n) + 1; grain > 1; grain--)
		if (fits(steps, n, grain)) {
			/* Differences of one step only, 26, fit 27 too: the one below may be nearer to them. */
			bool below = fits(steps, n, grain - 1) &&
				     deviation(steps, n, grain - 1) < deviation(steps, n, grain);

			return below ? grain - 1 : grain;
		}
	return 1;
}

/**
 * tn_clock_measure_grain() - the step in which this machine's tick counter advances
 *
 * Return: ticks; 0 when the counter stands still.
 */
uint64_t tn_clock_measure_grain(void)
{
	uint64_t steps[READS], last = tn_ticks(), now;

	for (size_t i = 0; i < READS; i++) {
		for (size_t pause = 0; pause < i % PAUSES; pause++)
			__asm__ volatile("");
		now = tn_ticks();
		steps[i] = now > last ? now - last : 0;
		last = now;
	}
	return tn_clock_grain(steps, READS);
}
