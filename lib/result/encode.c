// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * struct tn_run to JSON: walks the tables of fields.c. After the fields of an object come the figures that
 * follow from them (derive.c), so that a reader needs neither the tick rate nor statistics.
 */
#include "result/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

struct encoder {
	const struct tn_run *run;
	struct tn_json_path path;
	struct tn_error *err;
};

static int encode_object(struct encoder *e, const struct tn_object *o, const void *base, cJSON **ret);

static int no_memory(struct encoder *e)
{
	return tn_error_set(e->err, -ENOMEM, "no memory to write the run document");
}

/* Adds one object to @to, under @key or, if that is NULL, at the end of the list. */
static int add_object(struct encoder *e, const struct tn_object *o, const void *base, cJSON *to, const char *key)
{
	cJSON *item = NULL;
	int r;

	r = encode_object(e, o, base, &item);
	if (r < 0)
		return r;
	return tn_json_add(to, key, item) < 0 ? no_memory(e) : 0;
}

static int encode_array(struct encoder *e, const struct tn_field *f, const void *base, cJSON *list)
{
	const char *elements = *(const char *const *)((const char *)base + f->offset);
	size_t n = tn_field_count(f, base), back;
	int r = 0;

	if ((double)n > f->max)
		return tn_error_set(e->err, -E2BIG, "%s: %zu of them, at most %.0f fit into a document", e->path.text,
				    n, f->max);
	for (size_t i = 0; i < n && !r; i++) {
		back = tn_json_path_index(&e->path, i);
		r = add_object(e, f->object, elements + i * f->size, list, NULL);
		tn_json_path_back(&e->path, back);
	}
	return r;
}

static int encode_classes(struct encoder *e, const struct tn_field *f, const void *base, cJSON *map)
{
	const char *elements = (const char *)base + f->offset;
	size_t back;
	int r = 0;

	for (unsigned int i = 0; i < TN_CLASS_COUNT && !r; i++) {
		const char *name = tn_class_name((enum tn_class)i);

		back = tn_json_path_key(&e->path, name);
		r = add_object(e, f->object, elements + i * f->size, map, name);
		tn_json_path_back(&e->path, back);
	}
	return r;
}

static int encode_texts(struct encoder *e, const struct tn_field *f, const void *base, cJSON *list)
{
	const char *at = (const char *)base + f->offset;
	size_t n = tn_field_count(f, base);
	const char *text;

	for (size_t i = 0; i < n; i++) {
		text = f->type == TN_FIELD_TEXTS ? at + i * f->size : (*(char *const *const *)at)[i];
		if (tn_json_add(list, NULL, tn_json_text(text)) < 0)
			return no_memory(e);
	}
	return 0;
}

static int encode_list(struct encoder *e, const struct tn_field *f, const void *base, cJSON **ret)
{
	cJSON *list = f->type == TN_FIELD_CLASSES ? cJSON_CreateObject() : cJSON_CreateArray();
	int r;

	if (!list)
		return no_memory(e);
	if (f->type == TN_FIELD_CLASSES)
		r = encode_classes(e, f, base, list);
	else if (f->type == TN_FIELD_ARRAY)
		r = encode_array(e, f, base, list);
	else
		r = encode_texts(e, f, base, list);
	if (r < 0)
		cJSON_Delete(list);
	else
		*ret = list;
	return r;
}

static cJSON *encode_cpus(const struct tn_cpus *cpus)
{
	char *text = malloc(TN_CPUS_MAX * 5);
	cJSON *json = NULL;

	if (text)
		json = cJSON_CreateString(tn_cpus_format(cpus, text, TN_CPUS_MAX * 5));
	free(text);
	return json;
}

static cJSON *encode_stamp(uint64_t ticks)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, ticks);
	return cJSON_CreateString(text);
}

static cJSON *number_or_null(bool known, double v)
{
	return known ? cJSON_CreateNumber(v) : cJSON_CreateNull();
}

