// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rate of the tick counter by least squares against CLOCK_MONOTONIC_RAW, which no time daemon steers.
 *
 * A point is a clock reading between two tick readings; its tick is the middle of the two. An interrupt
 * between them makes it wrong by up to half their distance, so each point is the narrowest of some tries.
 */
#include "system/clock-internal.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <time.h>

#include "base/now.h"
#include "base/ticks.h"

#define POINTS    200
#define TRIES     8
#define PERIOD_NS 1000000 /* 200 points over 200 ms */
#define T_95      1.972   /* two-sided 95 % quantile of Student's t with POINTS - 2 degrees of freedom */

static void take_point(uint64_t ticks0, uint64_t ns0, struct tn_clock_point *ret)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		struct timespec ts;
		uint64_t before = tn_ticks_ordered(), after;

		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		after = tn_ticks_ordered();
		if (after - before >= best)
			continue;
		best = after - before;
		ret->ticks = (double)(before - ticks0) + (double)best / 2;
		ret->ns = (double)((uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec - ns0);
	}
}

/**
 * tn_clock_fit_line() - slope of ticks over nanoseconds by least squares
 * @points: the points
 * @n: how many, 3 or more
 * @ret_slope: ticks per nanosecond; untouched on failure
 * @ret_error: its standard error; untouched on failure
 *
 * slope = Sxy / Sxx; its variance = (sum of squared residuals / (n - 2)) / Sxx: the textbook formulas of
 * simple linear regression, on centred values so that nothing large is subtracted.
 *
 * Return: 0; -EINVAL when the points define no line.
 */
int tn_clock_fit_line(const struct tn_clock_point *points, size_t n, double *ret_slope, double *ret_error)
{
	double mx = 0, my = 0, sxx = 0, sxy = 0, ssr = 0, slope;

	if (n < 3)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		mx += (points[i].ns - points[0].ns) / (double)n;
		my += (points[i].ticks - points[0].ticks) / (double)n;
	}
	mx += points[0].ns;
	my += points[0].ticks;
	for (size_t i = 0; i < n; i++) {
		sxx += (points[i].ns - mx) * (points[i].ns - mx);
		sxy += (points[i].ns - mx) * (points[i].ticks - my);
	}
	if (!(sxx > 0))
		return -EINVAL;
	slope = sxy / sxx;
	for (size_t i = 0; i < n; i++) {
		double residual = points[i].ticks - my - slope * (points[i].ns - mx);

		ssr += residual * residual;
	}
	*ret_slope = slope;
	*ret_error = sqrt(ssr / (double)(n - 2) / sxx);
	return 0;
}

/**
 * tn_clock_fit() - measure the rate of the tick counter, for 200 ms
 * @ret_hz: ticks per second; untouched on failure
 * @ret_error_ppm: half width of the 95 % interval, in millionths of the rate; untouched on failure
 * @err: why there is no rate
 *
 * Return: 0; -EIO when the counter does not advance.
 */
int tn_clock_fit(double *ret_hz, double *ret_error_ppm, struct tn_error *err)
{
	const struct timespec period = {.tv_nsec = PERIOD_NS};
	struct tn_clock_point points[POINTS];
	double slope = 0, error = 0;
	uint64_t ticks0, ns0;

	ns0 = tn_now_ns(CLOCK_MONOTONIC_RAW);
	ticks0 = tn_ticks_ordered();
	for (size_t i = 0; i < POINTS; i++) {
		take_point(ticks0, ns0, &points[i]);
		nanosleep(&period, NULL);
	}
	if (tn_clock_fit_line(points, POINTS, &slope, &error) < 0 || !(slope > 0))
		return tn_error_set(err, -EIO, "the tick counter does not advance with CLOCK_MONOTONIC_RAW");
	*ret_hz = slope * 1e9;
	*ret_error_ppm = T_95 * error / slope * 1e6;
	return 0;
}
