/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENTRYWATCH_WATCH_H
#define ENTRYWATCH_WATCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "kernel.h"
#include "table.h"

#define LENGTHS 4096 /* windows up to this many instructions are counted by their length */

struct block {
	uint64_t address;
	unsigned int instructions;
};

struct vcpu {
	bool open;      /* flushes may be missing */
	bool look;      /* the state word was written since it was last read */
	bool from_user; /* userspace ran since the last entry */
	bool counted;   /* this window in @with_work */
	enum phase phase;
	int entry;
	uint64_t at;         /* instruction of noinstr or entry text that runs, 0 other text */
	unsigned int length; /* instructions of the present window */
	uint64_t stack_top;
	uint64_t with_work; /* windows in which work was found */
	uint64_t windows[PHASES];
	unsigned int longest[PHASES];
	uint32_t lengths[PHASES][LENGTHS];
	struct {
		uint64_t watched;   /* out of userspace, while others may have left work */
		uint64_t nested;    /* inside such a window */
		uint64_t elsewhere; /* in the kernel, or on a CPU that defers nothing */
	} entered[MAX_ENTRIES];
	struct table accesses;
	struct table outside; /* blocks that ran in a window, but not in noinstr or entry text */
};

struct watch {
	struct kernel kernel;
	unsigned int n_cpus;
	pthread_mutex_t lock; /* of the change to @ready */
	atomic_bool ready;
	const char *out;
	struct vcpu *vcpu;
};

void watch_report(struct watch *w);

#endif
