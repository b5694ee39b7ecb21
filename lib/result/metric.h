/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_METRIC_H
#define TN_RESULT_METRIC_H

/* The figures of run documents by name, for [expect] and for comparisons, and where each lies in a document. */
#include "analysis/compare.h"
#include "result/run.h"
#include "scenario/scenario.h"

#define TN_METRIC_NAME 96

/* How the rounds of a metric make one value. */
enum tn_figure {
	TN_FIGURE_PERCENTILE, /* of a histogram */
	TN_FIGURE_RATE,       /* events per second of exposure */
	TN_FIGURE_PER_OP,     /* events per churn operation */
	TN_FIGURE_SHARE,      /* of the exposure */
	TN_FIGURE_COUNT,      /* events, exact */
	TN_FIGURE_GIVEN,      /* a value of each round, as another tool gives it */
};

/* Where in a document a metric lies. */
enum tn_metric_family {
	TN_FAMILY_JITTER,
	TN_FAMILY_INTERRUPTION,
	TN_FAMILY_INTERRUPTIONS,
	TN_FAMILY_STOLEN,
	TN_FAMILY_LOST,
	TN_FAMILY_CAUSE,
	TN_FAMILY_CHURN,
	TN_FAMILY_ENTRY,
	TN_FAMILY_TIMER,
	TN_FAMILY_REFERENCE,
};

struct tn_metric_def {
	char name[TN_METRIC_NAME];
	enum tn_metric_family family;
	enum tn_figure figure;
	enum tn_metric_kind kind; /* its unit */
	enum tn_better better;
	bool headline, always_shown; /* in comparisons */
	double percent;              /* 0 the minimum, 100 the maximum */
	enum tn_class class;
	char word[32]; /* of churn the section, of entry the operation, of references the tool */
	bool isolated;
	enum tn_condition condition;
};

/* One CPU in one round, or one churn section in one round. */
struct tn_metric_round {
	size_t document;
	int cpu; /* -1: not of a CPU */
	uint32_t round;
	double value;               /* ns, per second, a share or a count; NaN: it has none */
	double events;              /* of shares: seconds */
	double exposure;            /* seconds, per operation: operations */
	const struct tn_hist *hist; /* the run's; NULL: not from a histogram */
	double ns_per_tick;
};

enum tn_bound { TN_BOUND_NONE, TN_BOUND_LOWER, TN_BOUND_UPPER };

struct tn_series {
	size_t n;
	struct tn_metric_round *round; /* in the order of the documents */
	size_t partial;                /* rounds that were cut short, left out */
	size_t documents, cpus;        /* that gave rounds */
	double events, exposure;
	double pooled;       /* all rounds as one; NaN: none */
	enum tn_bound bound; /* something was lost: the truth is not below, or not above */
	char reason[160];    /* why rounds have no value, or only a bound; "" when they have */
};

int tn_metric_parse(const char *name, struct tn_metric_def *ret);
int tn_metric_list(const struct tn_run *const *runs, size_t n_runs, struct tn_metric_def **ret, size_t *ret_n);
const char *tn_metric_format(enum tn_metric_kind kind, double value, char *buf, size_t size);
const char *tn_better_name(enum tn_better better);

const char *tn_metric_unit(enum tn_metric_kind kind);
enum tn_quantity tn_metric_quantity(const struct tn_metric_def *def);

int tn_series_collect(const struct tn_metric_def *def, const struct tn_run *const *runs, size_t n_runs,
		      struct tn_series *ret);
double tn_series_pool(const struct tn_metric_def *def, const struct tn_metric_round *round, size_t n);
int tn_series_sample(const struct tn_series *s, struct tn_round **ret, struct tn_sample *ret_sample);
void tn_series_free(struct tn_series *s);

#endif
