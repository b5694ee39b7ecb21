// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calibration: the floor of the loop, the threshold above it, and the quantum of work.
 *
 * It runs on the CPU to be measured and is interrupted like everything there. So the gaps are taken in
 * batches far shorter than the time between two interruptions, and the judgement rests on the calm ones; the
 * quantum's base is the fastest of many.
 *
 * The quantum is measured with the function that measures the window, bookkeeping included, and with a ring
 * that takes nothing. That also brings code and data into the caches and the CPU up to its frequency.
 */
#include "probe/calibrate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ticks.h"

#define BATCHES        64u
#define TAIL_FACTOR    4u
#define WARM_UP_PASSES 1000000u
#define FIRST_PASSES   1024u
#define QUANTA_MIN     8u
#define QUANTA_MAX     256u
#define QUANTA_TICKS   (1ull << 26)
#define QUANTUM_ROUNDS 2

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t maximum(const uint64_t *v, size_t n)
{
	uint64_t max = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i] > max)
			max = v[i];
	return max;
}

/* Lower quartile of the maxima of the batches: of a batch that is calm even if three in four are not. */
static uint64_t calm_maximum(const uint64_t *gaps, size_t n_batches)
{
	uint64_t max[BATCHES] = {0};

	if (n_batches > BATCHES)
		n_batches = BATCHES;
	for (size_t i = 0; i < n_batches; i++)
		max[i] = maximum(gaps + i * TN_BATCH_GAPS, TN_BATCH_GAPS);
	qsort(max, n_batches, sizeof(*max), compare);
	return max[(n_batches - 1) / 4];
}

/**
 * tn_floor_of() - the floor of the loop and the threshold above it
 * @gaps: of @n_batches * TN_BATCH_GAPS passes in the order taken, ticks; sorted on return
 * @n_batches: 1 to 64
 * @min_threshold: lower limit of the threshold, ticks
 * @ret: the result
 *
 * The threshold has to lie above what the loop does by itself (the clock's steps, cache misses, a busy
 * sibling thread) and below the shortest interruption by the kernel: entry, handler and return. @min_threshold
 * is what the caller takes that to be at least; gaps below it have other reasons. With
 *
 *	tail = lower quartile of the longest gaps of the batches
 *	threshold = max(@min_threshold, median + 4 * max(tail - median, median, 1))
 *
 * Why: a batch of 1,024 passes lasts 10 to 40 us on hardware, so that most batches are free of interruptions
 * up to some 10,000 interruptions a second, and one in four up to some 50,000. A quarter of the batches stays
 * below the tail, so a pass of the loop alone exceeds it with the probability 1 - 0.25^(1/1024), once in 740.
 * If the frequency of longer gaps falls exponentially, four times that excess is seen once in 740^4 = 3e11
 * passes, which is hours of measuring; the usual rule of some deviations above the mean knows nothing of the
 * 50 million passes a second. Loops whose tail is heavier than that report more short gaps, never fewer. The
 * median as a lower limit of the excess covers a clock so coarse that all gaps of a batch are equal, and 1 one
 * that does not move within a pass.
 *
 * min, median and p999 describe all gaps, the disturbed ones included.
 */
void tn_floor_of(uint64_t *gaps, size_t n_batches, uint64_t min_threshold, struct tn_floor *ret)
{
	size_t n = n_batches * TN_BATCH_GAPS;
	struct tn_floor f = {.tail = calm_maximum(gaps, n_batches)};
	uint64_t excess;

	qsort(gaps, n, sizeof(*gaps), compare);
	f.min = gaps[0];
	f.median = gaps[n / 2];
	f.p999 = gaps[n - 1 - n / 1000];
	excess = f.tail > f.median ? f.tail - f.median : 0;
	if (excess < f.median)
		excess = f.median;
	if (excess < 1)
		excess = 1;
	f.threshold = f.median + TAIL_FACTOR * excess;
	if (f.threshold < min_threshold)
		f.threshold = min_threshold;
	*ret = f;
}

