// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of the run document that says what became of the scenario's expectations. */
#include "result/fields.h"
#include "result/judge.h"

static const char *verdict_name(unsigned int v)
{
	return tn_expectation_verdict_name((enum tn_expectation_verdict)v);
}

#define S struct tn_run_expectation
static const struct tn_field expectation_fields[] = {
	TEXT(S, metric, "metric"),
	TEXT(S, text, "text"),
	U32(S, line, "line"),
	ENUM(S, verdict, "verdict", verdict_name),
	TEXT(S, unit, "unit"),
	DOUBLE_OR_NULL(S, value, "value", 0, 1e18),
	DOUBLE_OR_NULL(S, low, "low", 0, 1e18),
	DOUBLE_OR_NULL(S, high, "high", 0, 1e18),
	DOUBLE_OR_NULL(S, confidence, "confidence", 0, 1),
	TEXT(S, reason, "reason"),
};
const struct tn_object tn_run_expectation_object = OBJECT_OF(expectation_fields);
#undef S
