// SPDX-License-Identifier: GPL-2.0-only
/*
 * set-memory: make pages uncached and cached again, as drivers do for device buffers. Each of
 * the two changes flushes kernel TLB entries on all CPUs, then the pages out of the caches
 * (cpa_flush() in arch/x86/mm/pat/set_memory.c). set_memory_ro() and its relatives would do
 * without the latter, but no release from 6.1 on exports them.
 *
 * The pages belong to the worker as long as it lives: changing their attributes splits the
 * kernel's huge mapping of physical memory where they lie, which must not happen in ever more
 * places. A worker that cannot make them cached again keeps them for ever, since nobody else
 * would expect such pages.
 */
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "internal.h"

static bool available(void)
{
	return TNC_HAS_SET_MEMORY;
}

static u64 worst_case(u32 pages)
{
	return roundup_pow_of_two(pages) * PAGE_SIZE;
}

static int prepare(struct tnc_worker *w)
{
	w->buffer_order = order_base_2(min(w->pages_max, tnc_pattern_set_memory.pages_max));
	w->buffer = alloc_pages(GFP_KERNEL | __GFP_NOWARN, w->buffer_order);
	return w->buffer ? 0 : -ENOMEM;
}

static int operate(struct tnc_worker *w, u32 pages)
{
	unsigned long addr;
	int r;

	if (!w->buffer)
		return -ENOMEM;
	addr = (unsigned long)page_address(w->buffer);
	r = set_memory_uc(addr, pages);
	if (r < 0)
		return r;
	r = set_memory_wb(addr, pages);
	if (r < 0) {
		pr_warn("tlbnoise_churn: %u pages stay uncached, never to be freed: error %d\n",
			pages, r);
		w->buffer = NULL;
		return r;
	}
	return pages;
}

const struct tnc_pattern tnc_pattern_set_memory = {
	.available = available,
	.pages_max = TNC_HUGE_PAGES,
	.worst_case = worst_case,
	.prepare = prepare,
	.operate = operate,
};
