// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the comparison promises, tried on simulated rounds whose truth is known: 95 % intervals hold it in 93 to
 * 97 % of 2,000 comparisons, nothing is called different in at most 5 % of comparisons of the same with the same,
 * and real changes are found. All seeds are fixed, so that each run gives the same figures; those in
 * tlbnoise-statistics(7) are what this prints.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "analysis/compare.h"
#include "analysis/resample.h"
#include "base/cleanup.h"

#define COMPARISONS 2000
#define ROUNDS_MAX  10
#define CPUS_MAX    4
#define QUANTA      1000 /* jitter values in a simulated round */
#define GRID        8192 /* steps of a tabulated distribution */
#define SCALE       0.4  /* ns per tick */

static double normal(struct tn_random *r)
{
	double u = 1.0 - tn_random_unit(r);

	return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * tn_random_unit(r));
}

/* A count with the given mean and variance / mean: Poisson for 1, above it a gamma mixture of Poissons. */
static uint64_t count(struct tn_random *r, double mean, double dispersion)
{
	if (dispersion > 1.0)
		mean = qgamma(tn_random_unit(r), mean / (dispersion - 1.0), dispersion - 1.0, 1, 0);
	return (uint64_t)qpois(tn_random_unit(r), mean, 1, 0);
}

static void fill_rates(struct tn_random *r, struct tn_round *round, size_t n, double mean, double dispersion)
{
	for (size_t i = 0; i < n; i++)
		round[i] = (struct tn_round){.events = count(r, mean, dispersion), .exposure_s = 10.0};
}

/* Of each round the same events on all CPUs, as when one cause interrupts them all. */
static void on_all_cpus(struct tn_round *round, size_t rounds, size_t cpus)
{
	for (size_t i = rounds; i-- > 0;) {
		round[i].together = (uint32_t)i + 1;
		for (size_t cpu = 0; cpu < cpus; cpu++)
			round[cpu * rounds + i] = round[i];
	}
}

static struct tn_compare_options options(void)
{
	struct tn_compare_options o = tn_compare_defaults();

	o.resamples = 300; /* instead of 4,000: 2 % of noise on a width is enough here */
	return o;
}

static bool holds(struct tn_interval i, double truth)
{
	return i.low <= truth && truth <= i.high;
}

/* One row of the table of coverage: prints it, and checks it. */
static void check_share(const char *what, unsigned int held, double least, double most)
{
	double share = 100.0 * held / COMPARISONS;

	print_message("%-66s %5.1f %%\n", what, share);
	if (share < least || share > most)
		fail_msg("%s: %.1f %% is not within %g to %g %%", what, share, least, most);
}

struct rate_case {
	const char *what;
	size_t rounds;
	double mean_a, mean_b, dispersion_a, dispersion_b;
	double most;
	size_t cpus; /* interrupted by the same events; 0: one */
};

static void cover_rates(const struct rate_case *c, uint64_t seed)
{
	struct tn_round a[ROUNDS_MAX * CPUS_MAX], b[ROUNDS_MAX * CPUS_MAX];
	size_t cpus = c->cpus ? c->cpus : 1, n = c->rounds * cpus;
	struct tn_compare_metric m = {.name = "rate", .a = {a, n}, .b = {b, n}};
	struct tn_compare_options o = options();
	struct tn_compared result;
	unsigned int held = 0;
	struct tn_random r;

	tn_random_seed(&r, seed);
	for (unsigned int i = 0; i < COMPARISONS; i++) {
		fill_rates(&r, a, c->rounds, c->mean_a, c->dispersion_a);
		fill_rates(&r, b, c->rounds, c->mean_b, c->dispersion_b);
		on_all_cpus(a, c->rounds, cpus);
		on_all_cpus(b, c->rounds, cpus);
		assert_int_equal(tn_compare(&m, 1, &o, &result, NULL), 0);
		held += holds(result.ratio_interval, c->mean_b / c->mean_a);
	}
	check_share(c->what, held, 93.0, c->most);
}

