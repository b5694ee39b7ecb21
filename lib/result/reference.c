// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The JSON reports of rt-tests, as version 2.4 and later write them: "rt_test_version:" (with the colon), and by thread
 * "min", "avg", "max" and "histogram", all in microseconds. Percentiles are taken from the histogram:
 *
 * oslat counts a loop pass of up to k us under key k, cyclictest a latency from k to below k + 1 us. Both have an end:
 * oslat puts the rest under its last key, which is the 1,024th as we call it; cyclictest leaves it out, so that
 * "cycles" are more than its histogram has. A percentile that lies in the rest is not known.
 */
#include "result/reference.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OSLAT_LAST_US 1024
#define NS_PER_US     1000.0
#define ROWS_MAX      8192

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

struct row {
	unsigned int us;
	uint64_t count;
};

struct rows {
	size_t n;
	struct row *row;
	uint64_t counted;
};

static int bad(const struct tn_run_reference *f, const char *what, struct tn_error *err)
{
	return tn_error_set(err, -EPROTO, "the report of %s is not understood: %s", f->tool, what);
}

static int compare(const void *a, const void *b)
{
	unsigned int x = ((const struct row *)a)->us, y = ((const struct row *)b)->us;

	return x < y ? -1 : x > y;
}

static int read_row(const struct tn_run_reference *f, const cJSON *item, struct row *ret, struct tn_error *err)
{
	char *end;
	unsigned long us = strtoul(item->string, &end, 10);

	if (end == item->string || *end || us > UINT32_MAX - 1 || !cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
	    item->valuedouble > 1e15)
		return bad(f, "its histogram has an odd row", err);
	*ret = (struct row){(unsigned int)us, (uint64_t)item->valuedouble};
	return 0;
}

static int read_rows(const struct tn_run_reference *f, const cJSON *thread, struct rows *ret, struct tn_error *err)
{
	const cJSON *histogram = cJSON_GetObjectItemCaseSensitive(thread, "histogram"), *item;
	int r;

	if (!cJSON_IsObject(histogram) || cJSON_GetArraySize(histogram) > ROWS_MAX)
		return bad(f, "it has no histogram", err);
	ret->row = calloc((size_t)cJSON_GetArraySize(histogram) + 1, sizeof(*ret->row));
	if (!ret->row)
		return tn_error_set(err, -ENOMEM, "no memory for the report of %s", f->tool);
	cJSON_ArrayForEach(item, histogram) {
		r = read_row(f, item, &ret->row[ret->n], err);
		if (r < 0)
			return r;
		ret->counted += ret->row[ret->n++].count;
	}
	qsort(ret->row, ret->n, sizeof(*ret->row), compare);
	return 0;
}

/* The upper end of the bucket where @percent of @samples are reached; NaN beyond what the histogram resolves. */
static double percentile_ns(const struct rows *rows, uint64_t samples, double percent, bool oslat)
{
	double rank = ceil(percent / 100.0 * (double)samples * (1.0 - 1e-15));
	uint64_t seen = 0;

	for (size_t i = 0; i < rows->n && samples; i++) {
		seen += rows->row[i].count;
		if ((double)seen < rank)
			continue;
		if (oslat)
			return rows->row[i].us >= OSLAT_LAST_US ? NAN : rows->row[i].us * NS_PER_US;
		return (rows->row[i].us + 1.0) * NS_PER_US;
	}
	return NAN;
}

static int read_number(const struct tn_run_reference *f, const cJSON *thread, const char *key, double *ret,
		       struct tn_error *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(thread, key);
	char what[48];

	snprintf(what, sizeof(what), "it has no number %s", key);
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > 1e12)
		return bad(f, what, err);
	*ret = item->valuedouble;
	return 0;
}

static int read_thread(const cJSON *thread, struct tn_run_reference *ret, struct tn_error *err)
{
	bool oslat = !strcmp(ret->tool, "oslat");
	struct rows rows = {0};
	tn_autofree struct row *owned = NULL;
	double min, mean, max, cycles = 0.0;
	int r;

	r = read_rows(ret, thread, &rows, err);
	owned = rows.row;
	if (!r)
		r = read_number(ret, thread, "min", &min, err);
	if (!r)
		r = read_number(ret, thread, "avg", &mean, err);
	if (!r)
		r = read_number(ret, thread, "max", &max, err);
	if (!r && !oslat)
		r = read_number(ret, thread, "cycles", &cycles, err);
	if (r < 0)
		return r;
	ret->samples = oslat || cycles < (double)rows.counted ? rows.counted : (uint64_t)cycles;
	ret->min_ns = min * NS_PER_US;
	ret->mean_ns = mean * NS_PER_US;
	ret->max_ns = max * NS_PER_US;
	ret->p50_ns = percentile_ns(&rows, ret->samples, 50, oslat);
	ret->p99_ns = percentile_ns(&rows, ret->samples, 99, oslat);
	ret->p999_ns = percentile_ns(&rows, ret->samples, 99.9, oslat);
	ret->resolution_ns = NS_PER_US;
	return 0;
}

/**
 * tn_reference_parse() - the report of another tool
 * @json: its text
 * @ret: its tool is set to "oslat" or "cyclictest"; gets version and figures, and nothing on failure
 * @err: what is not as expected
 *
 * The report has one thread.
 *
 * Return: 0; -EPROTO for a report that is not as expected; -ENOMEM.
 */
int tn_reference_parse(const char *json, struct tn_run_reference *ret, struct tn_error *err)
{
	tn_cleanup(cJSON_Deletep) cJSON *report = cJSON_Parse(json);
	struct tn_run_reference f = *ret;
	const cJSON *threads = cJSON_GetObjectItemCaseSensitive(report, "thread"), *version;
	int r;

	if (!cJSON_IsObject(threads) || cJSON_GetArraySize(threads) != 1)
		return bad(ret, "it should have one thread", err);
	r = read_thread(threads->child, &f, err);
	if (r < 0)
		return r;
	version = cJSON_GetObjectItemCaseSensitive(report, "rt_test_version:");
	if (!version)
		version = cJSON_GetObjectItemCaseSensitive(report, "rt_test_version");
	snprintf(f.version, sizeof(f.version), "%s", cJSON_IsString(version) ? version->valuestring : "");
	*ret = f;
	return 0;
}
