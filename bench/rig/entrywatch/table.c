// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Accesses, added up by instruction and target: an open-addressed table for each vCPU, so that vCPUs do not wait
 * for each other. What finds no room is counted, and makes the launcher fail.
 */
#include "table.h"

#define MODULES_START 0xffffffffa0000000ull /* MODULES_VADDR without KASLR */
#define MODULES_END   0xffffffffff000000ull
#define IMAGE_START   0xffffffff80000000ull
#define ENTRY_AREA    0xfffffe0000000000ull /* CPU_ENTRY_AREA_BASE; its slot is 512 GiB */
#define ENTRY_END     0xfffffe8000000000ull
#define USER_END      0x0100000000000000ull

const char *target_name(enum target target)
{
	static const char *const name[TARGETS] = {
		[TARGET_OWN_STACK] = "own-stack", [TARGET_VMALLOC] = "vmalloc",
		[TARGET_MODULES] = "modules",     [TARGET_ENTRY_AREA] = "entry-area",
		[TARGET_IMAGE] = "image",         [TARGET_DIRECT_MAP] = "direct-map",
		[TARGET_USER] = "user",           [TARGET_OTHER] = "other",
	};

	return name[target];
}

const char *phase_name(enum phase phase)
{
	return phase == PHASE_IN ? "in" : "out";
}

/**
 * target_of() - what lies at an address
 * @k: the kernel, ready
 * @address: that was accessed
 * @stack_top: the end of the current task's stack, 0 unknown
 */
enum target target_of(const struct kernel *k, uint64_t address, uint64_t stack_top)
{
	if (address < USER_END)
		return TARGET_USER;
	if (address >= k->vmalloc_start && address < k->vmalloc_end)
		return address < stack_top && address >= stack_top - k->thread_size ? TARGET_OWN_STACK : TARGET_VMALLOC;
	if (address >= ENTRY_AREA && address < ENTRY_END)
		return TARGET_ENTRY_AREA;
	if (address >= MODULES_START && address < MODULES_END)
		return TARGET_MODULES;
	if (address >= IMAGE_START && address < MODULES_START)
		return TARGET_IMAGE;
	if (address >= k->direct_map && address < k->direct_map + k->ram_size)
		return TARGET_DIRECT_MAP;
	return TARGET_OTHER;
}

static struct access *find(struct table *t, uint64_t instruction, enum target target, enum phase phase)
{
	uint64_t key = instruction ^ ((uint64_t)target << 48) ^ ((uint64_t)phase << 56);
	size_t at = (key * 0x9e3779b97f4a7c15ull) >> (64 - TABLE_BITS);

	for (size_t i = 0; i < TABLE_SIZE; i++, at = (at + 1) % TABLE_SIZE) {
		struct access *a = &t->slot[at];

		if (a->instruction == instruction && a->target == target && a->phase == phase)
			return a;
		if (a->instruction)
			continue;
		*a = (struct access){.instruction = instruction, .target = target, .phase = phase, .first_entry = -1};
		t->used++;
		return a;
	}
	return NULL;
}

static void note_address(struct access *a, uint64_t address)
{
	for (unsigned int i = 0; i < a->n_addresses; i++)
		if (a->address[i] == address)
			return;
	if (a->n_addresses < ADDRESSES_KEPT)
		a->address[a->n_addresses++] = address;
}

/**
 * table_add() - count an access
 * @t: the vCPU's table
 * @instruction: address of the instruction
 * @target: what it hit
 * @phase: when
 * @address: that it hit
 * @store: it wrote
 * @entry: index of the entry symbol by which the CPU came in, -1 none
 */
void table_add(struct table *t, uint64_t instruction, enum target target, enum phase phase, uint64_t address,
	       bool store, int entry)
{
	struct access *a = find(t, instruction, target, phase);

	if (!a) {
		t->dropped++;
		return;
	}
	if (!a->count)
		a->first_entry = entry;
	a->count++;
	a->stores += store;
	note_address(a, address);
}

/**
 * table_merge() - add a table to another
 * @into: grows
 * @from: stays
 */
void table_merge(struct table *into, const struct table *from)
{
	into->dropped += from->dropped;
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		const struct access *a = &from->slot[i];
		struct access *b = a->instruction ? find(into, a->instruction, a->target, a->phase) : NULL;

		if (!b) {
			into->dropped += a->instruction ? a->count : 0;
			continue;
		}
		if (!b->count)
			b->first_entry = a->first_entry;
		b->count += a->count;
		b->stores += a->stores;
		for (unsigned int j = 0; j < a->n_addresses; j++)
			note_address(b, a->address[j]);
	}
}
