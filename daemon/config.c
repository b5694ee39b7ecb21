// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of tlbnoised.conf: one row a key, read with the strictness of scenarios. A file says a thing once;
 * a file that is read later may say it again, which is what drop-ins are for.
 */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/nearest.h"
#include "base/units.h"
#include "scenario/ini.h"

#define KEYS_MAX    16
#define DAY_NS      86400000000000ull
#define GROUP_BYTES 4096

struct key {
	const char *section, *name;
	int (*set)(const char *value, void *to);
	size_t offset;
	const char *wanted; /* the end of "want ..." */
	const char *fallback;
};

/* A group that is not there is a mistake, not "nobody". */
static int set_group(const char *value, void *to)
{
	struct config_group group = {.set = *value != '\0'};
	char room[GROUP_BYTES];
	struct group entry, *found = NULL;

	if (strlen(value) >= sizeof(group.name))
		return -EINVAL;
	if (group.set && (getgrnam_r(value, &entry, room, sizeof(room), &found) || !found))
		return -ENOENT;
	if (found)
		group.gid = found->gr_gid;
	strcpy(group.name, value);
	*(struct config_group *)to = group;
	return 0;
}

static int set_cpus(const char *value, void *to)
{
	struct daemon_config *c = to;
	struct tn_cpus list = {0};
	bool choose = strcmp(value, "housekeeping") == 0;

	if (!choose && (tn_cpus_parse(value, &list, NULL) < 0 || tn_cpus_empty(&list)))
		return -EINVAL;
	c->cpus = choose ? CONFIG_HOUSEKEEPING : CONFIG_CPU_LIST;
	c->cpu_list = list;
	return 0;
}

static int set_folder(const char *value, void *to)
{
	if (value[0] != '/' || strlen(value) >= sizeof(((struct daemon_config *)NULL)->state_dir))
		return -EINVAL;
	strcpy(to, value);
	return 0;
}

static int set_level(const char *value, void *to)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {{"error", LOG_ERR},
		      {"warning", LOG_WARNING},
		      {"notice", LOG_NOTICE},
		      {"info", LOG_INFO},
		      {"debug", LOG_DEBUG}};

	for (size_t i = 0; i < TN_ARRAY_SIZE(levels); i++) {
		if (strcmp(levels[i].name, value) == 0) {
			*(int *)to = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_queue(const char *value, void *to)
{
	uint64_t v;

	if (tn_parse_u64(value, 0, CONFIG_QUEUE_MAX, &v, NULL) < 0)
		return -EINVAL;
	*(uint32_t *)to = (uint32_t)v;
	return 0;
}

/* "auto" and "none" are words of all limits; for the store 0 is "none". */
static bool is_word(const char *value, uint64_t *ret)
{
	if (strcmp(value, "auto") != 0 && strcmp(value, "none") != 0)
		return false;
	*ret = value[0] == 'a' ? CONFIG_AUTO : 0;
	return true;
}

static int set_size(const char *value, void *to)
{
	uint64_t v;

	if (!is_word(value, &v) && (tn_parse_size(value, &v, NULL) < 0 || v < 1u << 20 || v > 1ull << 60))
		return -EINVAL;
	*(uint64_t *)to = v;
	return 0;
}

static int set_age(const char *value, void *to)
{
	size_t digits = strspn(value, "0123456789");
	char number[16];
	uint64_t v;

	if (strcmp(value, "none") == 0) {
		*(uint64_t *)to = 0;
		return 0;
	}
	if (strcmp(value + digits, "d") == 0 && digits && digits < sizeof(number)) {
		snprintf(number, sizeof(number), "%.*s", (int)digits, value);
		if (tn_parse_u64(number, 1, 36500, &v, NULL) < 0)
			return -EINVAL;
		v *= DAY_NS;
	} else if (tn_parse_duration_ns(value, &v, NULL) < 0) {
		return -EINVAL;
	}
	if (v < 3600000000000ull || v > 36500 * DAY_NS)
		return -EINVAL;
	*(uint64_t *)to = v / 1000000000u;
	return 0;
}

#define AT(field) offsetof(struct daemon_config, field)
#define SIZES     "auto, none, or a size from 1M on, such as 2G"

static const struct key keys[] = {
	{"access", "read-group", set_group, AT(readers), "the name of a group, or nothing for nobody", NULL},
	{"access", "run-group", set_group, AT(runners), "the name of a group, or nothing for nobody", NULL},
	{"daemon", "cpus", set_cpus, 0, "housekeeping, or a list of CPUs such as 0-1", "housekeeping"},
	{"daemon", "state-dir", set_folder, AT(state_dir), "the absolute path of a folder, below 200 bytes", NULL},
	{"daemon", "log-level", set_level, AT(log_level), "error, warning, notice, info or debug", "info"},
	{"daemon", "queue", set_queue, AT(queue_length), "a whole number from 0 to 256", "16"},
	{"store", "max-size", set_size, AT(limits.max_bytes), SIZES, "auto"},
	{"store", "keep-free", set_size, AT(limits.keep_free_bytes), SIZES, "auto"},
	{"store", "max-age", set_age, AT(limits.max_age_s), "none, or an age from 1h to 36500d, such as 90d", "none"},
};
_Static_assert(TN_ARRAY_SIZE(keys) <= KEYS_MAX, "the parser keeps a line for each key");

/* Groups that the package makes. Without them there is only root. */
static const struct {
	const char *name;
	size_t offset;
} usual_groups[] = {{"tlbnoise", AT(readers)}, {"tlbnoise-run", AT(runners)}};

/**
 * config_defaults() - what counts when no file says otherwise
 * @c: to fill
 * @err: the row of the table that is wrong, which a test would have found
 *
 * Return: 0 or -EINVAL.
 */
int config_defaults(struct daemon_config *c, struct tn_error *err)
{
	*c = (struct daemon_config){0};
	for (size_t i = 0; i < TN_ARRAY_SIZE(keys); i++)
		if (keys[i].fallback && keys[i].set(keys[i].fallback, (char *)c + keys[i].offset) < 0)
			return tn_error_set(err, -EINVAL, "default of %s", keys[i].name);
	for (size_t i = 0; i < TN_ARRAY_SIZE(usual_groups); i++)
		set_group(usual_groups[i].name, (char *)c + usual_groups[i].offset);
	return 0;
}

struct parser {
	struct daemon_config c;
	const char *section;  /* of the table, NULL before the first */
	int line[KEYS_MAX];   /* where this file sets a key, 0: not yet */
	int opened[KEYS_MAX]; /* where it opens the section of a key */
};

static int on_section(void *userdata, char *head, const struct tn_origin *at, struct tn_error *err)
{
	struct parser *p = userdata;
	char quoted[TN_SCENARIO_QUOTE];
	struct tn_nearest n = {.text = head};

	p->section = NULL;
	for (size_t i = 0; i < TN_ARRAY_SIZE(keys); i++) {
		tn_nearest_try(&n, keys[i].section);
		if (strcmp(keys[i].section, head) != 0)
			continue;
		if (p->opened[i])
			return tn_scenario_fail(at, err,
						"section [%s] again: line %d opened it, put the keys together there",
						head, p->opened[i]);
		p->opened[i] = at->line;
		p->section = keys[i].section;
	}
	if (p->section)
		return 0;
	tn_scenario_quote(head, strlen(head), quoted);
	if (n.word[0])
		return tn_scenario_fail(at, err, "unknown section [%s]: did you mean [%s]?", quoted, n.word);
	return tn_scenario_fail(at, err, "unknown section [%s]: there are [access], [daemon] and [store]", quoted);
}

static int unknown_key(const struct parser *p, const char *name, const struct tn_origin *at, struct tn_error *err)
{
	char quoted[TN_SCENARIO_QUOTE];
	struct tn_nearest n = {.text = name};

	tn_scenario_quote(name, strlen(name), quoted);
	for (size_t i = 0; i < TN_ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].section, p->section) == 0)
			tn_nearest_try(&n, keys[i].name);
		else if (strcmp(keys[i].name, name) == 0)
			return tn_scenario_fail(at, err, "unknown key '%s' in [%s]: it belongs in [%s]", quoted,
						p->section, keys[i].section);
	}
	if (n.word[0])
		return tn_scenario_fail(at, err, "unknown key '%s' in [%s]: did you mean '%s'?", quoted, p->section,
					n.word);
	return tn_scenario_fail(at, err, "unknown key '%s' in [%s]: see tlbnoised.conf(5)", quoted, p->section);
}

