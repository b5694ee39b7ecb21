// SPDX-License-Identifier: GPL-2.0-or-later
/* The threshold, from gaps as clocks and machines of different kinds give them. */
#include "harness.h"

#include "probe/calibrate.h"

#define BATCHES 64
#define GAPS    (BATCHES * TN_BATCH_GAPS)

static uint64_t gaps[GAPS];

static void fill(uint64_t usual)
{
	for (size_t i = 0; i < GAPS; i++)
		gaps[i] = usual;
}

static struct tn_floor judge(uint64_t min_threshold)
{
	struct tn_floor f;

	tn_floor_of(gaps, BATCHES, min_threshold, &f);
	return f;
}

static void test_stepping_clock(void **state)
{
	struct tn_floor f;

	(void)state;
	/* Steps of 26 ticks; each batch has a few passes that take two steps. */
	fill(26);
	for (size_t i = 0; i < GAPS; i += 100)
		gaps[i] = 52;
	f = judge(0);
	assert_int_equal(f.min, 26);
	assert_int_equal(f.median, 26);
	assert_int_equal(f.p999, 52);
	assert_int_equal(f.tail, 52);
	assert_int_equal(f.threshold, 26 + 4 * 26);
}

static void test_wide_floor(void **state)
{
	struct tn_floor f;

	(void)state;
	/* 20 to 220 ticks, evenly: the tail rules, not the median. */
	for (size_t i = 0; i < GAPS; i++)
		gaps[i] = 20 + i % 201;
	f = judge(0);
	assert_int_equal(f.min, 20);
	assert_in_range(f.median, 119, 121);
	assert_int_equal(f.tail, 220);
	assert_int_equal(f.threshold, f.median + 4 * f.median);
	for (size_t i = 0; i < GAPS; i++)
		gaps[i] = i % 500 ? 20 : 120;
	assert_int_equal(judge(0).threshold, 20 + 4 * 100);
}

static void test_lower_limit(void **state)
{
	(void)state;
	fill(26);
	assert_int_equal(judge(1000).threshold, 1000);
	fill(26);
	assert_int_equal(judge(26 + 4 * 26).threshold, 26 + 4 * 26);
	fill(26);
	assert_int_equal(judge(26 + 4 * 26 - 1).threshold, 26 + 4 * 26);
}

/* A counter slower than the loop, as on aarch64 at 25 MHz: most gaps are 0. */
static void test_coarse_clock(void **state)
{
	struct tn_floor f;

	(void)state;
	fill(0);
	assert_int_equal(judge(0).threshold, 4);
	fill(0);
	for (size_t i = 0; i < GAPS; i += 4)
		gaps[i] = 1;
	f = judge(0);
	assert_int_equal(f.min, 0);
	assert_int_equal(f.median, 0);
	assert_int_equal(f.threshold, 4);
}

/* Interruptions in three of four batches do not move the threshold; they do show in p999 when frequent. */
static void test_interrupted_calibration(void **state)
{
	struct tn_floor f;

	(void)state;
	fill(26);
	for (size_t b = 0; b < BATCHES; b++)
		if (b % 4 != 1)
			for (size_t i = 0; i < 3; i++)
				gaps[b * TN_BATCH_GAPS + i * 300] = 50000 + b;
	f = judge(0);
	assert_int_equal(f.tail, 26);
	assert_int_equal(f.threshold, 130);
	assert_true(f.p999 >= 50000);
}

/* Beyond that it moves: the formula's limit, stated here so that a change of it is noticed. */
static void test_interrupted_everywhere(void **state)
{
	(void)state;
	fill(26);
	for (size_t b = 0; b < BATCHES; b++)
		gaps[b * TN_BATCH_GAPS + 7] = 3000;
	assert_int_equal(judge(0).threshold, 26 + 4 * (3000 - 26));
}

static void test_fewer_batches(void **state)
{
	struct tn_floor f;

	(void)state;
	fill(10);
	gaps[TN_BATCH_GAPS] = 9999; /* in the second batch, which is not looked at */
	tn_floor_of(gaps, 1, 0, &f);
	assert_int_equal(f.tail, 10);
	assert_int_equal(f.p999, 10);
	assert_int_equal(gaps[TN_BATCH_GAPS], 9999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stepping_clock),
		cmocka_unit_test(test_wide_floor),
		cmocka_unit_test(test_lower_limit),
		cmocka_unit_test(test_coarse_clock),
		cmocka_unit_test(test_interrupted_calibration),
		cmocka_unit_test(test_interrupted_everywhere),
		cmocka_unit_test(test_fewer_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
