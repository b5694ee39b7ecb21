/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_CODEC_H
#define TN_RESULT_CODEC_H

/*
 * Inside lib/result only: a struct and its JSON object are described once, by a table of fields; encode.c
 * and decode.c walk the same table, so that what one writes the other reads.
 */
#include <stddef.h>

#include "base/error.h"
#include "result/run.h"

#define TN_JSON_INT_MAX ((1ull << 52) - 1)

enum tn_field_type {
	TN_FIELD_TEXT,   /* char[size] */
	TN_FIELD_STRING, /* char *, owned */
	TN_FIELD_BOOL,
	TN_FIELD_INT, /* int; -1 is null where min is -1 */
	TN_FIELD_U32,
	TN_FIELD_U64,
	TN_FIELD_U64_OR_NULL, /* UINT64_MAX is null */
	TN_FIELD_INDEX,       /* int64_t; -1 is null */
	TN_FIELD_STAMP,       /* uint64_t point on the tick counter: a string of decimal digits */
	TN_FIELD_DOUBLE,
	TN_FIELD_DOUBLE_OR_NULL, /* NaN is null */
	TN_FIELD_ENUM,           /* of unsigned int's size, by name */
	TN_FIELD_CPUS,           /* struct tn_cpus, as a list */
	TN_FIELD_HIST,           /* struct tn_hist */
	TN_FIELD_OBJECT,         /* embedded struct */
	TN_FIELD_ARRAY,          /* owned array of structs */
	TN_FIELD_STRINGS,        /* owned array of owned strings */
	TN_FIELD_TEXTS,          /* char[max][size] */
	TN_FIELD_CLASSES,        /* array of structs indexed by class, an object by class name */
};

struct tn_object;

struct tn_field {
	const char *key;
	enum tn_field_type type;
	size_t offset;
	size_t size; /* of the text, or of an element */
	double min, max;
	bool optional;                           /* older documents lack it: it keeps its default */
	const char *(*name)(unsigned int value); /* ENUM: NULL when there is no such value */
	const struct tn_object *object;
	size_t count_offset; /* of a size_t or uint32_t */
	size_t count_size;
};

struct tn_object {
	const struct tn_field *fields;
	size_t n;
	/* Adds keys for readers that follow from the others: decode ignores them. May be NULL. */
	int (*derive)(cJSON *json, const struct tn_run *run, const void *from);
	/* Finds figures that contradict each other, in both directions: -EBADMSG, @err without the path. May be NULL.
	 */
	int (*check)(const void *what, struct tn_error *err);
};

extern const struct tn_object tn_run_object;
extern const struct tn_object tn_run_cpu_object;
extern const struct tn_object tn_run_cause_object;
extern const struct tn_object tn_run_worst_object;
extern const struct tn_object tn_run_entry_cost_object;
extern const struct tn_object tn_run_wakeup_object;
extern const struct tn_object tn_run_reference_object;
extern const struct tn_object tn_run_expectation_object;
extern const struct tn_object tn_run_readiness_object;

/* Where in the document something is wrong: "cpus[3].window_open_ticks". */
struct tn_json_path {
	char text[192];
	size_t len;
};

size_t tn_json_path_key(struct tn_json_path *p, const char *key);
size_t tn_json_path_index(struct tn_json_path *p, size_t index);
void tn_json_path_back(struct tn_json_path *p, size_t len);

size_t tn_field_count(const struct tn_field *f, const void *base);
void tn_field_set_count(const struct tn_field *f, void *base, size_t n);

cJSON *tn_json_text(const char *text);
cJSON *tn_json_u64(uint64_t v);
double tn_json_double(double v);
int tn_json_get_u64(const cJSON *json, uint64_t max, uint64_t *ret);
int tn_json_add(cJSON *to, const char *key, cJSON *item);

cJSON *tn_hist_to_json(const struct tn_run *run, const struct tn_hist *h);
int tn_hist_from_json(const cJSON *json, struct tn_hist *ret, struct tn_error *err);

/* Adders for derived figures: a value that is not finite becomes null. */
int tn_json_add_number(cJSON *to, const char *key, double value);
struct tn_metric_total;
int tn_json_add_metric(cJSON *to, const char *key, const struct tn_metric_total *m, size_t rounds);
int tn_json_add_percentiles(cJSON *to, const char *key, const struct tn_metric_total *first, size_t rounds);
int tn_json_add_interval(cJSON *to, const char *key, double low, double high, double confidence);
int tn_derive_lost(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_threshold(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_run(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_cpu(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_class(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_cause(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_worst(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_churn(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_kinds(cJSON *json, const struct tn_run *run);
int tn_derive_entry_cost(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_wakeup(cJSON *json, const struct tn_run *run, const void *from);
int tn_derive_clock(cJSON *json, const struct tn_run *run, const void *from);

#endif
