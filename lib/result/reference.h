/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_REFERENCE_H
#define TN_RESULT_REFERENCE_H

/* What other tools report, as a part of the run document. */
#include "result/run.h"

int tn_reference_parse(const char *json, struct tn_run_reference *ret, struct tn_error *err);

#endif
