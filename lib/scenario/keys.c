// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of keys: one row a key. Limits and defaults are text as a user would write it and are read by
 * the same code as a file, so that messages, tlbnoise-scenario(5) and the parser cannot disagree.
 */
#include <stddef.h>
#include <string.h>

#include "scenario/internal.h"

#define SC(field) offsetof(struct tn_scenario, field)
#define CH(field) offsetof(struct tn_churn_spec, field)

static const struct tn_scenario_key KEYS[] = {
	{"scenario", "description", TN_SCENARIO_TEXT, NULL, "255", NULL, SC(description), "what the scenario is for"},
	{"scenario", "duration", TN_SCENARIO_DURATION, "100ms", "168h", "10s", SC(duration_ns),
	 "window of each round, in which probes measure"},
	{"scenario", "warmup", TN_SCENARIO_DURATION, "0ms", "1h", "500ms", SC(warmup_ns),
	 "churn runs this long before each window opens"},
	{"scenario", "rounds", TN_SCENARIO_COUNT, "1", "1000", "5", SC(rounds), "how often the window is repeated"},

	{"probe", "kind", TN_SCENARIO_KIND, NULL, NULL, "spin", SC(probe),
	 "what is measured: spin, entry, timer, oslat, cyclictest; each in rounds of its own"},
	{"probe", "cpus", TN_SCENARIO_CPUS, NULL, NULL, "isolated", SC(probe.cpus), "CPUs with a probe each"},
	{"probe", "threshold", TN_SCENARIO_THRESHOLD, "10ns", "100ms", "auto", SC(probe),
	 "shortest gap that counts as an interruption"},
	{"probe", "quantum", TN_SCENARIO_DURATION, "10us", "1s", "100us", SC(probe.quantum_ns),
	 "work whose extra time is the jitter"},
	{"probe", "ring", TN_SCENARIO_POWER_OF_TWO, "1024", "4194304", "262144", SC(probe.ring_records),
	 "interruptions that fit between probe and collector"},
	{"probe", "sched", TN_SCENARIO_SCHED, "1", "99", "other", SC(probe), "scheduling policy of the probe"},

	{"entry", "duration", TN_SCENARIO_DURATION, "100ms", "168h", NULL, SC(entry.duration_ns),
	 "each window of kind entry: one quiet, one under churn"},
	{"entry", "cpus", TN_SCENARIO_CPUS_OR_BOTH, NULL, NULL, "both", SC(entry.cpus),
	 "CPUs on which entering the kernel is timed"},
	{"entry", "pages", TN_SCENARIO_COUNT, "1", "256", "64", SC(entry.pages),
	 "page faults in a row, after as many system calls"},

	{"timer", "interval", TN_SCENARIO_DURATION, "50us", "100ms", "1ms", SC(timer.interval_ns),
	 "time between two wake-ups"},
	{"timer", "duration", TN_SCENARIO_DURATION, "100ms", "168h", NULL, SC(timer.duration_ns),
	 "window of kind timer"},

	{"reference", "duration", TN_SCENARIO_DURATION, "1s", "168h", NULL, SC(reference.duration_ns),
	 "how long oslat and cyclictest measure in a round"},

	{"trace", "level", TN_SCENARIO_LEVEL, NULL, NULL, "auto", SC(trace.level),
	 "how much to ask the kernel about causes"},
	{"trace", "buffer", TN_SCENARIO_SIZE, "64K", "1G", "16M", SC(trace.buffer_bytes),
	 "trace buffer per CPU and instance"},

	{"isolate", "what", TN_SCENARIO_PARTS, NULL, NULL, "none", SC(isolate.parts),
	 "what to keep off CPUs for the run: cpuset, irqs, workqueues, all"},
	{"isolate", "cpus", TN_SCENARIO_CPUS_OR_PROBED, NULL, NULL, "probed", SC(isolate.cpus),
	 "which CPUs; those that are not probed stay empty"},

	{"churn", "source", TN_SCENARIO_SOURCE, NULL, "31", "NAME", CH(source), "which source does the work"},
	{"churn", "cpus", TN_SCENARIO_CPUS, NULL, NULL, "housekeeping", CH(cpus), "CPUs that its workers run on"},
	{"churn", "rate", TN_SCENARIO_RATE, "1/min", "10M/s", "max", CH(rate_per_s),
	 "operations of all its workers together, or max"},
	{"churn", "pages", TN_SCENARIO_RANGE, "1", "65536", NULL, 0, "pages per operation"},
	{"churn", "workers", TN_SCENARIO_COUNT, "1", "256", "1", CH(workers), "processes that do the work"},
	{"churn", "burst", TN_SCENARIO_COUNT, "1", "4096", NULL, CH(burst), "threads at once, of source threads"},
	{"churn", "groups", TN_SCENARIO_COUNT, "1", "64", NULL, CH(groups), "groups of source hackbench"},
};