static void intervals_of_rates_cover(void **state)
{
	static const struct rate_case cases[] = {
		{"Poisson, 100 a round, 5 rounds, same", 5, 100, 100, 1, 1, 97},
		{"Poisson, 100 a round, 5 rounds, halved", 5, 100, 50, 1, 1, 97},
		{"Poisson, 20 a round, 10 rounds, doubled", 10, 20, 40, 1, 1, 97},
		{"Poisson, 5,000 against 7 a round, 5 rounds", 5, 5000, 7, 1, 1, 97},
		{"variance twice Poisson's, 100 a round, 5 rounds, same", 5, 100, 100, 2, 2, 97},
		{"variance 5 times Poisson's, 200 a round, 5 rounds, halved", 5, 200, 100, 5, 5, 97},
		{"variance 5 times Poisson's, 200 a round, 10 rounds, same", 10, 200, 200, 5, 5, 97},
		{"variance 50 times Poisson's, 5,000 a round, 10 rounds, doubled", 10, 5000, 10000, 50, 50, 97},
		{"variance 20 times Poisson's and 2,000, against Poisson and 20", 5, 2000, 20, 20, 1, 100},
		{"Poisson, 2 a round, 5 rounds, same", 5, 2, 2, 1, 1, 100},
		{"Poisson, 1 a round, 5 rounds, doubled", 5, 1, 2, 1, 1, 100},
		{"Poisson, 0.4 a round, 5 rounds, same", 5, 0.4, 0.4, 1, 1, 100},
		{"Poisson, 100 against 0.2 a round, 5 rounds", 5, 100, 0.2, 1, 1, 100},
		{"Poisson, 100 a round that 4 CPUs share, 5 rounds, same", 5, 100, 100, 1, 1, 97, 4},
		{"Poisson, 100 a round that 4 CPUs share, 10 rounds, doubled", 10, 100, 200, 1, 1, 97, 4},
		{"Poisson, 100 against 0.2 a round that 4 CPUs share, 5 rounds", 5, 100, 0.2, 1, 1, 100, 4},
	};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(cases); i++)
		cover_rates(&cases[i], 100 + i);
}

/* Distributions of values within a round, as inverse distribution functions. */
static double lognormal(double u)
{
	return 1000.0 * exp(0.5 * qnorm(u, 0.0, 1.0, 1, 0));
}

static double pareto(double u) /* without a variance */
{
	return 500.0 / sqrt(1.0 - u);
}

/* As jitter is: most quanta lose a few ticks, one in twenty is interrupted. */
static double jitter(double u)
{
	return u < 0.95 ? 40.0 + 30.0 * u : 3000.0 * exp(0.6 * qnorm((u - 0.95) / 0.05, 0.0, 1.0, 1, 0));
}

static double *tabulate(double (*inverse)(double))
{
	double *grid = test_malloc(GRID * sizeof(*grid));

	for (unsigned int i = 0; i < GRID; i++)
		grid[i] = inverse((i + 0.5) / GRID);
	return grid;
}

static void fill_hist(struct tn_random *r, struct tn_hist *h, const double *grid, double factor)
{
	tn_hist_init(h);
	for (unsigned int i = 0; i < QUANTA; i++)
		tn_hist_record(h, (uint64_t)(grid[tn_random_below(r, GRID)] * factor));
}

/* Rounds that differ from each other by a factor with the given spread of its logarithm. */
static void fill_rounds(struct tn_random *r, struct tn_round *round, struct tn_hist *hist, size_t n, const double *grid,
			double factor, double spread)
{
	for (size_t i = 0; i < n; i++) {
		fill_hist(r, &hist[i], grid, factor * exp(spread * normal(r)));
		round[i] = (struct tn_round){.hist = &hist[i], .scale = SCALE};
	}
}

/* The share of values at or below @x in rounds of the given spread, over 400 of their factors. */
static double share_below(const double *grid, double spread, double x)
{
	double share = 0.0, limit;
	unsigned int low, high, middle;

	for (unsigned int i = 0; i < 400; i++) {
		limit = x / exp(spread * qnorm((i + 0.5) / 400, 0.0, 1.0, 1, 0));
		for (low = 0, high = GRID; low < high;) {
			middle = (low + high) / 2;
			if (grid[middle] <= limit)
				low = middle + 1;
			else
				high = middle;
		}
		share += (double)low / GRID / 400;
	}
	return share;
}

/* The percentile of endlessly many rounds together. */
static double true_percentile(const double *grid, double spread, double percent)
{
	double low = grid[0] / 100.0, high = grid[GRID - 1] * 100.0, middle;

	while (high / low > 1.00001) {
		middle = sqrt(low * high);
		if (share_below(grid, spread, middle) < percent / 100.0)
			low = middle;
		else
			high = middle;
	}
	return high;
}

struct percentile_case {
	const char *what;
	double (*inverse)(double);
	size_t rounds;
	double spread_a, spread_b;
	double least;
};