static cJSON *encode_number(const struct tn_field *f, const void *at)
{
	uint64_t u;

	switch (f->type) {
	case TN_FIELD_BOOL:
		return cJSON_CreateBool(*(const bool *)at);
	case TN_FIELD_INT:
		return number_or_null(*(const int *)at != -1, *(const int *)at);
	case TN_FIELD_U32:
		return cJSON_CreateNumber(*(const uint32_t *)at);
	case TN_FIELD_INDEX:
		return number_or_null(*(const int64_t *)at >= 0, (double)*(const int64_t *)at);
	case TN_FIELD_DOUBLE:
		return cJSON_CreateNumber(*(const double *)at);
	case TN_FIELD_DOUBLE_OR_NULL:
		return number_or_null(!isnan(*(const double *)at), *(const double *)at);
	default:
		u = *(const uint64_t *)at;
		return f->type == TN_FIELD_U64_OR_NULL && u == UINT64_MAX ? cJSON_CreateNull() : tn_json_u64(u);
	}
}

static cJSON *encode_value(struct encoder *e, const struct tn_field *f, const char *at)
{
	const char *name;

	switch (f->type) {
	case TN_FIELD_TEXT:
		return tn_json_text(at);
	case TN_FIELD_STRING:
		return *(char *const *)at ? tn_json_text(*(char *const *)at) : cJSON_CreateNull();
	case TN_FIELD_ENUM:
		name = f->name(*(const unsigned int *)at);
		return cJSON_CreateString(name ? name : "unknown");
	case TN_FIELD_STAMP:
		return encode_stamp(*(const uint64_t *)at);
	case TN_FIELD_CPUS:
		return encode_cpus((const struct tn_cpus *)at);
	case TN_FIELD_HIST:
		return tn_hist_to_json(e->run, (const struct tn_hist *)at);
	default:
		return encode_number(f, at);
	}
}

static int encode_field(struct encoder *e, const struct tn_field *f, const void *base, cJSON *to)
{
	const char *at = (const char *)base + f->offset;
	cJSON *item = NULL;
	int r;

	switch (f->type) {
	case TN_FIELD_OBJECT:
		return add_object(e, f->object, at, to, f->key);
	case TN_FIELD_ARRAY:
	case TN_FIELD_STRINGS:
	case TN_FIELD_TEXTS:
	case TN_FIELD_CLASSES:
		r = encode_list(e, f, base, &item);
		if (r < 0)
			return r;
		break;
	default:
		item = encode_value(e, f, at);
	}
	return tn_json_add(to, f->key, item) < 0 ? no_memory(e) : 0;
}

static int encode_fields(struct encoder *e, const struct tn_object *o, const void *base, cJSON *to)
{
	size_t back;
	int r = 0;

	for (size_t i = 0; i < o->n && !r; i++) {
		back = tn_json_path_key(&e->path, o->fields[i].key);
		r = encode_field(e, &o->fields[i], base, to);
		tn_json_path_back(&e->path, back);
	}
	return r;
}

static int encode_object(struct encoder *e, const struct tn_object *o, const void *base, cJSON **ret)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = cJSON_CreateObject();
	int r;

	if (!json)
		return no_memory(e);
	r = o->check ? o->check(base, e->err) : 0;
	if (r < 0)
		return e->path.len ? tn_error_prefix(e->err, r, "%s", e->path.text) : r;
	if (o == &tn_run_object && tn_json_add(json, "schema", cJSON_CreateString(TN_RUN_SCHEMA)) < 0)
		return no_memory(e);
	r = encode_fields(e, o, base, json);
	if (r < 0)
		return r;
	if (o->derive && o->derive(json, e->run, base) < 0)
		return no_memory(e);
	*ret = tn_steal_ptr(json);
	return 0;
}

/**
 * tn_run_to_json() - the run document
 * @run: what was measured
 * @ret: the document, schema TN_RUN_SCHEMA; free with cJSON_Delete()
 * @err: what contradicts itself, with its place in the document
 *
 * Return: 0; -EBADMSG for figures that contradict each other, such as entries that are neither matched nor
 * too short, or for an unknown tick rate; -E2BIG for more elements than a reader accepts; -ENOMEM.
 */
int tn_run_to_json(const struct tn_run *run, cJSON **ret, struct tn_error *err)
{
	struct tn_run as_read = *run; /* for its clock; the lists stay @run's */
	struct encoder e = {.run = &as_read, .err = err};

	as_read.clock.hz = tn_json_double(run->clock.hz);
	return encode_object(&e, &tn_run_object, &as_read, ret);
}
