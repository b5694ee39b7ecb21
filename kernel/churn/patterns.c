// SPDX-License-Identifier: GPL-2.0-only
/*
 * The patterns, each a way in which the kernel comes to flush TLB entries of its own address
 * range. A pattern says beforehand how much memory a worker can use at most; that much is set
 * aside when the worker is made, so that no operation has to ask.
 *
 * The vmap kinds map one page many times: they cost address space and page tables, not memory.
 * All of them leave their addresses lazily mapped. The flush comes when fls(online CPUs) * 32
 * MiB have gathered (lazy_max_pages() in mm/vmalloc.c), or with vm_unmap_aliases().
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "internal.h"

static u64 worst_case_vmalloc(u32 pages)
{
	return (u64)pages * PAGE_SIZE;
}

static int operate_vmalloc(struct tnc_worker *w, u32 pages)
{
	void *p = vmalloc((unsigned long)pages * PAGE_SIZE);

	if (!p)
		return -ENOMEM;
	vfree(p);
	return pages;
}

static int operate_unmap_aliases(struct tnc_worker *w, u32 pages)
{
	int done = operate_vmalloc(w, pages), r;

	if (done < 0)
		return done;
	r = tnc_worker_flush(w);
	return r < 0 ? r : done;
}

/** tnc_worst_case_array() - bytes that tnc_prepare_array() takes */
u64 tnc_worst_case_array(u32 pages)
{
	return PAGE_SIZE + (u64)pages * sizeof(struct page *);
}

/** tnc_prepare_array() - one page, and an array that names it @pages times */
int tnc_prepare_array(struct tnc_worker *w, u32 pages)
{
	u32 i;

	w->page = alloc_page(GFP_KERNEL);
	w->pages = kvmalloc_array(pages, sizeof(*w->pages), GFP_KERNEL);
	if (!w->page || !w->pages)
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		w->pages[i] = w->page;
	return 0;
}

static int prepare_vmap(struct tnc_worker *w)
{
	return tnc_prepare_array(w, w->pages_max);
}

static int operate_vmap(struct tnc_worker *w, u32 pages)
{
	void *p = vmap(w->pages, pages, VM_MAP, PAGE_KERNEL);

	if (!p)
		return -ENOMEM;
	vunmap(p);
	return pages;
}

static int operate_vm_map_ram(struct tnc_worker *w, u32 pages)
{
	void *p = vm_map_ram(w->pages, pages, NUMA_NO_NODE);

	if (!p)
		return -ENOMEM;
	vm_unmap_ram(p, pages);
	return pages;
}

static const struct tnc_pattern vmalloc_pattern = {
	.pages_max = TNC_PAGES_MAX,
	.worst_case = worst_case_vmalloc,
	.operate = operate_vmalloc,
};

static const struct tnc_pattern vmap_pattern = {
	.pages_max = TNC_PAGES_MAX,
	.worst_case = tnc_worst_case_array,
	.prepare = prepare_vmap,
	.operate = operate_vmap,
};

static const struct tnc_pattern vm_map_ram_pattern = {
	.pages_max = TNC_PAGES_MAX,
	.worst_case = tnc_worst_case_array,
	.prepare = prepare_vmap,
	.operate = operate_vm_map_ram,
};

static const struct tnc_pattern unmap_aliases_pattern = {
	.pages_max = TNC_PAGES_MAX,
	.worst_case = worst_case_vmalloc,
	.operate = operate_unmap_aliases,
};

/* What "mixed" draws from. They share one page and one array, made for the largest. */
static const struct tnc_pattern *const parts[] = {
	&vmalloc_pattern,	&vmap_pattern,		 &vm_map_ram_pattern,
	&unmap_aliases_pattern, &tnc_pattern_set_memory, &tnc_pattern_huge_vmap,
};

static bool works(const struct tnc_pattern *p)
{
	return !p->available || p->available();
}

static u64 worst_case_mixed(u32 pages)
{
	return tnc_worst_case_array(max_t(u32, pages, tnc_huge_array())) +
	       tnc_pattern_set_memory.worst_case(min(pages, tnc_pattern_set_memory.pages_max)) +
	       max_t(u64, worst_case_vmalloc(pages), worst_case_vmalloc(tnc_huge_pages()));
}

static int prepare_mixed(struct tnc_worker *w)
{
	int r = tnc_prepare_array(w, max_t(u32, w->pages_max, tnc_huge_array()));

	if (r == 0 && works(&tnc_pattern_set_memory))
		r = tnc_pattern_set_memory.prepare(w);
	return r;
}

static int operate_mixed(struct tnc_worker *w, u32 pages)
{
	const struct tnc_pattern *p;

	do {
		p = parts[tnc_random_range(&w->random, 0, ARRAY_SIZE(parts) - 1)];
	} while (!works(p));
	return p->operate(w, min(pages, p->pages_max));
}

static const struct tnc_pattern mixed_pattern = {
	.pages_max = TNC_PAGES_MAX,
	.worst_case = worst_case_mixed,
	.prepare = prepare_mixed,
	.operate = operate_mixed,
};

static const struct tnc_pattern *const patterns[TLBNOISE_CHURN_PATTERNS] = {
	[TLBNOISE_CHURN_VMALLOC] = &vmalloc_pattern,
	[TLBNOISE_CHURN_VMAP] = &vmap_pattern,
	[TLBNOISE_CHURN_VM_MAP_RAM] = &vm_map_ram_pattern,
	[TLBNOISE_CHURN_UNMAP_ALIASES] = &unmap_aliases_pattern,
	[TLBNOISE_CHURN_SET_MEMORY] = &tnc_pattern_set_memory,
	[TLBNOISE_CHURN_HUGE_VMAP] = &tnc_pattern_huge_vmap,
	[TLBNOISE_CHURN_MIXED] = &mixed_pattern,
};

/** tnc_pattern_find() - pattern @number; NULL if there is none or it does not work here */
const struct tnc_pattern *tnc_pattern_find(u32 number)
{
	if (number >= TLBNOISE_CHURN_PATTERNS || !works(patterns[number]))
		return NULL;
	return patterns[number];
}
