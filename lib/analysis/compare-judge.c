// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits: whether a value keeps to one, with its uncertainty in mind; and the words for verdicts.
 *
 * A limit that the interval straddles is neither kept nor broken. With a 95 % interval, "met" is wrong in at
 * most 2.5 % of the cases, and so is "failed": each looks at one end only.
 */
#include <math.h>

#include "analysis/compare.h"
#include "base/cleanup.h"

static enum tn_judgement judge(bool met, bool failed)
{
	if (met)
		return TN_JUDGEMENT_MET;
	return failed ? TN_JUDGEMENT_FAILED : TN_JUDGEMENT_UNDECIDED;
}

/**
 * tn_judge() - whether an estimated value keeps to a limit
 * @value: the estimate; NaN is undecided
 * @interval: its interval; NaN ends, which no data gives, are undecided
 * @op: how the value has to lie to the limit
 * @limit: in the unit of the value
 *
 * Met if the whole interval keeps to the limit, failed if none of it does. An equality can only fail: an
 * interval with the limit inside it proves nothing, unless it is that one point.
 */
enum tn_judgement tn_judge(double value, struct tn_interval interval, enum tn_expect_op op, double limit)
{
	double low = interval.low, high = interval.high;

	if (isnan(value) || isnan(low) || isnan(high))
		return TN_JUDGEMENT_UNDECIDED;
	switch (op) {
	case TN_EXPECT_LT:
		return judge(high < limit, low >= limit);
	case TN_EXPECT_LE:
		return judge(high <= limit, low > limit);
	case TN_EXPECT_GE:
		return judge(low >= limit, high < limit);
	case TN_EXPECT_GT:
		return judge(low > limit, high <= limit);
	case TN_EXPECT_EQ:
		return judge(low == limit && high == limit, low > limit || high < limit);
	}
	return TN_JUDGEMENT_UNDECIDED;
}

/**
 * tn_judge_count() - whether a count keeps to a limit
 * @count: what was counted inside the windows, completely
 * @op: how it has to lie to the limit
 * @limit: a count
 *
 * A count is a fact about the windows, not an estimate: met or failed, never undecided.
 */
enum tn_judgement tn_judge_count(uint64_t count, enum tn_expect_op op, double limit)
{
	double n = (double)count;

	return tn_judge(n, (struct tn_interval){.low = n, .high = n, .confidence = 1.0}, op, limit);
}

/** tn_verdict_name() - "improved", "no difference" and so on */
const char *tn_verdict_name(enum tn_verdict verdict)
{
	static const char *const names[] = {
		[TN_VERDICT_IMPROVED] = "improved",
		[TN_VERDICT_REGRESSED] = "regressed",
		[TN_VERDICT_CHANGED] = "changed",
		[TN_VERDICT_NO_DIFFERENCE] = "no difference",
		[TN_VERDICT_NOT_ENOUGH_DATA] = "not enough data",
	};

	return (unsigned int)verdict < TN_ARRAY_SIZE(names) ? names[verdict] : "unknown";
}

/** tn_reason_text() - one clause that says why the verdict is what it is */
const char *tn_reason_text(enum tn_reason reason)
{
	static const char *const texts[] = {
		[TN_REASON_SIGNIFICANT] = "significant after correction, and large enough to matter",
		[TN_REASON_EQUIVALENT] = "the interval lies within the smallest effect that matters",
		[TN_REASON_NOT_SIGNIFICANT] = "not significant, and changes beyond the interval are ruled out",
		[TN_REASON_NO_DATA] = "a side has no data",
		[TN_REASON_FEW_ROUNDS] = "a side has fewer than two independent rounds",
		[TN_REASON_FEW_SAMPLES] = "fewer than 10 values lie beyond the percentile",
		[TN_REASON_FEW_FOR_LEVEL] = "no result of so few rounds could be significant after correction",
		[TN_REASON_WIDE] = "the interval leaves a large change open",
		[TN_REASON_SIZE_OPEN] = "the sides differ, but perhaps by less than matters",
		[TN_REASON_SUGGESTIVE] = "the interval excludes 1, but among so many metrics that may be chance",
		[TN_REASON_NONE_SEEN] = "nothing seen on either side, and the bounds are above what matters",
	};

	return (unsigned int)reason < TN_ARRAY_SIZE(texts) ? texts[reason] : "unknown";
}

/** tn_method_name() - the name of a method, as documents have it: "poisson", "bootstrap" and so on */
const char *tn_method_name(enum tn_method method)
{
	static const char *const names[] = {
		[TN_METHOD_NONE] = "none",
		[TN_METHOD_POISSON] = "poisson",
		[TN_METHOD_DISPERSED] = "overdispersed",
		[TN_METHOD_BOOTSTRAP] = "bootstrap",
		[TN_METHOD_RANKS] = "ranks",
	};

	return (unsigned int)method < TN_ARRAY_SIZE(names) ? names[method] : "unknown";
}
