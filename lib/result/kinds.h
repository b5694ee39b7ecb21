/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_KINDS_H
#define TN_RESULT_KINDS_H

/* What the rounds of kinds entry and timer say together: never stored, always computed from the rounds. */
#include "result/totals.h"

/* One distribution, measured in several rounds. */
struct tn_dist_total {
	size_t rounds, partial; /* partial: those of them that were cut short */
	bool *cut;              /* which */
	double window_s;
	struct tn_hist all;
	struct tn_metric_total percentile[TN_PERCENTILES]; /* ns */
	double *values;
};

/* One operation on one CPU in one condition. */
struct tn_entry_total {
	const struct tn_run_entry_cost *first; /* the run's: says which */
	struct tn_dist_total cost;
};

/* One CPU. */
struct tn_wakeup_total {
	const struct tn_run_wakeup *first;
	uint64_t missed;
	struct tn_dist_total latency;
};

struct tn_kind_totals {
	size_t n_entries, n_wakeups;
	struct tn_entry_total *entry;
	struct tn_wakeup_total *wakeup;
};

int tn_kind_totals(const struct tn_run *run, struct tn_kind_totals *ret);
void tn_kind_totals_free(struct tn_kind_totals *t);

#endif
