// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quantities for people to read: the number scaled to its unit, a blank, the unit. Three significant digits,
 * because what is measured here is rarely known better. Programs read the run document instead.
 */
#include "base/units.h"

#include <math.h>
#include <stdio.h>

/* Decimals that leave three significant digits; the limits are those at which rounding carries over. */
static int decimals_for(double v)
{
	if (v < 9.995)
		return 2;
	return v < 99.95 ? 1 : 0;
}

/* Scales @v down by @step while it would print as @step or more and there is a next unit. */
static const char *print_scaled(double v, double step, const char *const *units, size_t n, char *buf, size_t size)
{
	double m = fabs(v);
	size_t i = 0;

	if (!isfinite(v))
		snprintf(buf, size, "-");
	else if (m == 0.0)
		snprintf(buf, size, "0 %s", units[0]);
	else {
		while (i + 1 < n && m >= step - 0.5) {
			m /= step;
			i++;
		}
		snprintf(buf, size, "%s%.*f %s", v < 0 ? "-" : "", decimals_for(m), m, units[i]);
	}
	return buf;
}

/**
 * tn_format_ns() - duration or difference of durations
 * @ns: nanoseconds
 * @buf: receives "850 ns", "1.23 us", "12.0 ms", "30.0 s"; "-" for what is not finite
 * @size: of @buf; TN_UNIT_TEXT is enough
 *
 * Return: @buf.
 */
const char *tn_format_ns(double ns, char *buf, size_t size)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};

	return print_scaled(ns, 1000.0, units, TN_ARRAY_SIZE(units), buf, size);
}

/**
 * tn_format_size() - size of memory
 * @bytes: the size
 * @buf: receives "512 B", "4.0 MiB"
 * @size: of @buf; TN_UNIT_TEXT is enough
 *
 * Return: @buf.
 */
const char *tn_format_size(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double v = (double)bytes;
	size_t i = 0;

	/* 1023.95 would print as 1024.0 */
	for (; i + 1 < TN_ARRAY_SIZE(units) && v >= (i ? 1023.95 : 1024.0); i++)
		v /= 1024.0;
	snprintf(buf, size, "%.*f %s", i ? 1 : 0, v, units[i]);
	return buf;
}

/**
 * tn_format_rate() - how often something happens
 * @per_s: events per second. 0 is "0 /s": TN_RATE_MAX means something in a request only, never in a result
 * @buf: receives "200 /s", "12.3 k/s", "1.20 M/s"; "-" for what is not finite
 * @size: of @buf; TN_UNIT_TEXT is enough
 *
 * Return: @buf.
 */
const char *tn_format_rate(double per_s, char *buf, size_t size)
{
	static const char *const units[] = {"/s", "k/s", "M/s", "G/s"};

	return print_scaled(per_s, 1000.0, units, TN_ARRAY_SIZE(units), buf, size);
}
