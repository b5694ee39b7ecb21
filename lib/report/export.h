/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_EXPORT_H
#define TN_REPORT_EXPORT_H

/* Runs in the formats of other programs, tlbnoise-export(1). Records are streamed: memory does not grow with them. */
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "result/run.h"

struct tn_export {
	const struct tn_run *run;
	const struct tn_raw_reader *raw; /* all its interruptions; NULL: the worst ones of the document alone */
};

enum tn_csv_table { TN_CSV_METRICS, TN_CSV_CAUSES, TN_CSV_INTERRUPTIONS, TN_CSV_TABLES };

const char *tn_csv_table_name(enum tn_csv_table table);
int tn_export_csv(const struct tn_export *x, size_t n, enum tn_csv_table table, FILE *out, struct tn_error *err);
int tn_export_jsonl(const struct tn_export *x, size_t n, FILE *out, struct tn_error *err);
int tn_export_trace(const struct tn_export *x, FILE *out, struct tn_error *err);
int tn_export_hdr(const struct tn_run *run, FILE *out, struct tn_error *err);

#endif
