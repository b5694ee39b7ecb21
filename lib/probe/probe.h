/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_PROBE_PROBE_H
#define TN_PROBE_PROBE_H

/*
 * What the probe and the collector share: one memfd, laid out as struct tn_probe_shm followed by the
 * ring. Each side writes its own cache lines; states only go forward. The collector fills @config
 * before it starts the probe, and moves @command; the probe moves @state.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/histogram.h"

#define TN_PROBE_MAGIC      0x746e7072u
#define TN_PROBE_ABI        2
#define TN_CACHE_LINE       64
#define TN_RING_RECORDS_MIN 1024u
#define TN_RING_RECORDS_MAX (1u << 22)

enum tn_probe_state {
	TN_PROBE_START,   /* fork()ed, nothing done */
	TN_PROBE_READY,   /* placed, locked, calibrated; spins on @command without entering the kernel */
	TN_PROBE_RUNNING, /* window open */
	TN_PROBE_DONE,    /* window closed, results complete */
	TN_PROBE_FAILED,  /* @failure says why */
};

/* What a probe does in its window. */
enum tn_probe_work {
	TN_WORK_SPIN,  /* finds interruptions: spin.c */
	TN_WORK_ENTRY, /* enters the kernel: entry.c */
	TN_WORK_TIMER, /* sleeps and wakes up: timer.c */
};

enum tn_probe_command { TN_PROBE_WAIT, TN_PROBE_GO, TN_PROBE_STOP };

struct tn_interruption {
	uint64_t start; /* last stamp before, ticks */
	uint64_t end;   /* first stamp after, ticks */
};

struct tn_probe_config {
	uint32_t magic, abi;
	uint32_t work; /* enum tn_probe_work */
	int32_t cpu;
	int32_t node;                 /* NUMA node of @cpu, -1 unknown */
	uint32_t ring_records;        /* power of two */
	int32_t policy, priority;     /* SCHED_OTHER or SCHED_FIFO */
	int32_t collector;            /* pid the probe belongs to; filled by tn_probe_shm_create() */
	uint64_t threshold_ticks;     /* 0: auto */
	uint64_t quantum_ticks;       /* wanted length of a quantum of work */
	uint64_t duration_ticks;      /* window; it ends with the first quantum that ends later */
	uint64_t min_threshold_ticks; /* lower limit of "auto" */
	uint32_t pages;               /* entry: page faults in a row */
	uint64_t interval_ns;         /* timer: between two wake-ups */
	double ticks_per_ns;          /* timer */
};

/* Filled before READY, and completed at DONE. */
struct tn_probe_result {
	int32_t cpu_before, cpu_after; /* where the probe found itself, both ends of the window */
	uint64_t floor_min_ticks;      /* one loop pass: minimum, median, 99.9 % of the calibration */
	uint64_t floor_median_ticks;
	uint64_t floor_p999_ticks;
	uint64_t threshold_ticks;           /* in force: a gap above it is an interruption */
	uint64_t quantum_passes;            /* loop passes in one quantum */
	uint64_t quantum_base_ticks;        /* its undisturbed length: minimum of the calibration */
	uint64_t window_open, window_close; /* ticks; every gap lies between them */
	uint64_t quanta;
	uint64_t quanta_below_base; /* faster than the base: jitter 0, counted here */
	uint64_t quantum_min_ticks; /* fastest quantum inside the window */
	uint64_t stolen_ticks;      /* sum over interruptions of (gap - median floor) */
	uint64_t lost;              /* interruptions that found the ring full */
	uint64_t lost_ticks;
	uint64_t minor_faults, major_faults; /* of the probe, inside the window, from getrusage() at both ends */
	uint64_t voluntary_switches, involuntary_switches;
	struct tn_hist interruptions; /* gap lengths, ticks, lost ones included */
	struct tn_hist jitter;        /* per quantum: length - base, ticks */

	uint64_t clock_ticks;      /* entry: what two stamps cost, taken off each value */
	struct tn_hist getpid;     /* entry: ticks per call */
	struct tn_hist page_fault; /* entry: ticks per fault */
	uint64_t missed;           /* timer: periods that had passed when the wake-up for an earlier one came */
	struct tn_hist latency;    /* timer: ticks from the programmed time to the return */
};

struct tn_probe_shm {
	struct tn_probe_config config;
	_Alignas(TN_CACHE_LINE) atomic_uint command;       /* written by the collector */
	_Alignas(TN_CACHE_LINE) atomic_uint_fast64_t tail; /* written by the collector */
	_Alignas(TN_CACHE_LINE) atomic_uint state;         /* written by the probe, as all below */
	_Alignas(TN_CACHE_LINE) atomic_uint_fast64_t head;
	_Alignas(TN_CACHE_LINE)
		atomic_uint_fast64_t progress; /* all interruptions ending before this are in the ring */
	_Alignas(TN_CACHE_LINE) char failure[256];
	struct tn_probe_result result;
	_Alignas(4096) struct tn_interruption ring[];
};

static inline size_t tn_probe_shm_size(uint32_t ring_records)
{
	return sizeof(struct tn_probe_shm) + (size_t)ring_records * sizeof(struct tn_interruption);
}

/* Collector side: probe/shm.c, probe/ring.c */
struct tn_probe_handle {
	int fd;
	size_t size;
	struct tn_probe_shm *shm;
};
int tn_probe_shm_create(const struct tn_probe_config *config, struct tn_probe_handle *ret, struct tn_error *err);
void tn_probe_shm_close(struct tn_probe_handle *h);
size_t tn_probe_ring_read(struct tn_probe_shm *shm, struct tn_interruption *buf, size_t max);

/* Probe side: probe/shm.c, probe/main.c */
int tn_probe_shm_attach(int fd, struct tn_probe_handle *ret, struct tn_error *err);
int tn_probe_main(struct tn_probe_shm *shm);

#endif
