/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_UTF8_H
#define TN_RESULT_UTF8_H

#include <stddef.h>

size_t tn_utf8_length(const char *text);

#endif
