// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Expectations. A limit is held against the estimate and its interval: what the estimate does not meet has
 * failed; what it meets is met if all of the interval does, else undecided. An alarm that waits until the whole
 * interval is on the wrong side would hear of a regression last. What was counted, the extremes, and that there
 * was nothing (= 0) are facts and have no interval. Where something was lost a count is a bound, and only what holds
 * for every possible truth is decided.
 */
#include "result/judge.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "result/metric.h"
#include "result/totals.h"

static bool meets(double value, enum tn_expect_op op, double limit)
{
	switch (op) {
	case TN_EXPECT_LT:
		return value < limit;
	case TN_EXPECT_LE:
		return value <= limit;
	case TN_EXPECT_GE:
		return value >= limit;
	case TN_EXPECT_GT:
		return value > limit;
	default:
		return !(value < limit || value > limit);
	}
}

/* The truth lies at or above @value. */
static enum tn_expectation_verdict judge_at_least(double value, enum tn_expect_op op, double limit)
{
	if (op == TN_EXPECT_GE || op == TN_EXPECT_GT)
		return meets(value, op, limit) ? TN_EXPECTATION_MET : TN_EXPECTATION_UNDECIDED;
	if (op == TN_EXPECT_EQ)
		return value > limit ? TN_EXPECTATION_FAILED : TN_EXPECTATION_UNDECIDED;
	return meets(value, op, limit) ? TN_EXPECTATION_UNDECIDED : TN_EXPECTATION_FAILED;
}

/* The truth lies between 0 and @value. */
static enum tn_expectation_verdict judge_at_most(double value, enum tn_expect_op op, double limit)
{
	if (op == TN_EXPECT_LT || op == TN_EXPECT_LE)
		return meets(value, op, limit) ? TN_EXPECTATION_MET : TN_EXPECTATION_UNDECIDED;
	if (op == TN_EXPECT_EQ && value <= 0.0 && limit <= 0.0)
		return TN_EXPECTATION_MET;
	if (op == TN_EXPECT_EQ)
		return value < limit ? TN_EXPECTATION_FAILED : TN_EXPECTATION_UNDECIDED;
	return meets(value, op, limit) ? TN_EXPECTATION_UNDECIDED : TN_EXPECTATION_FAILED;
}

static enum tn_expectation_verdict verdict_of(enum tn_judgement j)
{
	if (j == TN_JUDGEMENT_UNDECIDED)
		return TN_EXPECTATION_UNDECIDED;
	return j == TN_JUDGEMENT_MET ? TN_EXPECTATION_MET : TN_EXPECTATION_FAILED;
}

static void set_value(struct tn_run_expectation *e, double value, struct tn_interval interval)
{
	e->value = value;
	e->low = interval.low;
	e->high = interval.high;
	e->confidence = interval.confidence;
}

static void judge_bound(struct tn_run_expectation *e, const struct tn_series *s, const struct tn_expect *expect)
{
	bool lower = s->bound == TN_BOUND_LOWER;
	struct tn_interval i = {lower ? s->pooled : 0.0, lower ? INFINITY : s->pooled, 1.0};

	set_value(e, s->pooled, i);
	e->verdict = lower ? judge_at_least(s->pooled, expect->op, expect->value)
			   : judge_at_most(s->pooled, expect->op, expect->value);
	snprintf(e->reason, sizeof(e->reason), "%s: the value is %s bound", s->reason, lower ? "a lower" : "an upper");
}

static bool is_extreme(const struct tn_metric_def *def)
{
	return (def->figure == TN_FIGURE_PERCENTILE || def->figure == TN_FIGURE_GIVEN) &&
	       (def->percent <= 0.0 || def->percent >= 100.0);
}

/* What was counted, and the least and greatest that was seen. */
static void judge_fact(struct tn_run_expectation *e, const struct tn_metric_def *def, const struct tn_series *s,
		       const struct tn_expect *expect)
{
	struct tn_interval exact = {s->pooled, s->pooled, 1.0};

	set_value(e, s->pooled, exact);
	e->verdict = def->figure == TN_FIGURE_COUNT
			     ? verdict_of(tn_judge_count((uint64_t)s->pooled, expect->op, expect->value))
			     : verdict_of(tn_judge(s->pooled, exact, expect->op, expect->value));
}

/* A single value is its own interval, of no confidence. */
static bool has_interval(const struct tn_estimate *e)
{
	return e->interval.confidence > 0.0 && !isnan(e->interval.low) && !isnan(e->interval.high);
}

