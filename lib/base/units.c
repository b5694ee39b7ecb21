// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quantities as people write them. Numbers are decimal digits with an optional fraction and nothing else:
 * no sign, no exponent, no blank, no locale. Durations and sizes are computed in integers, so that 1.1s is
 * 1,100,000,000 ns exactly. Every refusal shows the text and an example of the right form.
 */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define QUOTE_MAX  60  /* how much of a bad text an error repeats */
#define RATE_LIMIT 1e9 /* per second: beyond any work that can be churned */

struct unit {
	const char *name;
	uint64_t factor;
};

/* What an error calls the quantity, its right form, and the unit of factor 1. */
struct quantity {
	const char *what, *example, *smallest;
};

static const struct quantity DURATION = {"a duration", "30s, 1.5ms or 100us", "nanoseconds"};
static const struct quantity SIZE = {"a size", "64K, 16M or 1G", "bytes"};
static const struct quantity RANGE = {"a number or a range", "64 or 1-512", NULL};
static const struct quantity RATE = {"a rate", "200/s, 10k/s, 60/min or max", NULL};

static const struct unit DURATIONS[] = {
	{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000},
};

static const struct unit SIZES[] = {
	{"", 1}, {"K", 1ull << 10}, {"M", 1ull << 20}, {"G", 1ull << 30}, {"T", 1ull << 40},
};

static const struct unit RATES[] = {
	{"/s", 60}, {"k/s", 60000}, {"M/s", 60000000}, {"/min", 1}, {"k/min", 1000},
};

/* A decimal number: (whole + part / scale). */
struct decimal {
	uint64_t whole, part, scale;
};

static int bad(struct tn_error *err, const char *text, const struct quantity *q)
{
	return tn_error_set(err, -EINVAL, "'%.*s' is not %s, such as %s", QUOTE_MAX, text, q->what, q->example);
}

static int too_large(struct tn_error *err, const char *text, const struct quantity *q)
{
	return tn_error_set(err, -ERANGE, "'%.*s' is too large for %s, such as %s", QUOTE_MAX, text, q->what,
			    q->example);
}

/* Takes all digits off *p. -EINVAL: there are none, -ERANGE: more than fit. */
static int take_digits(const char **p, uint64_t *ret)
{
	uint64_t v = 0;
	int r = 0;

	if (!isdigit((unsigned char)**p))
		return -EINVAL;
	for (; isdigit((unsigned char)**p); (*p)++)
		if (__builtin_mul_overflow(v, 10ull, &v) || __builtin_add_overflow(v, (uint64_t)(**p - '0'), &v))
			r = -ERANGE;
	if (!r)
		*ret = v;
	return r;
}

static int take_decimal(const char **p, struct decimal *ret)
{
	struct decimal d = {.scale = 1};
	const char *start;
	int r;

	r = take_digits(p, &d.whole);
	if (r < 0)
		return r;
	if (**p == '.') {
		start = ++*p;
		r = take_digits(p, &d.part);
		if (r < 0 || *p - start > 18)
			return r < 0 ? r : -ERANGE;
		for (; start < *p; start++)
			d.scale *= 10;
	}
	*ret = d;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(units[i].name, name))
			return &units[i];
	return NULL;
}

/* A decimal in one of @units as a whole number of the smallest of them. */
static int parse_exact(const char *text, const struct unit *units, size_t n, const struct quantity *q, uint64_t *ret,
		       struct tn_error *err)
{
	const struct unit *u = NULL;
	const char *p = text;
	struct decimal d;
	uint64_t v;
	int r;

	r = take_decimal(&p, &d);
	if (r == -ERANGE)
		return too_large(err, text, q);
	if (!r)
		u = find_unit(units, n, p);
	if (!u)
		return bad(err, text, q);
	/* part / scale * factor must be whole: 128 bits hold any part (below 10^18) times any factor (2^42). */
	if ((unsigned __int128)d.part * u->factor % d.scale)
		return tn_error_set(err, -EINVAL, "'%.*s' does not come out in whole %s; write %s such as %s",
				    QUOTE_MAX, text, q->smallest, q->what, q->example);
	if (__builtin_mul_overflow(d.whole, u->factor, &v) ||
	    __builtin_add_overflow(v, (uint64_t)((unsigned __int128)d.part * u->factor / d.scale), &v))
		return too_large(err, text, q);
	*ret = v;
	return 0;
}

/**
 * tn_parse_u64() - whole number within limits
 * @text: decimal digits only
 * @min: least value allowed
 * @max: greatest value allowed
 * @ret: the number; untouched on failure
 * @err: the text and the limits
 *
 * Return: 0; -EINVAL when it is no number; -ERANGE when it is outside the limits.
 */
