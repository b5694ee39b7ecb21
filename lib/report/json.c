// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values of JSON (RFC 8259), for exports that are written record by record: a tree of a million of them would take a
 * gigabyte. Names of tasks are any bytes: what is not UTF-8 reads "?", as in run documents.
 */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "report/records.h"

void json_text(FILE *out, const char *text)
{
	putc('"', out);
	for (size_t n; *text; text += n ? n : 1) {
		n = tn_utf8_length(text, strnlen(text, TN_UTF8_MAX));
		if (!n)
			putc('?', out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", (unsigned int)*text);
		else
			fwrite(text, 1, n, out);
	}
	putc('"', out);
}

/* What is not finite becomes null. */
void json_number(FILE *out, double v)
{
	if (isfinite(v))
		fprintf(out, "%.15g", v);
	else
		fputs("null", out);
}
