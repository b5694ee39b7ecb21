/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CLI_WHEN_H
#define TN_CLI_WHEN_H

#include "base/error.h"

int cli_when(const char *option, const char *text, char *buf, size_t size, struct tn_error *err);

#endif
