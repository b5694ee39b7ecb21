// SPDX-License-Identifier: GPL-2.0-or-later
/* The histogram against a sorted array of the same values, and its buckets at every power of two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/histogram.h"

#define VALUES 5000

struct samples {
	uint64_t v[VALUES];
	struct tn_hist hist;
};

/* xorshift64: the same values in every run. */
static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Values of all magnitudes below 2^bits. */
static void fill(struct samples *s, unsigned int bits, uint64_t seed)
{
	tn_hist_init(&s->hist);
	for (size_t i = 0; i < VALUES; i++) {
		s->v[i] = next_random(&seed) >> (64 - 1 - next_random(&seed) % bits);
		tn_hist_record(&s->hist, s->v[i]);
	}
	qsort(s->v, VALUES, sizeof(s->v[0]), compare);
}

/* Smallest value with at least numerator/denominator of all at or below it, in integers. */
static uint64_t exact_quantile(const struct samples *s, uint64_t numerator, uint64_t denominator)
{
	uint64_t rank = (numerator * VALUES + denominator - 1) / denominator;

	return s->v[rank ? rank - 1 : 0];
}

static void test_percentiles_keep_their_bound(void **state)
{
	static const struct {
		double percent;
		uint64_t numerator, denominator;
	} cases[] = {{0, 0, 1},     {1, 1, 100},       {25, 1, 4},           {50, 1, 2},           {90, 9, 10},
		     {99, 99, 100}, {99.9, 999, 1000}, {99.98, 9998, 10000}, {99.99, 9999, 10000}, {100, 1, 1}};
	struct samples *s = malloc(sizeof(*s));

	(void)state;
	for (unsigned int bits = 2; bits <= TN_HIST_MAX_BITS; bits++) {
		fill(s, bits, bits);
		assert_int_equal(s->hist.clipped, 0);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			uint64_t exact = exact_quantile(s, cases[i].numerator, cases[i].denominator);
			uint64_t got = tn_hist_percentile(&s->hist, cases[i].percent);

			assert_true(got >= exact);
			assert_true((got - exact) * 128 <= exact);
		}
		assert_int_equal(tn_hist_percentile(&s->hist, 0), s->v[0]);
		assert_int_equal(tn_hist_percentile(&s->hist, 100), s->v[VALUES - 1]);
	}
	free(s);
}

static void test_small_values_are_exact(void **state)
{
	struct tn_hist *h = malloc(sizeof(*h));

	(void)state;
	tn_hist_init(h);
	for (uint64_t v = 1; v <= 200; v++)
		tn_hist_record(h, v);
	assert_int_equal(tn_hist_percentile(h, 50), 100);
	assert_int_equal(tn_hist_percentile(h, 50.1), 101);
	assert_int_equal(tn_hist_percentile(h, 99), 198);
	assert_int_equal(tn_hist_percentile(h, 99.5), 199);
	assert_int_equal(tn_hist_percentile(h, 99.9), 200);
	assert_int_equal(tn_hist_percentile(h, -5), 1);
	assert_int_equal(tn_hist_percentile(h, 500), 200);
	assert_int_equal(tn_hist_count_above(h, 0), 200);
	assert_int_equal(tn_hist_count_above(h, 1), 199);
	assert_int_equal(tn_hist_count_above(h, 150), 50);
	assert_int_equal(tn_hist_count_above(h, 199), 1);
	assert_int_equal(tn_hist_count_above(h, 200), 0);
	free(h);
}

/* 99.9 % of 1,000 values are 999 of them, although 99.9 has no exact double. */
static void test_rank_is_not_a_rounding_error_off(void **state)
{
	struct tn_hist *h = malloc(sizeof(*h));

	(void)state;
	tn_hist_init(h);
	for (int i = 0; i < 999; i++)
		tn_hist_record(h, 10);
	tn_hist_record(h, 77);
	assert_int_equal(tn_hist_percentile(h, 99.9), 10);
	assert_int_equal(tn_hist_percentile(h, 99.91), 77);
	free(h);
}

