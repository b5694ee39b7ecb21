// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON to struct tn_run, by the tables of fields.c. The document may come from anywhere: each value is
 * checked for type, range and size, lists have limits, and memory is taken only for elements that are
 * there. Every key of the tables must be present but those that came later than the schema; keys that are
 * not in them are passed over, since a newer tlbnoise may add some, and the derived ones are among these.
 */
#include "result/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"

struct decoder {
	struct tn_json_path path;
	struct tn_error *err;
};

static int decode_object(struct decoder *d, const struct tn_object *o, const cJSON *json, void *base);

static int bad(struct decoder *d, const char *wanted)
{
	return tn_error_set(d->err, -EINVAL, "%s must be %s", d->path.text, wanted);
}

static int no_memory(struct decoder *d)
{
	return tn_error_set(d->err, -ENOMEM, "%s: no memory to read it", d->path.text);
}

static int decode_u64(struct decoder *d, const cJSON *json, uint64_t max, uint64_t *ret)
{
	int r = tn_json_get_u64(json, max, ret);

	if (r == -ERANGE)
		return tn_error_set(d->err, r, "%s is %g: it must be from 0 to %" PRIu64, d->path.text,
				    json->valuedouble, max);
	return r < 0 ? bad(d, "a whole number") : 0;
}

static int decode_int(struct decoder *d, const struct tn_field *f, const cJSON *json, int *ret)
{
	uint64_t v;
	int r;

	if (f->min < 0 && cJSON_IsNull(json)) {
		*ret = -1;
		return 0;
	}
	r = decode_u64(d, json, (uint64_t)f->max, &v);
	if (!r)
		*ret = (int)v;
	return r;
}

static int decode_double(struct decoder *d, const struct tn_field *f, const cJSON *json, double *ret)
{
	if (!cJSON_IsNumber(json))
		return bad(d, "a number");
	if (!(json->valuedouble >= f->min && json->valuedouble <= f->max))
		return tn_error_set(d->err, -ERANGE, "%s is %g: it must be from %g to %g", d->path.text,
				    json->valuedouble, f->min, f->max);
	*ret = json->valuedouble;
	return 0;
}

static int decode_number(struct decoder *d, const struct tn_field *f, const cJSON *json, void *at)
{
	uint64_t v = 0;
	int r;

	if (f->type == TN_FIELD_INT)
		return decode_int(d, f, json, at);
	if (f->type == TN_FIELD_DOUBLE_OR_NULL && cJSON_IsNull(json)) {
		*(double *)at = NAN;
		return 0;
	}
	if (f->type == TN_FIELD_DOUBLE || f->type == TN_FIELD_DOUBLE_OR_NULL)
		return decode_double(d, f, json, at);
	if (f->type == TN_FIELD_U64_OR_NULL && cJSON_IsNull(json)) {
		*(uint64_t *)at = UINT64_MAX;
		return 0;
	}
	if (f->type == TN_FIELD_INDEX && cJSON_IsNull(json)) {
		*(int64_t *)at = -1;
		return 0;
	}
	r = decode_u64(d, json, (uint64_t)f->max, &v);
	if (r < 0)
		return r;
	if (f->type == TN_FIELD_U32)
		*(uint32_t *)at = (uint32_t)v;
	else
		*(uint64_t *)at = v;
	return 0;
}

static int decode_text(struct decoder *d, const cJSON *json, char *ret, size_t size)
{
	if (!cJSON_IsString(json))
		return bad(d, "a string");
	if (strlen(json->valuestring) >= size)
		return tn_error_set(d->err, -ERANGE, "%s is longer than %zu bytes", d->path.text, size - 1);
	strcpy(ret, json->valuestring);
	return 0;
}

static int decode_string(struct decoder *d, const cJSON *json, char **ret)
{
	if (!cJSON_IsString(json))
		return bad(d, "a string");
	*ret = strdup(json->valuestring);
	return *ret ? 0 : no_memory(d);
}

/* Exactly what the encoder writes: digits without sign, blank or leading zero. */
static int decode_stamp(struct decoder *d, const cJSON *json, uint64_t *ret)
{
	char back[24];
	uint64_t v;

	if (cJSON_IsString(json)) {
		v = strtoull(json->valuestring, NULL, 10);
		snprintf(back, sizeof(back), "%" PRIu64, v);
		if (!strcmp(back, json->valuestring)) {
			*ret = v;
			return 0;
		}
	}
	return bad(d, "a string of decimal digits below 2^64");
}

