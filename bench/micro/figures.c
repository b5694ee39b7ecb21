// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the benchmarks share: options, the rate of the counter, and the median with its interval.
 *
 * The interval runs from the k-th smallest to the k-th largest repetition. It holds the true median with the
 * probability 1 - 2 * P(B < k), B being binomial(n, 1/2), whatever the distribution is (David and Nagaraja,
 * Order Statistics, 7.1). k is the largest for which that is at least 95 %, or 1 when there is none.
 */
#include "figures.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cpus.h"
#include "base/now.h"
#include "base/ticks.h"
#include "base/units.h"

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s [--json] [--cpu N] [--repetitions N]   (at least %d; default 21)\n", name,
		REPETITIONS_MIN);
	return -1;
}

static int parse_number(const char *option, uint64_t min, uint64_t max, uint64_t *ret, struct tn_error *err)
{
	int r = tn_parse_u64(optarg, min, max, ret, err);

	return r < 0 ? tn_error_prefix(err, r, "%s", option) : 0;
}

static int parse_one(int opt, struct options *o, struct tn_error *err)
{
	uint64_t v = 0;
	int r = 0;

	if (opt == 'j') {
		o->json = true;
	} else if (opt == 'c') {
		r = parse_number("--cpu", 0, TN_CPUS_MAX - 1, &v, err);
		o->cpu = (int)v;
	} else {
		r = parse_number("--repetitions", REPETITIONS_MIN, REPETITIONS_MAX, &v, err);
		o->repetitions = (unsigned int)v;
	}
	return r;
}

/* Also binds to the CPU: the one asked for, or else the highest that is allowed. */
int options_parse(int argc, char **argv, const char *name, struct options *ret)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"cpu", required_argument, NULL, 'c'},
		{"repetitions", required_argument, NULL, 'r'},
		{0},
	};
	struct options o = {.cpu = -1, .repetitions = 21};
	struct tn_cpus set = {0};
	struct tn_error err = {0};
	int opt, r = 0;

	while (r == 0 && (opt = getopt_long(argc, argv, "", longs, NULL)) != -1)
		r = opt == '?' ? usage(name) : parse_one(opt, &o, &err);
	if (r == 0 && optind < argc)
		r = usage(name);
	if (r == 0 && o.cpu < 0 && (r = tn_cpus_affinity_self(&set, &err)) == 0)
		o.cpu = tn_cpus_last(&set);
	if (r == 0) {
		set = (struct tn_cpus){0};
		tn_cpus_add(&set, (unsigned int)o.cpu);
		r = tn_cpus_bind_self(&set, &err);
	}
	if (r < 0) {
		if (err.text[0])
			fprintf(stderr, "%s: %s\n", name, err.text);
		return r;
	}
	*ret = o;
	return 0;
}

static double now_ns(void)
{
	return (double)tn_now_ns(CLOCK_MONOTONIC_RAW);
}

/* Counter and clock read together: of many tries the one in which least time passed between. */
static void read_both(double *ns, double *ticks)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 100; i++) {
		uint64_t before = tn_ticks_ordered();
		double clock = now_ns();
		uint64_t took = tn_ticks_ordered() - before;

		if (took < best) {
			best = took;
			*ns = clock;
			*ticks = (double)before + (double)took / 2;
		}
	}
}

/* Over 100 ms: an error of one read, some 50 ns, is below 1e-6. */
double ns_per_tick(void)
{
	double ns0 = 0, ns1 = 0, t0 = 0, t1 = 0;

	read_both(&ns0, &t0);
	while (now_ns() - ns0 < 1e8)
		;
	read_both(&ns1, &t1);
	return (ns1 - ns0) / (t1 - t0);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void sort_u64(uint64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_u64);
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* P(B < k) for B binomial(n, 1/2). */
static double below(size_t n, size_t k)
{
	double sum = 0;

	for (size_t i = 0; i < k; i++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1) -
			   (double)n * M_LN2);
	return sum;
}

/* @n is 1 to REPETITIONS_MAX. */
struct figure figure_of(const double *v, size_t n)
{
	double sorted[REPETITIONS_MAX];
	size_t k = 1;

	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), compare_double);
	while (k < n / 2 && 1 - 2 * below(n, k + 1) >= 0.95)
		k++;
	return (struct figure){
		.median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2,
		.low = sorted[k - 1],
		.high = sorted[n - k],
		.coverage = 1 - 2 * below(n, k),
		.n = n,
	};
}

void figure_print(const char *name, const char *unit, const struct figure *f)
{
	printf("%-44s %9.3f %-8s [%.3f, %.3f]  %.1f %%, n=%zu\n", name, f->median, unit, f->low, f->high,
	       f->coverage * 100, f->n);
}

void figure_json(const char *name, const struct figure *f, bool last)
{
	printf("  \"%s\": {\"median\": %.4f, \"low\": %.4f, \"high\": %.4f, \"coverage\": %.4f, \"n\": %zu}%s\n", name,
	       f->median, f->low, f->high, f->coverage, f->n, last ? "" : ",");
}