int tn_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct tn_error *err)
{
	const char *p = text;
	uint64_t v = 0;
	int r;

	r = take_digits(&p, &v);
	if (r == -EINVAL || *p)
		return tn_error_set(err, -EINVAL, "'%.*s' is not a whole number, such as %llu", QUOTE_MAX, text,
				    (unsigned long long)min);
	if (r == -ERANGE || v < min || v > max)
		return tn_error_set(err, -ERANGE, "'%.*s' is out of range: it must be from %llu to %llu", QUOTE_MAX,
				    text, (unsigned long long)min, (unsigned long long)max);
	*ret = v;
	return 0;
}

/**
 * tn_parse_duration_ns() - duration with its unit
 * @text: number and one of ns, us, ms, s, m, h; a fraction must come out in whole nanoseconds
 * @ret: nanoseconds, 0 included; untouched on failure
 * @err: the text and the right form
 *
 * Return: 0; -EINVAL for another form; -ERANGE above 2^64 - 1 ns (584 years).
 */
int tn_parse_duration_ns(const char *text, uint64_t *ret, struct tn_error *err)
{
	return parse_exact(text, DURATIONS, TN_ARRAY_SIZE(DURATIONS), &DURATION, ret, err);
}

/**
 * tn_parse_size() - size of memory
 * @text: number, bytes alone or with one of K, M, G, T, each 1,024 times the one before
 * @ret: bytes, 0 included; untouched on failure
 * @err: the text and the right form
 *
 * Return: 0; -EINVAL for another form; -ERANGE above 2^64 - 1 bytes.
 */
int tn_parse_size(const char *text, uint64_t *ret, struct tn_error *err)
{
	return parse_exact(text, SIZES, TN_ARRAY_SIZE(SIZES), &SIZE, ret, err);
}

/**
 * tn_parse_rate() - how often something is done
 * @text: number and "/s" or "/min", with "k" or "M" before it: 200/s, 10k/s, 60/min; or "max"
 * @ret_per_s: per second, above 0 and up to 10^9; TN_RATE_MAX for "max"; untouched on failure
 * @err: the text and the right form
 *
 * Return: 0; -EINVAL for another form or for 0; -ERANGE above 10^9 per second.
 */
int tn_parse_rate(const char *text, double *ret_per_s, struct tn_error *err)
{
	const struct unit *u = NULL;
	const char *p = text;
	struct decimal d;
	double v;
	int r;

	if (!strcmp(text, "max")) {
		*ret_per_s = TN_RATE_MAX;
		return 0;
	}
	r = take_decimal(&p, &d);
	if (r == -ERANGE)
		return too_large(err, text, &RATE);
	if (!r)
		u = find_unit(RATES, TN_ARRAY_SIZE(RATES), p);
	if (!u)
		return bad(err, text, &RATE);
	v = ((double)d.whole + (double)d.part / (double)d.scale) * (double)u->factor / 60.0;
	if (!(v > 0.0))
		return tn_error_set(err, -EINVAL, "'%.*s' would never do anything: give a rate such as %s", QUOTE_MAX,
				    text, RATE.example);
	if (v > RATE_LIMIT)
		return too_large(err, text, &RATE);
	*ret_per_s = v;
	return 0;
}

/**
 * tn_parse_range() - one whole number, or two for the ends of a range
 * @text: "64" or "1-512"
 * @min: least value allowed
 * @max: greatest value allowed
 * @ret: both ends, which are equal for one number; untouched on failure
 * @err: the text and the limits
 *
 * Return: 0; -EINVAL for another form or ends in the wrong order; -ERANGE outside the limits.
 */
int tn_parse_range(const char *text, uint64_t min, uint64_t max, struct tn_range *ret, struct tn_error *err)
{
	struct tn_range v = {0};
	const char *p = text;
	int r;

	r = take_digits(&p, &v.min);
	v.max = v.min;
	if (!r && *p == '-') {
		p++;
		r = take_digits(&p, &v.max);
	}
	if (r == -EINVAL || (!r && *p))
		return bad(err, text, &RANGE);
	if (!r && v.min > v.max)
		return tn_error_set(err, -EINVAL,
				    "the range '%.*s' runs backwards: write the smaller end first, as in 1-512",
				    QUOTE_MAX, text);
	if (r == -ERANGE || v.min < min || v.max > max)
		return tn_error_set(err, -ERANGE, "'%.*s' is out of range: it must lie within %llu-%llu", QUOTE_MAX,
				    text, (unsigned long long)min, (unsigned long long)max);
	*ret = v;
	return 0;
}
