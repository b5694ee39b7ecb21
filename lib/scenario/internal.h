/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SCENARIO_INTERNAL_H
#define TN_SCENARIO_INTERNAL_H

/* Shared between the files of this folder only. */
#include "base/nearest.h"
#include "scenario/ini.h"
#include "scenario/scenario.h"

/* text.c */
int tn_scenario_check_text(const char *text, size_t len, const struct tn_origin *at, struct tn_error *err);
const char *tn_scenario_clean(const char *text, size_t len, char *buf, size_t size);
char *tn_scenario_trim(char *text);

/* keys.c */
const struct tn_scenario_key *tn_scenario_key_find(const char *section, const char *key, const struct tn_origin *at,
						   struct tn_error *err);
size_t tn_scenario_key_index(const struct tn_scenario_key *key);

/* value.c */
int tn_scenario_set(const struct tn_scenario_key *key, const char *value, void *base, const struct tn_origin *at,
		    struct tn_error *err);
bool tn_scenario_name_valid(const char *name, size_t len);

/* expect.c */
int tn_scenario_expect(const char *metric, const char *value, struct tn_expect *ret, const struct tn_origin *at,
		       struct tn_error *err);

/* parse.c, sections.c */
#define TN_SCENARIO_KEYS_MAX 32

enum tn_section {
	TN_SECTION_NONE,
	TN_SECTION_SCENARIO,
	TN_SECTION_PROBE,
	TN_SECTION_ENTRY,
	TN_SECTION_TIMER,
	TN_SECTION_REFERENCE,
	TN_SECTION_TRACE,
	TN_SECTION_ISOLATE,
	TN_SECTION_EXPECT,
	TN_SECTION_CHURN,
	TN_SECTION_COUNT
};

struct tn_scenario_parser {
	struct tn_scenario sc;
	enum tn_section current;
	size_t churn;                       /* index of the current [churn] section */
	int section_line[TN_SECTION_COUNT]; /* where it was opened, 0 not yet */
	struct tn_origin key_at[1 + TN_SCENARIO_CHURN_MAX][TN_SCENARIO_KEYS_MAX]; /* row 0: all but churn */
	struct tn_origin expect_at[TN_SCENARIO_EXPECT_MAX];
};

int tn_scenario_defaults(const char *section, void *base, struct tn_error *err);
int tn_scenario_open_section(struct tn_scenario_parser *p, char *head, const struct tn_origin *at,
			     struct tn_error *err);
int tn_scenario_assign(struct tn_scenario_parser *p, const char *key, const char *value, const struct tn_origin *at,
		       struct tn_error *err);
int tn_scenario_override(struct tn_scenario_parser *p, const char *text, struct tn_error *err);

#endif
