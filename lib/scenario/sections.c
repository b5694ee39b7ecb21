// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a pair goes: section heads, the struct behind each, what was set already and where. A file says a
 * thing once; an override may say it again, the last one counts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario/internal.h"

static const char *const SECTIONS[] = {
	[TN_SECTION_SCENARIO] = "scenario",   [TN_SECTION_PROBE] = "probe", [TN_SECTION_ENTRY] = "entry",
	[TN_SECTION_TIMER] = "timer",         [TN_SECTION_TRACE] = "trace", [TN_SECTION_EXPECT] = "expect",
	[TN_SECTION_REFERENCE] = "reference", [TN_SECTION_CHURN] = "churn", [TN_SECTION_ISOLATE] = "isolate",
};

/**
 * tn_scenario_defaults() - set the keys of a section to their defaults
 * @section: as in the table of keys
 * @base: the struct that the offsets of its keys count in
 * @err: the row of the table that is wrong, which a test would have found
 *
 * Keys without a default and churn's source, whose default is the name of the section, stay as they are.
 *
 * Return: 0 or -EINVAL.
 */
int tn_scenario_defaults(const char *section, void *base, struct tn_error *err)
{
	const struct tn_origin at = {.file = "defaults"};
	const struct tn_scenario_key *key;
	int rc = 0;

	for (size_t i = 0; rc == 0 && (key = tn_scenario_key_at(i)); i++)
		if (strcmp(key->section, section) == 0 && key->fallback && key->type != TN_SCENARIO_SOURCE)
			rc = tn_scenario_set(key, key->fallback, base, &at, err);
	return rc;
}

static int unknown_section(const char *head, const struct tn_origin *at, struct tn_error *err)
{
	char quoted[TN_SCENARIO_QUOTE];
	struct tn_nearest n = {.text = head};

	if (strcmp(head, "set") == 0)
		return tn_scenario_fail(at, err,
					"[set] makes this a set of scenarios, which 'tlbnoise run' takes apart: "
					"name one of its scenarios here");
	for (size_t i = TN_SECTION_SCENARIO; i < TN_SECTION_COUNT; i++)
		tn_nearest_try(&n, SECTIONS[i]);
	tn_scenario_quote(head, strlen(head), quoted);
	if (n.word[0])
		return tn_scenario_fail(at, err, "unknown section [%s]: did you mean [%s%s]?", quoted, n.word,
					strcmp(n.word, "churn") == 0 ? " NAME" : "");
	return tn_scenario_fail(at, err,
				"unknown section [%s]: there are [scenario], [probe], [entry], [timer], [reference], "
				"[trace], [isolate], [churn NAME] and [expect]",
				quoted);
}

static int again(const char *head, int first, const struct tn_origin *at, struct tn_error *err)
{
	return tn_scenario_fail(at, err, "section [%s] again: line %d opened it, put the keys together there", head,
				first);
}

static int open_churn(struct tn_scenario_parser *p, const char *name, const struct tn_origin *at, struct tn_error *err)
{
	struct tn_scenario *sc = &p->sc;
	char quoted[TN_SCENARIO_QUOTE];
	struct tn_churn_spec *churn;

	tn_scenario_quote(name, strlen(name), quoted);
	if (!name[0])
		return tn_scenario_fail(at, err, "[churn] needs a name, such as [churn bpf-map]");
	if (!tn_scenario_name_valid(name, strlen(name)))
		return tn_scenario_fail(at, err,
					"[churn %s]: a name is 1 to %zu of a-z, 0-9, '-' and '_', and begins "
					"with a letter or digit",
					quoted, sizeof(churn->name) - 1);
	p->current = TN_SECTION_CHURN;
	for (p->churn = 0; p->churn < sc->n_churn; p->churn++) {
		if (strcmp(sc->churn[p->churn].name, name) != 0)
			continue;
		if (at->override)
			return 0;
		snprintf(quoted, sizeof(quoted), "churn %s", name);
		return again(quoted, sc->churn[p->churn].line, at, err);
	}
	if (sc->n_churn == TN_SCENARIO_CHURN_MAX)
		return tn_scenario_fail(at, err, "[churn %s] is one too many: a scenario has at most %d churn sections",
					quoted, TN_SCENARIO_CHURN_MAX);
	churn = &sc->churn[sc->n_churn++];
	strcpy(churn->name, name);
	strcpy(churn->source, name);
	churn->line = at->override ? 0 : at->line;
	return tn_scenario_defaults("churn", churn, err);
}

