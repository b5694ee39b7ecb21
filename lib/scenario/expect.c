// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * [expect]: METRIC = OP VALUE. The table of metrics says what each is measured in; the value is read
 * accordingly and kept in ns, per second, as a fraction or as a count. The classes of causes are those of
 * analysis/cause.h, which this folder does not import; tests/unit/scenario/classes.c compares the lists.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario/internal.h"

#define JITTER(which, what)                                                                \
	{                                                                                  \
		"jitter." which, TN_METRIC_DURATION, what " of the extra time per quantum" \
	}
#define INTERRUPTION(which, what)                                                                 \
	{                                                                                         \
		"interruption." which, TN_METRIC_DURATION, what " of the length of interruptions" \
	}
/* All percentiles that documents give. */
#define SIX(prefix, what)                                                             \
	{prefix "p50", TN_METRIC_DURATION, "median of " what},                        \
		{prefix "p90", TN_METRIC_DURATION, "90th percentile of " what},       \
		{prefix "p99", TN_METRIC_DURATION, "99th percentile of " what},       \
		{prefix "p99.9", TN_METRIC_DURATION, "99.9th percentile of " what},   \
		{prefix "p99.99", TN_METRIC_DURATION, "99.99th percentile of " what}, \
	{                                                                             \
		prefix "max", TN_METRIC_DURATION, "maximum of " what                  \
	}
#define ENTRY_IN(prefix, what) SIX(prefix "quiet.", what ", without churn"), SIX(prefix "churn.", what ", under churn")
#define ENTRY(operation, what)                                               \
	ENTRY_IN("entry." operation ".isolated.", what " on isolated CPUs"), \
		ENTRY_IN("entry." operation ".housekeeping.", what " on housekeeping CPUs")
#define REFERENCE(tool, what)                                                                   \
	{"reference." tool ".p50", TN_METRIC_DURATION, "median of " what},                      \
		{"reference." tool ".p99", TN_METRIC_DURATION, "99th percentile of " what},     \
		{"reference." tool ".p99.9", TN_METRIC_DURATION, "99.9th percentile of " what}, \
	{                                                                                       \
		"reference." tool ".max", TN_METRIC_DURATION, "maximum of " what                \
	}
#define PER_OPERATION(class)                                              \
	{                                                                 \
		"cause." class ".per-operation", TN_METRIC_PER_OPERATION, \
			"entries of class " class " per churn operation"  \
	}
#define CAUSE(class)                                                                            \
	{"cause." class, TN_METRIC_COUNT, "entries of class " class " inside the windows"},     \
	{                                                                                       \
		"cause." class ".rate", TN_METRIC_RATE, "entries of class " class " per second" \
	}

static const struct tn_scenario_metric METRICS[] = {
	JITTER("min", "minimum"),
	JITTER("p50", "median"),
	JITTER("p90", "90th percentile"),
	JITTER("p99", "99th percentile"),
	JITTER("p99.9", "99.9th percentile"),
	JITTER("p99.99", "99.99th percentile"),
	JITTER("max", "maximum"),
	INTERRUPTION("min", "minimum"),
	INTERRUPTION("p50", "median"),
	INTERRUPTION("p90", "90th percentile"),
	INTERRUPTION("p99", "99th percentile"),
	INTERRUPTION("p99.9", "99.9th percentile"),
	INTERRUPTION("p99.99", "99.99th percentile"),
	INTERRUPTION("max", "maximum"),
	{"interruptions.rate", TN_METRIC_RATE, "interruptions per second"},
	{"stolen", TN_METRIC_SHARE, "share of the windows that interruptions took"},
	{"lost", TN_METRIC_COUNT, "interruptions and trace events that were lost"},
	CAUSE("kernel-tlb-flush"),
	CAUSE("user-tlb-flush"),
	CAUSE("sync-core"),
	CAUSE("reschedule"),
	CAUSE("rcu"),
	CAUSE("tick"),
	CAUSE("timer"),
	CAUSE("irq"),
	CAUSE("softirq"),
	CAUSE("task-switch"),
	CAUSE("fault"),
	CAUSE("nmi"),
	CAUSE("other-ipi"),
	CAUSE("unexplained"),
	CAUSE("page-table-flush"),
	CAUSE("injected"),
	PER_OPERATION("kernel-tlb-flush"),
	PER_OPERATION("page-table-flush"),
	ENTRY("getpid", "the cost of a system call"),
	ENTRY("page-fault", "the cost of a page fault"),
	SIX("timer.", "wake-up latency"),
	REFERENCE("oslat", "what oslat measured"),
	REFERENCE("cyclictest", "what cyclictest measured"),
	{"churn.NAME.rate", TN_METRIC_RATE, "operations per second that [churn NAME] reached"},
};

