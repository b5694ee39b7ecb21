// SPDX-License-Identifier: GPL-2.0-or-later
/* Judged expectations in words: what stands in reports and what a nightly run mails. */
#include <math.h>

#include "base/units.h"
#include "result/judge.h"
#include "result/metric.h"

/** tn_expectation_verdict_name() - the word for a verdict in documents; NULL for a number that is none */
const char *tn_expectation_verdict_name(enum tn_expectation_verdict verdict)
{
	static const char *const name[] = {"met", "failed", "undecided", "not judged"};

	return (unsigned int)verdict < TN_ARRAY_SIZE(name) ? name[verdict] : NULL;
}

static void format_value(const struct tn_run_expectation *e, char *buf, size_t size)
{
	char value[TN_UNIT_TEXT], low[TN_UNIT_TEXT], high[TN_UNIT_TEXT];
	struct tn_metric_def def;

	*buf = '\0';
	if (isnan(e->value) || tn_metric_parse(e->metric, &def) < 0)
		return;
	tn_metric_format(def.kind, e->value, value, sizeof(value));
	if (isfinite(e->low) && isfinite(e->high) && e->low < e->high)
		snprintf(buf, size, "%s (%.3g%%: %s to %s)", value, e->confidence * 100.0,
			 tn_metric_format(def.kind, e->low, low, sizeof(low)),
			 tn_metric_format(def.kind, e->high, high, sizeof(high)));
	else
		snprintf(buf, size, "%s", value);
}

/**
 * tn_expectation_format() - an expectation as one line
 * @run: the run
 * @e: one of its expectations
 * @buf: receives "storm.ini:12: jitter.p99 = < 5us: 7.20 us (95%: 6.90 us to 7.60 us): failed"
 * @size: of @buf; TN_EXPECTATION_TEXT is enough
 *
 * Return: @buf.
 */
const char *tn_expectation_format(const struct tn_run *run, const struct tn_run_expectation *e, char *buf, size_t size)
{
	const char *verdict = tn_expectation_verdict_name(e->verdict);
	char place[96], value[4 * TN_UNIT_TEXT];

	if (e->line)
		snprintf(place, sizeof(place), "%.63s.ini:%u", run->scenario_name, e->line);
	else
		snprintf(place, sizeof(place), "-o expect");
	format_value(e, value, sizeof(value));
	snprintf(buf, size, "%s: %s = %s: %s%s%s%s%s%s", place, e->metric, e->text, value, value[0] ? ": " : "",
		 verdict ? verdict : "unknown", e->reason[0] ? " (" : "", e->reason, e->reason[0] ? ")" : "");
	return buf;
}
