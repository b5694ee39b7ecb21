/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_MOUNTS_H
#define TN_BASE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

bool tn_mount_point(const char *type, char *dir, size_t size);

#endif