/* Longer operators before those that they begin with. */
static const struct {
	const char *text;
	enum tn_expect_op op;
} OPS[] = {
	{"<=", TN_EXPECT_LE}, {"<", TN_EXPECT_LT},  {">=", TN_EXPECT_GE},
	{">", TN_EXPECT_GT},  {"==", TN_EXPECT_EQ}, {"=", TN_EXPECT_EQ},
};

static const char *const WANTED[] = {
	[TN_METRIC_DURATION] = "a duration with its unit, such as '< 5us'",
	[TN_METRIC_RATE] = "a rate, such as '< 100/s'",
	[TN_METRIC_PER_OPERATION] = "a number, such as '< 0.005'",
	[TN_METRIC_SHARE] = "a share from 0 to 1 or from 0% to 100%, such as '< 0.1%'",
	[TN_METRIC_COUNT] = "a whole number, such as '= 0'",
};

/**
 * tn_scenario_metric_at() - walk the table of metrics
 * @index: from 0
 *
 * Return: the metric, NULL behind the last.
 */
const struct tn_scenario_metric *tn_scenario_metric_at(size_t index)
{
	return index < TN_ARRAY_SIZE(METRICS) ? &METRICS[index] : NULL;
}

/* churn.NAME.rate with a name that a section can have. */
static bool is_churn_rate(const char *text)
{
	size_t len = strlen(text), around = strlen("churn.") + strlen(".rate");

	return len > around && strncmp(text, "churn.", 6) == 0 && strcmp(text + len - 5, ".rate") == 0 &&
	       tn_scenario_name_valid(text + 6, len - around);
}

static int find_metric(const char *text, enum tn_metric_kind *ret, const struct tn_origin *at, struct tn_error *err)
{
	char quoted[TN_SCENARIO_QUOTE];
	struct tn_nearest n = {.text = text};
	size_t len = strlen(text);

	if (is_churn_rate(text)) {
		*ret = TN_METRIC_RATE;
		return 0;
	}
	for (size_t i = 0; i + 1 < TN_ARRAY_SIZE(METRICS); i++) {
		if (strcmp(METRICS[i].name, text) == 0) {
			*ret = METRICS[i].kind;
			return 0;
		}
		tn_nearest_try(&n, METRICS[i].name);
	}
	tn_scenario_quote(text, len, quoted);
	if (len > 0 && strchr("<>", text[len - 1]))
		return tn_scenario_fail(at, err,
					"'%s=': an expectation is written METRIC = OP VALUE, "
					"such as jitter.p99 = %c= 5us",
					quoted, text[len - 1]);
	if (n.word[0])
		return tn_scenario_fail(at, err, "unknown metric '%s' in [expect]: did you mean '%s'?", quoted, n.word);
	return tn_scenario_fail(at, err,
				"unknown metric '%s' in [expect]: metrics are jitter.p99, interruption.max, "
				"interruptions.rate, stolen, cause.CLASS, churn.NAME.rate, "
				"entry.OPERATION.WHERE.CONDITION.p50, timer.p99, lost and others "
				"in tlbnoise-scenario(5)",
				quoted);
}

/* Decimal digits, with a fraction if need be: no sign, no exponent, no locale. What follows is for the caller. */
static int parse_decimal(const char *text, double *ret, const char **ret_rest)
{
	size_t whole = strspn(text, "0123456789"), fraction = 0;
	double v = 0, scale = 1;
	const char *rest = text + whole;

	if (*rest == '.') {
		fraction = strspn(rest + 1, "0123456789");
		rest += 1 + fraction;
		if (fraction == 0)
			return -EINVAL;
	}
	if (whole == 0 || whole + fraction > 15)
		return -EINVAL;
	for (const char *p = text; p < rest; p++) {
		if (*p == '.')
			continue;
		v = v * 10 + (*p - '0');
		if (p > text + whole)
			scale *= 10;
	}
	*ret = v / scale;
	*ret_rest = rest;
	return 0;
}

