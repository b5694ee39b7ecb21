// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A histogram in JSON: its parameters, so that anyone can rebuild it, the exact minimum, maximum and sum,
 * and the buckets that are not empty as [index, count]. Percentiles in nanoseconds stand beside them for
 * readers and are not read back.
 */
#include "result/hist.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "result/codec.h"

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

const struct tn_percentile tn_percentiles[TN_PERCENTILES] = {
	{50.0, "p50"}, {90.0, "p90"}, {99.0, "p99"}, {99.9, "p99.9"}, {99.99, "p99.99"}, {100.0, "max"},
};

static int add_buckets(cJSON *to, const struct tn_hist *h)
{
	cJSON *list = cJSON_CreateArray(), *pair;
	int r;

	r = tn_json_add(to, "buckets", list);
	for (unsigned int i = 0; i < TN_HIST_BUCKETS && !r; i++) {
		if (!h->bucket[i])
			continue;
		pair = cJSON_CreateArray();
		r = tn_json_add(list, NULL, pair);
		if (!r)
			r = tn_json_add(pair, NULL, cJSON_CreateNumber(i));
		if (!r)
			r = tn_json_add(pair, NULL, tn_json_u64(h->bucket[i]));
	}
	return r;
}

/* What follows from the buckets and the tick rate. */
static int add_derived(cJSON *to, const struct tn_clock *clock, const struct tn_hist *h)
{
	cJSON *percentiles = cJSON_CreateObject();
	double mean = h->count ? (double)h->sum / (double)h->count : NAN;
	int r;

	r = tn_json_add_number(to, "min_ns", h->count ? tn_ticks_to_ns(clock, (double)h->min) : NAN);
	if (!r)
		r = tn_json_add_number(to, "max_ns", h->count ? tn_ticks_to_ns(clock, (double)h->max) : NAN);
	if (!r)
		r = tn_json_add_number(to, "mean_ns", tn_ticks_to_ns(clock, mean));
	if (r) {
		cJSON_Delete(percentiles);
		return r;
	}
	r = tn_json_add(to, "percentiles_ns", percentiles);
	for (size_t i = 0; i < TN_PERCENTILES && !r; i++)
		r = tn_json_add_number(percentiles, tn_percentiles[i].name,
				       tn_hist_percentile_ns(clock, h, tn_percentiles[i].percent));
	return r;
}

/**
 * tn_hist_percentile_ns() - percentile of a histogram of ticks
 * @clock: its rate
 * @h: the histogram
 * @percent: 0 to 100
 *
 * A percentile below 100 needs a value above it, which takes 100 / (100 - @percent) values: 10,000 for p99.99.
 * With fewer it would be the maximum under another name.
 *
 * Return: nanoseconds, from the true value to 1/128 above it; NaN when @h has too few values.
 */
double tn_hist_percentile_ns(const struct tn_clock *clock, const struct tn_hist *h, double percent)
{
	/* 99.9 for 100: 100 - 99.99 is not exact. */
	if (!h->count || (percent < 100.0 && (double)h->count * (100.0 - percent) < 99.9))
		return NAN;
	return tn_ticks_to_ns(clock, (double)tn_hist_percentile(h, percent));
}

/*
 * The count is that of the buckets: a probe that was killed between its two increments leaves them one
 * apart, and the run it belonged to must still be readable.
 */
static uint64_t count_buckets(const struct tn_hist *h)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < TN_HIST_BUCKETS; i++)
		n += h->bucket[i];
	return n;
}

cJSON *tn_hist_to_json(const struct tn_run *run, const struct tn_hist *h)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = cJSON_CreateObject();
	uint64_t count = count_buckets(h);
	int r;

	r = tn_json_add_number(json, "sub_bits", TN_HIST_SUB_BITS);
	if (!r)
		r = tn_json_add_number(json, "max_bits", TN_HIST_MAX_BITS);
	if (!r)
		r = tn_json_add(json, "unit", cJSON_CreateString("ticks"));
	if (!r)
		r = tn_json_add(json, "count", tn_json_u64(count));
	if (!r)
		r = tn_json_add(json, "sum_ticks", tn_json_u64(h->sum));
	if (!r)
		r = tn_json_add(json, "min_ticks", count ? tn_json_u64(h->min) : cJSON_CreateNull());
	if (!r)
		r = tn_json_add(json, "max_ticks", count ? tn_json_u64(h->max) : cJSON_CreateNull());
	if (!r)
		r = tn_json_add(json, "clipped", tn_json_u64(h->clipped));
	if (!r)
		r = add_derived(json, &run->clock, h);
	if (!r)
		r = add_buckets(json, h);
	return r ? NULL : tn_steal_ptr(json);
}

