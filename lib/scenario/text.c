// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of a scenario before its meaning: which bytes may occur, how an error names its place, and how
 * a message quotes what somebody wrote. A scenario ends up in JSON documents and on terminals, so that
 * only UTF-8 without control characters is let in, comments included.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "scenario/internal.h"

/**
 * tn_scenario_clean() - text that can go into messages and documents
 * @text: what somebody wrote, any bytes
 * @len: its length in bytes
 * @buf: where to put it
 * @size: of @buf in bytes, at least 5
 *
 * Control characters and what is not UTF-8 become '?'; what does not fit becomes "...".
 *
 * Return: @buf.
 */
const char *tn_scenario_clean(const char *text, size_t len, char *buf, size_t size)
{
	size_t i = 0, n = 0;

	while (i < len) {
		size_t step = tn_utf8_length(text + i, len - i);
		bool shown = step > 0 && !tn_utf8_is_control(text + i, step);

		if (step == 0)
			step = 1;
		if (n + (shown ? step : 1) > size - sizeof("...")) {
			strcpy(buf + n, "...");
			return buf;
		}
		if (shown)
			memcpy(buf + n, text + i, step);
		else
			buf[n] = '?';
		n += shown ? step : 1;
		i += step;
	}
	buf[n] = '\0';
	return buf;
}

/**
 * tn_scenario_quote() - tn_scenario_clean() for the short piece of text that a message is about
 * @text: what somebody wrote
 * @len: its length in bytes
 * @buf: where to put it
 *
 * Return: @buf.
 */
const char *tn_scenario_quote(const char *text, size_t len, char buf[TN_SCENARIO_QUOTE])
{
	return tn_scenario_clean(text, len, buf, TN_SCENARIO_QUOTE);
}

/* Cuts blanks off both ends, in place. */
char *tn_scenario_trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = '\0';
	return text;
}

/**
 * tn_scenario_fail() - record what is wrong with a piece of a scenario
 * @at: where it stands
 * @err: object to fill, or NULL
 * @fmt: what is wrong and what to do
 *
 * The message begins with "FILE:LINE: ", or with "-o TEXT: " for an override.
 *
 * Return: -EINVAL.
 */
int tn_scenario_fail(const struct tn_origin *at, struct tn_error *err, const char *fmt, ...)
{
	char text[TN_ERROR_TEXT], quoted[TN_SCENARIO_QUOTE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tn_error_set(err, -EINVAL, "%s", text);
	if (at->override)
		return tn_error_prefix(err, -EINVAL, "-o %s",
				       tn_scenario_quote(at->override, strlen(at->override), quoted));
	return tn_error_prefix(err, -EINVAL, "%s:%d", at->file, at->line);
}

/**
 * tn_scenario_check_text() - refuse bytes that no scenario has a use for
 * @text: a line without its end, or an override
 * @len: its length in bytes
 * @at: where it stands
 * @err: says which byte, in which column (counted in bytes from 1)
 *
 * Return: 0, or -EINVAL for NUL, other control characters but the tabulator, a byte order mark (the reader has taken
 * the one that may begin a file), and what is not UTF-8.
 */
int tn_scenario_check_text(const char *text, size_t len, const struct tn_origin *at, struct tn_error *err)
{
	for (size_t i = 0; i < len;) {
		size_t step = tn_utf8_length(text + i, len - i);

		if (step == 0)
			return tn_scenario_fail(at, err, "byte 0x%02x in column %zu is not UTF-8: write it in UTF-8",
						(unsigned char)text[i], i + 1);
		if (text[i] == '\0')
			return tn_scenario_fail(at, err, "NUL byte in column %zu: this is no text file", i + 1);
		if (tn_utf8_is_control(text + i, step) && text[i] != '\t')
			return tn_scenario_fail(at, err, "control character 0x%02x in column %zu: remove it",
						(unsigned char)text[i + step - 1], i + 1);
		if (step == 3 && memcmp(text + i, "\xef\xbb\xbf", 3) == 0)
			return tn_scenario_fail(at, err, "byte order mark in column %zu: remove it", i + 1);
		i += step;
	}
	return 0;
}
