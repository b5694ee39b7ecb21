/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_RESULTS_H
#define TLBNOISED_RESULTS_H

#include "base/log.h"
#include "result/run.h"

/* Where a run keeps its result: a folder that gets its final name once it is whole. */
struct results {
	char partial[320];         /* RESULTS/runs/partial.PID.STARTTIME.ID, "" when there is none */
	char final[320];           /* RESULTS/runs/ID */
	struct tn_raw_writer *raw; /* NULL when it was not kept to the end */
	char raw_error[256];       /* why, "" otherwise */
};

int results_begin(struct results *res, struct tn_run *doc, double hz, struct tn_error *err);
void results_append(struct results *res, const struct tn_raw_record *rec);
void results_finish_raw(struct results *res, struct tn_run *doc);
int results_publish(struct results *res, const struct tn_run *doc, struct tn_error *err);
void results_drop(struct results *res);
int results_recover(const struct tn_log *log, struct tn_error *err);

#endif
