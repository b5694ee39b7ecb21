/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_KCONFIG_H
#define TN_SYSTEM_KCONFIG_H

#include "system/environment.h"

void tn_kconfig_read(const char *root, struct tn_environment *env);
const char *tn_kconfig_value(const struct tn_environment *env, const char *name);

#endif
