/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENTRYWATCH_KERNEL_H
#define ENTRYWATCH_KERNEL_H

/*
 * The guest's kernel as the watch knows it: where its text begins and ends, its entry symbols, and its own data,
 * read from the file that backs the guest's memory.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_CPUS    64
#define MAX_ENTRIES 128

struct entry_symbol {
	char name[128];
	uint64_t address;
};

struct kernel {
	/* From the map file, which the launcher makes */
	uint64_t noinstr_start, noinstr_end, entry_start, entry_end;
	uint64_t per_cpu_offset, page_offset_base, vmalloc_base, phys_base;
	uint64_t pcpu_hot, top_of_stack, cpu_number, context_tracking, thread_size;
	uint64_t work_mask, watching_mask;
	unsigned int n_entries;
	struct entry_symbol entry[MAX_ENTRIES];

	/* From the guest */
	const unsigned char *ram;
	uint64_t ram_size;
	uint64_t direct_map, vmalloc_start, vmalloc_end;
	unsigned int n_cpus;
	uint64_t per_cpu[MAX_CPUS]; /* start of each CPU's area, virtual */
	uint64_t state[MAX_CPUS];   /* address of its context tracking state word */
};

int kernel_load(struct kernel *k, const char *map, const char *ram, char *error, unsigned long size);
bool kernel_ready(struct kernel *k, unsigned int n_cpus);
uint64_t kernel_read(const struct kernel *k, uint64_t vaddr, unsigned int bytes, bool *ok);
bool kernel_open(const struct kernel *k, unsigned int cpu);
bool kernel_pending(const struct kernel *k, unsigned int cpu);
uint64_t kernel_stack_top(const struct kernel *k, unsigned int cpu);
int kernel_entry_at(const struct kernel *k, uint64_t address);

#endif
