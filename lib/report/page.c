// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page: headings and wrapped paragraphs. Width counts bytes but those that continue a character.
 */
#include <stdarg.h>
#include <string.h>

#include "report/html-parts.h"
#include "report/parts.h"

#define INNER 6 /* columns of indent */

static const char *style_on(const struct report *r, enum report_style style)
{
	static const char *const code[] = {
		[REPORT_PLAIN] = "",        [REPORT_BOLD] = "\033[1m",   [REPORT_WARN] = "\033[33m",
		[REPORT_GOOD] = "\033[32m", [REPORT_BAD] = "\033[1;31m",
	};

	return r->opt.colour ? code[style] : "";
}

/* Pages have what was met in plain text, and one warning for all that is not well. */
static enum report_style html_style(enum report_style style)
{
	return style == REPORT_GOOD ? REPORT_PLAIN : style == REPORT_BAD ? REPORT_WARN : style;
}

static const char *style_off(const struct report *r, enum report_style style)
{
	return r->opt.colour && style != REPORT_PLAIN ? "\033[0m" : "";
}

void report_heading(struct report *r, const char *title)
{
	if (r->opt.html) {
		html_heading(r->opt.html, title);
		return;
	}
	fputc('\n', r->out);
	report_text(r, REPORT_BOLD, 0, 0, "%s", title);
}

static unsigned int columns_of(const char *s, size_t bytes)
{
	unsigned int n = 0;

	for (size_t i = 0; i < bytes; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

/* A word to the wrapping: up to the next blank, and a number together with its unit. */
static size_t word_bytes(const char *p)
{
	static const char *const unit[] = {"ns", "us", "ms", "s", "ppm", "MHz"};
	size_t n = strcspn(p, " "), len;

	if (!n || p[n] != ' ' || p[n - 1] < '0' || p[n - 1] > '9')
		return n;
	for (size_t i = 0; i < TN_ARRAY_SIZE(unit); i++) {
		len = strlen(unit[i]);
		if (!strncmp(p + n + 1, unit[i], len) && strchr(" .,:;)", p[n + 1 + len]))
			return n + 1 + strcspn(p + n + 1, " ");
	}
	return n;
}

/* Words to lines; the first line begins at @indent, the others at @hanging. A word longer than a line stays whole. */
static void wrap(struct report *r, const char *text, unsigned int indent, unsigned int hanging)
{
	unsigned int column = indent, columns;
	bool first = true;
	size_t bytes;

	fprintf(r->out, "%*s", (int)indent, "");
	for (const char *p = text; *p; p += bytes) {
		p += strspn(p, " ");
		bytes = word_bytes(p);
		if (!bytes)
			break;
		columns = columns_of(p, bytes);
		if (!first && column + 1 + columns > r->opt.width) {
			fprintf(r->out, "\n%*s", (int)hanging, "");
			column = hanging;
			first = true;
		}
		fprintf(r->out, "%s%.*s", first ? "" : " ", (int)bytes, p);
		column += columns + !first;
		first = false;
	}
}

/* A paragraph. The format decides about spaces only at line ends: runs of them become one. */
void report_text(struct report *r, enum report_style style, unsigned int indent, unsigned int hanging, const char *fmt,
		 ...)
{
	tn_autofree char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return;
	}
	if (r->opt.html) {
		html_paragraph(r->opt.html, html_style(style), indent >= INNER, text);
		return;
	}
	report_clean(r, text);
	fputs(style_on(r, style), r->out);
	wrap(r, text, indent, hanging);
	fprintf(r->out, "%s\n", style_off(r, style));
}
