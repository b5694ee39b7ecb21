/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_PARTS_H
#define TN_REPORT_PARTS_H

/* Inside lib/report only: what the parts of the text report share. */
#include "report/report.h"
#include "result/kinds.h"
#include "result/observable.h"
#include "result/totals.h"

#define REPORT_TEXT 48

struct report {
	const struct tn_run *run;
	struct tn_report_options opt;
	struct tn_run_totals totals;
	struct tn_kind_totals kinds;
	FILE *out;
};

/* format.c: each fills @buf and returns it, so that a call can stand in an argument list. */
struct report_buf {
	char text[REPORT_TEXT];
};
const char *report_ns(struct report_buf *b, double ns);
const char *report_ticks(struct report_buf *b, const struct tn_run *run, double ticks);
const char *report_count(struct report_buf *b, uint64_t n);
const char *report_number(struct report_buf *b, double v);
const char *report_interval(struct report_buf *b, struct tn_interval i);
const char *report_share(struct report_buf *b, double share);
const char *report_cpus(struct report_buf *b, const struct tn_cpus *cpus);
const char *report_range_ns(struct report_buf *b, double low, double high);
const char *report_interval_ns(struct report_buf *b, struct tn_interval i);
const char *report_confidence(struct report_buf *b, double confidence);
void report_clean(const struct report *r, char *text);

/* page.c */
enum report_style { REPORT_PLAIN, REPORT_BOLD, REPORT_WARN, REPORT_GOOD, REPORT_BAD };
void report_heading(struct report *r, const char *title);
void report_text(struct report *r, enum report_style style, unsigned int indent, unsigned int hanging, const char *fmt,
		 ...) tn_printf(5, 6);

/* table.c */
struct report_table;
struct report_column {
	const char *name;
	bool text; /* aligned left; numbers are aligned right */
};
struct report_table *report_table_new(const struct report_column *columns, size_t n);
void report_table_tighten(struct report_table *t);
void report_table_cells(struct report_table *t, const char *const *cells);
/* A row: a string for each column. */
#define report_table_row(t, ...) report_table_cells(t, (const char *const[]){__VA_ARGS__, NULL})
void report_table_note(struct report_table *t, const char *fmt, ...) tn_printf(2, 3); /* lines below the last row */
int report_table_print(struct report_table *t, struct report *r);                     /* frees @t; NULL: -ENOMEM */

/* The parts, in the order of the report. */
void report_title(struct report *r);
void report_state(struct report *r);
void report_result(struct report *r);
void report_glance(struct report *r);
void report_findings(struct report *r);
void report_readiness(struct report *r);
int report_readiness_table(struct report *r);
void report_expectations(struct report *r);
int report_jitter(struct report *r);
int report_interruptions(struct report *r);
int report_rates(struct report *r);
int report_entry_costs(struct report *r);
int report_wakeups(struct report *r);
int report_references(struct report *r);
int report_causes(struct report *r);
int report_classes(struct report *r);
int report_counters(struct report *r);
int report_worst(struct report *r);
int report_measurement(struct report *r);
int report_churn(struct report *r);
void report_effects(struct report *r);
void report_lost(struct report *r);
void report_environment(struct report *r);

void report_say_entry_costs(struct report *r);
void report_say_wakeups(struct report *r);
const char *report_cpu_kind(const struct tn_run *run, int cpu, bool isolated);
const char *report_cpu_and_kind(struct report_buf *b, const struct tn_run *run, int cpu, bool isolated);
size_t *report_causes_sorted(const struct tn_run *run); /* n_causes indices, most stolen first; free() */
uint64_t report_events(enum tn_class class, uint64_t entries, uint64_t interruptions);
void report_who(const struct tn_run *run, const struct tn_run_cause *c, char *buf, size_t size);
const char *report_unexplained(const struct tn_run *run);
bool report_evidence_time(const struct tn_run *run, char *buf, size_t size);

#endif