static void cover_percentiles(const struct percentile_case *c, uint64_t seed)
{
	tn_autofree struct tn_hist *hist = calloc(2 * ROUNDS_MAX, sizeof(*hist));
	struct tn_round a[ROUNDS_MAX], b[ROUNDS_MAX];
	struct tn_compare_metric m[] = {
		{.name = "p50",
		 .quantity = TN_QUANTITY_PERCENTILE,
		 .percent = 50,
		 .a = {a, c->rounds},
		 .b = {b, c->rounds}},
		{.name = "p99",
		 .quantity = TN_QUANTITY_PERCENTILE,
		 .percent = 99,
		 .a = {a, c->rounds},
		 .b = {b, c->rounds}},
	};
	struct tn_compare_options o = options();
	double *grid = tabulate(c->inverse);
	unsigned int held[2] = {0}, held_alone[2] = {0};
	struct tn_compared result[2];
	double truth[2], alone[2];
	struct tn_random r;
	char what[96];

	assert_non_null(hist);
	for (unsigned int k = 0; k < 2; k++) {
		alone[k] = true_percentile(grid, c->spread_a, m[k].percent);
		truth[k] = 1.5 * true_percentile(grid, c->spread_b, m[k].percent) / alone[k];
	}
	tn_random_seed(&r, seed);
	for (unsigned int i = 0; i < COMPARISONS; i++) {
		fill_rounds(&r, a, hist, c->rounds, grid, 1.0, c->spread_a);
		fill_rounds(&r, b, hist + ROUNDS_MAX, c->rounds, grid, 1.5, c->spread_b);
		assert_int_equal(tn_compare(m, 2, &o, result, NULL), 0);
		for (unsigned int k = 0; k < 2; k++) {
			held[k] += holds(result[k].ratio_interval, truth[k]);
			held_alone[k] += holds(result[k].a.interval, SCALE * alone[k]);
		}
	}
	test_free(grid);
	for (unsigned int k = 0; k < 2; k++) {
		snprintf(what, sizeof(what), "%s, %s", c->what, m[k].name);
		check_share(what, held[k], c->least, 97.0);
		snprintf(what, sizeof(what), "%s, %s, side A alone", c->what, m[k].name);
		check_share(what, held_alone[k], c->least - 1.0, 97.0);
	}
}

static void intervals_of_percentiles_cover(void **state)
{
	static const struct percentile_case cases[] = {
		{"lognormal, 5 rounds, spread 5 %", lognormal, 5, 0.05, 0.05, 93},
		{"lognormal, 5 rounds, spread 20 %", lognormal, 5, 0.2, 0.2, 93},
		{"lognormal, 10 rounds, spread 10 %", lognormal, 10, 0.1, 0.1, 93},
		{"Pareto, 5 rounds, spread 10 %", pareto, 5, 0.1, 0.1, 93},
		{"Pareto, 10 rounds, spread 5 %", pareto, 10, 0.05, 0.05, 93},
		{"jitter, 5 rounds, spread 10 %", jitter, 5, 0.1, 0.1, 93},
		{"jitter, 10 rounds, spread 20 %", jitter, 10, 0.2, 0.2, 93},
		/* A limit: so uneven rounds make a p99 of few of them, and 10 rounds hide that better than 5. */
		{"lognormal, 10 rounds, spread 30 %", lognormal, 10, 0.3, 0.3, 90},
		{"jitter, 5 rounds, spread 5 % against 20 %", jitter, 5, 0.05, 0.2, 93},
	};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(cases); i++)
		cover_percentiles(&cases[i], 200 + i);
}

/* Maxima of rounds, a metric that goes by ranks: of 1,000 Pareto values, times the round's own factor. */
static void fill_maxima(struct tn_random *r, struct tn_round *round, size_t n, double factor)
{
	for (size_t i = 0; i < n; i++)
		round[i] = (struct tn_round){.value = factor * exp(0.1 * normal(r)) *
						      pareto(pow(1.0 - tn_random_unit(r), 1.0 / QUANTA))};
}

/* The interval says what it covers exactly, as few ranks allow few levels: 96.8 % for 5 and 5, 95.7 % for 10. */
static void cover_values(const char *what, size_t rounds, uint64_t seed)
{
	struct tn_round a[ROUNDS_MAX], b[ROUNDS_MAX];
	struct tn_compare_metric m = {.name = "max", .quantity = TN_QUANTITY_VALUE, .a = {a, rounds}, .b = {b, rounds}};
	struct tn_compare_options o = options();
	struct tn_compared result;
	unsigned int held = 0;
	struct tn_random r;
	double stated = 0.0;

	tn_random_seed(&r, seed);
	for (unsigned int i = 0; i < COMPARISONS; i++) {
		fill_maxima(&r, a, rounds, 1.0);
		fill_maxima(&r, b, rounds, 3.0);
		assert_int_equal(tn_compare(&m, 1, &o, &result, NULL), 0);
		held += holds(result.ratio_interval, 3.0);
		stated = 100.0 * result.ratio_interval.confidence;
	}
	check_share(what, held, stated - 1.5, stated + 1.5);
}

static void intervals_of_values_cover(void **state)
{
	(void)state;
	cover_values("maxima, 5 rounds", 5, 300);
	cover_values("maxima, 10 rounds", 10, 301);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_of_rates_cover),
		cmocka_unit_test(intervals_of_percentiles_cover),
		cmocka_unit_test(intervals_of_values_cover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
