/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_CHECK_H
#define TN_RESULT_CHECK_H

#include <cjson/cJSON.h>

#include "check/check.h"
#include "check/watch.h"

int tn_check_to_json(const struct tn_check_report *report, cJSON **ret, struct tn_error *err);
int tn_watch_to_json(const struct tn_watch_result *result, cJSON **ret, struct tn_error *err);

#endif
