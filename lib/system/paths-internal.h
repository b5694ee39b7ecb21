/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_PATHS_INTERNAL_H
#define TN_SYSTEM_PATHS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

bool tn_path_build_folder(char *buf, size_t size);

#endif
