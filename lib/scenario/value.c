// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The value of a key, by its type: one function a type that stores it, one sentence a type that says what
 * is wanted. The setters say only that a value is refused; the sentence, with limits from the table, is
 * the message, so that all keys of a type are refused in the same words.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario/internal.h"

static int set_text(const struct tn_scenario_key *key, const char *value, void *to)
{
	uint64_t max;
	int rc = tn_parse_u64(key->max, 0, UINT64_MAX, &max, NULL);

	if (rc < 0 || strlen(value) > max)
		return -EINVAL;
	strcpy(to, value);
	return 0;
}

static const char *const KINDS[] = {
	[TN_PROBE_SPIN] = "spin",   [TN_PROBE_ENTRY] = "entry",           [TN_PROBE_TIMER] = "timer",
	[TN_PROBE_OSLAT] = "oslat", [TN_PROBE_CYCLICTEST] = "cyclictest",
};

/**
 * tn_probe_kind_name() - a kind of probe as scenarios and documents call it
 * @kind: which
 *
 * Return: a constant string, "unknown" for a number that is none.
 */
const char *tn_probe_kind_name(enum tn_probe_kind kind)
{
	return (size_t)kind < TN_ARRAY_SIZE(KINDS) ? KINDS[kind] : "unknown";
}

