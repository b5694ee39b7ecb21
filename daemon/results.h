/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_RESULTS_H
#define TLBNOISED_RESULTS_H

#include "base/log.h"
#include "config.h"
#include "result/run.h"

struct tn_store;

/* Where a run keeps its result: a row of the store, and a folder for the raw interruptions. */
struct results {
	const struct daemon_config *config; /* where the store lies, and how much it keeps; set before the first call */
	struct tn_store *store;             /* NULL: the run is not stored, or not any more */
	char id[40];
	char folder[320];          /* RESULTS/runs/ID, "" when there is none */
	struct tn_raw_writer *raw; /* NULL when it was not kept to the end */
	char raw_error[256];       /* why, "" otherwise */
	bool has_rounds;           /* at least one is stored */
	struct tn_error error;     /* why the run is not stored */
};

int results_begin(struct results *res, struct tn_run *doc, double hz, const struct tn_log *log, struct tn_error *err);
void results_append(struct results *res, const struct tn_raw_record *rec);
int results_round(struct results *res, struct tn_run *doc, struct tn_error *err);
void results_finish_raw(struct results *res, struct tn_run *doc);
int results_publish(struct results *res, const struct tn_run *doc, struct tn_error *err);
void results_drop(struct results *res, const char *reason);
void results_recover(const struct daemon_config *config, const struct tn_log *log);

#endif
