/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_COMPARISON_H
#define TN_RESULT_COMPARISON_H

/*
 * Two sets of run documents, A (the baseline) and B, and a verdict for each metric. One JSON form, schema
 * "tlbnoise.comparison/1", tlbnoise-comparison(5).
 */
#include "analysis/compare.h"
#include "result/metric.h"

#define TN_COMPARISON_SCHEMA "tlbnoise.comparison/1"

enum { TN_SIDE_A, TN_SIDE_B, TN_SIDES };

/* The documents of one side; they must outlive the comparison. */
struct tn_run_set {
	const char *name; /* as the user gave it */
	const struct tn_run *const *run;
	size_t n;
};

struct tn_comparison_options {
	double smallest_effect; /* a share: smaller changes do not matter; 0: all do */
	double confidence;
	uint64_t seed;
	const char *metrics; /* patterns joined by commas; NULL: all */
	bool force;          /* compare what is not comparable */
};

/* What differs between the documents besides the kernel. */
struct tn_difference {
	bool refuses; /* not comparable */
	char text[320];
};

struct tn_comparison_metric {
	struct tn_metric_def def;
	struct tn_series series[TN_SIDES];
	struct tn_round *round[TN_SIDES];
	bool tested;
	char reason[256]; /* why not; "" when it was */
	double absolute;  /* a difference below this never matters */
	struct tn_compared result;
};

struct tn_comparison_side {
	char name[256];
	size_t runs, incomplete, aborted;
	size_t rounds, partial; /* of single CPUs; the partial ones are left out */
	struct tn_cpus cpus;
	char kernels[256]; /* releases */
	struct tn_run_set set;
};

struct tn_comparison {
	struct tn_comparison_options asked;
	struct tn_compare_options statistics;
	struct tn_comparison_side side[TN_SIDES];
	bool not_comparable; /* and yet compared, since it was asked for */
	bool emulated;       /* a rig without hardware virtualization */
	size_t n_differences, n_metrics;
	struct tn_difference *difference;
	struct tn_comparison_metric *metric; /* headline first */
	enum tn_verdict verdict;
	size_t count[TN_VERDICT_NOT_ENOUGH_DATA + 1]; /* of metrics tested, by verdict */
	size_t untested;
};

int tn_comparison_make(const struct tn_run_set *a, const struct tn_run_set *b,
		       const struct tn_comparison_options *options, struct tn_comparison **ret, struct tn_error *err);
void tn_comparison_free(struct tn_comparison *c);
TN_DEFINE_CLEANUP(struct tn_comparison, tn_comparison_free);

int tn_comparison_check(struct tn_comparison *c, const struct tn_run *const *all, size_t n);
int tn_comparison_to_json(const struct tn_comparison *c, cJSON **ret, struct tn_error *err);

#endif
