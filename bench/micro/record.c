// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it costs the probe to keep an interruption: the record in the histogram, the push into the ring, and
 * both as the loop does them. Warm caches, lengths spread evenly over their logarithm. A repetition is the
 * median of many chunks; the ring is emptied between two chunks, unmeasured.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/ticks.h"
#include "figures.h"
#include "probe/calibrate.h"

#define CHUNK  4096 /* operations */
#define CHUNKS 101

struct bench {
	struct tn_probe_handle handle;
	struct tn_spin spin;
	uint64_t gaps[CHUNK];
	double ns_per_tick;
};

/* From 2^7 to 2^21 ticks, some 50 ns to 1 ms: a linear congruence chooses octave and place in it. */
static void make_gaps(struct bench *b)
{
	uint64_t x = 1;

	for (int i = 0; i < CHUNK; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		b->gaps[i] = (128 + (x >> 33) % 128) << ((x >> 48) % 14);
	}
}

static void drain(struct bench *b)
{
	struct tn_interruption unused[256];

	while (tn_probe_ring_read(b->handle.shm, unused, 256))
		;
}

static __attribute__((noinline)) uint64_t hist_chunk(struct bench *b)
{
	uint64_t start = tn_ticks_ordered();

	for (int i = 0; i < CHUNK; i++)
		tn_hist_record(&b->handle.shm->result.interruptions, b->gaps[i]);
	return tn_ticks_ordered() - start;
}

static __attribute__((noinline)) uint64_t push_chunk(struct bench *b)
{
	uint64_t start = tn_ticks_ordered(), lost = 0, took;

	for (int i = 0; i < CHUNK; i++)
		lost += !tn_ring_push(&b->spin.ring, b->gaps[i], b->gaps[i] + 1);
	took = tn_ticks_ordered() - start;
	drain(b);
	return lost ? UINT64_MAX : took;
}

/* A quantum without interruptions, and one in which every pass is one. */
static uint64_t quiet_chunk(struct bench *b)
{
	b->spin.threshold = UINT64_MAX;
	b->spin.prev = tn_ticks();
	return tn_spin_quantum(&b->spin);
}

static uint64_t recording_chunk(struct bench *b)
{
	uint64_t took;

	b->spin.threshold = 0;
	b->spin.prev = tn_ticks();
	took = tn_spin_quantum(&b->spin);
	drain(b);
	return took;
}

static double repeat(struct bench *b, uint64_t (*chunk)(struct bench *))
{
	uint64_t took[CHUNKS];

	for (int i = 0; i < CHUNKS; i++)
		took[i] = chunk(b);
	sort_u64(took, CHUNKS);
	return (double)took[CHUNKS / 2] / CHUNK * b->ns_per_tick;
}

static int prepare(struct bench *b, int cpu, struct tn_error *err)
{
	struct tn_probe_config config = {
		.cpu = cpu,
		.node = -1,
		.ring_records = 65536,
		.policy = SCHED_OTHER,
		.quantum_ticks = 1,
		.duration_ticks = 1,
	};
	int r = tn_probe_shm_create(&config, &b->handle, err);

	if (r < 0)
		return r;
	memset(b->handle.shm->ring, 0, b->handle.size - sizeof(*b->handle.shm));
	b->ns_per_tick = ns_per_tick();
	b->spin = (struct tn_spin){.result = &b->handle.shm->result, .passes = CHUNK};
	tn_ring_open(&b->spin.ring, b->handle.shm, config.ring_records);
	tn_spin_reset(&b->spin);
	make_gaps(b);
	return 0;
}

int main(int argc, char **argv)
{
	static double hist[REPETITIONS_MAX], push[REPETITIONS_MAX], both[REPETITIONS_MAX];
	struct figure hist_figure, push_figure, both_figure;
	static struct bench bench;
	struct tn_error err = {0};
	struct options o;

	if (options_parse(argc, argv, "bench-record", &o) < 0)
		return 2;
	if (prepare(&bench, o.cpu, &err) < 0) {
		fprintf(stderr, "bench-record: %s\n", err.text);
		return 2;
	}
	for (unsigned int i = 0; i < o.repetitions; i++) {
		hist[i] = repeat(&bench, hist_chunk);
		push[i] = repeat(&bench, push_chunk);
		both[i] = repeat(&bench, recording_chunk) - repeat(&bench, quiet_chunk);
	}
	tn_probe_shm_close(&bench.handle);
	hist_figure = figure_of(hist, o.repetitions);
	push_figure = figure_of(push, o.repetitions);
	both_figure = figure_of(both, o.repetitions);
	if (o.json) {
		printf("{\n");
		figure_json("histogram_record_ns", &hist_figure, false);
		figure_json("ring_push_ns", &push_figure, false);
		figure_json("recording_pass_extra_ns", &both_figure, true);
		printf("}\n");
		return 0;
	}
	figure_print("histogram record", "ns", &hist_figure);
	figure_print("ring push", "ns", &push_figure);
	figure_print("pass that records, above one that does not", "ns", &both_figure);
	return 0;
}
