// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks of the HTML report. The parts of the text report write these too: a heading opens a section, a line that
 * begins with "- " or "! " is an item of a list. All text of a document passes through html_text() or
 * html_json_text(): names of tasks and scenarios are anybody's.
 */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "report/html-parts.h"

/* Length of the character at @p; what is none, and what may turn the direction of others, is replaced by the caller. */
static size_t take(const char *p, bool *ret_bad)
{
	size_t n = tn_utf8_length(p, strnlen(p, TN_UTF8_MAX));
	const unsigned char *s = (const unsigned char *)p;

	*ret_bad = !n || (tn_utf8_is_control(p, n) && *p != '\n' && *p != '\t') ||
		   (n == 3 && s[0] == 0xe2 &&
		    ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)));
	return n ? n : 1;
}

/* For the content of elements and for attributes in double quotes. */
void html_text(FILE *out, const char *text)
{
	bool bad;

	for (size_t n; *text; text += n) {
		n = take(text, &bad);
		if (bad)
			fputc('?', out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else if (*text == '\'')
			fputs("&#39;", out);
		else
			fwrite(text, 1, n, out);
	}
}

/* A string of JSON with its quotes, for inside a <script>: there nothing may look like a tag. */
void html_json_text(FILE *out, const char *text)
{
	bool bad;

	fputc('"', out);
	for (size_t n; *text; text += n) {
		n = take(text, &bad);
		if (bad)
			fputc('?', out);
		else if (strchr("<>&'\"\\\n\t", *text))
			fprintf(out, "\\u%04x", (unsigned int)*text);
		else
			fwrite(text, 1, n, out);
	}
	fputc('"', out);
}

/* A number of JSON; what is not finite becomes null. */
void html_number(FILE *out, double v)
{
	if (isfinite(v))
		fprintf(out, "%.12g", v);
	else
		fputs("null", out);
}

void html_duration(FILE *out, double ns)
{
	struct report_buf b;

	html_text(out, report_ns(&b, ns));
}

/* Classes have a slot in the palette each; a number that is none, from a damaged file, is "not attributed". */
unsigned int html_class_slot(unsigned int class)
{
	return class < TN_CLASS_COUNT ? class : TN_CLASS_COUNT;
}

const char *html_class_name(unsigned int class)
{
	return class < TN_CLASS_COUNT ? tn_class_name((enum tn_class) class) : "not attributed";
}

void html_end_list(struct report_html *h)
{
	if (h->list)
		fputs("</ul>\n", h->out);
	h->list = false;
}

void html_end(struct report_html *h)
{
	html_end_list(h);
	if (h->section)
		fputs("</section>\n", h->out);
	h->section = false;
}

void html_heading(struct report_html *h, const char *title)
{
	html_end(h);
	fprintf(h->out, "<section>\n<h%u>", h->level);
	html_text(h->out, title);
	fprintf(h->out, "</h%u>\n", h->level);
	h->section = true;
}

/* @inner: it tells more of the paragraph before it */
void html_paragraph(struct report_html *h, enum report_style style, bool inner, const char *text)
{
	static const char *const name[] = {"", "bold", "warn"};
	bool item = (text[0] == '-' || text[0] == '!') && text[1] == ' ';

	if (!item)
		html_end_list(h);
	else if (!h->list)
		fputs("<ul>\n", h->out);
	h->list = item;
	fprintf(h->out, "<%s class=\"%s%s\">", item ? "li" : "p", name[style], inner && !item ? " inner" : "");
	html_text(h->out, item ? text + 2 : text);
	fprintf(h->out, "</%s>\n", item ? "li" : "p");
}
