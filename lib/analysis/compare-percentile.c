// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Percentiles. A side's percentile is that of all its values together, the one a report shows; its uncertainty
 * comes from resampling whole units (rounds or boots), since values within a round depend on each other.
 *
 * With 5 rounds the plain percentile bootstrap is far too narrow, for two reasons that T. Hesterberg gives in
 * "What teachers should know about the bootstrap", The American Statistician 69 (2015): the spread of n values
 * about their own mean is too small by n / (n - 1), and normal tails are taken where Student's belong. So the
 * bootstrap gives the standard error of the logarithm, corrected by sqrt(n / (n - 1)), and Student's t with
 * Welch's degrees of freedom makes the interval. Where one bad round decides a high percentile, few resamples of
 * few rounds say little of how much that varies; so the variance is averaged with that of the mean of the units'
 * own percentiles. tests/unit/analysis/coverage.c holds the coverage to 93 to 97 %.
 *
 * To draw thousands of resamples, the histograms become one table: a row for each value that any unit has, with
 * how many values of each unit lie at or below it. A percentile of a resample is then a binary search.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "analysis/compare-internal.h"
#include "analysis/resample.h"
#include "base/cleanup.h"

#define BEYOND_MIN      10.0 /* values that have to lie on either side of a percentile */
#define UNIT_BEYOND_MIN 2.0  /* the same, for a unit's own percentile to say something */

struct table {
	size_t rows, units;
	double *value;   /* by row, rising */
	uint64_t *upto;  /* rows x units: values of the unit at or below that of the row */
	uint64_t *count; /* by unit */
	double *min, *max;
	double grain; /* the coarsest recorded unit */
};

struct cell {
	double value;
	uint64_t n;
	size_t unit;
};

static void table_free(struct table *t)
{
	free(t->value);
	free(t->upto);
	free(t->count);
	free(t->min);
	free(t->max);
}

static int by_value(const void *a, const void *b)
{
	double x = ((const struct cell *)a)->value, y = ((const struct cell *)b)->value;

	return (x > y) - (x < y);
}

/* Clipped values are known only to lie above the last bucket; the maximum, which is exact, stands for them. */
static double cell_value(const struct tn_round *round, unsigned int bucket)
{
	if (bucket == TN_HIST_BUCKETS - 1 && round->hist->clipped)
		return INFINITY;
	return (double)tn_hist_bucket_high(bucket) * round->scale;
}

static unsigned int first_bucket(const struct tn_hist *h)
{
	unsigned int i = tn_hist_index(h->min);

	return i < TN_HIST_BUCKETS ? i : TN_HIST_BUCKETS - 1;
}

static unsigned int last_bucket(const struct tn_hist *h)
{
	unsigned int i = tn_hist_index(h->max);

	return i < TN_HIST_BUCKETS ? i : TN_HIST_BUCKETS - 1;
}

/* Counts the filled buckets of all rounds, and lists them unless @cells is NULL. */
static size_t gather(const struct tn_side *side, struct cell *cells)
{
	size_t n = 0;

	for (size_t i = 0; i < side->sample->n; i++) {
		const struct tn_round *round = &side->sample->round[i];

		for (unsigned int k = first_bucket(round->hist); k <= last_bucket(round->hist); k++) {
			if (!round->hist->bucket[k])
				continue;
			if (cells)
				cells[n] =
					(struct cell){cell_value(round, k), round->hist->bucket[k], side->units.of[i]};
			n++;
		}
	}
	return n;
}

static void fill_rows(struct table *t, const struct cell *cells, size_t n)
{
	size_t row = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && cells[i].value != cells[i - 1].value) {
			memcpy(t->upto + (row + 1) * t->units, t->upto + row * t->units, t->units * sizeof(*t->upto));
			row++;
		}
		t->value[row] = cells[i].value;
		t->upto[row * t->units + cells[i].unit] += cells[i].n;
	}
	t->rows = n ? row + 1 : 0;
}

static void fill_units(struct table *t, const struct tn_side *side)
{
	for (size_t u = 0; u < t->units; u++) {
		t->min[u] = INFINITY;
		t->max[u] = 0.0;
	}
	for (size_t i = 0; i < side->sample->n; i++) {
		const struct tn_round *round = &side->sample->round[i];
		size_t u = side->units.of[i];

		t->grain = fmax(t->grain, round->scale);
		if (!round->hist->count)
			continue;
		t->count[u] += round->hist->count;
		t->min[u] = fmin(t->min[u], (double)round->hist->min * round->scale);
		t->max[u] = fmax(t->max[u], (double)round->hist->max * round->scale);
	}
}

