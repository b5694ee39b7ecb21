// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A histogram in HdrHistogram's V2 encoding, compressed: what its log files hold, and what its readers in Java, C, Go,
 * Rust and JavaScript take. The layout is that of encodeIntoCompressedByteBuffer() of the Java library, which is its
 * definition; all numbers big endian, with S significant decimal digits:
 *
 *	int32 0x1c849314, int32 bytes that follow, deflated (RFC 1950):
 *	  int32 0x1c849313, int32 bytes of the counts, int32 0 (no normalizing offset), int32 S,
 *	  int64 1 (lowest value), int64 highest value, double 1.0 (no conversion), counts
 *
 * Counts are zigzag LEB128: a count, or, negative, how many zeros there are. The count at index i is that of the values
 * from hdr_value(i) up to that of the next: linear below 2 * HALF, above HALF of them for each power of two. So its
 * buckets are ours with more of them, and S = 3 (1/1024) adds less than our own 1/128 has.
 *
 * Values are whole nanoseconds, each bucket's the one that all percentiles of this tool give: its upper end, but no
 * more than the maximum. Counts are exact.
 */
#include "report/hdr.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"

#define DIGITS      3
#define HALF_BITS   10 /* 2^11 is the least power of two above 2 * 10^DIGITS */
#define HALF        (1u << HALF_BITS)
#define COOKIE      0x1c849313
#define COMPRESSED  0x1c849314
#define HEAD_BYTES  40
#define COUNT_BYTES 9 /* the most that one takes */

static size_t index_of(uint64_t v)
{
	unsigned int bucket = 63 - HALF_BITS - (unsigned int)__builtin_clzll(v | (2 * HALF - 1));

	return ((size_t)bucket << HALF_BITS) + (size_t)(v >> bucket);
}

/* What a bucket of ours stands for, in ns. */
static uint64_t value_of(const struct tn_clock *clock, const struct tn_hist *h, unsigned int i)
{
	uint64_t ticks = tn_hist_bucket_high(i);

	if (ticks > h->max || (i == TN_HIST_BUCKETS - 1 && h->clipped))
		ticks = h->max;
	return (uint64_t)llround(tn_ticks_to_ns(clock, (double)ticks));
}

static unsigned char *put_be(unsigned char *p, uint64_t v, unsigned int bytes)
{
	for (unsigned int i = bytes; i-- > 0;)
		*p++ = (unsigned char)(v >> 8 * i);
	return p;
}

/* ZigZag LEB128 of 64 bits in at most 9 bytes: the ninth holds eight bits, so that no tenth is needed. */
static unsigned char *put_count(unsigned char *p, int64_t v)
{
	uint64_t z = (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
	unsigned int bytes = 1;

	for (; z >= 0x80 && bytes < COUNT_BYTES; bytes++, z >>= 7)
		*p++ = (unsigned char)(z | 0x80);
	*p++ = (unsigned char)z;
	return p;
}

/* Counts up to the last that is not zero; *ret_highest: the largest value. */
static unsigned char *put_counts(unsigned char *p, const struct tn_clock *clock, const struct tn_hist *h,
				 uint64_t *ret_highest)
{
	size_t at = 0, index;
	uint64_t v;

	*ret_highest = 0;
	for (unsigned int i = 0; i < TN_HIST_BUCKETS;) {
		uint64_t count = 0;

		if (!h->bucket[i]) {
			i++;
			continue;
		}
		v = value_of(clock, h, i);
		index = index_of(v);
		for (; i < TN_HIST_BUCKETS && index_of(value_of(clock, h, i)) == index; i++) {
			count += h->bucket[i];
			v = h->bucket[i] ? value_of(clock, h, i) : v;
		}
		if (index > at)
			p = put_count(p, index - at == 1 ? 0 : -(int64_t)(index - at));
		p = put_count(p, (int64_t)count);
		at = index + 1;
		*ret_highest = v;
	}
	return p;
}

static void put_head(unsigned char *p, size_t counts, uint64_t highest)
{
	double ratio = 1.0;
	uint64_t bits;

	memcpy(&bits, &ratio, sizeof(bits));
	p = put_be(p, COOKIE, 4);
	p = put_be(p, counts, 4);
	p = put_be(p, 0, 4);
	p = put_be(p, DIGITS, 4);
	p = put_be(p, 1, 8);
	p = put_be(p, highest < 2 ? 2 : highest, 8);
	put_be(p, bits, 8);
}

/**
 * hdr_encode() - a histogram of ticks as one of nanoseconds in HdrHistogram's compressed V2 encoding
 * @clock: rate of the ticks
 * @h: the histogram; may be empty
 * @ret: the bytes; free()
 * @ret_n: how many
 *
 * Return: 0 or -ENOMEM.
 */
int hdr_encode(const struct tn_clock *clock, const struct tn_hist *h, unsigned char **ret, size_t *ret_n)
{
	/* For each of our buckets at most one count, and one for the zeros before it. */
	tn_autofree unsigned char *plain = malloc(HEAD_BYTES + 2 * COUNT_BYTES * (size_t)TN_HIST_BUCKETS);
	tn_autofree unsigned char *packed = NULL;
	uint64_t highest;
	uLongf size;
	size_t n;

	if (!plain)
		return -ENOMEM;
	n = (size_t)(put_counts(plain + HEAD_BYTES, clock, h, &highest) - plain);
	put_head(plain, n - HEAD_BYTES, highest);
	size = compressBound((uLong)n);
	packed = malloc(8 + size);
	if (!packed || compress2(packed + 8, &size, plain, (uLong)n, Z_BEST_COMPRESSION) != Z_OK)
		return -ENOMEM;
	put_be(packed, COMPRESSED, 4);
	put_be(packed + 4, size, 4);
	*ret_n = 8 + size;
	*ret = tn_steal_ptr(packed);
	return 0;
}
