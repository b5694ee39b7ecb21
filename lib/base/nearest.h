/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_NEAREST_H
#define TN_BASE_NEAREST_H

struct tn_nearest {
	const char *text;
	unsigned int limit; /* errors allowed; 0: one, and one more for each four letters of text */
	unsigned int distance;
	char word[64]; /* "" while nothing is near */
};

void tn_nearest_try(struct tn_nearest *n, const char *candidate);

#endif
