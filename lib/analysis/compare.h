/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_COMPARE_H
#define TN_ANALYSIS_COMPARE_H

/*
 * Statistics of a comparison of two sides, A (the baseline) and B: numbers in, verdicts out. Formulas and
 * their sources: tlbnoise-statistics(7). Ratios are B / A, differences B - A, in the unit of the metric.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/stat.h"
#include "base/error.h"
#include "base/histogram.h"
#include "scenario/scenario.h"

enum tn_quantity {
	TN_QUANTITY_RATE,       /* events per exposure */
	TN_QUANTITY_PERCENTILE, /* of the merged histograms; below 100: a maximum is a TN_QUANTITY_VALUE */
	TN_QUANTITY_VALUE,      /* one number a round, not negative: stolen share, throughput, maximum */
};

/* One round of one side; of the fields, those of the metric's quantity are read. */
struct tn_round {
	uint32_t block;    /* which boot (or run) it belongs to */
	uint32_t together; /* those of a block with the same number were measured at the same time; 0: alone */
	uint64_t events;
	double exposure_s;
	const struct tn_hist *hist;
	double scale; /* units of the metric per recorded unit, such as ns per tick */
	double value;
};

struct tn_sample {
	const struct tn_round *round;
	size_t n;
};

enum tn_better { TN_BETTER_LOWER, TN_BETTER_HIGHER, TN_BETTER_NEITHER };

struct tn_compare_metric {
	const char *name; /* for messages */
	enum tn_quantity quantity;
	double percent; /* of TN_QUANTITY_PERCENTILE */
	enum tn_better better;
	bool headline;     /* corrected within the few that matter most, not within the rest */
	double relative;   /* smallest effect that matters: 0.05 is 5 %; 0 any */
	double absolute;   /* a difference below this never matters; 0 none is too small */
	double resolution; /* of one reading, in the metric's unit, such as the clock's quantum; 0 unknown */
	struct tn_sample a, b;
};

/* What varies independently: rounds with all their CPUs, or whole boots with all their rounds. */
enum tn_unit { TN_UNIT_AUTO, TN_UNIT_ROUND, TN_UNIT_BLOCK };

struct tn_compare_options {
	double confidence;     /* of intervals; 1 - confidence is the chance of any false verdict in all metrics */
	double headline_share; /* of that chance, what is spent on headline metrics */
	double detectable;     /* "no difference" rules out changes by more than this: 1 is twofold */
	enum tn_unit unit;     /* TN_UNIT_AUTO: blocks where a side has several */
	uint64_t seed;         /* of the bootstrap */
	uint32_t resamples;
};

enum tn_verdict {
	TN_VERDICT_IMPROVED,
	TN_VERDICT_REGRESSED,
	TN_VERDICT_CHANGED, /* neither direction is better */
	TN_VERDICT_NO_DIFFERENCE,
	TN_VERDICT_NOT_ENOUGH_DATA,
};

/* Why the verdict is what it is. */
enum tn_reason {
	TN_REASON_SIGNIFICANT,     /* improved, regressed, changed */
	TN_REASON_EQUIVALENT,      /* no difference: the interval lies within the smallest effect that matters */
	TN_REASON_NOT_SIGNIFICANT, /* no difference: a detectable one was not found */
	TN_REASON_NO_DATA,         /* not enough: a side has nothing to estimate from */
	TN_REASON_FEW_ROUNDS,      /* not enough: a side has fewer than two rounds (or blocks) */
	TN_REASON_FEW_SAMPLES,     /* not enough: too few values lie beyond the percentile */
	TN_REASON_FEW_FOR_LEVEL,   /* not enough: no result of so few rounds could pass the corrected level */
	TN_REASON_WIDE,            /* not enough: the interval leaves a change by more than "detectable" open */
	TN_REASON_SIZE_OPEN,       /* not enough: they differ, but perhaps by less than matters */
	TN_REASON_SUGGESTIVE,      /* not enough: one such interval among so many metrics may be chance */
	TN_REASON_NONE_SEEN,       /* not enough: zero on both sides, and the bounds are above what matters */
};

enum tn_method {
	TN_METHOD_NONE,
	TN_METHOD_POISSON,   /* conditional binomial: counts vary between rounds as Poisson counts do */
	TN_METHOD_DISPERSED, /* the same with effective counts: they vary more */
	TN_METHOD_BOOTSTRAP, /* over rounds or blocks */
	TN_METHOD_RANKS,     /* Hodges-Lehmann, rank-sum test */
};

struct tn_estimate {
	double value; /* rate of all rounds; percentile of the merged histogram; median of rounds; NaN: none */
	struct tn_interval interval;
	enum tn_method method;     /* of the interval */
	double smallest, greatest; /* of single rounds (of blocks, where these are the unit) */
	size_t rounds, units;
	bool by_block;     /* units are blocks */
	uint64_t events;   /* rates: counted; percentiles: values in the histograms */
	double exposure_s; /* rates */
	double dispersion; /* rates: variance between units over that of Poisson counts; NaN: unknown */
};

struct tn_compared {
	struct tn_estimate a, b;
	double ratio; /* NaN: zero on both sides or no data; infinite: zero on side A alone */
	struct tn_interval ratio_interval;
	double difference;
	struct tn_interval difference_interval;
	enum tn_method method; /* of the ratio's interval */
	enum tn_method test;   /* that p comes from: TN_METHOD_POISSON, _DISPERSED or _RANKS */
	double p, p_corrected; /* two-sided; NaN: no test possible */
	double p_least;        /* the smallest p that data of this size can give */
	size_t family;         /* metrics that it was corrected for */
	size_t rounds_needed;  /* a side, where reason is TN_REASON_FEW_FOR_LEVEL; else 0 */
	enum tn_verdict verdict;
	enum tn_reason reason;
};

enum tn_judgement { TN_JUDGEMENT_MET, TN_JUDGEMENT_FAILED, TN_JUDGEMENT_UNDECIDED };

struct tn_compare_options tn_compare_defaults(void);
int tn_estimate(const struct tn_compare_metric *metric, const struct tn_sample *sample,
		const struct tn_compare_options *options, struct tn_estimate *ret, struct tn_error *err);
int tn_compare(const struct tn_compare_metric *metrics, size_t n, const struct tn_compare_options *options,
	       struct tn_compared *ret, struct tn_error *err);
enum tn_verdict tn_compare_overall(const struct tn_compare_metric *metrics, const struct tn_compared *compared,
				   size_t n);
enum tn_judgement tn_judge(double value, struct tn_interval interval, enum tn_expect_op op, double limit);
enum tn_judgement tn_judge_count(uint64_t count, enum tn_expect_op op, double limit);

const char *tn_verdict_name(enum tn_verdict verdict);
const char *tn_reason_text(enum tn_reason reason);
const char *tn_method_name(enum tn_method method);

#endif
