// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The comparison of two sides, from rounds to verdicts: each metric by the statistics of its quantity
 * (compare-rate.c, compare-percentile.c, compare-value.c), then all together (compare-verdict.c). Nothing here
 * knows of run documents, and nothing depends on which other metrics are asked for but the corrected p and what
 * follows from it: each metric's resampling starts from the recorded seed.
 */
#include "analysis/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare-internal.h"
#include "base/cleanup.h"

#define RESAMPLES_MAX 1000000
#define ROUNDS_LIMIT  10000 /* of one side */

/**
 * tn_compare_defaults() - what is used unless the user says otherwise
 *
 * 95 %, of which headline metrics get four fifths: with 5 rounds a side, up to 5 headline metrics can then be
 * decided by ranks (5 * 2/252 / 0.8 < 0.05). "No difference" rules out a twofold change. 4,000 resamples leave
 * the bootstrap's standard error uncertain by about 1 %. Any seed serves, if it stays the same.
 */
struct tn_compare_options tn_compare_defaults(void)
{
	return (struct tn_compare_options){
		.confidence = 0.95,
		.headline_share = 0.8,
		.detectable = 1.0,
		.unit = TN_UNIT_AUTO,
		.seed = 1,
		.resamples = 4000,
	};
}

static int check_options(const struct tn_compare_options *o, struct tn_error *err)
{
	if (!(o->confidence >= 0.5 && o->confidence < 1.0))
		return tn_error_set(err, -EINVAL, "confidence %g: give one from 0.5 to below 1, such as 0.95",
				    o->confidence);
	if (!(o->headline_share > 0.0 && o->headline_share < 1.0))
		return tn_error_set(err, -EINVAL, "share of the headline metrics %g: give one between 0 and 1",
				    o->headline_share);
	if (!(o->detectable > 0.0))
		return tn_error_set(err, -EINVAL, "detectable change %g: give one above 0, such as 1 for twofold",
				    o->detectable);
	if (o->resamples < 100 || o->resamples > RESAMPLES_MAX)
		return tn_error_set(err, -EINVAL, "%u resamples: give 100 to %d", o->resamples, RESAMPLES_MAX);
	return 0;
}

static int check_metric(const struct tn_compare_metric *m, struct tn_error *err)
{
	if (m->quantity == TN_QUANTITY_PERCENTILE && !(m->percent > 0.0 && m->percent < 100.0))
		return tn_error_set(
			err, -EINVAL,
			"%s: percentile %g has no interval: give one between 0 and 100, and the maximum as a "
			"value of each round",
			m->name, m->percent);
	if (!(m->relative >= 0.0 && m->absolute >= 0.0 && m->resolution >= 0.0))
		return tn_error_set(err, -EINVAL, "%s: effects and resolutions are not negative", m->name);
	return 0;
}

static int check_round(const struct tn_compare_metric *m, const struct tn_round *r, size_t index, struct tn_error *err)
{
	if (m->quantity == TN_QUANTITY_RATE && !(r->exposure_s >= 0.0 && isfinite(r->exposure_s)))
		return tn_error_set(err, -EINVAL, "%s: round %zu lasted %g s: leave it out", m->name, index,
				    r->exposure_s);
	if (m->quantity == TN_QUANTITY_PERCENTILE && (!r->hist || !(r->scale > 0.0 && isfinite(r->scale))))
		return tn_error_set(err, -EINVAL, "%s: round %zu has no histogram with a scale: leave it out", m->name,
				    index);
	if (m->quantity == TN_QUANTITY_VALUE && !(r->value >= 0.0 && isfinite(r->value)))
		return tn_error_set(err, -EINVAL, "%s: round %zu has the value %g: leave it out", m->name, index,
				    r->value);
	return 0;
}

static int check_sample(const struct tn_compare_metric *m, const struct tn_sample *s, struct tn_error *err)
{
	int r = 0;

	if (s->n > ROUNDS_LIMIT)
		return tn_error_set(err, -E2BIG, "%s: %zu rounds on one side: at most %d can be compared", m->name,
				    s->n, ROUNDS_LIMIT);
	for (size_t i = 0; !r && i < s->n; i++)
		r = check_round(m, &s->round[i], i, err);
	return r;
}

static int no_memory(const struct tn_compare_metric *m, int err, struct tn_error *ret)
{
	return err ? tn_error_set(ret, err, "%s: out of memory: compare fewer rounds", m->name) : 0;
}

static struct tn_estimate nothing(const struct tn_sample *sample, bool by_block)
{
	return (struct tn_estimate){
		.value = NAN,
		.interval = {.low = NAN, .high = NAN},
		.smallest = NAN,
		.greatest = NAN,
		.rounds = sample->n,
		.by_block = by_block,
		.dispersion = NAN,
	};
}

static int side_make(const struct tn_sample *sample, bool by_block, struct tn_estimate *estimate, struct tn_side *ret)
{
	*estimate = nothing(sample, by_block);
	ret->sample = sample;
	ret->estimate = estimate;
	return tn_units_make(sample, by_block, &ret->units);
}

static void side_free(struct tn_side *side)
{
	tn_units_free(&side->units);
}