/**
 * tn_scenario_open_section() - make a section the current one
 * @p: the parser
 * @head: what stands between the brackets, blanks around it removed
 * @at: where it stands; an override may open a section again
 * @err: the nearest section, or the line that opened it first
 *
 * Return: 0 or -EINVAL.
 */
int tn_scenario_open_section(struct tn_scenario_parser *p, char *head, const struct tn_origin *at, struct tn_error *err)
{
	size_t word = strcspn(head, " \t");

	if (word == strlen("churn") && strncmp(head, "churn", word) == 0)
		return open_churn(p, head + word + strspn(head + word, " \t"), at, err);
	for (size_t i = TN_SECTION_SCENARIO; i < TN_SECTION_CHURN; i++) {
		if (strcmp(head, SECTIONS[i]) != 0)
			continue;
		if (!at->override && p->section_line[i])
			return again(head, p->section_line[i], at, err);
		if (!at->override)
			p->section_line[i] = at->line;
		p->current = (enum tn_section)i;
		return 0;
	}
	return unknown_section(head, at, err);
}

/* Notes where a thing was set; a file may set it once. */
static int note_origin(struct tn_origin *seen, const char *key, const struct tn_origin *at, struct tn_error *err)
{
	if (!at->override && seen->line)
		return tn_scenario_fail(at, err, "%s again: line %d has set it, remove one of them", key, seen->line);
	*seen = *at;
	return 0;
}

static int assign_expect(struct tn_scenario_parser *p, const char *metric, const char *value,
			 const struct tn_origin *at, struct tn_error *err)
{
	struct tn_scenario *sc = &p->sc;
	struct tn_expect e;
	size_t i;
	int rc = tn_scenario_expect(metric, value, &e, at, err);

	if (rc < 0)
		return rc;
	for (i = 0; i < sc->n_expect && strcmp(sc->expect[i].metric, metric) != 0; i++)
		;
	if (i == TN_SCENARIO_EXPECT_MAX)
		return tn_scenario_fail(at, err, "%s is one too many: a scenario has at most %d expectations", metric,
					TN_SCENARIO_EXPECT_MAX);
	rc = note_origin(&p->expect_at[i], metric, at, err);
	if (rc < 0)
		return rc;
	sc->expect[i] = e;
	sc->n_expect += i == sc->n_expect;
	return 0;
}

/**
 * tn_scenario_assign() - one pair, in the current section
 * @p: the parser
 * @key: left side: a key, in [expect] a metric
 * @value: right side
 * @at: where it stands
 * @err: what is wrong with key or value
 *
 * Return: 0 or -EINVAL.
 */
int tn_scenario_assign(struct tn_scenario_parser *p, const char *key, const char *value, const struct tn_origin *at,
		       struct tn_error *err)
{
	bool churn = p->current == TN_SECTION_CHURN;
	const struct tn_scenario_key *found;
	char quoted[TN_SCENARIO_QUOTE];
	int rc;

	if (!key[0])
		return tn_scenario_fail(at, err, "no key before '= %s'",
					tn_scenario_quote(value, strlen(value), quoted));
	if (p->current == TN_SECTION_NONE)
		return tn_scenario_fail(at, err, "'%s' stands before any section: begin with [scenario]",
					tn_scenario_quote(key, strlen(key), quoted));
	if (p->current == TN_SECTION_EXPECT)
		return assign_expect(p, key, value, at, err);
	found = tn_scenario_key_find(SECTIONS[p->current], key, at, err);
	if (!found)
		return -EINVAL;
	rc = note_origin(&p->key_at[churn ? 1 + p->churn : 0][tn_scenario_key_index(found)], key, at, err);
	if (rc < 0)
		return rc;
	return tn_scenario_set(found, value, churn ? (void *)&p->sc.churn[p->churn] : &p->sc, at, err);
}
