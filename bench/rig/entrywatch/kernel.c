// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own data, read while it runs. Plugins of QEMU 7.2 cannot read the guest's registers or memory. But
 * the guest's memory is a shared file, in which physical address is offset, and all that is wanted lies in the
 * kernel's image or in the direct map, whose bases the kernel keeps in variables. KASLR has to be off.
 *
 * Guest and plugin share memory as two CPUs do: a naturally aligned word is read whole.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_MAP  0xffffffff80000000ull /* __START_KERNEL_map */
#define STATE_WORD  8                     /* offsetof(struct context_tracking, state), behind active and recursion */
#define CT_CONTEXT  3
#define CT_USER     2
#define FOUR_LEVELS 0xffff800000000000ull /* where the kernel's half begins with four levels of page tables */
#define TIB         (1ull << 40)

struct setting {
	const char *name;
	size_t offset;
};

#define SETTING(m)                                               \
	{                                                        \
		.name = #m, .offset = offsetof(struct kernel, m) \
	}
static const struct setting settings[] = {
	SETTING(noinstr_start),  SETTING(noinstr_end),      SETTING(entry_start),   SETTING(entry_end),
	SETTING(per_cpu_offset), SETTING(page_offset_base), SETTING(vmalloc_base),  SETTING(phys_base),
	SETTING(pcpu_hot),       SETTING(top_of_stack),     SETTING(cpu_number),    SETTING(context_tracking),
	SETTING(thread_size),    SETTING(work_mask),        SETTING(watching_mask),
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static int take_line(struct kernel *k, const char *name, uint64_t value, unsigned int *seen)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (strcmp(settings[i].name, name) != 0)
			continue;
		*(uint64_t *)((char *)k + settings[i].offset) = value;
		*seen |= 1u << i;
		return 0;
	}
	if (strncmp(name, "entry:", 6) != 0 || k->n_entries == MAX_ENTRIES)
		return -EINVAL;
	snprintf(k->entry[k->n_entries].name, sizeof(k->entry[0].name), "%s", name + 6);
	k->entry[k->n_entries++].address = value;
	return 0;
}

static int read_map(struct kernel *k, const char *map, char *error, size_t size)
{
	unsigned int seen = 0;
	char name[128];
	uint64_t value;
	FILE *f = fopen(map, "r");

	if (!f) {
		snprintf(error, size, "%s: %s", map, strerror(errno));
		return -errno;
	}
	while (fscanf(f, "%127s %lx", name, &value) == 2) {
		if (take_line(k, name, value, &seen) < 0) {
			snprintf(error, size, "%s: '%s' is not known here, or there is no room for it", map, name);
			fclose(f);
			return -EINVAL;
		}
	}
	fclose(f);
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (!(seen & (1u << i))) {
			snprintf(error, size, "%s: has no '%s'", map, settings[i].name);
			return -EINVAL;
		}
	}
	return 0;
}

/**
 * kernel_load() - read the map file and open the guest's memory
 * @k: filled
 * @map: lines "NAME HEX", made from the kernel's symbols by the launcher
 * @ram: the file behind QEMU's memory-backend-file
 * @error: one line on failure
 * @size: of @error
 *
 * Return: 0 or a negative errno.
 */
int kernel_load(struct kernel *k, const char *map, const char *ram, char *error, unsigned long size)
{
	struct stat st;
	void *mem;
	int fd, r = read_map(k, map, error, size);

	if (r < 0)
		return r;
	fd = open(ram, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(error, size, "%s: %s", ram, strerror(errno));
		return -errno;
	}
	mem = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (mem == MAP_FAILED) {
		snprintf(error, size, "%s: cannot map it: %s", ram, strerror(errno));
		return -errno;
	}
	k->ram = mem;
	k->ram_size = (uint64_t)st.st_size;
	return 0;
}

/**
 * kernel_read() - read a word of the guest's kernel
 * @k: the kernel
 * @vaddr: in the kernel's image or the direct map
 * @bytes: 4 or 8; @vaddr is aligned to it
 * @ok: set to false when the address is not in memory, otherwise left alone
 *
 * Return: the value, 0 when there is none.
 */
