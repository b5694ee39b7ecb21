/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_OPENMETRICS_FIGURES_H
#define TN_REPORT_OPENMETRICS_FIGURES_H

/* What the files of openmetrics share: the figures of one run, some kilobytes instead of its document. */
#include "analysis/history.h"
#include "report/openmetrics.h"
#include "result/metric.h"
#include "result/totals.h"

#define METRICS_LABEL  512 /* one value, escaped */
#define METRICS_LABELS 1280
#define METRICS_LE     19 /* bounds of histograms without the infinite one */
#define METRICS_LOST   5

struct metrics_bound {
	const char *text;
	double seconds;
};
extern const struct metrics_bound metrics_bounds[METRICS_LE];
extern const char *const metrics_lost_names[METRICS_LOST];

struct metrics_hist {
	uint64_t bucket[METRICS_LE]; /* cumulative */
	uint64_t count;
	double sum_s;
};

struct metrics_cpu {
	int cpu;
	double window_s, stolen_share;
	double jitter_ns[TN_PERCENTILES], jitter_low_ns[TN_PERCENTILES], jitter_high_ns[TN_PERCENTILES];
	double jitter_confidence; /* of these intervals; NaN: none */
	double per_s, per_s_low, per_s_high;
	struct metrics_hist jitter, interruptions;
};

struct metrics_class {
	bool observable;
	uint64_t entries, interruptions;
	double stolen_s, max_s;
};

struct metrics_figure {
	char name[TN_METRIC_NAME];
	enum tn_metric_kind kind;
	double value;
};

struct metrics_expectation {
	char metric[METRICS_LABEL], limit[METRICS_LABEL];
	enum tn_expectation_verdict verdict;
};

/* Of the document; absent when a run ended before its first round did. */
struct metrics_figures {
	char info[METRICS_LABELS]; /* labels of the info metric beside those of the run */
	uint64_t lost[METRICS_LOST];
	double measured_s;
	struct metrics_class class[TN_CLASS_COUNT];
	size_t n_cpus, n_figures, n_expectations;
	struct metrics_cpu *cpu;
	struct metrics_figure *figure;
	struct metrics_expectation *expectation;
};

int metrics_figures_of(const struct tn_run *run, struct metrics_figures **ret, struct tn_error *err);
void metrics_figures_free(struct metrics_figures *f);
TN_DEFINE_CLEANUP(struct metrics_figures, metrics_figures_free);

struct metrics_run {
	char id[40], state[16];
	char labels[METRICS_LABELS]; /* host, scenario, kernel */
	double started_s, elapsed_s; /* the first since 1970 */
	unsigned int rounds_planned, rounds_done;
	struct metrics_figures *figures; /* owned; NULL: none */
};

struct metrics_mark {
	char labels[METRICS_LABELS]; /* host, scenario, metric */
	struct tn_history_mark mark;
};

struct tn_metrics {
	bool readable;        /* the last update succeeded */
	uint64_t fingerprint; /* of the history that all below is of; 0: of none */
	size_t n_runs, n_marks, in_progress, left_out, scenarios_left_out, unreadable;
	struct metrics_run *run;
	struct metrics_mark *mark;
};

#endif