static int refuse(const struct key *key, const char *value, int why, const struct tn_origin *at, struct tn_error *err)
{
	char quoted[TN_SCENARIO_QUOTE];

	tn_scenario_quote(value, strlen(value), quoted);
	if (why == -ENOENT)
		return tn_scenario_fail(at, err, "%s = '%s': there is no such group: make it with groupadd --system",
					key->name, quoted);
	if (!*value)
		return tn_scenario_fail(at, err, "%s has no value: want %s", key->name, key->wanted);
	return tn_scenario_fail(at, err, "%s = '%s': want %s", key->name, quoted, key->wanted);
}

static int on_pair(void *userdata, const char *name, const char *value, const struct tn_origin *at,
		   struct tn_error *err)
{
	struct parser *p = userdata;
	char quoted[TN_SCENARIO_QUOTE];
	int r;

	if (!p->section)
		return tn_scenario_fail(at, err,
					"'%s' stands before any section: begin with [access], [daemon] or [store]",
					tn_scenario_quote(name, strlen(name), quoted));
	for (size_t i = 0; i < TN_ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].section, p->section) != 0 || strcmp(keys[i].name, name) != 0)
			continue;
		if (p->line[i])
			return tn_scenario_fail(at, err, "%s again: line %d has set it, remove one of them", name,
						p->line[i]);
		p->line[i] = at->line;
		r = keys[i].set(value, (char *)&p->c + keys[i].offset);
		return r < 0 ? refuse(&keys[i], value, r, at, err) : 0;
	}
	return unknown_key(p, name, at, err);
}

/**
 * config_parse() - apply the text of one file
 * @text: its text, UTF-8
 * @len: length in bytes
 * @file: its path, for messages
 * @c: changed by what the text sets; untouched on failure
 * @err: one line that begins with "FILE:LINE: "
 *
 * Return: 0 or a negative errno.
 */
int config_parse(const char *text, size_t len, const char *file, struct daemon_config *c, struct tn_error *err)
{
	struct parser p = {.c = *c};
	const struct tn_scenario_sink sink = {.section = on_section, .pair = on_pair, .userdata = &p};
	int r = tn_scenario_read(text, len, file, &sink, err);

	if (r == 0)
		*c = p.c;
	return r;
}