static int get(const cJSON *json, const char *key, uint64_t *ret, struct tn_error *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);

	if (!item)
		return tn_error_set(err, -EINVAL, "%s is missing", key);
	if (tn_json_get_u64(item, TN_JSON_INT_MAX, ret) < 0)
		return tn_error_set(err, -EINVAL, "%s must be a whole number from 0 to 2^52 - 1", key);
	return 0;
}

static int check_parameters(const cJSON *json, struct tn_error *err)
{
	const cJSON *unit = cJSON_GetObjectItemCaseSensitive(json, "unit");
	uint64_t sub, max;
	int r;

	r = get(json, "sub_bits", &sub, err);
	if (!r)
		r = get(json, "max_bits", &max, err);
	if (r)
		return r;
	if (!cJSON_IsString(unit) || strcmp(unit->valuestring, "ticks"))
		return tn_error_set(err, -EINVAL, "unit must be \"ticks\"");
	if (sub == TN_HIST_SUB_BITS && max == TN_HIST_MAX_BITS)
		return 0;
	return tn_error_set(err, -EPROTONOSUPPORT,
			    "sub_bits %" PRIu64 " and max_bits %" PRIu64 ", this tlbnoise reads %d and %d", sub, max,
			    TN_HIST_SUB_BITS, TN_HIST_MAX_BITS);
}

/* One [index, count]; indices rise, so that no bucket is given twice. */
static int read_bucket(const cJSON *pair, int64_t *last, struct tn_hist *h, struct tn_error *err)
{
	uint64_t index, count;

	if (!cJSON_IsArray(pair) || cJSON_GetArraySize(pair) != 2 ||
	    tn_json_get_u64(pair->child, TN_HIST_BUCKETS - 1, &index) < 0 || (int64_t)index <= *last ||
	    tn_json_get_u64(pair->child->next, TN_JSON_INT_MAX, &count) < 0 || !count)
		return tn_error_set(
			err, -EINVAL,
			"buckets must be a list of [index, count], indices rising and below %u, counts above 0",
			TN_HIST_BUCKETS);
	h->bucket[index] = count;
	*last = (int64_t)index;
	return 0;
}

static int read_buckets(const cJSON *json, struct tn_hist *h, struct tn_error *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "buckets"), *pair;
	int64_t last = -1;
	int r;

	if (!cJSON_IsArray(list))
		return tn_error_set(err, -EINVAL, "buckets must be a list");
	cJSON_ArrayForEach(pair, list) {
		r = read_bucket(pair, &last, h, err);
		if (r < 0)
			return r;
	}
	if (count_buckets(h) == h->count)
		return 0;
	return tn_error_set(err, -EBADMSG, "count is %" PRIu64 ", but the buckets hold %" PRIu64, h->count,
			    count_buckets(h));
}

static int read_extremes(const cJSON *json, struct tn_hist *h, struct tn_error *err)
{
	int r;

	if (!h->count) {
		h->min = UINT64_MAX;
		h->max = 0;
		return 0;
	}
	r = get(json, "min_ticks", &h->min, err);
	if (!r)
		r = get(json, "max_ticks", &h->max, err);
	if (!r && h->min > h->max)
		r = tn_error_set(err, -EBADMSG, "min_ticks %" PRIu64 " is above max_ticks %" PRIu64, h->min, h->max);
	if (!r && h->clipped > h->bucket[TN_HIST_BUCKETS - 1])
		r = tn_error_set(err, -EBADMSG, "clipped is %" PRIu64 ", but the last bucket holds %" PRIu64,
				 h->clipped, h->bucket[TN_HIST_BUCKETS - 1]);
	return r;
}

/* @ret: zeroed; undefined after a failure. */
int tn_hist_from_json(const cJSON *json, struct tn_hist *ret, struct tn_error *err)
{
	int r;

	if (!cJSON_IsObject(json))
		return tn_error_set(err, -EINVAL, "it must be an object");
	r = check_parameters(json, err);
	if (!r)
		r = get(json, "count", &ret->count, err);
	if (!r)
		r = get(json, "sum_ticks", &ret->sum, err);
	if (!r)
		r = get(json, "clipped", &ret->clipped, err);
	if (!r)
		r = read_buckets(json, ret, err);
	return r ? r : read_extremes(json, ret, err);
}