static int kind_of(const char *word, size_t len, enum tn_probe_kind *ret)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(KINDS); i++) {
		if (strlen(KINDS[i]) == len && strncmp(KINDS[i], word, len) == 0) {
			*ret = (enum tn_probe_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_kind(const struct tn_scenario_key *key, const char *value, void *to)
{
	struct tn_probe_spec *probe = to;
	enum tn_probe_kind kind[TN_PROBE_KINDS];
	unsigned int seen = 0;
	uint32_t n = 0;
	size_t len;

	(void)key;
	for (const char *p = value; *p; p += len) {
		p += strspn(p, " \t");
		len = strcspn(p, " \t");
		if (!len)
			break;
		if (n == TN_PROBE_KINDS || kind_of(p, len, &kind[n]) < 0 || seen & (1u << kind[n]))
			return -EINVAL;
		seen |= 1u << kind[n++];
	}
	if (!n)
		return -EINVAL;
	memcpy(probe->kind, kind, n * sizeof(*kind));
	probe->n_kinds = n;
	return 0;
}

/* Names as in system/features.h, which this folder does not import. */
static int set_level(const struct tn_scenario_key *key, const char *value, void *to)
{
	static const char *const LEVELS[] = {"auto", "full", "entry", "counters", "none"};

	(void)key;
	for (size_t i = 0; i < TN_ARRAY_SIZE(LEVELS); i++) {
		if (strcmp(value, LEVELS[i]) == 0) {
			strcpy(to, value);
			return 0;
		}
	}
	return -EINVAL;
}

/**
 * tn_scenario_name_valid() - whether text can name a churn section or a source
 * @name: text, not terminated
 * @len: its length
 *
 * Return: true for 1 to 31 lower-case letters, digits, '-' and '_', the first neither '-' nor '_'.
 */
bool tn_scenario_name_valid(const char *name, size_t len)
{
	if (len == 0 || len >= sizeof(((struct tn_churn_spec *)NULL)->name) || name[0] == '-' || name[0] == '_')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '-' ||
		      name[i] == '_'))
			return false;
	return true;
}

static int set_source(const struct tn_scenario_key *key, const char *value, void *to)
{
	return tn_scenario_name_valid(value, strlen(value)) ? set_text(key, value, to) : -EINVAL;
}

static int read_duration(const struct tn_scenario_key *key, const char *value, uint64_t *ret)
{
	uint64_t v, min, max;

	if (tn_parse_duration_ns(value, &v, NULL) < 0 || tn_parse_duration_ns(key->min, &min, NULL) < 0 ||
	    tn_parse_duration_ns(key->max, &max, NULL) < 0 || v < min || v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

static int set_duration(const struct tn_scenario_key *key, const char *value, void *to)
{
	return read_duration(key, value, to);
}

static int set_threshold(const struct tn_scenario_key *key, const char *value, void *to)
{
	struct tn_probe_spec *probe = to;
	bool automatic = strcmp(value, "auto") == 0;
	uint64_t ns = 0;

	if (!automatic && read_duration(key, value, &ns) < 0)
		return -EINVAL;
	probe->threshold_auto = automatic;
	probe->threshold_ns = ns;
	return 0;
}

/* Limits of a count as numbers; the table is ours, so that a bad limit is a bug that tests find. */
static int read_limits(const struct tn_scenario_key *key, uint64_t *ret_min, uint64_t *ret_max)
{
	if (tn_parse_u64(key->min, 0, UINT32_MAX, ret_min, NULL) < 0)
		return -EINVAL;
	return tn_parse_u64(key->max, 0, UINT32_MAX, ret_max, NULL);
}

static int set_count(const struct tn_scenario_key *key, const char *value, void *to)
{
	uint64_t v, min, max;

	if (read_limits(key, &min, &max) < 0 || tn_parse_u64(value, min, max, &v, NULL) < 0)
		return -EINVAL;
	*(uint32_t *)to = (uint32_t)v;
	return 0;
}

static int set_power_of_two(const struct tn_scenario_key *key, const char *value, void *to)
{
	uint32_t v;

	if (set_count(key, value, &v) < 0 || (v & (v - 1)) != 0)
		return -EINVAL;
	*(uint32_t *)to = v;
	return 0;
}

static int set_size(const struct tn_scenario_key *key, const char *value, void *to)
{
	uint64_t v, min, max;

	if (tn_parse_size(value, &v, NULL) < 0 || tn_parse_size(key->min, &min, NULL) < 0 ||
	    tn_parse_size(key->max, &max, NULL) < 0 || v < min || v > max)
		return -EINVAL;
	*(uint64_t *)to = v;
	return 0;
}

static int set_rate(const struct tn_scenario_key *key, const char *value, void *to)
{
	double v, min, max;

	if (tn_parse_rate(value, &v, NULL) < 0 || tn_parse_rate(key->min, &min, NULL) < 0 ||
	    tn_parse_rate(key->max, &max, NULL) < 0)
		return -EINVAL;
	if (v != TN_RATE_MAX && (v < min || v > max))
		return -EINVAL;
	*(double *)to = v;
	return 0;
}

static int set_range(const struct tn_scenario_key *key, const char *value, void *to)
{
	struct tn_churn_spec *churn = to;
	uint64_t min, max;

	if (read_limits(key, &min, &max) < 0 || tn_parse_range(value, min, max, &churn->pages, NULL) < 0)
		return -EINVAL;
	churn->pages_set = true;
	return 0;
}

static int set_cpus(const struct tn_scenario_key *key, const char *value, void *to)
{
	struct tn_cpu_spec spec = {.choice = TN_CPUS_LIST};

	(void)key;
	if (strcmp(value, "isolated") == 0)
		spec.choice = TN_CPUS_ISOLATED;
	else if (strcmp(value, "housekeeping") == 0)
		spec.choice = TN_CPUS_HOUSEKEEPING;
	else if (tn_cpus_parse(value, &spec.list, NULL) < 0 || tn_cpus_empty(&spec.list))
		return -EINVAL;
	*(struct tn_cpu_spec *)to = spec;
	return 0;
}

static int set_cpus_or_both(const struct tn_scenario_key *key, const char *value, void *to)
{
	if (strcmp(value, "both") != 0)
		return set_cpus(key, value, to);
	*(struct tn_cpu_spec *)to = (struct tn_cpu_spec){.choice = TN_CPUS_BOTH};
	return 0;
}

/* Not "isolated": these are to become so, and not "housekeeping": these take what is moved away. */
static int set_cpus_or_probed(const struct tn_scenario_key *key, const char *value, void *to)
{
	struct tn_cpu_spec spec = {.choice = TN_CPUS_PROBED};

	if (strcmp(value, "probed") != 0 && (set_cpus(key, value, &spec) < 0 || spec.choice != TN_CPUS_LIST))
		return -EINVAL;
	*(struct tn_cpu_spec *)to = spec;
	return 0;
}

/* In the order of enum tn_isolate_part. */
static const char *const PARTS[] = {"cpuset", "irqs", "workqueues"};

static uint32_t part_of(const char *word, size_t len)
{
	if (len == 3 && strncmp(word, "all", len) == 0)
		return (1u << TN_ARRAY_SIZE(PARTS)) - 1;
	for (size_t i = 0; i < TN_ARRAY_SIZE(PARTS); i++)
		if (strlen(PARTS[i]) == len && strncmp(PARTS[i], word, len) == 0)
			return 1u << i;
	return 0;
}

static int set_parts(const struct tn_scenario_key *key, const char *value, void *to)
{
	uint32_t parts = 0, part;
	size_t len;

	(void)key;
	if (strcmp(value, "none") == 0)
		value = "";
	for (const char *p = value; *p; p += len + strspn(p + len, " \t")) {
		len = strcspn(p, " \t");
		part = part_of(p, len);
		if (!part || parts & part)
			return -EINVAL;
		parts |= part;
	}
	*(uint32_t *)to = parts;
	return 0;
}

static int set_sched(const struct tn_scenario_key *key, const char *value, void *to)
{
	struct tn_probe_spec *probe = to;
	uint64_t priority = 0, min, max;
	bool fifo = strncmp(value, "fifo:", 5) == 0;

	if (!fifo && strcmp(value, "other") != 0)
		return -EINVAL;
	if (fifo && (read_limits(key, &min, &max) < 0 || tn_parse_u64(value + 5, min, max, &priority, NULL) < 0))
		return -EINVAL;
	probe->policy = fifo ? TN_SCHED_FIFO : TN_SCHED_OTHER;
	probe->priority = (unsigned int)priority;
	return 0;
}

typedef int (*setter)(const struct tn_scenario_key *key, const char *value, void *to);

static const setter SETTERS[] = {
	[TN_SCENARIO_TEXT] = set_text,
	[TN_SCENARIO_KIND] = set_kind,
	[TN_SCENARIO_LEVEL] = set_level,
	[TN_SCENARIO_SOURCE] = set_source,
	[TN_SCENARIO_DURATION] = set_duration,
	[TN_SCENARIO_THRESHOLD] = set_threshold,
	[TN_SCENARIO_COUNT] = set_count,
	[TN_SCENARIO_POWER_OF_TWO] = set_power_of_two,
	[TN_SCENARIO_SIZE] = set_size,
	[TN_SCENARIO_RATE] = set_rate,
	[TN_SCENARIO_RANGE] = set_range,
	[TN_SCENARIO_CPUS] = set_cpus,
	[TN_SCENARIO_CPUS_OR_PROBED] = set_cpus_or_probed,
	[TN_SCENARIO_PARTS] = set_parts,
	[TN_SCENARIO_SCHED] = set_sched,
	[TN_SCENARIO_CPUS_OR_BOTH] = set_cpus_or_both,
};

/* What a key wants, as the end of "want ...". */
static void describe_wanted(const struct tn_scenario_key *key, char *buf, size_t size)
{
	switch (key->type) {
	case TN_SCENARIO_TEXT:
		snprintf(buf, size, "at most %s bytes of text", key->max);
		break;
	case TN_SCENARIO_KIND:
		snprintf(buf, size,
			 "one or more of spin, entry, timer, oslat and cyclictest, each once, with blanks between");
		break;
	case TN_SCENARIO_LEVEL:
		snprintf(buf, size, "auto, full, entry, counters or none");
		break;
	case TN_SCENARIO_SOURCE:
		snprintf(buf, size, "the name of a source such as bpf-map ('tlbnoise list' shows them)");
		break;
	case TN_SCENARIO_DURATION:
		snprintf(buf, size, "a duration with its unit from %s to %s, such as %s", key->min, key->max,
			 key->fallback ? key->fallback : "10s");
		break;
	case TN_SCENARIO_THRESHOLD:
		snprintf(buf, size, "auto, or a duration with its unit from %s to %s", key->min, key->max);
		break;
	case TN_SCENARIO_COUNT:
		snprintf(buf, size, "a whole number from %s to %s", key->min, key->max);
		break;
	case TN_SCENARIO_POWER_OF_TWO:
		snprintf(buf, size, "a power of two from %s to %s", key->min, key->max);
		break;
	case TN_SCENARIO_SIZE:
		snprintf(buf, size, "a size from %s to %s, such as %s", key->min, key->max, key->fallback);
		break;
	case TN_SCENARIO_RATE:
		snprintf(buf, size, "max, or a rate from %s to %s, such as 200/s", key->min, key->max);
		break;
	case TN_SCENARIO_RANGE:
		snprintf(buf, size, "a number or a range from %s to %s, such as 1-512", key->min, key->max);
		break;
	case TN_SCENARIO_CPUS:
		snprintf(buf, size, "isolated, housekeeping, or a list of CPUs below %d such as 2-5,8", TN_CPUS_MAX);
		break;
	case TN_SCENARIO_CPUS_OR_BOTH:
		snprintf(buf, size, "both, isolated, housekeeping, or a list of CPUs below %d such as 2-5,8",
			 TN_CPUS_MAX);
		break;
	case TN_SCENARIO_CPUS_OR_PROBED:
		snprintf(buf, size, "probed, or a list of CPUs below %d such as 2-5,8", TN_CPUS_MAX);
		break;
	case TN_SCENARIO_PARTS:
		snprintf(buf, size, "none, all, or one or more of cpuset, irqs and workqueues, each once");
		break;
	case TN_SCENARIO_SCHED:
		snprintf(buf, size, "other, or fifo:PRIO with PRIO from %s to %s", key->min, key->max);
		break;
	}
}

/**
 * tn_scenario_set() - store the value of a key
 * @key: which one
 * @value: as written
 * @base: the struct that @key->offset counts in
 * @at: where it stands
 * @err: the value and what is wanted
 *
 * Return: 0 or -EINVAL.
 */
int tn_scenario_set(const struct tn_scenario_key *key, const char *value, void *base, const struct tn_origin *at,
		    struct tn_error *err)
{
	char quoted[TN_SCENARIO_QUOTE], wanted[192];

	if (value[0] && SETTERS[key->type](key, value, (char *)base + key->offset) == 0)
		return 0;
	describe_wanted(key, wanted, sizeof(wanted));
	if (!value[0])
		return tn_scenario_fail(at, err, "%s has no value: want %s", key->key, wanted);
	return tn_scenario_fail(at, err, "%s = '%s': want %s", key->key,
				tn_scenario_quote(value, strlen(value), quoted), wanted);
}
