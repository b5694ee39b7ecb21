// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is done with a histogram outside the window; recording is inline in the header.
 *
 * Bucket i covers [low, high], both inclusive. Below 2 * TN_HIST_SUB a bucket is one value wide. Above,
 * those of the octave [2^k, 2^(k+1)) are 2^(k - TN_HIST_SUB_BITS) wide, so that for every value v
 *
 *	(high - v) / v  <=  (high - low) / low  <  2^(k - 7) / 2^k  =  1/128
 *
 * which is the error bound of everything read from a bucket's upper end.
 */
#include "base/histogram.h"

#include <math.h>
#include <string.h>

/** tn_hist_init() - make @h empty */
void tn_hist_init(struct tn_hist *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

/** tn_hist_merge() - add all that @from recorded to @into; the same as having recorded it there */
void tn_hist_merge(struct tn_hist *into, const struct tn_hist *from)
{
	into->count += from->count;
	into->sum += from->sum;
	into->clipped += from->clipped;
	if (from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	for (unsigned int i = 0; i < TN_HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

/** tn_hist_bucket_low() - smallest value of bucket @index, which is below TN_HIST_BUCKETS */
uint64_t tn_hist_bucket_low(unsigned int index)
{
	unsigned int shift;

	if (index < 2 * TN_HIST_SUB)
		return index;
	shift = (index >> TN_HIST_SUB_BITS) - 1;
	return (uint64_t)(index - (shift << TN_HIST_SUB_BITS)) << shift;
}

/**
 * tn_hist_bucket_high() - largest value of bucket @index, which is below TN_HIST_BUCKETS
 *
 * Clipped values lie above that of the last bucket.
 */
uint64_t tn_hist_bucket_high(unsigned int index)
{
	return tn_hist_bucket_low(index + 1) - 1;
}

/*
 * How many of @count values make @percent of them. 99.9 has no exact double: without the allowance of some
 * rounding errors, 99.9 % of 1,000 would be 1,000 values instead of 999.
 */
static uint64_t rank_of(double percent, uint64_t count)
{
	double rank = ceil(percent / 100.0 * (double)count * (1.0 - 1e-15));

	if (!(rank > 1.0))
		return 1;
	return rank < (double)count ? (uint64_t)rank : count;
}

/**
 * tn_hist_percentile() - the value that @percent of all values do not exceed
 * @h: the histogram
 * @percent: 0 to 100; what lies outside counts as the nearer end
 *
 * The smallest recorded value v for which at least @percent % of the recorded values are <= v, known by its
 * bucket: returned is the bucket's upper end, clamped to the exact minimum and maximum. It is never below
 * the true value and above it by less than 1/128; 0 % and 100 % are exact. A rank among clipped values
 * gives the maximum.
 *
 * Return: the value in the unit that was recorded, 0 when @h is empty.
 */
uint64_t tn_hist_percentile(const struct tn_hist *h, double percent)
{
	uint64_t rank, seen = 0, high;
	unsigned int i = 0;

	if (!h->count)
		return 0;
	rank = rank_of(percent, h->count);
	if (rank == 1)
		return h->min;
	while (i < TN_HIST_BUCKETS - 1 && (seen += h->bucket[i]) < rank)
		i++;
	if (i == TN_HIST_BUCKETS - 1 && h->clipped)
		return h->max;
	high = tn_hist_bucket_high(i);
	return high > h->max ? h->max : high;
}

/**
 * tn_hist_count_above() - how many recorded values are known to exceed @v
 * @h: the histogram
 * @v: in the unit that was recorded
 *
 * Exact for @v below 2 * TN_HIST_SUB and at the upper end of a bucket; otherwise values of @v's own bucket,
 * which exceed it by less than 1/128, are not counted.
 *
 * Return: the count.
 */
uint64_t tn_hist_count_above(const struct tn_hist *h, uint64_t v)
{
	uint64_t n = 0;

	if (v < h->min)
		return h->count;
	if (v >= h->max)
		return 0;
	for (unsigned int i = tn_hist_index(v) + 1; i < TN_HIST_BUCKETS; i++)
		n += h->bucket[i];
	return n;
}
