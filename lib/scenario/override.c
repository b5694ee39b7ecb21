// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Overrides: "section.key=value" and "churn.NAME.key=value" from the command line, applied behind the file
 * by the same code. Neither section names nor churn names contain a dot, metrics do: the first dot ends
 * the section, in churn the second one ends the name.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario/internal.h"

#define OVERRIDE_MAX 1024

/* No section given: a key is named in full, once for each section that has it. */
static int no_section(const char *key, const struct tn_origin *at, struct tn_error *err)
{
	char quoted[TN_SCENARIO_QUOTE], all[192] = "";
	const struct tn_scenario_key *k;
	size_t len;

	for (size_t i = 0; (k = tn_scenario_key_at(i)); i++) {
		if (strcmp(k->key, key) != 0)
			continue;
		len = strlen(all);
		snprintf(all + len, sizeof(all) - len, "%s%s%s.%s=VALUE", len ? " or " : "", k->section,
			 strcmp(k->section, "churn") == 0 ? ".NAME" : "", key);
	}
	if (all[0])
		return tn_scenario_fail(at, err, "'%s' has no section: did you mean %s?", key, all);
	return tn_scenario_fail(at, err, "'%s' has no section: write SECTION.KEY=VALUE or churn.NAME.KEY=VALUE",
				tn_scenario_quote(key, strlen(key), quoted));
}

/**
 * tn_scenario_override() - apply one override
 * @p: the parser, behind the file
 * @text: "section.key=value", "churn.NAME.key=value" or "expect.METRIC=OP VALUE"
 * @err: begins with "-o TEXT: "
 *
 * A churn section that the file does not have is created.
 *
 * Return: 0 or -EINVAL.
 */
int tn_scenario_override(struct tn_scenario_parser *p, const char *text, struct tn_error *err)
{
	const struct tn_origin at = {.override = text};
	char copy[OVERRIDE_MAX + 1], *equals, *head, *dot, *key;
	size_t len = strlen(text);
	int rc = tn_scenario_check_text(text, len, &at, err);

	if (rc < 0)
		return rc;
	if (len > OVERRIDE_MAX)
		return tn_scenario_fail(&at, err, "%zu bytes long, at most %d", len, OVERRIDE_MAX);
	strcpy(copy, text);
	equals = strchr(copy, '=');
	if (!equals)
		return tn_scenario_fail(&at, err, "no '=': write SECTION.KEY=VALUE or churn.NAME.KEY=VALUE");
	*equals = '\0';
	head = tn_scenario_trim(copy);
	dot = strchr(head, '.');
	if (!dot)
		return no_section(head, &at, err);
	*dot = '\0';
	key = dot + 1;
	if (strcmp(head, "churn") == 0) {
		*dot = ' '; /* "churn NAME", as a section head has it */
		dot = strchr(key, '.');
		if (!dot)
			return tn_scenario_fail(&at, err, "churn needs a name and a key: write churn.NAME.KEY=VALUE");
		*dot = '\0';
		key = dot + 1;
	}
	rc = tn_scenario_open_section(p, head, &at, err);
	if (rc < 0)
		return rc;
	return tn_scenario_assign(p, key, tn_scenario_trim(equals + 1), &at, err);
}
