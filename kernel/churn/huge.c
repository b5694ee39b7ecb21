// SPDX-License-Identifier: GPL-2.0-only
/*
 * huge-vmap: make the kernel free a page table. Unmapping small pages leaves their page table in
 * place; only a huge page mapped at the same address later removes it, in pmd_free_pte_page(),
 * which flushes before the table is freed. Hardware may walk that table until then, so this
 * flush must never be put off.
 *
 * Both mappings have to get the same address. The allocator takes the lowest hole that fits, and
 * all old addresses are purged before each of the two. Where one huge page does, VM_IOREMAP aligns
 * the small mapping to its size, as vmalloc_huge() does, and the same hole fits both. Several of
 * them would be aligned to more than vmalloc_huge() asks for; the small mapping is then one huge
 * page larger and not aligned, so that the huge one fits into its place wherever that begins.
 * Areas of more than 256 pages never come from the per-CPU pools of 6.9 and later.
 * Whether a table was freed is not assumed but looked up: a table of small pages was there
 * before, a huge page is there afterwards. A stranger who allocates in between spoils one
 * operation, which then frees nothing and is not an error.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/vmalloc.h>

#include "internal.h"

static bool available(void)
{
	return TNC_HAS_HUGE_VMAP;
}

/**
 * tnc_huge_pages() - small pages in an area that gets huge pages
 *
 * One huge page for each node, since vmalloc_huge() of some kernels (6.12 among them) maps small
 * ones if a node's share of the area is less than that. Of possible nodes, since others may come
 * online at any time, and the array has been made by then.
 */
u32 tnc_huge_pages(void)
{
	return TNC_HUGE_PAGES * num_possible_nodes();
}

/** tnc_huge_array() - small pages in the area that leaves page tables behind: see above */
u32 tnc_huge_array(void)
{
	return tnc_huge_pages() + (num_possible_nodes() > 1 ? TNC_HUGE_PAGES : 0);
}

static u64 worst_case(u32 pages)
{
	return tnc_worst_case_array(tnc_huge_array()) + (u64)tnc_huge_pages() * PAGE_SIZE;
}

static int prepare(struct tnc_worker *w)
{
	return tnc_prepare_array(w, tnc_huge_array());
}

/* How many huge pages of the area at @addr satisfy @maps. */
static u32 count(void *addr, bool (*maps)(unsigned long addr))
{
	u32 i, n = 0;

	for (i = 0; i < num_possible_nodes(); i++)
		n += maps((unsigned long)addr + i * TNC_HUGE_PAGES * PAGE_SIZE);
	return n;
}

static int operate(struct tnc_worker *w, u32 pages)
{
	unsigned long align = num_possible_nodes() > 1 ? 0 : VM_IOREMAP;
	void *small, *huge;
	u32 tables;
	int r;

	small = vmap(w->pages, tnc_huge_array(), VM_MAP | align, PAGE_KERNEL);
	if (!small)
		return -ENOMEM;
	vunmap(small);
	small = PTR_ALIGN(small, TNC_HUGE_PAGES * PAGE_SIZE);
	r = tnc_worker_flush(w);
	if (r < 0)
		return r;
	tables = count(small, tnc_maps_small);
	huge = vmalloc_huge(tnc_huge_pages() * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);
	if (!huge)
		return -ENOMEM;
	if (huge == small)
		WRITE_ONCE(w->counts.tables_freed,
			   w->counts.tables_freed + min(tables, count(huge, tnc_maps_huge)));
	vfree(huge);
	r = tnc_worker_flush(w);
	return r < 0 ? r : tnc_huge_pages();
}

const struct tnc_pattern tnc_pattern_huge_vmap = {
	.available = available,
	.pages_max = TNC_HUGE_PAGES,
	.worst_case = worst_case,
	.prepare = prepare,
	.operate = operate,
};