static size_t different(const struct cell *cells, size_t n)
{
	size_t values = n > 0;

	for (size_t i = 1; i < n; i++)
		values += cells[i].value != cells[i - 1].value;
	return values;
}

/* Rounds fill much the same buckets: there are many times more cells than values, and a row is as long as a side. */
static int table_make(const struct tn_side *side, struct table *ret)
{
	size_t n = gather(side, NULL), units = side->units.n, rows;
	tn_autofree struct cell *cells = calloc(n + 1, sizeof(*cells));
	struct table t = {.units = units};

	if (!cells)
		return -ENOMEM;
	gather(side, cells);
	qsort(cells, n, sizeof(*cells), by_value);
	rows = different(cells, n);
	t.value = calloc(rows + 1, sizeof(*t.value));
	t.upto = calloc((rows + 1) * (units + 1), sizeof(*t.upto));
	t.count = calloc(units + 1, sizeof(*t.count));
	t.min = calloc(units + 1, sizeof(*t.min));
	t.max = calloc(units + 1, sizeof(*t.max));
	if (!t.value || !t.upto || !t.count || !t.min || !t.max) {
		table_free(&t);
		return -ENOMEM;
	}
	fill_rows(&t, cells, n);
	fill_units(&t, side);
	*ret = t;
	return 0;
}

static uint64_t weighted(const uint64_t *counts, const uint32_t *weights, size_t units)
{
	uint64_t sum = 0;

	for (size_t u = 0; u < units; u++)
		sum += counts[u] * weights[u];
	return sum;
}

