// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sources of the kernel module. Of them only vmalloc has something to fall back on: BPF maps reach the same
 * vmalloc() and vfree(), from a workqueue, and cause the same flushes. The others do what no system call lets a
 * program do at will, and say so. The worker tells which mechanism ran.
 */
#include "churn/device.h"

#define LAZY_FLUSH "kernel-tlb-flush: __purge_vmap_area_lazy on every CPU, once in fls(CPUs) * 32 MiB of "

/* The callbacks of a source know their pattern by their name: they get no other word from whom they serve. */
#define CALLBACKS(name, pattern)                                                 \
	static int name##_check(struct tn_error *err)                            \
	{                                                                        \
		return tn_churn_device_check(pattern, err);                      \
	}                                                                        \
	static int name##_setup(struct tn_churn_worker *w, struct tn_error *err) \
	{                                                                        \
		return tn_churn_device_setup(w, pattern, err);                   \
	}

CALLBACKS(vmap, TLBNOISE_CHURN_VMAP)
CALLBACKS(vm_map_ram, TLBNOISE_CHURN_VM_MAP_RAM)
CALLBACKS(unmap_aliases, TLBNOISE_CHURN_UNMAP_ALIASES)
CALLBACKS(set_memory, TLBNOISE_CHURN_SET_MEMORY)
CALLBACKS(huge_vmap, TLBNOISE_CHURN_HUGE_VMAP)
CALLBACKS(mixed, TLBNOISE_CHURN_MIXED)

static int vmalloc_check(struct tn_error *err)
{
	struct tn_error module = {0};
	int r;

	if (tn_churn_device_check(TLBNOISE_CHURN_VMALLOC, &module) == 0)
		return 0;
	r = tn_churn_bpf_map.check(err);
	return r < 0 ? tn_error_prefix(err, r, "without the kernel module tlbnoise_churn it takes BPF maps") : 0;
}

/* A module that is there but refuses the section is an error; one that cannot be used is not. */
static int vmalloc_setup(struct tn_churn_worker *w, struct tn_error *err)
{
	struct tn_error module = {0};

	if (tn_churn_device_check(TLBNOISE_CHURN_VMALLOC, &module) == 0)
		return tn_churn_device_setup(w, TLBNOISE_CHURN_VMALLOC, err);
	w->stand_in = &tn_churn_bpf_map;
	w->mechanism = tn_churn_bpf_map.name;
	return w->stand_in->setup(w, err);
}

static int vmalloc_operate(struct tn_churn_worker *w, struct tn_error *err)
{
	return w->stand_in ? w->stand_in->operate(w, err) : tn_churn_device_operate(w, err);
}

static void vmalloc_teardown(struct tn_churn_worker *w)
{
	if (w->stand_in)
		w->stand_in->teardown(w);
	else
		tn_churn_device_teardown(w);
}

const struct tn_churn_source tn_churn_vmalloc = {
	.name = "vmalloc",
	.summary = "vmalloc() and vfree() of the given number of pages (kernel module; BPF maps without it)",
	.provokes = LAZY_FLUSH "areas",
	.operation = "one area allocated and freed",
	.keys = TN_CHURN_KEY_PAGES,
	.check = vmalloc_check,
	.setup = vmalloc_setup,
	.operate = vmalloc_operate,
	.teardown = vmalloc_teardown,
};

const struct tn_churn_source tn_churn_vmap = {
	.name = "vmap",
	.summary = "vmap() of one page, the given number of times, and vunmap() (kernel module)",
	.provokes = LAZY_FLUSH "addresses",
	.operation = "one area mapped and unmapped",
	.keys = TN_CHURN_KEY_PAGES,
	.check = vmap_check,
	.setup = vmap_setup,
	.operate = tn_churn_device_operate,
	.teardown = tn_churn_device_teardown,
};

const struct tn_churn_source tn_churn_vm_map_ram = {
	.name = "vm-map-ram",
	.summary = "vm_map_ram() of one page, the given number of times, and vm_unmap_ram() (kernel module)",
	.provokes = LAZY_FLUSH "addresses",
	.operation = "one area mapped and unmapped",
	.keys = TN_CHURN_KEY_PAGES,
	.check = vm_map_ram_check,
	.setup = vm_map_ram_setup,
	.operate = tn_churn_device_operate,
	.teardown = tn_churn_device_teardown,
};

const struct tn_churn_source tn_churn_unmap_aliases = {
	.name = "unmap-aliases",
	.summary = "vmalloc(), vfree() and vm_unmap_aliases() (kernel module)",
	.provokes = "kernel-tlb-flush: __purge_vmap_area_lazy on every CPU, once an operation",
	.operation = "one area allocated, freed and flushed",
	.keys = TN_CHURN_KEY_PAGES,
	.check = unmap_aliases_check,
	.setup = unmap_aliases_setup,
	.operate = tn_churn_device_operate,
	.teardown = tn_churn_device_teardown,
};

const struct tn_churn_source tn_churn_set_memory = {
	.name = "set-memory",
	.summary = "set_memory_uc() and set_memory_wb() of the given number of pages (kernel module)",
	.provokes = "kernel-tlb-flush: cpa_flush on every CPU, twice an operation",
	.operation = "pages made uncached and cached again",
	.keys = TN_CHURN_KEY_PAGES,
	.check = set_memory_check,
	.setup = set_memory_setup,
	.operate = tn_churn_device_operate,
	.teardown = tn_churn_device_teardown,
};

const struct tn_churn_source tn_churn_huge_vmap = {
	.name = "huge-vmap",
	.summary = "a huge page mapped where small ones were, which frees a page table (kernel module)",
	.provokes = "page-table-flush: pmd_free_pte_page on every CPU, once an operation; kernel-tlb-flush besides",
	.operation = "one page table freed",
	.keys = 0,
	.check = huge_vmap_check,
	.setup = huge_vmap_setup,
	.operate = tn_churn_device_operate,
	.teardown = tn_churn_device_teardown,
};

const struct tn_churn_source tn_churn_mixed = {
	.name = "mixed",
	.summary = "one of the other sources of the kernel module, at random, each time (kernel module)",
	.provokes = "kernel-tlb-flush, lazily and at once",
	.operation = "one operation of one of them",
	.keys = TN_CHURN_KEY_PAGES,
	.check = mixed_check,
	.setup = mixed_setup,
	.operate = tn_churn_device_operate,
	.teardown = tn_churn_device_teardown,
};