static bool take_blocks(enum tn_unit unit, const struct tn_sample *a, const struct tn_sample *b)
{
	if (unit == TN_UNIT_AUTO)
		return tn_sample_has_blocks(a) || tn_sample_has_blocks(b);
	return unit == TN_UNIT_BLOCK;
}

static int estimate_side(const struct tn_side *side, const struct tn_compare_metric *m,
			 const struct tn_compare_options *o)
{
	switch (m->quantity) {
	case TN_QUANTITY_RATE:
		return tn_rate_estimate(side, o->confidence);
	case TN_QUANTITY_PERCENTILE:
		return tn_percentile_estimate(side, m, o);
	case TN_QUANTITY_VALUE:
		return tn_value_estimate(side, o->confidence);
	}
	return -EINVAL;
}

/**
 * tn_estimate() - one metric of one side, with its interval
 * @metric: quantity, percent, resolution and name; its samples are not read
 * @sample: the rounds; may be empty
 * @options: confidence, unit, seed, resamples
 * @ret: value and interval; NaN where there is nothing to estimate from
 * @err: what is wrong with options, metric or round
 *
 * Return: 0, -EINVAL, -E2BIG, -ENOMEM; @ret is untouched then.
 */
int tn_estimate(const struct tn_compare_metric *metric, const struct tn_sample *sample,
		const struct tn_compare_options *options, struct tn_estimate *ret, struct tn_error *err)
{
	tn_cleanup(side_free) struct tn_side side = {0};
	struct tn_estimate e;
	int r = check_options(options, err);

	if (!r)
		r = check_metric(metric, err);
	if (!r)
		r = check_sample(metric, sample, err);
	if (r)
		return r;
	r = side_make(sample, take_blocks(options->unit, sample, sample), &e, &side);
	if (!r)
		r = estimate_side(&side, metric, options);
	if (r)
		return no_memory(metric, r, err);
	*ret = e;
	return 0;
}

static struct tn_compared unknown(void)
{
	struct tn_interval none = {.low = NAN, .high = NAN};

	return (struct tn_compared){.ratio = NAN,
				    .ratio_interval = none,
				    .difference = NAN,
				    .difference_interval = none,
				    .p = NAN,
				    .p_corrected = NAN,
				    .p_least = NAN,
				    .verdict = TN_VERDICT_NOT_ENOUGH_DATA,
				    .reason = TN_REASON_NO_DATA};
}

static int compare_sides(const struct tn_side *a, const struct tn_side *b, const struct tn_compare_metric *m,
			 const struct tn_compare_options *o, struct tn_compared *ret)
{
	switch (m->quantity) {
	case TN_QUANTITY_RATE:
		return tn_rate_compare(a, b, o->confidence, ret);
	case TN_QUANTITY_PERCENTILE:
		return tn_percentile_compare(a, b, m, o, ret);
	case TN_QUANTITY_VALUE:
		return tn_value_compare(a, b, o->confidence, ret);
	}
	return -EINVAL;
}

static int compare_metric(const struct tn_compare_metric *m, const struct tn_compare_options *o,
			  struct tn_compared *ret, struct tn_error *err)
{
	tn_cleanup(side_free) struct tn_side a = {0}, b = {0};
	bool by_block = take_blocks(o->unit, &m->a, &m->b);
	int r = check_metric(m, err);

	if (!r)
		r = check_sample(m, &m->a, err);
	if (!r)
		r = check_sample(m, &m->b, err);
	if (r)
		return r;
	*ret = unknown();
	r = side_make(&m->a, by_block, &ret->a, &a);
	if (!r)
		r = side_make(&m->b, by_block, &ret->b, &b);
	if (!r)
		r = compare_sides(&a, &b, m, o, ret);
	return no_memory(m, r, err);
}

/**
 * tn_compare() - compare two sides in many metrics
 * @metrics: what to compare, with the rounds of both sides
 * @n: how many
 * @options: see tn_compare_defaults()
 * @ret: @n results, in the order of @metrics
 * @err: which metric or option is wrong
 *
 * The chance that any of the metrics is called improved, regressed or changed though nothing changed is at most
 * 1 - confidence. The same input and options give the same result on every machine, to the last digits that
 * libm leaves open.
 *
 * Return: 0, -EINVAL, -E2BIG, -ENOMEM; @ret is untouched then.
 */
int tn_compare(const struct tn_compare_metric *metrics, size_t n, const struct tn_compare_options *options,
	       struct tn_compared *ret, struct tn_error *err)
{
	tn_autofree struct tn_compared *compared = calloc(n + 1, sizeof(*compared));
	int r = check_options(options, err);

	if (!compared)
		return tn_error_set(err, -ENOMEM, "out of memory: compare fewer metrics than %zu", n);
	for (size_t i = 0; !r && i < n; i++)
		r = compare_metric(&metrics[i], options, &compared[i], err);
	if (r)
		return r;
	r = tn_compare_decide(metrics, n, options, compared);
	if (r)
		return tn_error_set(err, r, "out of memory: compare fewer metrics than %zu", n);
	if (n)
		memcpy(ret, compared, n * sizeof(*ret));
	return 0;
}