/* What the estimate does not meet has failed, however far its interval reaches. */
static enum tn_expectation_verdict judge_interval(const struct tn_estimate *e, const struct tn_expect *expect)
{
	if (!meets(e->value, expect->op, expect->value))
		return TN_EXPECTATION_FAILED;
	if (!has_interval(e))
		return TN_EXPECTATION_UNDECIDED;
	return verdict_of(tn_judge(e->value, e->interval, expect->op, expect->value));
}

static int judge_estimate(struct tn_run_expectation *e, const struct tn_metric_def *def, const struct tn_series *s,
			  const struct tn_expect *expect, struct tn_error *err)
{
	struct tn_compare_options options = tn_compare_defaults();
	struct tn_compare_metric metric = {
		.name = def->name, .quantity = tn_metric_quantity(def), .percent = def->percent, .better = def->better};
	tn_autofree struct tn_round *round = NULL;
	struct tn_estimate estimate;
	struct tn_sample sample;
	int r = tn_series_sample(s, &round, &sample);

	options.confidence = TN_CONFIDENCE;
	if (r < 0)
		return tn_error_set(err, r, "no memory to judge %s", def->name);
	r = tn_estimate(&metric, &sample, &options, &estimate, err);
	if (r < 0)
		return r;
	if (!isfinite(estimate.value)) {
		e->verdict = TN_EXPECTATION_NOT_JUDGED;
		snprintf(e->reason, sizeof(e->reason), "%s", s->reason[0] ? s->reason : "too little was measured");
		return 0;
	}
	set_value(e, estimate.value, estimate.interval);
	e->verdict = judge_interval(&estimate, expect);
	if (!has_interval(&estimate)) {
		e->low = e->high = e->confidence = NAN;
		snprintf(e->reason, sizeof(e->reason), "%zu round(s) give no interval", s->n);
	}
	return 0;
}

static int judge_one(const struct tn_run *run, const struct tn_expect *expect, struct tn_run_expectation *e,
		     struct tn_error *err)
{
	tn_cleanup(tn_series_free) struct tn_series s = {0};
	struct tn_metric_def def;

	snprintf(e->metric, sizeof(e->metric), "%s", expect->metric);
	snprintf(e->text, sizeof(e->text), "%s", expect->text);
	e->line = expect->line > 0 ? (uint32_t)expect->line : 0;
	e->verdict = TN_EXPECTATION_NOT_JUDGED;
	e->value = e->low = e->high = e->confidence = NAN;
	if (tn_metric_parse(expect->metric, &def) < 0) {
		snprintf(e->reason, sizeof(e->reason), "this version does not know the metric");
		return 0;
	}
	snprintf(e->unit, sizeof(e->unit), "%s", tn_metric_unit(def.kind));
	if (tn_series_collect(&def, &run, 1, &s) < 0)
		return tn_error_set(err, -ENOMEM, "no memory to judge %s", def.name);
	if (isnan(s.pooled)) {
		snprintf(e->reason, sizeof(e->reason), "%s", s.reason[0] ? s.reason : "not measured");
		return 0;
	}
	if (s.bound != TN_BOUND_NONE)
		judge_bound(e, &s, expect);
	else if (def.figure == TN_FIGURE_COUNT || is_extreme(&def) || expect->op == TN_EXPECT_EQ)
		judge_fact(e, &def, &s, expect);
	else
		return judge_estimate(e, &def, &s, expect, err);
	return 0;
}

/**
 * tn_run_judge() - hold a run against what its scenario expects
 * @run: complete but for its expectations, which are replaced
 * @scenario: whose [expect] counts
 * @err: set on failure
 *
 * Rounds that were cut short do not count. Intervals are those of tlbnoise-statistics(7), at 95 %.
 *
 * Return: 0 or -ENOMEM.
 */
int tn_run_judge(struct tn_run *run, const struct tn_scenario *scenario, struct tn_error *err)
{
	tn_autofree struct tn_run_expectation *e = calloc(scenario->n_expect ? scenario->n_expect : 1, sizeof(*e));

	if (!e)
		return tn_error_set(err, -ENOMEM, "no memory to judge the run");
	for (size_t i = 0; i < scenario->n_expect; i++) {
		struct tn_error why = {0};

		/* One that cannot be judged does not cost the run. */
		if (judge_one(run, &scenario->expect[i], &e[i], &why) == 0)
			continue;
		e[i].verdict = TN_EXPECTATION_NOT_JUDGED;
		snprintf(e[i].reason, sizeof(e[i].reason), "%.100s", why.text);
	}
	free(run->expectation);
	run->expectation = tn_steal_ptr(e);
	run->n_expectations = scenario->n_expect;
	return 0;
}
