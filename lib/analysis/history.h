/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_HISTORY_H
#define TN_ANALYSIS_HISTORY_H

/*
 * Regressions in a history: is a run worse than those of the nights before on the same machine, by more than matters,
 * and do the next ones say the same. Rules and what they promise: tlbnoise-statistics(7), REGRESSION MARKS.
 */
#include <stddef.h>
#include <stdint.h>

#include "analysis/compare.h"

enum tn_history_state {
	TN_HISTORY_NORMAL,
	TN_HISTORY_SUSPECTED, /* one run, or too few of them to say so */
	TN_HISTORY_CONFIRMED, /* the runs since then say it together; lasts until it has recovered */
	TN_HISTORY_RECOVERED, /* the second run in a row that is back; the next one is normal */
};

/* One run of one metric, in the order of their start. */
struct tn_history_point {
	double value;   /* NaN: it has none, and is passed over */
	uint64_t ruler; /* of what must be alike to be compared */
};

struct tn_history_options {
	size_t reference;     /* runs that a run is held against, at most */
	size_t reference_min; /* and at least: before there are so many, nothing is marked */
	double relative;      /* smallest effect that matters: 0.05 is 5 % */
	double absolute;      /* a difference below this never matters, in the metric's unit */
	double level;         /* of the rank test that confirms */
};

/* What was known after a run, from it and those before it alone. */
struct tn_history_mark {
	enum tn_history_state state;
	size_t since;      /* the first run of the change; itself while normal */
	size_t references; /* runs before it that it is held against; 0: too few, not judged */
	double usual;      /* their median; NaN: not judged */
	double ratio;      /* median of the runs since then to that; while normal, of this run */
	double p;          /* of the rank test, one-sided; once confirmed, that which confirmed it; NaN: not judged */
};

struct tn_history_options tn_history_defaults(void);
int tn_history_marks(const struct tn_history_point *point, size_t n, enum tn_better better,
		     const struct tn_history_options *options, struct tn_history_mark *ret);
const char *tn_history_state_name(enum tn_history_state state);

#endif
