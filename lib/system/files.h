/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_FILES_H
#define TN_SYSTEM_FILES_H

#include <stdbool.h>
#include <stddef.h>

int tn_file_read(const char *path, char *buf, size_t size);
int tn_file_line(const char *path, const char *key, char *buf, size_t size);
int tn_file_write(const char *path, const char *text);
bool tn_file_has_word(const char *path, const char *word);
bool tn_text_has_word(const char *text, const char *word);

#endif