uint64_t kernel_read(const struct kernel *k, uint64_t vaddr, unsigned int bytes, bool *ok)
{
	uint64_t phys = vaddr >= KERNEL_MAP ? vaddr - KERNEL_MAP : vaddr - k->direct_map;

	if (phys >= k->ram_size || k->ram_size - phys < bytes) {
		*ok = false;
		return 0;
	}
	return bytes == 4 ? *(volatile const uint32_t *)(k->ram + phys) : *(volatile const uint64_t *)(k->ram + phys);
}

/**
 * kernel_ready() - find the CPUs' own areas, once the kernel has set them up
 * @k: the kernel
 * @n_cpus: that QEMU has
 *
 * To be called when userspace runs. The number that each area holds for its CPU has to be that of QEMU's.
 *
 * Return: true when all areas were found.
 */
bool kernel_ready(struct kernel *k, unsigned int n_cpus)
{
	bool ok = true;

	k->direct_map = kernel_read(k, k->page_offset_base, 8, &ok);
	k->vmalloc_start = kernel_read(k, k->vmalloc_base, 8, &ok);
	/* VMALLOC_SIZE_TB of arch/x86/include/asm/pgtable_64_types.h: 12800 or 32 */
	k->vmalloc_end = k->vmalloc_start + (k->direct_map < FOUR_LEVELS ? 12800 : 32) * TIB;
	if (kernel_read(k, k->phys_base, 8, &ok) != 0 || !ok)
		return false;
	for (unsigned int i = 0; i < n_cpus && i < MAX_CPUS; i++) {
		k->per_cpu[i] = kernel_read(k, k->per_cpu_offset + 8 * i, 8, &ok);
		if (!ok || kernel_read(k, k->per_cpu[i] + k->pcpu_hot + k->cpu_number, 4, &ok) != i || !ok)
			return false;
		k->state[i] = k->per_cpu[i] + k->context_tracking + STATE_WORD;
	}
	k->n_cpus = n_cpus;
	return true;
}

static uint32_t state_of(const struct kernel *k, unsigned int cpu)
{
	bool ok = true;

	return (uint32_t)kernel_read(k, k->state[cpu], 4, &ok);
}

/**
 * kernel_pending() - has a CPU been left work that it has not done?
 * @k: the kernel
 * @cpu: which
 */
bool kernel_pending(const struct kernel *k, unsigned int cpu)
{
	return state_of(k, cpu) & k->work_mask;
}

/**
 * kernel_open() - may flushes be missing on a CPU that runs kernel code now?
 * @k: the kernel
 * @cpu: which
 *
 * Return: true while its state word says "userspace, not watched", in which others may leave work and do not
 * interrupt it, or while there is work that it has found and not yet done.
 */
bool kernel_open(const struct kernel *k, unsigned int cpu)
{
	uint32_t state = state_of(k, cpu);

	return ((state & CT_CONTEXT) == CT_USER && !(state & k->watching_mask)) || (state & k->work_mask);
}

/**
 * kernel_stack_top() - the end of the stack of the task that runs on a CPU
 * @k: the kernel
 * @cpu: which
 *
 * Return: pcpu_hot.top_of_stack, 0 when it cannot be read.
 */
uint64_t kernel_stack_top(const struct kernel *k, unsigned int cpu)
{
	bool ok = true;

	return kernel_read(k, k->per_cpu[cpu] + k->pcpu_hot + k->top_of_stack, 8, &ok);
}

/**
 * kernel_entry_at() - is this the first instruction of a way into the kernel?
 * @k: the kernel
 * @address: of an instruction
 *
 * Return: index of the entry symbol, -1 when it is none.
 */
int kernel_entry_at(const struct kernel *k, uint64_t address)
{
	for (unsigned int i = 0; i < k->n_entries; i++)
		if (k->entry[i].address == address)
			return (int)i;
	return -1;
}