_Static_assert(TN_ARRAY_SIZE(KEYS) <= TN_SCENARIO_KEYS_MAX, "the parser keeps a place for each key");

static const char *const TYPES[] = {
	[TN_SCENARIO_TEXT] = "text",
	[TN_SCENARIO_KIND] = "words",
	[TN_SCENARIO_LEVEL] = "word",
	[TN_SCENARIO_SOURCE] = "name",
	[TN_SCENARIO_DURATION] = "duration",
	[TN_SCENARIO_THRESHOLD] = "auto or duration",
	[TN_SCENARIO_COUNT] = "number",
	[TN_SCENARIO_POWER_OF_TWO] = "power of two",
	[TN_SCENARIO_SIZE] = "size",
	[TN_SCENARIO_RATE] = "rate",
	[TN_SCENARIO_RANGE] = "number or range",
	[TN_SCENARIO_CPUS] = "CPUs",
	[TN_SCENARIO_CPUS_OR_BOTH] = "both or CPUs",
	[TN_SCENARIO_CPUS_OR_PROBED] = "probed or CPUs",
	[TN_SCENARIO_PARTS] = "words",
	[TN_SCENARIO_SCHED] = "other or fifo:PRIO",
};

/**
 * tn_scenario_key_at() - walk the table of keys
 * @index: from 0
 *
 * Return: the key, NULL behind the last. Keys of a section follow each other.
 */
const struct tn_scenario_key *tn_scenario_key_at(size_t index)
{
	return index < TN_ARRAY_SIZE(KEYS) ? &KEYS[index] : NULL;
}

/**
 * tn_scenario_type_name() - a type as a listing names it
 * @type: of a key
 *
 * Return: such as "duration".
 */
const char *tn_scenario_type_name(enum tn_scenario_type type)
{
	return (size_t)type < TN_ARRAY_SIZE(TYPES) ? TYPES[type] : "unknown";
}

size_t tn_scenario_key_index(const struct tn_scenario_key *key)
{
	return (size_t)(key - KEYS);
}

static const char *head_of(const char *section)
{
	return strcmp(section, "churn") == 0 ? "churn NAME" : section;
}

/* The advice at the end of "unknown key": the nearest one here, or where it belongs, or all there are. */
static int unknown_key(const char *section, const char *key, const struct tn_origin *at, struct tn_error *err)
{
	const char *head = head_of(section);
	char quoted[TN_SCENARIO_QUOTE], all[256] = "";
	struct tn_nearest n = {.text = key};
	char home[64] = "";

	tn_scenario_quote(key, strlen(key), quoted);
	for (size_t i = 0; i < TN_ARRAY_SIZE(KEYS); i++) {
		if (strcmp(KEYS[i].section, section) == 0) {
			tn_nearest_try(&n, KEYS[i].key);
			strncat(all, all[0] ? ", " : "", sizeof(all) - strlen(all) - 1);
			strncat(all, KEYS[i].key, sizeof(all) - strlen(all) - 1);
		} else if (strcmp(KEYS[i].key, key) == 0) {
			strncat(home, home[0] ? " or [" : "[", sizeof(home) - strlen(home) - 1);
			strncat(home, head_of(KEYS[i].section), sizeof(home) - strlen(home) - 1);
			strncat(home, "]", sizeof(home) - strlen(home) - 1);
		}
	}
	if (home[0])
		return tn_scenario_fail(at, err, "unknown key '%s' in [%s]: it belongs in %s", quoted, head, home);
	if (n.word[0])
		return tn_scenario_fail(at, err, "unknown key '%s' in [%s]: did you mean '%s'?", quoted, head, n.word);
	return tn_scenario_fail(at, err, "unknown key '%s' in [%s]: its keys are %s", quoted, head, all);
}

/**
 * tn_scenario_key_find() - a key by its name
 * @section: as in the table, "churn" for each [churn NAME]
 * @key: as written
 * @at: where, for the message
 * @err: the nearest key, or what there is
 *
 * Return: the key, or NULL with @err set.
 */
const struct tn_scenario_key *tn_scenario_key_find(const char *section, const char *key, const struct tn_origin *at,
						   struct tn_error *err)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(KEYS); i++)
		if (strcmp(KEYS[i].section, section) == 0 && strcmp(KEYS[i].key, key) == 0)
			return &KEYS[i];
	unknown_key(section, key, at, err);
	return NULL;
}
