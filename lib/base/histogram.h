/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_HISTOGRAM_H
#define TN_BASE_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Log-linear histogram: exact below 2 * TN_HIST_SUB, then TN_HIST_SUB linear buckets for each power of
 * two, so that a bucket is at most 1/TN_HIST_SUB of its lower bound wide. Fixed size, no pointers: it
 * lives in memory shared between the probe and the collector. Values at or above 2^TN_HIST_MAX_BITS go
 * into the last bucket and are counted in @clipped; @max stays exact.
 */
#define TN_HIST_SUB_BITS 7
#define TN_HIST_SUB      (1u << TN_HIST_SUB_BITS)
#define TN_HIST_MAX_BITS 48
#define TN_HIST_BUCKETS  ((TN_HIST_MAX_BITS - TN_HIST_SUB_BITS + 1) * TN_HIST_SUB)

struct tn_hist {
	uint64_t count;
	uint64_t sum;
	uint64_t min; /* UINT64_MAX while empty */
	uint64_t max;
	uint64_t clipped;
	uint64_t bucket[TN_HIST_BUCKETS];
};

/* Index of the bucket of @v. No division, no loop: runs inside the window. */
static inline unsigned int tn_hist_index(uint64_t v)
{
	unsigned int shift;

	if (v < 2 * TN_HIST_SUB)
		return (unsigned int)v;
	shift = 63 - (unsigned int)__builtin_clzll(v) - TN_HIST_SUB_BITS;
	return (shift << TN_HIST_SUB_BITS) + (unsigned int)(v >> shift);
}

static inline void tn_hist_record(struct tn_hist *h, uint64_t v)
{
	unsigned int i = tn_hist_index(v);

	if (__builtin_expect(i >= TN_HIST_BUCKETS, 0)) {
		i = TN_HIST_BUCKETS - 1;
		h->clipped++;
	}
	h->bucket[i]++;
	h->count++;
	h->sum += v;
	if (v < h->min)
		h->min = v;
	if (v > h->max)
		h->max = v;
}

void tn_hist_init(struct tn_hist *h);
void tn_hist_merge(struct tn_hist *into, const struct tn_hist *from);
uint64_t tn_hist_bucket_low(unsigned int index);
uint64_t tn_hist_bucket_high(unsigned int index);
uint64_t tn_hist_percentile(const struct tn_hist *h, double percent);
uint64_t tn_hist_count_above(const struct tn_hist *h, uint64_t v);

#endif
