// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a page lies, seen from another. Links are relative, so that the site may lie below any address. Served pages
 * have percent-encoded names; files have names that need no encoding, on any file system and in any address: what is
 * not a letter, a digit, "-" or a "." inside becomes "_" and two digits of hexadecimal.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "report/dashboard-parts.h"

#define NAME_LONGEST 120 /* characters of an encoded name; file systems take 255 */

static bool is_plain(const char *text, size_t i, bool file)
{
	unsigned char c = (unsigned char)text[i];

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')
		return true;
	if (c == '.')
		return i > 0;
	return !file && (c == '_' || c == '~');
}

/* Of a name that is too long: its beginning and a hash of the whole (FNV-1a). */
static void shorten(const char *text, char *buf, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *p = text; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	snprintf(buf + NAME_LONGEST - 20, size - (NAME_LONGEST - 20), "_%016llx", (unsigned long long)hash);
}

static void encode(const char *text, bool file, char *buf, size_t size)
{
	size_t n = 0;

	if (!*text && file)
		snprintf(buf, size, "_");
	for (size_t i = 0; text[i] && n + 4 < size; i++)
		if (is_plain(text, i, file))
			buf[n++] = text[i];
		else
			n += (size_t)snprintf(buf + n, size - n, file ? "_%02x" : "%%%02X", (unsigned char)text[i]);
	if (n || !file)
		buf[n] = '\0';
	if (file && n > NAME_LONGEST)
		shorten(text, buf, size);
}

/* The path of a page from the overview's folder; of files with their names on the disk. */
const char *dash_path(const struct dash *d, enum dash_kind kind, const char *a, const char *b, char *buf, size_t size)
{
	static const char *const folder[] = {"", "scenario", "run", "compare", "assets"};
	bool file = d->opt->links == TN_DASHBOARD_FILES;
	const char *end = file && kind != DASH_ASSET ? ".html" : "";
	char x[DASH_NAME] = "", y[DASH_NAME] = "";

	if (a)
		encode(a, file && kind != DASH_ASSET, x, sizeof(x));
	if (b)
		encode(b, file, y, sizeof(y));
	if (kind == DASH_OVERVIEW)
		snprintf(buf, size, "%s", file ? "index.html" : "");
	else if (b)
		snprintf(buf, size, "%s/%s/%s%s", folder[kind], x, y, end);
	else
		snprintf(buf, size, "%s/%s%s", folder[kind], x, end);
	return buf;
}

/* The same, seen from this page. */
void dash_url(const struct dash *d, enum dash_kind kind, const char *a, const char *b, char *buf, size_t size)
{
	char path[DASH_PATH];
	size_t n = 0;

	dash_path(d, kind, a, b, path, sizeof(path));
	for (unsigned int i = 0; i < d->depth && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "../");
	snprintf(buf + n, size - n, "%s%s", n || path[0] ? "" : "./", path);
}

void dash_link(const struct dash *d, enum dash_kind kind, const char *a, const char *b, const char *text)
{
	char url[DASH_PATH];

	dash_url(d, kind, a, b, url, sizeof(url));
	fprintf(d->out, "<a href=\"%s\">", url);
	html_text(d->out, text);
	fputs("</a>", d->out);
}

static int note_pair(struct dash_site *p, const char *a, const char *b)
{
	struct dash_pair *larger;

	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->pair[i].a, a) && !strcmp(p->pair[i].b, b))
			return 0;
	larger = reallocarray(p->pair, p->n + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	p->pair = larger;
	larger += p->n++;
	snprintf(larger->a, sizeof(larger->a), "%s", a);
	snprintf(larger->b, sizeof(larger->b), "%s", b);
	return 0;
}

/* A link to a comparison; of a site this has it made as well. Without memory for that there is no link. */
void dash_compare_link(const struct dash *d, const char *a, const char *b, const char *text)
{
	if (!d->site || note_pair(d->site, a, b) == 0)
		dash_link(d, DASH_COMPARE, a, b, text);
}
