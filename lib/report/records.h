/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_RECORDS_H
#define TN_REPORT_RECORDS_H

/* Inside lib/report only: what the exports of single interruptions share. */
#include "analysis/attribution.h"
#include "report/export.h"
#include "report/html-parts.h"

/* All interruptions of a run that are known one by one. */
struct records {
	const struct tn_run *run;
	const struct tn_raw_record *rec;
	uint64_t n;
	struct tn_raw_record *own; /* made from the document, which has only the worst */
	const struct tn_run_worst **worst;
	struct html_spans spans;
};
int records_open(const struct tn_export *x, struct records *ret);
void records_close(struct records *r);
const struct tn_run_worst *records_worst(const struct records *r, const struct tn_raw_record *rec);
const struct tn_run_cause *records_cause(const struct records *r, const struct tn_raw_record *rec);
double records_ns(const struct records *r, const struct tn_raw_record *rec);
double records_at_s(const struct records *r, const struct tn_raw_record *rec);
unsigned int records_entries(const struct tn_run_worst *w, const struct tn_raw_record *rec);
struct tn_raw_record *records_of_worst(const struct tn_run *run);
int records_written(FILE *out, const char *what, struct tn_error *err);

/* json.c: values of JSON. */
void json_text(FILE *out, const char *text);
void json_number(FILE *out, double v);

/* base64.c */
void report_base64(FILE *out, const void *data, size_t n);

#endif
