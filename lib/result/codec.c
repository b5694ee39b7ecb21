// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What encoding and decoding share: the path for messages, the count of a list, and the two places where
 * JSON is narrower than C. Numbers: cJSON keeps doubles and prints 15 digits unless that changes the value
 * by more than 2^-52 of it, so integers are exact below 2^52 and the document has none above. Text: JSON is
 * UTF-8, while the name of a task may be any bytes.
 */
#include "result/codec.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

size_t tn_json_path_key(struct tn_json_path *p, const char *key)
{
	size_t len = p->len;
	int n;

	n = snprintf(p->text + len, sizeof(p->text) - len, "%s%s", len ? "." : "", key);
	if (n > 0)
		p->len = strlen(p->text);
	return len;
}

size_t tn_json_path_index(struct tn_json_path *p, size_t index)
{
	size_t len = p->len;

	if (snprintf(p->text + len, sizeof(p->text) - len, "[%zu]", index) > 0)
		p->len = strlen(p->text);
	return len;
}

void tn_json_path_back(struct tn_json_path *p, size_t len)
{
	p->len = len;
	p->text[len] = '\0';
}

size_t tn_field_count(const struct tn_field *f, const void *base)
{
	const char *at = (const char *)base + f->count_offset;
	uint32_t small;
	size_t large;

	if (f->count_size == sizeof(small)) {
		memcpy(&small, at, sizeof(small));
		return small;
	}
	memcpy(&large, at, sizeof(large));
	return large;
}

void tn_field_set_count(const struct tn_field *f, void *base, size_t n)
{
	char *at = (char *)base + f->count_offset;
	uint32_t small = (uint32_t)n;

	if (f->count_size == sizeof(small))
		memcpy(at, &small, sizeof(small));
	else
		memcpy(at, &n, sizeof(n));
}

/* A string for the document; bytes that are no UTF-8 become "?". */
cJSON *tn_json_text(const char *text)
{
	tn_autofree char *clean = strdup(text);
	size_t n;

	if (!clean)
		return NULL;
	for (char *p = clean; *p; p += n) {
		n = tn_utf8_length(p, TN_UTF8_MAX);
		if (!n) {
			*p = '?';
			n = 1;
		}
	}
	return cJSON_CreateString(clean);
}

/* A length or a count. What does not fit reads as the limit, which no run reaches: 20 days of ticks at 2.6 GHz. */
cJSON *tn_json_u64(uint64_t v)
{
	return cJSON_CreateNumber((double)(v < TN_JSON_INT_MAX ? v : TN_JSON_INT_MAX));
}

int tn_json_get_u64(const cJSON *json, uint64_t max, uint64_t *ret)
{
	double v;

	if (!cJSON_IsNumber(json))
		return -EINVAL;
	v = json->valuedouble;
	if (!(v >= 0.0) || v > (double)max || v > (double)TN_JSON_INT_MAX)
		return -ERANGE;
	if (v != floor(v))
		return -EINVAL;
	*ret = (uint64_t)v;
	return 0;
}

/*
 * A double as it is in the document: what follows from it must follow from what a reader reads, or writing the
 * same run twice gives two texts. cJSON prints 15 digits where that is within 2^-52 of the value, else 17.
 */
double tn_json_double(double v)
{
	double near;
	char text[40];

	snprintf(text, sizeof(text), "%.15g", v);
	near = strtod(text, NULL);
	return fabs(near - v) <= fmax(fabs(near), fabs(v)) * DBL_EPSILON ? near : v;
}

/* Takes @item, also on failure; NULL is one that could not be made. */
int tn_json_add(cJSON *to, const char *key, cJSON *item)
{
	bool added = item && (key ? cJSON_AddItemToObject(to, key, item) : cJSON_AddItemToArray(to, item));

	if (added)
		return 0;
	cJSON_Delete(item);
	return -ENOMEM;
}

int tn_json_add_number(cJSON *to, const char *key, double value)
{
	return tn_json_add(to, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

int tn_json_add_interval(cJSON *to, const char *key, double low, double high, double confidence)
{
	cJSON *i = cJSON_CreateObject();
	int r;

	r = tn_json_add(to, key, i);
	if (r < 0)
		return r;
	r = tn_json_add_number(i, "low", low);
	if (!r)
		r = tn_json_add_number(i, "high", high);
	return r ? r : tn_json_add_number(i, "confidence", confidence);
}