static int decode_enum(struct decoder *d, const struct tn_field *f, const cJSON *json, unsigned int *ret)
{
	if (!cJSON_IsString(json))
		return bad(d, "a string");
	for (unsigned int v = 0; v <= UINT8_MAX; v++) {
		const char *name = f->name(v);

		if (name && !strcmp(name, json->valuestring)) {
			*ret = v;
			return 0;
		}
	}
	return tn_error_set(d->err, -EINVAL, "%s is '%.40s', which this tlbnoise does not know", d->path.text,
			    json->valuestring);
}

static int decode_cpus(struct decoder *d, const cJSON *json, struct tn_cpus *ret)
{
	int r;

	if (!cJSON_IsString(json))
		return bad(d, "a string with a CPU list");
	if (!json->valuestring[0]) {
		*ret = (struct tn_cpus){0};
		return 0;
	}
	r = tn_cpus_parse(json->valuestring, ret, d->err);
	return r < 0 ? tn_error_prefix(d->err, r, "%s", d->path.text) : 0;
}

static int decode_array(struct decoder *d, const struct tn_field *f, const cJSON *json, void *base)
{
	size_t n = (size_t)cJSON_GetArraySize(json), i = 0, back;
	const cJSON *item;
	char *elements;
	int r = 0;

	elements = calloc(n ? n : 1, f->size);
	if (!elements)
		return no_memory(d);
	/* The run owns them from here on, so that tn_run_free() finds what a failure leaves. */
	*(void **)((char *)base + f->offset) = elements;
	tn_field_set_count(f, base, n);
	cJSON_ArrayForEach(item, json) {
		back = tn_json_path_index(&d->path, i);
		r = decode_object(d, f->object, item, elements + i++ * f->size);
		if (r < 0)
			break;
		tn_json_path_back(&d->path, back);
	}
	return r;
}

static int decode_texts(struct decoder *d, const struct tn_field *f, const cJSON *json, void *base)
{
	size_t n = (size_t)cJSON_GetArraySize(json), i = 0, back;
	char *at = (char *)base + f->offset, **strings = NULL;
	const cJSON *item;
	int r = 0;

	if (f->type == TN_FIELD_STRINGS) {
		strings = calloc(n ? n : 1, sizeof(*strings));
		if (!strings)
			return no_memory(d);
		*(char ***)at = strings;
	}
	tn_field_set_count(f, base, n);
	cJSON_ArrayForEach(item, json) {
		back = tn_json_path_index(&d->path, i);
		r = strings ? decode_string(d, item, &strings[i]) : decode_text(d, item, at + i * f->size, f->size);
		if (r < 0)
			break;
		tn_json_path_back(&d->path, back);
		i++;
	}
	return r;
}

static int decode_list(struct decoder *d, const struct tn_field *f, const cJSON *json, void *base)
{
	if (!cJSON_IsArray(json))
		return bad(d, "a list");
	if ((double)cJSON_GetArraySize(json) > f->max)
		return tn_error_set(d->err, -E2BIG, "%s has %d elements, at most %.0f are possible", d->path.text,
				    cJSON_GetArraySize(json), f->max);
	return f->type == TN_FIELD_ARRAY ? decode_array(d, f, json, base) : decode_texts(d, f, json, base);
}

/* A class that is missing was not known to the writer: nothing was counted. One we do not know is passed over. */
static int decode_classes(struct decoder *d, const struct tn_field *f, const cJSON *json, void *base)
{
	char *elements = (char *)base + f->offset;
	const cJSON *item;
	size_t back;
	int r;

	if (!cJSON_IsObject(json))
		return bad(d, "an object");
	for (unsigned int i = 0; i < TN_CLASS_COUNT; i++) {
		item = cJSON_GetObjectItemCaseSensitive(json, tn_class_name((enum tn_class)i));
		if (!item)
			continue;
		back = tn_json_path_key(&d->path, item->string);
		r = decode_object(d, f->object, item, elements + i * f->size);
		if (r < 0)
			return r;
		tn_json_path_back(&d->path, back);
	}
	return 0;
}

static int decode_hist(struct decoder *d, const cJSON *json, struct tn_hist *ret)
{
	int r = tn_hist_from_json(json, ret, d->err);

	return r < 0 ? tn_error_prefix(d->err, r, "%s", d->path.text) : 0;
}

