// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Points in time on the command line. Documents and ids are in UTC, and so is everything here: runs of several
 * hosts are listed together.
 */
#include "cli/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGO_MAX_S (400 * 365.25 * 86400)

static void print_time(time_t when, char *buf, size_t size)
{
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static int parse_ago(const char *text, time_t *ret)
{
	static const struct {
		const char *unit;
		double s;
	} units[] = {{"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", 7 * 86400}};
	char *end;
	double n;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	n = strtod(text, &end);
	for (size_t i = 0; i < TN_ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].unit) || n * units[i].s > AGO_MAX_S)
			continue;
		*ret = time(NULL) - (time_t)(n * units[i].s);
		return 0;
	}
	return -EINVAL;
}

static int parse_word(const char *text, time_t *ret)
{
	time_t now = time(NULL), today = now - now % 86400;

	if (!strcmp(text, "now"))
		*ret = now;
	else if (!strcmp(text, "today"))
		*ret = today;
	else if (!strcmp(text, "yesterday"))
		*ret = today - 86400;
	else
		return -EINVAL;
	return 0;
}

static int parse_date(const char *text, time_t *ret)
{
	static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
					      "%Y-%m-%dT%H:%M:%S"};

	for (size_t i = 0; i < TN_ARRAY_SIZE(formats); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, formats[i], &tm);

		if (!end || (*end && strcmp(end, "Z")))
			continue;
		*ret = timegm(&tm);
		return 0;
	}
	return -EINVAL;
}

/**
 * cli_when() - a point in time as the user gives it
 * @option: for the message, such as "--since"
 * @text: a date with or without a time, in UTC; "today", "yesterday", "now"; or how long ago, such as "12h" or "30d"
 * @buf: receives it as documents have it, RFC 3339; 21 bytes are enough
 * @size: of @buf
 * @err: message
 *
 * Return: 0 or -EINVAL.
 */
int cli_when(const char *option, const char *text, char *buf, size_t size, struct tn_error *err)
{
	time_t when;

	if (parse_date(text, &when) < 0 && parse_word(text, &when) < 0 && parse_ago(text, &when) < 0)
		return tn_error_set(err, -EINVAL,
				    "%s %s: give a date such as 2026-11-22 or '2026-11-22 15:30' (UTC), today, "
				    "yesterday, or how long ago, such as 12h or 30d",
				    option, text);
	print_time(when, buf, size);
	return 0;
}
