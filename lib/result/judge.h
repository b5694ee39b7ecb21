/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_JUDGE_H
#define TN_RESULT_JUDGE_H

/* [expect] of a scenario, held against the run: result/judge.c. */
#include "result/run.h"
#include "scenario/scenario.h"

#define TN_EXPECTATION_TEXT 512

int tn_run_judge(struct tn_run *run, const struct tn_scenario *scenario, struct tn_error *err);
const char *tn_expectation_verdict_name(enum tn_expectation_verdict verdict);
const char *tn_expectation_format(const struct tn_run *run, const struct tn_run_expectation *e, char *buf, size_t size);

#endif