static int decode_field(struct decoder *d, const struct tn_field *f, const cJSON *json, void *base)
{
	char *at = (char *)base + f->offset;

	switch (f->type) {
	case TN_FIELD_TEXT:
		return decode_text(d, json, at, f->size);
	case TN_FIELD_STRING:
		return cJSON_IsNull(json) ? 0 : decode_string(d, json, (char **)at);
	case TN_FIELD_BOOL:
		if (!cJSON_IsBool(json))
			return bad(d, "true or false");
		*(bool *)at = cJSON_IsTrue(json);
		return 0;
	case TN_FIELD_STAMP:
		return decode_stamp(d, json, (uint64_t *)at);
	case TN_FIELD_ENUM:
		return decode_enum(d, f, json, (unsigned int *)at);
	case TN_FIELD_CPUS:
		return decode_cpus(d, json, (struct tn_cpus *)at);
	case TN_FIELD_HIST:
		return decode_hist(d, json, (struct tn_hist *)at);
	case TN_FIELD_OBJECT:
		return decode_object(d, f->object, json, at);
	case TN_FIELD_ARRAY:
	case TN_FIELD_STRINGS:
	case TN_FIELD_TEXTS:
		return decode_list(d, f, json, base);
	case TN_FIELD_CLASSES:
		return decode_classes(d, f, json, base);
	default:
		return decode_number(d, f, json, at);
	}
}

static int decode_object(struct decoder *d, const struct tn_object *o, const cJSON *json, void *base)
{
	const cJSON *item;
	size_t back;
	int r;

	if (!cJSON_IsObject(json))
		return bad(d, "an object");
	for (size_t i = 0; i < o->n; i++) {
		back = tn_json_path_key(&d->path, o->fields[i].key);
		item = cJSON_GetObjectItemCaseSensitive(json, o->fields[i].key);
		if (!item && !o->fields[i].optional)
			return tn_error_set(d->err, -EINVAL, "%s is missing", d->path.text);
		r = item ? decode_field(d, &o->fields[i], item, base) : 0;
		if (r < 0)
			return r;
		tn_json_path_back(&d->path, back);
	}
	r = o->check ? o->check(base, d->err) : 0;
	return r < 0 && d->path.len ? tn_error_prefix(d->err, r, "%s", d->path.text) : r;
}

static int check_schema(const cJSON *json, struct tn_error *err)
{
	const cJSON *schema = cJSON_GetObjectItemCaseSensitive(json, "schema");

	if (!cJSON_IsString(schema))
		return tn_error_set(
			err, -EINVAL,
			"not a run document: it has no key \"schema\"; give a file that tlbnoise run wrote");
	if (!strcmp(schema->valuestring, TN_RUN_SCHEMA))
		return 0;
	return tn_error_set(err, -EPROTONOSUPPORT,
			    "schema is '%.60s', this tlbnoise reads '%s': use the tlbnoise that wrote it",
			    schema->valuestring, TN_RUN_SCHEMA);
}

/* As strftime() writes it in daemon/run.c, and nothing else: times are compared as texts. */
static bool is_time(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	struct tm tm;

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Histories, links and labels are made of these. */
static int check_names(const struct tn_run *run, struct tn_error *err)
{
	const struct {
		const char *key, *text;
	} name[] = {{"environment.hostname", run->env.hostname},
		    {"environment.kernel_release", run->env.kernel_release},
		    {"scenario.name", run->scenario_name}};

	for (size_t i = 0; i < TN_ARRAY_SIZE(name); i++)
		if (!tn_utf8_is_text(name[i].text))
			return tn_error_set(err, -EINVAL, "%s must be UTF-8 without control characters", name[i].key);
	if (!is_time(run->started_at))
		return tn_error_set(err, -EINVAL, "started_at must be a time as 2026-01-31T23:59:59Z, in UTC");
	return 0;
}

/**
 * tn_run_from_json() - read a run document
 * @json: the parsed document
 * @ret: the run; free with tn_run_free()
 * @err: the place in the document and what is wrong there
 *
 * Derived keys (nanoseconds, percentiles, rates, intervals, totals) are not looked at: ticks and the tick
 * rate are what counts.
 *
 * Return: 0; -EPROTONOSUPPORT for another schema; -EINVAL for a missing key, a wrong type, or a name or time
 * that is none; -ERANGE and -E2BIG for values and lists outside their limits; -EBADMSG for figures that
 * contradict each other; -ENOMEM.
 */
int tn_run_from_json(const cJSON *json, struct tn_run **ret, struct tn_error *err)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
	struct decoder d = {.err = err};
	int r;

	r = check_schema(json, err);
	if (r < 0)
		return r;
	r = tn_run_new(&run, err);
	if (r < 0)
		return r;
	r = decode_object(&d, &tn_run_object, json, run);
	if (r == 0)
		r = check_names(run, err);
	if (r < 0)
		return r;
	*ret = tn_steal_ptr(run);
	return 0;
}
