/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_TERM_H
#define TN_REPORT_TERM_H

/* Small pictures for terminals, in Unicode or ASCII; for the text report and for the live view. */
#include <stdbool.h>
#include <stddef.h>

#include "analysis/cause.h"

#define TN_TERM_COLUMNS 256 /* the widest picture */
#define TN_TERM_BYTES   (3 * TN_TERM_COLUMNS + 1)

#define TN_TERM_PLAIN   "\033[0m"

const char *tn_term_bar(char *buf, double share, unsigned int columns, bool unicode);
const char *tn_term_spark(char *buf, const double *v, size_t n, double highest, bool unicode);
const char *tn_term_colour(enum tn_class class);

#endif
