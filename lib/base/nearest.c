// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "Did you mean": the known word that is nearest to a mistyped one. Errors are counted as Damerau did
 * ("A technique for computer detection and correction of spelling errors", CACM 7, 1964): a letter too
 * many, one left out, a wrong one, two neighbours swapped. The table is that of Wagner and Fischer ("The
 * string-to-string correction problem", JACM 21, 1974), with the swap as a fourth way into a cell; no
 * letter is edited twice (optimal string alignment). Upper and lower case are alike, and a beginning of at
 * least three letters counts as one error. A word that is too far away is no help and is not offered.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"

#define WORD_MAX 63

static unsigned int min2(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned int edit_distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned int rows[3][WORD_MAX + 1]; /* the last three rows of the table */

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i + 2) % 3], *swap = rows[(i + 1) % 3];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = min2(above[j] + 1, row[j - 1] + 1);
			row[j] = min2(row[j], above[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = min2(row[j], swap[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

/* Of words equally near the longer: a letter left out is a commoner slip than one too many. */
static bool is_better(const struct tn_nearest *n, unsigned int distance, size_t len)
{
	return distance < n->distance || (distance == n->distance && len > strlen(n->word));
}

/**
 * tn_nearest_try() - offer one known word
 * @n: @n->text is what was written, @n->limit how many errors are allowed (it may change from call to call),
 *     0 for one and one more for each four letters; the rest zero before the first call
 * @candidate: a known word, at most 63 bytes
 *
 * Afterwards @n->word is the nearest of the words offered so far, "" if none is near enough. Of words
 * equally near the longest is kept, of these the first. No word is near an @n->text of over 63 bytes.
 */
void tn_nearest_try(struct tn_nearest *n, const char *candidate)
{
	size_t len = strlen(n->text), clen = strlen(candidate);
	unsigned int distance, limit = n->limit ? n->limit : 1 + (unsigned int)len / 4;

	if (len == 0 || len > WORD_MAX || clen > WORD_MAX)
		return;
	distance = edit_distance(n->text, len, candidate, clen);
	if (distance > 1 && len >= 3 && strncasecmp(n->text, candidate, len) == 0)
		distance = 1;
	if (distance > limit || (n->word[0] && !is_better(n, distance, clen)))
		return;
	n->distance = distance;
	snprintf(n->word, sizeof(n->word), "%s", candidate);
}
