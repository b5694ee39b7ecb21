/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SCENARIO_SET_H
#define TN_SCENARIO_SET_H

/* Sets: scenarios that are run one after the other, such as those of each night. */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define TN_SET_MAX 32

struct tn_set {
	char description[256];
	size_t n;
	char scenario[TN_SET_MAX][64]; /* names, each once, in the order in which they are run */
};

bool tn_set_is(const char *text);
int tn_set_parse(const char *text, size_t len, const char *file, struct tn_set *ret, struct tn_error *err);

#endif
