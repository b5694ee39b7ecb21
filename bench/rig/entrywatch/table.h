/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENTRYWATCH_TABLE_H
#define ENTRYWATCH_TABLE_H

#include <stdint.h>
#include <stdio.h>

#include "kernel.h"

/* What an access hit. The first is what is expected of the vmalloc range, the next two must not happen. */
enum target {
	TARGET_OWN_STACK,
	TARGET_VMALLOC,
	TARGET_MODULES,
	TARGET_ENTRY_AREA,
	TARGET_IMAGE,
	TARGET_DIRECT_MAP,
	TARGET_USER,
	TARGET_OTHER,
	TARGETS,
};

/* When: on the way in, from the entry symbol on; or on the way out, after the CPU said "userspace". */
enum phase { PHASE_IN, PHASE_OUT, PHASES };

#define BY_THE_CPU     1 /* no instruction of the kernel: the CPU itself for an interrupt, or userspace */

#define ADDRESSES_KEPT 8
struct access {
	uint64_t instruction; /* 0: free */
	enum target target;
	enum phase phase;
	uint64_t count, stores;
	int first_entry; /* entry symbol of the first of them, -1 none */
	unsigned int n_addresses;
	uint64_t address[ADDRESSES_KEPT]; /* different ones, as they came */
};

#define TABLE_BITS 16
#define TABLE_SIZE (1u << TABLE_BITS)
struct table {
	struct access slot[TABLE_SIZE];
	uint64_t used, dropped;
};

const char *target_name(enum target target);
const char *phase_name(enum phase phase);
enum target target_of(const struct kernel *k, uint64_t address, uint64_t stack_top);
void table_add(struct table *t, uint64_t instruction, enum target target, enum phase phase, uint64_t address,
	       bool store, int entry);
void table_merge(struct table *into, const struct table *from);

#endif
