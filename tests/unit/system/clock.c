// SPDX-License-Identifier: GPL-2.0-or-later
/* The tick counter: the fit and the grain on made-up series, then this machine's clock against itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/now.h"
#include "base/ticks.h"
#include "system/clock-internal.h"
#include "system/clock.h"

#define POINTS 100
#define STEPS  2000

static void test_line_without_noise(void **state)
{
	struct tn_clock_point p[POINTS];
	double slope, error;

	(void)state;
	for (size_t i = 0; i < POINTS; i++) {
		p[i].ns = 1e18 + (double)i * 1048576;
		p[i].ticks = 7 + (double)i * 1048576 * 2.5;
	}
	assert_int_equal(tn_clock_fit_line(p, POINTS, &slope, &error), 0);
	assert_true(fabs(slope - 2.5) < 1e-12);
	assert_true(error < 1e-9);
}

/*
 * Residuals of +1 and -1 in pairs are symmetric: with x = 0..3 and y = x + (1, -1, -1, 1) the slope stays 1, the
 * squares sum to 4, Sxx = 5, so the standard error is sqrt(4 / 2 / 5).
 */
static void test_line_with_known_error(void **state)
{
	static const struct tn_clock_point p[] = {{0, 1}, {1, 0}, {2, 1}, {3, 4}};
	double slope, error;

	(void)state;
	assert_int_equal(tn_clock_fit_line(p, 4, &slope, &error), 0);
	assert_true(fabs(slope - 1.0) < 1e-12);
	assert_true(fabs(error - sqrt(0.4)) < 1e-12);
}

static void test_no_line(void **state)
{
	static const struct tn_clock_point p[] = {{5, 1}, {5, 2}, {5, 3}};
	double slope = 42, error = 42;

	(void)state;
	assert_int_equal(tn_clock_fit_line(p, 2, &slope, &error), -EINVAL);
	assert_int_equal(tn_clock_fit_line(p, 3, &slope, &error), -EINVAL);
	assert_true(slope == 42 && error == 42);
}

/* Reads at pseudo-random distances of a counter that shows floor(t / grain) * grain * scale. */
static uint64_t grain_of(double grain, double scale, unsigned int cost)
{
	uint64_t steps[STEPS], last = 0, seed = 88172645463325252ull;
	double t = 12345;

	for (size_t i = 0; i < STEPS; i++) {
		uint64_t shown;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		t += cost + (double)(seed % 61);
		shown = (uint64_t)(floor(t / grain) * grain * scale);
		steps[i] = i ? shown - last : 0;
		last = shown;
	}
	return tn_clock_grain(steps, STEPS);
}

static void test_grain(void **state)
{
	(void)state;
	assert_int_equal(grain_of(1, 1, 20), 1);
	assert_int_equal(grain_of(1, 1, 1), 1);
	assert_int_equal(grain_of(2, 1, 20), 2);
	assert_int_equal(grain_of(26, 1, 20), 26);
	assert_int_equal(grain_of(26, 0.9985, 20), 26);
	assert_int_equal(grain_of(36, 1, 40), 36);
	assert_int_equal(grain_of(100, 1, 20), 100);
	assert_int_equal(grain_of(1000, 1, 20), 1000);
}

static void test_grain_of_odd_series(void **state)
{
	uint64_t steps[STEPS] = {0};

	(void)state;
	assert_int_equal(tn_clock_grain(steps, STEPS), 0);
	for (size_t i = 0; i < STEPS; i++)
		steps[i] = 26;
	assert_int_equal(tn_clock_grain(steps, STEPS), 26);
	/* One migration and one interrupt among them. */
	steps[7] = 41;
	steps[9] = 1000003;
	assert_int_equal(tn_clock_grain(steps, STEPS), 26);
}

static void test_rate_of_the_kernels_page(void **state)
{
	struct perf_event_mmap_page page = {.cap_user_time = 1, .time_mult = 1717986918, .time_shift = 32};
	double hz = 42;

	(void)state;
	page.cap_user_time = 0;
	assert_int_equal(tn_clock_page_rate(&page, &hz), -EOPNOTSUPP);
	page.cap_user_time = 1;
	page.lock = 3;
	assert_int_equal(tn_clock_page_rate(&page, &hz), -EAGAIN);
	assert_true(hz == 42);
	page.lock = 4;
	assert_int_equal(tn_clock_page_rate(&page, &hz), 0);
	assert_true(fabs(hz / 2.5e9 - 1) < 1e-9);
}

static double seconds(void)
{
	return (double)tn_now_ns(CLOCK_MONOTONIC_RAW) / 1e9;
}

/* Ticks over the time it takes to measure the clock a second time: both rates must predict that time. */
static void test_this_machine(void **state)
{
	struct tn_error err = {0};
	struct tn_clock c, again;
	double t0, t1, hz, ppm;
	uint64_t ticks;

	(void)state;
	if (tn_clock_measure(&c, &err))
		fail_msg("%s", err.text);
	t0 = seconds();
	ticks = tn_ticks();
	assert_int_equal(tn_clock_fit(&hz, &ppm, &err), 0);
	t1 = seconds();
	ticks = tn_ticks() - ticks;
	assert_true(fabs((double)ticks / c.hz / (t1 - t0) - 1) < 1e-3);
	assert_true(fabs(hz / c.hz - 1) < 1e-4);
	assert_true(ppm > 0 && ppm < 100);
	assert_true(c.source == TN_CLOCK_KERNEL ? c.hz_error_ppm == 0 : c.hz_error_ppm > 0);
	assert_true(c.quantum_ticks >= 1);
	assert_true(c.clocksource[0]);
	assert_null(strchr(c.clocksource, '\n'));
	assert_int_equal(tn_clock_measure(&again, &err), 0);
	assert_int_equal(again.quantum_ticks, c.quantum_ticks);
	assert_string_equal(tn_clock_source_name(TN_CLOCK_KERNEL), "kernel");
	assert_string_equal(tn_clock_source_name(TN_CLOCK_FITTED), "fitted");
}

static void test_conversions(void **state)
{
	const struct tn_clock c = {.hz = 2.5e9};

	(void)state;
	assert_true(tn_ticks_to_ns(&c, 250) == 100);
	assert_int_equal(tn_ns_to_ticks(&c, 100), 250);
	assert_int_equal(tn_ns_to_ticks(&c, 0.3), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_without_noise),
		cmocka_unit_test(test_line_with_known_error),
		cmocka_unit_test(test_no_line),
		cmocka_unit_test(test_grain),
		cmocka_unit_test(test_grain_of_odd_series),
		cmocka_unit_test(test_this_machine),
		cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_rate_of_the_kernels_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
