// SPDX-License-Identifier: GPL-2.0-or-later
/* The generator against the published sequences of its parts, and the fairness of what is drawn with it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/resample.h"
#include "base/cleanup.h"

/* SplitMix64 from 1234567, as its reference implementation prints it. */
static void seed_fills_the_state(void **state)
{
	static const uint64_t want[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
					4593380528125082431u};
	struct tn_random r;

	(void)state;
	tn_random_seed(&r, 1234567);
	for (size_t i = 0; i < TN_ARRAY_SIZE(want); i++)
		assert_true(r.s[i] == want[i]);
}

/* xoshiro256** from the state 1, 2, 3, 4, as its reference implementation prints it. */
static void sequence_is_that_of_xoshiro(void **state)
{
	static const uint64_t want[] = {11520u,
					0u,
					1509978240u,
					1215971899390074240u,
					1216172134540287360u,
					607988272756665600u,
					16172922978634559625u};
	struct tn_random r = {.s = {1, 2, 3, 4}};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(want); i++)
		assert_true(tn_random_next(&r) == want[i]);
}

/* 70,000 draws among 7: chi^2 with 6 degrees of freedom exceeds 22.5 once in 1,000 times; this seed is fixed. */
static void draws_are_fair(void **state)
{
	double chi2 = 0.0, seen[7] = {0};
	struct tn_random r;

	(void)state;
	tn_random_seed(&r, 1);
	for (unsigned int i = 0; i < 70000; i++)
		seen[tn_random_below(&r, 7)] += 1.0;
	for (unsigned int i = 0; i < 7; i++)
		chi2 += (seen[i] - 10000.0) * (seen[i] - 10000.0) / 10000.0;
	assert_true(chi2 < 22.5);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(tn_random_below(&r, 1), 0);
}

/* 3 * 2^30 does not divide 2^32: without refusing some draws, one third would come twice as often. */
static void large_ranges_are_fair(void **state)
{
	uint32_t n = 3u << 30, low = 0;
	struct tn_random r;

	(void)state;
	tn_random_seed(&r, 2);
	for (unsigned int i = 0; i < 30000; i++)
		low += tn_random_below(&r, n) % 3 == 0;
	assert_true(low > 9600 && low < 10400);
}

static void units_lie_in_their_range(void **state)
{
	double v, sum = 0.0, sum2 = 0.0;
	struct tn_random r;

	(void)state;
	tn_random_seed(&r, 3);
	for (unsigned int i = 0; i < 100000; i++) {
		v = tn_random_unit(&r);
		assert_true(v >= 0.0 && v < 1.0);
		sum += v;
		sum2 += v * v;
	}
	assert_true(fabs(sum / 100000 - 1.0 / 2) < 0.004);
	assert_true(fabs(sum2 / 100000 - 1.0 / 3) < 0.004);
}

static void resample_draws_as_many_as_there_are(void **state)
{
	uint32_t weights[5], same[5], all[5] = {0}, sum;
	struct tn_random r, again;

	(void)state;
	tn_random_seed(&r, 4);
	tn_random_seed(&again, 4);
	for (unsigned int i = 0; i < 1000; i++) {
		tn_resample(&r, 5, weights);
		tn_resample(&again, 5, same);
		sum = 0;
		for (unsigned int k = 0; k < 5; k++) {
			assert_int_equal(weights[k], same[k]);
			sum += weights[k];
			all[k] += weights[k];
		}
		assert_int_equal(sum, 5);
	}
	for (unsigned int k = 0; k < 5; k++)
		assert_true(all[k] > 850 && all[k] < 1150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seed_fills_the_state),     cmocka_unit_test(sequence_is_that_of_xoshiro),
		cmocka_unit_test(draws_are_fair),           cmocka_unit_test(large_ranges_are_fair),
		cmocka_unit_test(units_lie_in_their_range), cmocka_unit_test(resample_draws_as_many_as_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
