/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_TOTALS_H
#define TN_RESULT_TOTALS_H

/* What the rounds say together, for each probed CPU: never stored, always computed from the rounds. */
#include "analysis/stat.h"
#include "result/hist.h"
#include "result/run.h"

#define TN_CONFIDENCE 0.95

enum tn_metric {
	TN_METRIC_JITTER, /* and the other percentiles behind it, ns */
	TN_METRIC_INTERRUPTION = TN_METRIC_JITTER + TN_PERCENTILES,
	TN_METRIC_PER_S = TN_METRIC_INTERRUPTION + TN_PERCENTILES,
	TN_METRIC_STOLEN_SHARE,
	TN_METRICS,
};

struct tn_metric_total {
	double merged;  /* over all rounds as one */
	double *rounds; /* one value a round, NaN where there is none */
	/* Over the whole rounds; NaN when one of them has no value. */
	double median, lowest, highest;
	struct tn_interval interval; /* of the median */
};

struct tn_run_total {
	int cpu;
	size_t rounds, partial; /* partial: those of them that were cut short */
	bool *cut;              /* which */
	double window_s;
	uint64_t stolen_ticks;
	struct tn_interval per_s; /* interruptions, exact Poisson */
	struct tn_hist interruptions, jitter;
	struct tn_run_class by_class[TN_CLASS_COUNT];
	struct tn_metric_total metric[TN_METRICS];
	double *values;
};

struct tn_run_totals {
	size_t n;
	struct tn_run_total *cpu;
	double cpu_s; /* seconds measured, summed over CPUs and rounds */
};

int tn_run_totals(const struct tn_run *run, struct tn_run_totals *ret);
void tn_run_totals_free(struct tn_run_totals *t);
void tn_metric_finish(struct tn_metric_total *m, const bool *cut, size_t rounds, double *scratch);
double tn_run_cpu_seconds(const struct tn_run *run);
double tn_run_window_s(const struct tn_run *run, const struct tn_run_cpu *c);

#endif