static int measure_floor(uint64_t min_threshold, struct tn_floor *ret, struct tn_error *err)
{
	const size_t n = BATCHES * TN_BATCH_GAPS;
	tn_autofree uint64_t *gaps = malloc(n * sizeof(*gaps));

	if (!gaps)
		return tn_error_set(err, -ENOMEM, "no memory to calibrate: %zu bytes are needed", n * sizeof(*gaps));
	memset(gaps, 1, n * sizeof(*gaps));
	tn_spin_sample(gaps, n);
	tn_floor_of(gaps, BATCHES, min_threshold, ret);
	return 0;
}

/*
 * Undisturbed length of a quantum of @s->passes: the shortest without an interruption. If there is none, as
 * with a quantum longer than the period of the tick, then the shortest after subtraction of what was stolen.
 */
static uint64_t shortest_quantum(struct tn_spin *s, unsigned int n)
{
	struct tn_probe_result *res = s->result;
	uint64_t calm = UINT64_MAX, net = UINT64_MAX;

	s->prev = tn_ticks();
	for (unsigned int i = 0; i < n; i++) {
		uint64_t stolen = res->stolen_ticks;
		uint64_t length = tn_spin_quantum(s);

		stolen = res->stolen_ticks - stolen;
		if (!stolen && length < calm)
			calm = length;
		if (length - stolen < net)
			net = length - stolen;
	}
	return calm < UINT64_MAX ? calm : net;
}

static uint64_t scale(uint64_t passes, uint64_t wanted, uint64_t length)
{
	double scaled = (double)passes * (double)wanted / (double)(length ? length : 1);

	return scaled < 1.0 ? 1 : (uint64_t)(scaled + 0.5);
}

/* Number of passes that take @wanted ticks undisturbed, and how long they really take. */
static void calibrate_quantum(struct tn_spin *s, uint64_t wanted)
{
	uint64_t n = QUANTA_TICKS / wanted;

	n = n < QUANTA_MIN ? QUANTA_MIN : n > QUANTA_MAX ? QUANTA_MAX : n;
	s->passes = FIRST_PASSES;
	s->base = shortest_quantum(s, QUANTA_MAX);
	for (int i = 0; i < QUANTUM_ROUNDS; i++) {
		s->passes = scale(s->passes, wanted, s->base);
		s->base = shortest_quantum(s, (unsigned int)n);
	}
}

/**
 * tn_spin_calibrate() - make ready for a window, on the CPU that the caller is bound to
 * @s: to fill; its ring writes to @shm
 * @shm: gives threshold, quantum and size of the ring; the calibration goes into its result, all else of
 *       which is emptied
 * @err: what failed
 *
 * A threshold that was given is taken as it is, unless the loop's own passes would exceed it. Takes some
 * 50 ms, and at least 24 quanta.
 *
 * Return: 0; -ENOMEM; -ERANGE when the given threshold is below the floor.
 */
int tn_spin_calibrate(struct tn_spin *s, struct tn_probe_shm *shm, struct tn_error *err)
{
	const struct tn_probe_config *c = &shm->config;
	struct tn_probe_result *res = &shm->result;
	struct tn_floor floor;
	int r;

	*s = (struct tn_spin){.result = res, .threshold = UINT64_MAX, .prev = tn_ticks()};
	tn_ring_open(&s->ring, shm, 0);
	tn_spin_reset(s);
	s->passes = WARM_UP_PASSES;
	tn_spin_quantum(s);
	r = measure_floor(c->min_threshold_ticks, &floor, err);
	if (r < 0)
		return r;
	if (c->threshold_ticks && c->threshold_ticks <= floor.median)
		return tn_error_set(
			err, -ERANGE,
			"a threshold of %llu ticks is below the loop's own pass of %llu: raise it, or take auto",
			(unsigned long long)c->threshold_ticks, (unsigned long long)floor.median);
	s->threshold = c->threshold_ticks ? c->threshold_ticks : floor.threshold;
	s->floor = floor.median;
	s->prev = tn_ticks();
	calibrate_quantum(s, c->quantum_ticks);
	tn_spin_reset(s);
	tn_ring_open(&s->ring, shm, c->ring_records);
	res->floor_min_ticks = floor.min;
	res->floor_median_ticks = floor.median;
	res->floor_p999_ticks = floor.p999;
	res->threshold_ticks = s->threshold;
	res->quantum_passes = s->passes;
	res->quantum_base_ticks = s->base;
	return 0;
}
