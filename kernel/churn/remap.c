// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test for stale TLB entries. Two pages take turns at one kernel address. Each carries, in
 * its first word, the generation in which it was mapped; a CPU that reads the area through a TLB
 * entry of the last turn sees the older one. Both pages live as long as the session, so that a
 * stale read harms nobody.
 *
 * The page is mapped several times in a row, and a peek reads all of it: this fills many TLB
 * entries, and lets the size choose between flushing single pages and flushing everything (33
 * pages on x86, tlb_single_page_flush_ceiling). To get the same address again, purge the old one
 * and allocate at once: the allocator takes the lowest hole that fits. An area of more than 256
 * pages comes back at the first try; smaller ones pass through the per-CPU pools of 6.9 and
 * later, where others may lie in front. These are then taken out and held for the moment.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "internal.h"

#define TRIES 64

struct tnc_remap {
	void *addr; /* NULL: not mapped, since that failed */
	void *last; /* where it was mapped last */
	struct page *page[2];
	struct page **pages[2]; /* each page, named as often as it is mapped */
	u32 count;
	u64 generation;
};

static void destroy(struct tnc_remap *r)
{
	int i;

	/* Nobody reads there any more, and nobody gets that address before the kernel flushes. */
	vunmap(r->addr);
	for (i = 0; i < 2; i++) {
		kfree(r->pages[i]);
		if (r->page[i])
			__free_page(r->page[i]);
	}
	kfree(r);
}

static struct tnc_remap *create(u32 count)
{
	struct tnc_remap *r = kzalloc(sizeof(*r), GFP_KERNEL);
	u32 i, j;

	if (!r)
		return NULL;
	r->count = count;
	for (i = 0; i < 2; i++) {
		r->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		r->pages[i] = kmalloc_array(count, sizeof(*r->pages[i]), GFP_KERNEL);
		if (!r->page[i] || !r->pages[i]) {
			destroy(r);
			return NULL;
		}
		for (j = 0; j < count; j++)
			r->pages[i][j] = r->page[i];
	}
	return r;
}

/* Map the page of this generation, at @wanted if that can be had within some tries. */
static void *map_at(struct tnc_remap *r, void *wanted)
{
	struct page **pages = r->pages[r->generation % 2];
	void *held[TRIES], *addr;
	int n = 0;

	for (;;) {
		addr = vmap(pages, r->count, VM_MAP, PAGE_KERNEL);
		if (!addr || !wanted || addr == wanted || n == TRIES)
			break;
		held[n++] = addr;
	}
	while (n)
		vunmap(held[--n]);
	return addr;
}

static int remap(struct tnc_remap *r, struct tlbnoise_churn_remap *out)
{
	if (r->addr) {
		vunmap(r->addr);
		r->addr = NULL;
		vm_unmap_aliases();
	}
	r->generation++;
	*(u64 *)page_address(r->page[r->generation % 2]) = r->generation;
	r->addr = map_at(r, r->last);
	if (!r->addr)
		return -ENOMEM;
	out->pages = r->count;
	out->moved = r->last && r->addr != r->last;
	r->last = r->addr;
	out->generation = r->generation;
	out->cpu = raw_smp_processor_id();
	return 0;
}

static int remap_first(struct tnc_session *s, u32 pages)
{
	if (pages < 1)
		return -EINVAL;
	if (pages > TNC_REMAP_PAGES_MAX)
		return -E2BIG;
	s->remap = create(pages);
	return s->remap ? 0 : -ENOMEM;
}

/** tnc_remap() - TLBNOISE_CHURN_REMAP */
long tnc_remap(struct tnc_session *s, void *arg)
{
	struct tlbnoise_churn_remap *io = arg;
	int r = 0;

	if (io->moved || io->generation || io->cpu ||
	    !tnc_is_zero(io->reserved, sizeof(io->reserved)))
		return -EINVAL;
	mutex_lock(&s->remap_lock);
	if (!s->remap)
		r = remap_first(s, io->pages);
	else if (io->pages && io->pages != s->remap->count)
		r = -EINVAL;
	if (r == 0)
		r = remap(s->remap, io);
	mutex_unlock(&s->remap_lock);
	return r;
}

static void peek(const struct tnc_remap *r, struct tlbnoise_churn_peek *out)
{
	u64 seen = r->generation, value;
	u32 i, stale = 0;

	preempt_disable();
	for (i = 0; i < r->count; i++) {
		value = READ_ONCE(*(u64 *)(r->addr + i * PAGE_SIZE));
		stale += value != r->generation;
		seen = min(seen, value);
	}
	out->cpu = smp_processor_id();
	preempt_enable();
	out->generation = r->generation;
	out->seen = seen;
	out->pages = r->count;
	out->stale = stale;
}

/** tnc_peek() - TLBNOISE_CHURN_PEEK */
long tnc_peek(struct tnc_session *s, void *arg)
{
	struct tlbnoise_churn_peek *io = arg;
	int r = 0;

	if (!tnc_is_zero(io, sizeof(*io)))
		return -EINVAL;
	mutex_lock(&s->remap_lock);
	if (s->remap && s->remap->addr)
		peek(s->remap, io);
	else
		r = -ENOENT;
	mutex_unlock(&s->remap_lock);
	return r;
}

/** tnc_remap_free() - the session is over */
void tnc_remap_free(struct tnc_session *s)
{
	if (s->remap)
		destroy(s->remap);
	s->remap = NULL;
}
