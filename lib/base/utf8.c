// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text from the kernel and from files is bytes, text in JSON and on terminals is UTF-8: who hands one to the other
 * has to look.
 */
#include "base/utf8.h"

#include <string.h>

/**
 * tn_utf8_length() - length of the character at the beginning of a text
 * @text: not empty
 * @size: bytes of @text; TN_UTF8_MAX will do for a text that ends in NUL, as no character goes across one
 *
 * Well-formed sequences only, after table 3-7 of the Unicode standard, version 15: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 *
 * Return: 1 to TN_UTF8_MAX bytes; 0 when there is no character.
 */
size_t tn_utf8_length(const char *text, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > size)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/**
 * tn_utf8_is_control() - whether a terminal may obey a character instead of showing it
 * @text: begins with the character
 * @length: of the character, from tn_utf8_length(), not 0
 *
 * Return: true for C0, DEL and C1 (U+0080 to U+009F, which some terminals obey in UTF-8, too).
 */
bool tn_utf8_is_control(const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *)text;

	return (length == 1 && (s[0] < ' ' || s[0] == 0x7f)) || (length == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

/**
 * tn_utf8_is_text() - whether all of a text can be shown
 * @text: bytes
 *
 * Return: true when it is UTF-8 without control characters.
 */
bool tn_utf8_is_text(const char *text)
{
	size_t n;

	for (; *text; text += n) {
		n = tn_utf8_length(text, strnlen(text, TN_UTF8_MAX));
		if (!n || tn_utf8_is_control(text, n))
			return false;
	}
	return true;
}

/** tn_utf8_make_text() - put "?" for each byte of @text that tn_utf8_is_text() would not let pass */
void tn_utf8_make_text(char *text)
{
	size_t n;

	for (; *text; text += n) {
		n = tn_utf8_length(text, strnlen(text, TN_UTF8_MAX));
		if (n && !tn_utf8_is_control(text, n))
			continue;
		n = n ? n : 1;
		memset(text, '?', n);
	}
}
