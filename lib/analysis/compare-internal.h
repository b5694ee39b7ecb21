/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_COMPARE_INTERNAL_H
#define TN_ANALYSIS_COMPARE_INTERNAL_H

/* Between the files of the comparison; not for others. */
#include "analysis/compare.h"

/* Which unit each round of a sample belongs to. */
struct tn_units {
	size_t n;
	bool by_block;
	size_t *of;      /* by round; owned */
	size_t together; /* most rounds that were measured at the same time */
};

void tn_units_free(struct tn_units *units);
bool tn_sample_has_blocks(const struct tn_sample *sample);
int tn_units_make(const struct tn_sample *sample, bool by_block, struct tn_units *ret);

/* What is the same for both sides and all three quantities. */
struct tn_side {
	const struct tn_sample *sample;
	struct tn_units units;
	struct tn_estimate *estimate;
};

/* Each estimates one side, or compares two: interval, ratio, difference, p, all but the verdict. */
int tn_rate_estimate(const struct tn_side *side, double confidence);
int tn_rate_compare(const struct tn_side *a, const struct tn_side *b, double confidence, struct tn_compared *ret);
int tn_percentile_estimate(const struct tn_side *side, const struct tn_compare_metric *metric,
			   const struct tn_compare_options *options);
int tn_percentile_compare(const struct tn_side *a, const struct tn_side *b, const struct tn_compare_metric *metric,
			  const struct tn_compare_options *options, struct tn_compared *ret);
int tn_value_estimate(const struct tn_side *side, double confidence);
int tn_value_compare(const struct tn_side *a, const struct tn_side *b, double confidence, struct tn_compared *ret);

struct tn_rank_test {
	double p, p_least;
	double p_above; /* one-sided: that A lies as far above B by chance */
};

struct tn_shift {
	double estimate;
	struct tn_interval interval;
};

int tn_rank_sum(const double *a, size_t n_a, const double *b, size_t n_b, struct tn_rank_test *ret);
double tn_rank_least(size_t n_a, size_t n_b);
int tn_hodges_lehmann(const double *a, size_t n_a, const double *b, size_t n_b, bool ratio, double confidence,
		      struct tn_shift *ret);

int tn_compare_decide(const struct tn_compare_metric *metrics, size_t n, const struct tn_compare_options *options,
		      struct tn_compared *compared);

#endif
