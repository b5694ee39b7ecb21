// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a pass of the probe's loop costs, beside the bare read of the counter, which nothing can undercut, and
 * oslat. The probe's side is tn_spin_window() of the library, the window as it is in tlbnoise-probe; all take
 * turns on the same CPU. A quantum is some 100 us; each repetition takes the 10th percentile of 50 or so for
 * both loops, so that interruptions do not count as long as some quanta are free of them. oslat reports sums
 * only: gaps below 1 us are in its figure.
 *
 * Exit status: 0 the probe's pass is at most 1.15 times the bare read, 1 it is more, 2 could not measure.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/ticks.h"
#include "figures.h"
#include "oslat.h"
#include "probe/calibrate.h"

#define QUANTA        50
#define QUIET_PERCENT 10
#define OSLAT_EVERY   4
#define LIMIT         1.15

struct loops {
	struct tn_probe_handle handle;
	struct tn_spin spin;
	double ns_per_tick;
	char no_oslat[256]; /* why there is none; "" if there is */
};

struct results {
	double bare[REPETITIONS_MAX], probe[REPETITIONS_MAX], ratio[REPETITIONS_MAX];
	double oslat[REPETITIONS_MAX], oslat_ratio[REPETITIONS_MAX];
	size_t n, n_oslat;
};

static __attribute__((noinline)) uint64_t bare_quantum(uint64_t passes)
{
	uint64_t start = tn_ticks(), now;

	do {
		now = tn_ticks();
		__asm__ volatile("" ::"r"(now));
	} while (--passes);
	return now - start;
}

static double measure_bare(const struct loops *l)
{
	uint64_t length[QUANTA];

	for (int i = 0; i < QUANTA; i++)
		length[i] = bare_quantum(l->spin.passes);
	sort_u64(length, QUANTA);
	return (double)length[QUANTA * QUIET_PERCENT / 100] / (double)l->spin.passes * l->ns_per_tick;
}

static double measure_probe(struct loops *l)
{
	struct tn_interruption unused[256];
	struct tn_probe_shm *shm = l->handle.shm;

	tn_spin_reset(&l->spin);
	tn_spin_window(&l->spin, shm);
	while (tn_probe_ring_read(shm, unused, 256))
		;
	return (double)(l->spin.base + tn_hist_percentile(&shm->result.jitter, QUIET_PERCENT)) /
	       (double)l->spin.passes * l->ns_per_tick;
}

static int prepare(struct loops *l, int cpu, struct tn_error *err)
{
	struct tn_probe_config config = {.cpu = cpu, .node = -1, .ring_records = 65536, .policy = SCHED_OTHER};
	int r;

	l->ns_per_tick = ns_per_tick();
	config.quantum_ticks = (uint64_t)(1e5 / l->ns_per_tick);
	config.duration_ticks = QUANTA * config.quantum_ticks;
	config.min_threshold_ticks = (uint64_t)(100 / l->ns_per_tick);
	r = tn_probe_shm_create(&config, &l->handle, err);
	if (r < 0)
		return r;
	memset(l->handle.shm->ring, 0, l->handle.size - sizeof(*l->handle.shm));
	return tn_spin_calibrate(&l->spin, l->handle.shm, err);
}

/* The order alternates, so that a drift of the machine does not favour one of them. */
static void repeat(struct loops *l, int cpu, struct results *res)
{
	size_t i = res->n++;

	if (i % 2)
		res->probe[i] = measure_probe(l);
	res->bare[i] = measure_bare(l);
	if (i % 2 == 0)
		res->probe[i] = measure_probe(l);
	res->ratio[i] = res->probe[i] / res->bare[i];
	if (i % OSLAT_EVERY || l->no_oslat[0])
		return;
	if (oslat_ns_per_pass(cpu, &res->oslat[res->n_oslat], l->no_oslat, sizeof(l->no_oslat)) < 0)
		return;
	l->no_oslat[0] = '\0';
	res->oslat_ratio[res->n_oslat] = res->probe[i] / res->oslat[res->n_oslat];
	res->n_oslat++;
}

static void print_text(const struct loops *l, const struct results *res, int cpu)
{
	struct figure bare = figure_of(res->bare, res->n), probe = figure_of(res->probe, res->n);
	struct figure ratio = figure_of(res->ratio, res->n), oslat, oslat_ratio;

	printf("CPU %d, %llu passes a quantum, counter at %.3f MHz\n\n", cpu, (unsigned long long)l->spin.passes,
	       1e3 / l->ns_per_tick);
	figure_print("bare counter read", "ns/pass", &bare);
	figure_print("tlbnoise-probe", "ns/pass", &probe);
	if (res->n_oslat) {
		oslat = figure_of(res->oslat, res->n_oslat);
		oslat_ratio = figure_of(res->oslat_ratio, res->n_oslat);
		figure_print("oslat (usual pass, from its own report)", "ns/pass", &oslat);
	} else {
		printf("%-44s not measured: %s\n", "oslat", l->no_oslat);
	}
	putchar('\n');
	figure_print("tlbnoise-probe / bare counter read", "", &ratio);
	if (res->n_oslat)
		figure_print("tlbnoise-probe / oslat", "", &oslat_ratio);
	printf("\nlimit: %.2f times the bare read: %s\n", LIMIT, ratio.median <= LIMIT ? "held" : "EXCEEDED");
}

static void print_json(const struct loops *l, const struct results *res, int cpu)
{
	struct figure bare = figure_of(res->bare, res->n), probe = figure_of(res->probe, res->n);
	struct figure ratio = figure_of(res->ratio, res->n), oslat, oslat_ratio;

	printf("{\n  \"cpu\": %d,\n  \"passes_per_quantum\": %llu,\n  \"ticks_per_s\": %.0f,\n", cpu,
	       (unsigned long long)l->spin.passes, 1e9 / l->ns_per_tick);
	figure_json("bare_ns_per_pass", &bare, false);
	figure_json("probe_ns_per_pass", &probe, false);
	if (res->n_oslat) {
		oslat = figure_of(res->oslat, res->n_oslat);
		oslat_ratio = figure_of(res->oslat_ratio, res->n_oslat);
		figure_json("oslat_ns_per_pass", &oslat, false);
		figure_json("probe_per_oslat", &oslat_ratio, false);
	}
	figure_json("probe_per_bare", &ratio, false);
	printf("  \"probe_per_bare_limit\": %.2f\n}\n", LIMIT);
}

int main(int argc, char **argv)
{
	static struct results res;
	struct loops loops = {0};
	struct tn_error err = {0};
	struct options o;

	if (options_parse(argc, argv, "bench-loop", &o) < 0)
		return 2;
	if (prepare(&loops, o.cpu, &err) < 0) {
		fprintf(stderr, "bench-loop: %s\n", err.text);
		return 2;
	}
	for (unsigned int i = 0; i < o.repetitions; i++)
		repeat(&loops, o.cpu, &res);
	if (o.json)
		print_json(&loops, &res, o.cpu);
	else
		print_text(&loops, &res, o.cpu);
	tn_probe_shm_close(&loops.handle);
	return figure_of(res.ratio, res.n).median <= LIMIT ? 0 : 1;
}
