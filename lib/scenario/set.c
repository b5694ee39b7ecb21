// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A set is a file like a scenario, found in the same folders by the same rules, but with [set] as its only section:
 *
 *	[set]
 *	description = what runs each night
 *	scenarios = quiet vmalloc-storm
 *
 * It names scenarios and says nothing about them, so that a run of a set is comparable with any other run of the same
 * scenarios. Whoever runs a set looks its scenarios up: here they are words.
 */
#include "scenario/set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario/internal.h"

#define BLANKS " \t"

/**
 * tn_set_is() - whether a text means a set rather than a scenario
 * @text: of the file
 *
 * Return: whether the first line that is neither empty nor a comment is the section head [set].
 */
bool tn_set_is(const char *text)
{
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		text += strspn(text, BLANKS "\r\n");
		if (*text && *text != '#' && *text != ';')
			return strncmp(text, "[set]", strlen("[set]")) == 0;
	}
	return false;
}

struct parser {
	struct tn_set set;
	int description_line, scenarios_line;
};

static int on_section(void *userdata, char *head, const struct tn_origin *at, struct tn_error *err)
{
	char quoted[TN_SCENARIO_QUOTE];

	(void)userdata;
	if (strcmp(head, "set") == 0)
		return 0;
	return tn_scenario_fail(at, err, "[%s] in a set: it has the section [set] and no other",
				tn_scenario_quote(head, strlen(head), quoted));
}

/* A name as files have it, never a path: a set means the same whoever runs it, and wherever. */
static bool is_name(const char *word, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	static const size_t max = sizeof(((struct tn_set *)0)->scenario[0]);

	return len < max && strspn(word, letters) >= len && word[0] != '.' &&
	       !(len >= 4 && strncmp(word + len - 4, ".ini", 4) == 0);
}

static int add_name(struct tn_set *set, const char *name, size_t len, const struct tn_origin *at, struct tn_error *err)
{
	char quoted[TN_SCENARIO_QUOTE];

	tn_scenario_quote(name, len, quoted);
	if (!is_name(name, len))
		return tn_scenario_fail(at, err, "'%s' is not the name of a scenario, as 'tlbnoise list' shows them",
					quoted);
	for (size_t i = 0; i < set->n; i++)
		if (strlen(set->scenario[i]) == len && strncmp(set->scenario[i], name, len) == 0)
			return tn_scenario_fail(at, err, "'%s' is twice in the set: scenario.rounds repeats", quoted);
	if (set->n == TN_SET_MAX)
		return tn_scenario_fail(at, err, "'%s' is one too many: a set has at most %d scenarios", quoted,
					TN_SET_MAX);
	memcpy(set->scenario[set->n], name, len);
	set->scenario[set->n++][len] = '\0';
	return 0;
}

static int read_names(struct tn_set *set, const char *value, const struct tn_origin *at, struct tn_error *err)
{
	int rc = 0;

	for (size_t len; rc == 0 && *(value += strspn(value, BLANKS)); value += len) {
		len = strcspn(value, BLANKS);
		rc = add_name(set, value, len, at, err);
	}
	return rc;
}

static int read_description(struct tn_set *set, const char *value, const struct tn_origin *at, struct tn_error *err)
{
	if (strlen(value) >= sizeof(set->description))
		return tn_scenario_fail(at, err, "description is %zu bytes long, at most %zu", strlen(value),
					sizeof(set->description) - 1);
	strcpy(set->description, value);
	return 0;
}

static int on_pair(void *userdata, const char *key, const char *value, const struct tn_origin *at, struct tn_error *err)
{
	struct parser *p = userdata;
	bool names = strcmp(key, "scenarios") == 0;
	int *line = names ? &p->scenarios_line : &p->description_line;
	char quoted[TN_SCENARIO_QUOTE];

	if (!names && strcmp(key, "description") != 0)
		return tn_scenario_fail(at, err, "unknown key '%s' in [set]: its keys are description and scenarios",
					tn_scenario_quote(key, strlen(key), quoted));
	if (*line)
		return tn_scenario_fail(at, err, "%s again: line %d has set it, remove one of them", key, *line);
	*line = at->line;
	return names ? read_names(&p->set, value, at, err) : read_description(&p->set, value, at, err);
}

/**
 * tn_set_parse() - what a set is made of
 * @text: of the file
 * @len: of @text
 * @file: its name, for messages
 * @ret: description and names; untouched on failure
 * @err: what is wrong, with file and line
 *
 * That each name is that of a scenario, and of no set, is for the caller to find out.
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int tn_set_parse(const char *text, size_t len, const char *file, struct tn_set *ret, struct tn_error *err)
{
	struct parser p = {0};
	const struct tn_scenario_sink sink = {.section = on_section, .pair = on_pair, .userdata = &p};
	int rc = tn_scenario_read(text, len, file, &sink, err);

	if (rc < 0)
		return rc;
	if (!p.set.n)
		return tn_error_set(err, -EINVAL, "%s: the set is empty: write scenarios = NAME...", file);
	*ret = p.set;
	return 0;
}