/* The first row at or below which at least @rank values lie. */
static size_t find_row(const struct table *t, const uint32_t *weights, uint64_t rank)
{
	size_t low = 0, high = t->rows - 1, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (weighted(t->upto + middle * t->units, weights, t->units) >= rank)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* What tn_hist_percentile() says of the units merged as often as @weights says; NaN where they hold nothing. */
static double percentile(const struct table *t, const uint32_t *weights, double percent)
{
	uint64_t count = weighted(t->count, weights, t->units);
	double rank = ceil(percent / 100.0 * (double)count * (1.0 - 1e-15)), min = INFINITY, max = 0.0;

	if (!count || !t->rows)
		return NAN;
	for (size_t u = 0; u < t->units; u++) {
		if (weights[u]) {
			min = fmin(min, t->min[u]);
			max = fmax(max, t->max[u]);
		}
	}
	if (!(rank > 1.0))
		return min;
	return fmin(t->value[find_row(t, weights, rank < (double)count ? (uint64_t)rank : count)], max);
}

/* The percentile of each unit by itself, without those that hold nothing; returns how many. */
static size_t unit_percentiles(const struct table *t, double percent, uint32_t *weights, double *ret)
{
	size_t n = 0;

	memset(weights, 0, t->units * sizeof(*weights));
	for (size_t u = 0; u < t->units; u++) {
		weights[u] = 1;
		if (t->count[u])
			ret[n++] = percentile(t, weights, percent);
		weights[u] = 0;
	}
	return n;
}

/* A percentile of one side with its standard errors, as itself and as a logarithm. */
struct spread {
	double value, floor;
	double se, se_log;
	double df;
	size_t n; /* units that hold values */
	double *by_unit;
};

struct moments {
	double n, mean, sum2;
};

/* B. P. Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4 (1962). */
static void add(struct moments *m, double x)
{
	double before = x - m->mean;

	m->n += 1.0;
	m->mean += before / m->n;
	m->sum2 += before * (x - m->mean);
}

static double error_of_mean(const struct moments *m)
{
	return m->n > 1.0 ? sqrt(m->sum2 / (m->n - 1.0) / m->n) : 0.0;
}

/* Only where units hold enough values for percentiles of their own. */
static void average_with_unit_errors(struct spread *s)
{
	struct moments plain = {0}, log_value = {0};

	for (size_t i = 0; i < s->n; i++) {
		add(&plain, s->by_unit[i]);
		add(&log_value, log(fmax(s->by_unit[i], s->floor)));
	}
	s->se = hypot(s->se, error_of_mean(&plain)) / M_SQRT2;
	s->se_log = hypot(s->se_log, error_of_mean(&log_value)) / M_SQRT2;
}

static void resample_errors(const struct table *t, double percent, uint32_t *weights, struct tn_random *random,
			    uint32_t resamples, struct spread *s)
{
	struct moments plain = {0}, log_value = {0};
	double v, small = (double)s->n / ((double)s->n - 1.0);

	for (uint32_t i = 0; i < resamples; i++) {
		tn_resample(random, (uint32_t)t->units, weights);
		v = percentile(t, weights, percent);
		if (isnan(v))
			continue;
		add(&plain, v);
		add(&log_value, log(fmax(v, s->floor)));
	}
	s->se = sqrt(plain.sum2 / plain.n * small);
	s->se_log = sqrt(log_value.sum2 / log_value.n * small);
}

/*
 * A value read from a histogram may be off by the width of its bucket, and all units may be so alike; spread
 * between them does not show it. Evenly spread over a width w it has the variance w^2 / 12.
 */
static void add_rounding(struct spread *s, double width)
{
	s->se = hypot(s->se, width / sqrt(12.0));
	s->se_log = hypot(s->se_log, fmin(1.0, width / fmax(s->value, s->floor)) / sqrt(12.0));
}

static double reading_width(const struct table *t, double value, double resolution)
{
	uint64_t recorded = t->grain > 0.0 ? (uint64_t)fmin(value / t->grain, 0x1p62) : 0;
	unsigned int i = tn_hist_index(recorded);
	double bucket =
		i < TN_HIST_BUCKETS ? (double)(tn_hist_bucket_high(i) - tn_hist_bucket_low(i) + 1) * t->grain : value;

	return fmax(bucket, resolution);
}

/* Whether fewer than @beyond of @count values lie on either side of a percentile. */
static bool too_few(uint64_t count, double percent, double beyond)
{
	return (double)count * fmin(percent, 100.0 - percent) / 100.0 < beyond * (1.0 - 1e-9);
}

static uint64_t fewest(const struct table *t)
{
	uint64_t n = UINT64_MAX;

	for (size_t u = 0; u < t->units; u++) {
		if (t->count[u] && t->count[u] < n)
			n = t->count[u];
	}
	return n;
}

static int spread_make(const struct table *t, const struct tn_compare_metric *metric,
		       const struct tn_compare_options *options, uint64_t stream, struct spread *ret)
{
	tn_autofree uint32_t *weights = calloc(t->units + 1, sizeof(*weights));
	struct tn_random random;
	struct spread s = {.by_unit = calloc(t->units + 1, sizeof(*s.by_unit))};

	if (!weights || !s.by_unit) {
		free(s.by_unit);
		return -ENOMEM;
	}
	for (size_t u = 0; u < t->units; u++)
		weights[u] = 1;
	s.value = percentile(t, weights, metric->percent);
	s.floor = fmax(t->grain, metric->resolution) / 2.0;
	s.n = unit_percentiles(t, metric->percent, weights, s.by_unit);
	s.df = (double)s.n - 1.0;
	if (s.n > 1) {
		tn_random_seed(&random, options->seed + stream);
		resample_errors(t, metric->percent, weights, &random, options->resamples, &s);
		if (!too_few(fewest(t), metric->percent, UNIT_BEYOND_MIN))
			average_with_unit_errors(&s);
		add_rounding(&s, reading_width(t, s.value, metric->resolution));
	}
	*ret = s;
	return 0;
}

static void fill_estimate(struct tn_estimate *e, const struct table *t, const struct spread *s,
			  const struct tn_compare_metric *metric, double confidence)
{
	double t_log;

	e->value = s->value;
	e->units = s->n;
	e->smallest = e->greatest = NAN;
	for (size_t u = 0; u < t->units; u++)
		e->events += t->count[u];
	for (size_t i = 0; i < s->n; i++) {
		e->smallest = fmin(e->smallest, s->by_unit[i]);
		e->greatest = fmax(e->greatest, s->by_unit[i]);
	}
	if (s->n < 2 || too_few(e->events, metric->percent, BEYOND_MIN))
		return;
	t_log = qt((1.0 + confidence) / 2.0, s->df, 1, 0) * s->se_log;
	e->method = TN_METHOD_BOOTSTRAP;
	e->interval = (struct tn_interval){.low = s->value > s->floor ? s->value * exp(-t_log) : 0.0,
					   .high = fmax(s->value, s->floor) * exp(t_log),
					   .confidence = confidence};
}

/* B. L. Welch, "The generalization of Student's problem", Biometrika 34 (1947). */
static double welch_df(double se_a, double df_a, double se_b, double df_b)
{
	double va = se_a * se_a, vb = se_b * se_b;

	return (va + vb) * (va + vb) / (va * va / df_a + vb * vb / df_b);
}

static void compare_spreads(const struct spread *a, const struct spread *b, double confidence, struct tn_compared *ret)
{
	double p = (1.0 + confidence) / 2.0;
	double half_log = qt(p, welch_df(a->se_log, a->df, b->se_log, b->df), 1, 0) * hypot(a->se_log, b->se_log);
	double half = qt(p, welch_df(a->se, a->df, b->se, b->df), 1, 0) * hypot(a->se, b->se);
	double ratio = fmax(b->value, b->floor) / fmax(a->value, a->floor);

	ret->method = TN_METHOD_BOOTSTRAP;
	ret->ratio_interval = (struct tn_interval){.low = b->value > 0.0 ? ratio * exp(-half_log) : 0.0,
						   .high = a->value > 0.0 ? ratio * exp(half_log) : INFINITY,
						   .confidence = confidence};
	ret->difference_interval = (struct tn_interval){
		.low = ret->difference - half, .high = ret->difference + half, .confidence = confidence};
}

static int compare_tables(const struct tn_side *side_a, const struct table *a, const struct tn_side *side_b,
			  const struct table *b, const struct tn_compare_metric *metric,
			  const struct tn_compare_options *options, struct tn_compared *ret)
{
	struct spread sa = {0}, sb = {0};
	struct tn_rank_test test = {0};
	int err = spread_make(a, metric, options, 0, &sa);

	if (!err)
		err = spread_make(b, metric, options, 1, &sb);
	if (!err)
		err = tn_rank_sum(sa.by_unit, sa.n, sb.by_unit, sb.n, &test);
	if (!err) {
		fill_estimate(side_a->estimate, a, &sa, metric, options->confidence);
		fill_estimate(side_b->estimate, b, &sb, metric, options->confidence);
		ret->difference = sb.value - sa.value;
		ret->ratio = sb.value / sa.value;
		if (side_a->estimate->method != TN_METHOD_NONE && side_b->estimate->method != TN_METHOD_NONE) {
			ret->test = TN_METHOD_RANKS;
			ret->p = test.p;
			ret->p_least = test.p_least;
			compare_spreads(&sa, &sb, options->confidence, ret);
		}
	}
	free(sa.by_unit);
	free(sb.by_unit);
	return err;
}

/**
 * tn_percentile_estimate() - a percentile of one side
 * @side: rounds with histograms; its estimate is filled, without interval where units or values are too few
 * @metric: percent, 0 to 100 exclusive, and resolution
 * @options: confidence, seed, resamples
 *
 * Return: 0, -ENOMEM.
 */
int tn_percentile_estimate(const struct tn_side *side, const struct tn_compare_metric *metric,
			   const struct tn_compare_options *options)
{
	tn_cleanup(table_free) struct table t = {0};
	struct spread s = {0};
	int err = table_make(side, &t);

	if (!err)
		err = spread_make(&t, metric, options, 0, &s);
	if (!err)
		fill_estimate(side->estimate, &t, &s, metric, options->confidence);
	free(s.by_unit);
	return err;
}

/**
 * tn_percentile_compare() - a percentile of two sides
 * @a: side A
 * @b: side B
 * @metric: percent, 0 to 100 exclusive, and resolution
 * @options: confidence, seed, resamples
 * @ret: ratio and difference with intervals, and the rank-sum test of the percentiles of single units
 *
 * Return: 0, -ENOMEM.
 */
int tn_percentile_compare(const struct tn_side *a, const struct tn_side *b, const struct tn_compare_metric *metric,
			  const struct tn_compare_options *options, struct tn_compared *ret)
{
	tn_cleanup(table_free) struct table ta = {0}, tb = {0};
	int err = table_make(a, &ta);

	if (!err)
		err = table_make(b, &tb);
	return err ? err : compare_tables(a, &ta, b, &tb, metric, options, ret);
}
