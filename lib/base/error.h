/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_ERROR_H
#define TN_BASE_ERROR_H

#include <stdbool.h>

#include "base/cleanup.h"

#define TN_ERROR_TEXT 768

/* What failed, on what, and what to do about it: one line for the user, a negative errno for the program. */
struct tn_error {
	int code;
	char text[TN_ERROR_TEXT];
};

int tn_error_set(struct tn_error *err, int code, const char *fmt, ...) tn_printf(3, 4);
int tn_error_prefix(struct tn_error *err, int code, const char *fmt, ...) tn_printf(3, 4);
bool tn_error_of_machine(int code);

#endif
