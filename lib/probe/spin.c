// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The measuring loop: read the counter, look at the step since the last reading, repeat.
 *
 * The stamps are contiguous: the end of one gap is the start of the next, and what the probe does besides
 * (recording an interruption, closing a quantum) falls into the following gap instead of a hole. So the
 * lengths of all quanta add up to the window exactly, and an interruption can hide nowhere. The price: when
 * somebody has run for long and emptied the caches, the misses of recording it may make the following gap an
 * interruption of some hundred ns that starts where the long one ended. On a CPU of its own this is rare.
 *
 * A quantum is a fixed number of passes, that is of work; its length is what the work took. The pass itself
 * is bound by the latency of the counter read, under which the comparison and the loop's bookkeeping hide.
 *
 * Inside the window nothing here enters the kernel, calls outside this file, divides, or touches a page that
 * was not locked and touched before.
 */
#include "probe/spin.h"

#include "base/ticks.h"

#define unlikely(x) __builtin_expect(!!(x), 0)

/*
 * Out of line, so that the loop keeps its few values in registers. The gap holds a pass of the loop beside
 * what was stolen; the median of the calibration stands for it.
 */
static __attribute__((noinline)) void record(struct tn_spin *s, uint64_t start, uint64_t end)
{
	struct tn_probe_result *res = s->result;
	uint64_t gap = end - start;

	tn_hist_record(&res->interruptions, gap);
	res->stolen_ticks += gap - s->floor;
	if (tn_ring_push(&s->ring, start, end))
		return;
	res->lost++;
	res->lost_ticks += gap;
}

static inline void close_quantum(struct tn_spin *s, uint64_t length)
{
	struct tn_probe_result *res = s->result;
	uint64_t jitter = length - s->base;

	if (unlikely(length < s->base)) {
		jitter = 0;
		res->quanta_below_base++;
	}
	if (length < res->quantum_min_ticks)
		res->quantum_min_ticks = length;
	res->quanta++;
	tn_hist_record(&res->jitter, jitter);
}

/**
 * tn_spin_quantum() - do and measure one quantum of work
 * @s: set up; @s->passes is at least 1, @s->prev the stamp it starts from. Left with the stamp it ended at
 *
 * Not inlined, so that the window, the calibration and the benchmark run the very same instructions.
 *
 * Return: length of the quantum, ticks.
 */
__attribute__((noinline)) uint64_t tn_spin_quantum(struct tn_spin *s)
{
	const uint64_t open = s->prev, threshold = s->threshold;
	uint64_t prev = open, left = s->passes;

	do {
		uint64_t now = tn_ticks();

		if (unlikely(now - prev > threshold))
			record(s, prev, now);
		prev = now;
	} while (--left);
	s->prev = prev;
	close_quantum(s, prev - open);
	return prev - open;
}

/**
 * tn_spin_sample() - raw gaps of the loop, for the calibration
 * @gaps: receives them, ticks; touched before, or page faults will be among them
 * @n: number of gaps
 *
 * The store hides under the counter's latency as the comparison of the real loop does.
 */
void tn_spin_sample(uint64_t *gaps, size_t n)
{
	uint64_t prev = tn_ticks();

	for (size_t i = 0; i < n; i++) {
		uint64_t now = tn_ticks();

		gaps[i] = now - prev;
		prev = now;
	}
}

/**
 * tn_spin_reset() - forget what was measured; what was calibrated stays
 * @s: its result is emptied
 */
void tn_spin_reset(struct tn_spin *s)
{
	struct tn_probe_result *res = s->result;

	tn_hist_init(&res->interruptions);
	tn_hist_init(&res->jitter);
	res->window_open = res->window_close = 0;
	res->quanta = res->quanta_below_base = 0;
	res->quantum_min_ticks = UINT64_MAX;
	res->stolen_ticks = res->lost = res->lost_ticks = 0;
}

/**
 * tn_spin_window() - measure, from now until the time is over or the collector says stop
 * @s: calibrated and reset
 * @shm: gives the duration and the command; its state becomes TN_PROBE_RUNNING, its @progress follows
 *
 * The clock and the command are looked at between two quanta: an interruption across the end of the window
 * belongs to the last quantum and is recorded like every other.
 */
void tn_spin_window(struct tn_spin *s, struct tn_probe_shm *shm)
{
	const uint64_t duration = shm->config.duration_ticks;
	const uint64_t open = tn_ticks();

	s->prev = open;
	s->result->window_open = open;
	atomic_store_explicit(&shm->progress, open, memory_order_release);
	atomic_store_explicit(&shm->state, TN_PROBE_RUNNING, memory_order_release);
	do {
		tn_spin_quantum(s);
		atomic_store_explicit(&shm->progress, s->prev, memory_order_release);
	} while (s->prev - open < duration &&
		 atomic_load_explicit(&shm->command, memory_order_relaxed) != TN_PROBE_STOP);
	s->result->window_close = s->prev;
}