static void test_empty(void **state)
{
	struct tn_hist *h = malloc(sizeof(*h));

	(void)state;
	tn_hist_init(h);
	assert_int_equal(h->min, UINT64_MAX);
	assert_int_equal(tn_hist_percentile(h, 50), 0);
	assert_int_equal(tn_hist_count_above(h, 0), 0);
	free(h);
}

static void test_buckets_join_without_gap(void **state)
{
	(void)state;
	assert_int_equal(tn_hist_bucket_low(0), 0);
	for (unsigned int i = 0; i < TN_HIST_BUCKETS; i++) {
		uint64_t low = tn_hist_bucket_low(i), high = tn_hist_bucket_high(i);

		assert_int_equal(tn_hist_index(low), i);
		assert_int_equal(tn_hist_index(high), i);
		assert_true((high - low) * TN_HIST_SUB <= low);
		if (i + 1 < TN_HIST_BUCKETS)
			assert_int_equal(tn_hist_bucket_low(i + 1), high + 1);
	}
	assert_true(tn_hist_bucket_high(TN_HIST_BUCKETS - 1) == (1ull << TN_HIST_MAX_BITS) - 1);
}

static void test_edges_of_powers_of_two(void **state)
{
	(void)state;
	for (unsigned int k = 1; k < TN_HIST_MAX_BITS; k++) {
		uint64_t edge = 1ull << k;

		assert_int_equal(tn_hist_bucket_low(tn_hist_index(edge)), edge);
		assert_int_equal(tn_hist_bucket_high(tn_hist_index(edge - 1)), edge - 1);
		assert_int_equal(tn_hist_index(edge), tn_hist_index(edge - 1) + 1);
	}
}

static void test_clips_but_keeps_the_maximum(void **state)
{
	static const uint64_t limit = 1ull << TN_HIST_MAX_BITS;
	struct tn_hist *h = malloc(sizeof(*h));

	(void)state;
	tn_hist_init(h);
	tn_hist_record(h, limit - 1);
	assert_int_equal(h->clipped, 0);
	assert_true(tn_hist_percentile(h, 50) == limit - 1);
	tn_hist_record(h, limit);
	tn_hist_record(h, UINT64_MAX);
	assert_int_equal(h->clipped, 2);
	assert_int_equal(h->count, 3);
	assert_int_equal(h->bucket[TN_HIST_BUCKETS - 1], 3);
	assert_true(h->max == UINT64_MAX);
	assert_true(tn_hist_percentile(h, 100) == UINT64_MAX);
	assert_true(tn_hist_percentile(h, 67) == UINT64_MAX);
	free(h);
}

static void test_merge_equals_recording_all(void **state)
{
	struct samples *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));
	struct tn_hist *all = malloc(sizeof(*all));

	(void)state;
	fill(a, 20, 3);
	fill(b, 45, 4);
	tn_hist_record(&b->hist, UINT64_MAX / 2);
	tn_hist_init(all);
	for (size_t i = 0; i < VALUES; i++) {
		tn_hist_record(all, a->v[i]);
		tn_hist_record(all, b->v[i]);
	}
	tn_hist_record(all, UINT64_MAX / 2);
	tn_hist_merge(&a->hist, &b->hist);
	assert_memory_equal(&a->hist, all, sizeof(*all));
	tn_hist_init(&b->hist);
	tn_hist_merge(&a->hist, &b->hist);
	assert_memory_equal(&a->hist, all, sizeof(*all));
	free(a);
	free(b);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles_keep_their_bound),
		cmocka_unit_test(test_small_values_are_exact),
		cmocka_unit_test(test_rank_is_not_a_rounding_error_off),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_buckets_join_without_gap),
		cmocka_unit_test(test_edges_of_powers_of_two),
		cmocka_unit_test(test_clips_but_keeps_the_maximum),
		cmocka_unit_test(test_merge_equals_recording_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
