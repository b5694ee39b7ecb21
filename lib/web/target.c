// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The target of a request: percent-encoding undone once, and everything refused that a page cannot be called. No file
 * is ever opened by such a name, pages are found in the store and in a table; what climbs is refused all the same, so
 * that it is seen and logged as what it is.
 */
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "web/internal.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes the encoding of @n bytes. -EINVAL for a bad one, -ENAMETOOLONG. */
static int decode(const char *from, size_t n, bool plus, char *to, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++, at++) {
		char c = from[i];

		if (at + 1 >= size)
			return -ENAMETOOLONG;
		if (c == '%') {
			if (i + 2 >= n || hex(from[i + 1]) < 0 || hex(from[i + 2]) < 0)
				return -EINVAL;
			c = (char)(hex(from[i + 1]) * 16 + hex(from[i + 2]));
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (!c)
			return -EINVAL;
		to[at] = c;
	}
	to[at] = '\0';
	return 0;
}

/* Whether a part of the path is "." or "..". */
static bool climbs(const char *path)
{
	while (*path) {
		size_t n = strcspn(++path, "/");

		if ((n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
			return true;
		path += n;
	}
	return false;
}

/* RFC 9112, 3.2.2: a server takes "http://HOST/PATH" too; the host counts for nothing here. */
static const char *skip_authority(const char *raw)
{
	const char *begin = raw;

	if (!strncasecmp(raw, "http://", 7))
		begin = raw + 7 + strcspn(raw + 7, "/?");
	return begin;
}

/*
 * web_target_parse() - decode a request target
 * @raw: as sent
 * @ret: the path, decoded, beginning with a slash; the query as it is
 *
 * Return: 0; -ENAMETOOLONG; -EINVAL for what is no path of text, or climbs.
 */
int web_target_parse(const char *raw, struct web_target *ret)
{
	size_t length;
	int r;

	raw = skip_authority(raw);
	length = strcspn(raw, "?#");
	if (*raw != '/')
		return -EINVAL;
	r = decode(raw, length, false, ret->path, sizeof(ret->path));
	if (r < 0)
		return r;
	if (!tn_utf8_is_text(ret->path) || climbs(ret->path))
		return -EINVAL;
	raw += length + (raw[length] == '?');
	length = strcspn(raw, "#");
	if (length >= sizeof(ret->query))
		return -ENAMETOOLONG;
	memcpy(ret->query, raw, length);
	ret->query[length] = '\0';
	return 0;
}

/* web_query_value() - the first value of a name in a query, decoded; false: none, or it is no text or too long */
bool web_query_value(const char *query, const char *name, char *buf, size_t size)
{
	size_t len = strlen(name);

	while (*query) {
		size_t n = strcspn(query, "&");

		if (n > len && !strncmp(query, name, len) && query[len] == '=')
			return decode(query + len + 1, n - len - 1, true, buf, size) == 0 && tn_utf8_is_text(buf);
		query += n + (query[n] == '&');
	}
	return false;
}

/* web_encode() - a text as one part of a path; cut where @buf ends */
const char *web_encode(const char *text, char *buf, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
	size_t at = 0;

	for (; *text && at + 4 < size; text++) {
		if (strchr(plain, *text))
			buf[at++] = *text;
		else
			at += (size_t)snprintf(buf + at, size - at, "%%%02X", (unsigned char)*text);
	}
	buf[at] = '\0';
	return buf;
}