static int parse_number(const char *text, double *ret)
{
	const char *rest;
	double v;

	if (parse_decimal(text, &v, &rest) < 0 || *rest)
		return -EINVAL;
	*ret = v;
	return 0;
}

/* With '%' for hundredths. */
static int parse_share(const char *text, double *ret)
{
	const char *rest;
	double v;

	if (parse_decimal(text, &v, &rest) < 0 || (*rest && strcmp(rest, "%")))
		return -EINVAL;
	if (*rest)
		v /= 100;
	if (v > 1)
		return -EINVAL;
	*ret = v;
	return 0;
}

static int parse_value(enum tn_metric_kind kind, const char *text, double *ret)
{
	uint64_t v = 0;
	int rc = 0;

	switch (kind) {
	case TN_METRIC_DURATION: /* nothing needs no unit */
		if (strcmp(text, "0") != 0)
			rc = tn_parse_duration_ns(text, &v, NULL);
		break;
	case TN_METRIC_RATE: /* a churn's rate is never 0, a measured one may be */
		if (strcmp(text, "0") == 0 || strcmp(text, "0/s") == 0)
			break;
		return strcmp(text, "max") == 0 ? -EINVAL : tn_parse_rate(text, ret, NULL);
	case TN_METRIC_PER_OPERATION:
		return parse_number(text, ret);
	case TN_METRIC_SHARE:
		return parse_share(text, ret);
	case TN_METRIC_COUNT: /* every whole number up to here is one double */
		rc = tn_parse_u64(text, 0, 1ull << 53, &v, NULL);
		break;
	}
	if (rc == 0)
		*ret = (double)v;
	return rc;
}

/**
 * tn_scenario_expect() - read one expectation
 * @metric: what is left of the first '='
 * @value: what is right of it: an operator, '=' when there is none, and a value
 * @ret: the expectation; untouched on failure
 * @at: where it stands
 * @err: the nearest metric, or what the metric is measured in
 *
 * A measured time, rate or share never equals a figure, so that for these '=' is accepted with 0 only.
 *
 * Return: 0 or -EINVAL.
 */
int tn_scenario_expect(const char *metric, const char *value, struct tn_expect *ret, const struct tn_origin *at,
		       struct tn_error *err)
{
	struct tn_expect e = {.op = TN_EXPECT_EQ, .line = at->override ? 0 : at->line};
	char quoted[TN_SCENARIO_QUOTE];
	const char *number = value;
	enum tn_metric_kind kind = TN_METRIC_COUNT;
	int rc = find_metric(metric, &kind, at, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < TN_ARRAY_SIZE(OPS); i++) {
		if (strncmp(value, OPS[i].text, strlen(OPS[i].text)) == 0) {
			e.op = OPS[i].op;
			number += strlen(OPS[i].text);
			break;
		}
	}
	number += strspn(number, " \t");
	if (!value[0])
		return tn_scenario_fail(at, err, "%s has no value: want <, <=, =, >= or > and %s", metric,
					WANTED[kind]);
	tn_scenario_quote(value, strlen(value), quoted);
	if (strlen(metric) >= sizeof(e.metric) || strlen(value) >= sizeof(e.text) ||
	    parse_value(kind, number, &e.value) < 0)
		return tn_scenario_fail(at, err, "%s = '%s': want <, <=, =, >= or > and %s", metric, quoted,
					WANTED[kind]);
	if (e.op == TN_EXPECT_EQ && kind != TN_METRIC_COUNT && e.value > 0)
		return tn_scenario_fail(at, err,
					"%s = '%s': what is measured never equals a figure exactly, "
					"write '<= %s' or '>= %s'",
					metric, quoted, number, number);
	strcpy(e.metric, metric);
	strcpy(e.text, value);
	*ret = e;
	return 0;
}
