/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_OPENMETRICS_H
#define TN_REPORT_OPENMETRICS_H

/*
 * What a store says to Prometheus, tlbnoise-metrics(7): figures of the last run of each scenario on each host and
 * kernel, in OpenMetrics or in the older text format of Prometheus, which is what files for node_exporter have.
 */
#include "base/error.h"
#include "result/run.h"
#include "store/store.h"

/* What bounds the number of series, whatever is in the store. */
#define TN_METRICS_WINDOW  2000 /* runs that are looked at, the latest, and the last of each host and scenario */
#define TN_METRICS_RUNS    256  /* of those: runs that are shown, the last of each host, scenario and kernel */
#define TN_METRICS_KERNELS 4    /* kernels of one scenario on one host, those that ran last */
#define TN_METRICS_CPUS    256  /* with series of their own, over all runs */

/* openmetrics-text.c: the two formats */
enum tn_exposition_format { TN_EXPOSITION_OPENMETRICS, TN_EXPOSITION_PROMETHEUS };
enum tn_exposition_type { TN_EXPOSITION_GAUGE, TN_EXPOSITION_COUNTER, TN_EXPOSITION_HISTOGRAM, TN_EXPOSITION_INFO };

struct tn_exposition {
	FILE *out;
	enum tn_exposition_format format;
	const char *family;
	enum tn_exposition_type type;
};

const char *tn_exposition_mime(enum tn_exposition_format format);
int tn_exposition_parse(const char *name, enum tn_exposition_format *ret, struct tn_error *err);
void tn_exposition_family(struct tn_exposition *x, const char *name, enum tn_exposition_type type, const char *unit,
			  const char *help);
void tn_exposition_sample(const struct tn_exposition *x, double value, const char *fmt, ...) tn_printf(3, 4);
void tn_exposition_bucket(const struct tn_exposition *x, const char *labels, const char *le, uint64_t count);
void tn_exposition_sum(const struct tn_exposition *x, const char *labels, uint64_t count, double sum);
const char *tn_exposition_label(const char *text, char *buf, size_t size);
int tn_exposition_end(const struct tn_exposition *x, struct tn_error *err);

/* openmetrics-store.c: the figures of a store, kept from one call to the next so that each document is read once */
struct tn_metrics;

int tn_metrics_new(struct tn_metrics **ret, struct tn_error *err);
void tn_metrics_free(struct tn_metrics *m);
TN_DEFINE_CLEANUP(struct tn_metrics, tn_metrics_free);
int tn_metrics_update(struct tn_metrics *m, struct tn_store *store, struct tn_error *err);
void tn_metrics_forget(struct tn_metrics *m);

/* openmetrics.c: without the end, so that others can add families of their own before it */
void tn_metrics_write(const struct tn_metrics *m, struct tn_exposition *x);

#endif
