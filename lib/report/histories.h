/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_HISTORIES_H
#define TN_REPORT_HISTORIES_H

/* The histories of a store: for each host and scenario its runs, a value of each metric for each run, and marks. */
#include "analysis/history.h"
#include "result/metric.h"
#include "store/history.h"

/* What a run says of a metric: the median over the rounds of the CPU that had it worst. */
struct tn_history_value {
	double value;                /* NaN: it says nothing */
	struct tn_interval interval; /* over these rounds, by order statistics */
	int cpu;                     /* -1: not of a CPU */
	size_t rounds;
};

struct tn_history_series {
	struct tn_metric_def def;
	bool marked;                    /* one of the few that are watched for regressions */
	struct tn_history_value *value; /* of each run */
	struct tn_history_mark *mark;   /* of each run; all normal unless marked */
};

struct tn_history {
	const char *host, *scenario; /* of its runs */
	size_t n_runs, n_series;
	const struct tn_store_point *run; /* the oldest first */
	struct tn_history_series *series; /* those that any run has a value of */
};

struct tn_histories {
	size_t n, n_runs;
	struct tn_history *history; /* by host and scenario */
	struct tn_store_point *run; /* of all; owned */
};

struct tn_histories_options {
	const char *host, *scenario; /* NULL: all */
	bool all_metrics;            /* else those alone that are watched for regressions */
	double smallest_effect;      /* of marks, a share; 0: tn_history_defaults() */
};

int tn_histories_load(struct tn_store *store, const struct tn_histories_options *options, struct tn_histories *ret,
		      struct tn_error *err);
void tn_histories_free(struct tn_histories *h);
bool tn_history_watched(const struct tn_metric_def *def);
const struct tn_history_series *tn_history_find(const struct tn_history *h, const char *name);

#endif
