/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_UTF8_H
#define TN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#define TN_UTF8_MAX 4 /* bytes of a character */

size_t tn_utf8_length(const char *text, size_t size);
bool tn_utf8_is_control(const char *text, size_t length);
bool tn_utf8_is_text(const char *text);
void tn_utf8_make_text(char *text);

#endif
