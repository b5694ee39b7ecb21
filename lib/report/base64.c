// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes as text: base64 of RFC 4648, section 4, with its padding and without line breaks. */
#include <stdint.h>

#include "report/records.h"

void report_base64(FILE *out, const void *data, size_t n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	char four[4];

	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		uint32_t v =
			(uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (have > 2 ? p[i + 2] : 0);

		four[0] = digit[v >> 18];
		four[1] = digit[v >> 12 & 63];
		four[2] = have > 1 ? digit[v >> 6 & 63] : '=';
		four[3] = have > 2 ? digit[v & 63] : '=';
		fwrite(four, 1, 4, out);
	}
}
