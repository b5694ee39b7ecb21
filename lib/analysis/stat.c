// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Uncertainty of what a run measured. Counts get an exact interval, values of rounds get the median and an
 * interval from order statistics: neither assumes a normal distribution, which few rounds of a skewed
 * quantity such as latency never have. The quantiles come from libRmath.
 */
#include "analysis/stat.h"

#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

static double alpha_half(double confidence)
{
	if (!(confidence > 0.0))
		return 0.5;
	return confidence < 1.0 ? (1.0 - confidence) / 2.0 : 0.0;
}

/**
 * tn_poisson_interval() - exact interval of a rate
 * @events: how many were counted
 * @exposure_s: for how long, seconds
 * @confidence: 0 to 1, such as 0.95
 *
 * The central interval of F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936):
 * qgamma(a/2, n) / t to qgamma(1 - a/2, n + 1) / t. It covers the true rate with at least @confidence for
 * any number of events; for none it starts at 0 and its upper end is -ln(a/2) / t, 3.69 / t at 95 %. (The
 * familiar 3.00 / t is a one-sided bound; switching to it only after nothing was seen would cover less than
 * is promised.) It holds for events that come independently of each other. Churn comes in bursts, so the
 * spread between rounds belongs beside it.
 *
 * Return: events per second; 0 to infinity when @exposure_s is not above 0.
 */
struct tn_interval tn_poisson_interval(uint64_t events, double exposure_s, double confidence)
{
	struct tn_interval i = {.low = 0.0, .high = INFINITY, .confidence = confidence};
	double a = alpha_half(confidence), n = (double)events;

	if (!(exposure_s > 0.0))
		return i;
	if (events)
		i.low = qgamma(a, n, 1.0, 1, 0) / exposure_s;
	i.high = qgamma(1.0 - a, n + 1.0, 1.0, 1, 0) / exposure_s;
	return i;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/**
 * tn_median() - middle of some values
 * @values: sorted in place; none may be NaN
 * @n: how many
 *
 * Return: the middle value, the mean of the two middle ones if @n is even, NaN if @n is 0.
 */
double tn_median(double *values, size_t n)
{
	if (!n)
		return NAN;
	qsort(values, n, sizeof(*values), compare_doubles);
	if (n % 2)
		return values[n / 2];
	return values[n / 2 - 1] / 2.0 + values[n / 2] / 2.0;
}

/**
 * tn_median_interval() - distribution-free interval of the median
 * @values: independent values, such as one of each round; sorted in place; none may be NaN
 * @n: how many
 * @confidence: the wanted confidence, 0 to 1
 *
 * From the r-th smallest to the r-th largest value, r as great as the confidence allows: the
 * number of values below the median is binomial (n, 1/2), so these two enclose it with probability
 * 1 - 2 P(B <= r - 1). H. A. David and H. N. Nagaraja, "Order Statistics", 3rd ed., section 7.1. Too few
 * values for the wanted confidence give all they have: the smallest to the largest, with 1 - 2^(1 - n). Five
 * rounds reach 93.8 %, six are needed for 95 %.
 *
 * Return: the interval with its actual confidence, which is 0 for a single value; NaN to NaN if @n is 0.
 */
struct tn_interval tn_median_interval(double *values, size_t n, double confidence)
{
	struct tn_interval i = {.low = NAN, .high = NAN, .confidence = 0.0};
	double r;

	if (!n)
		return i;
	qsort(values, n, sizeof(*values), compare_doubles);
	/* The smallest r with P(B <= r) >= a/2: all below it, up to r - 1, weigh less than a/2. */
	r = qbinom(alpha_half(confidence), (double)n, 0.5, 1, 0);
	if (r < 1.0)
		r = 1.0;
	if (r > (double)((n + 1) / 2))
		r = (double)((n + 1) / 2);
	i.low = values[(size_t)r - 1];
	i.high = values[n - (size_t)r];
	i.confidence = fmax(0.0, 1.0 - 2.0 * pbinom(r - 1.0, (double)n, 0.5, 1, 0));
	return i;
}
