/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SCENARIO_INI_H
#define TN_SCENARIO_INI_H

/* INI text as scenarios have it, strictly read: also for the daemon's configuration. */
#include "base/error.h"

#define TN_SCENARIO_QUOTE 64

/* Where a piece of text stands, for messages: a line of a file, or an override. */
struct tn_origin {
	const char *file;
	int line;
	const char *override; /* NULL: in the file */
};

/* text.c */
int tn_scenario_fail(const struct tn_origin *at, struct tn_error *err, const char *fmt, ...) tn_printf(3, 4);
const char *tn_scenario_quote(const char *text, size_t len, char buf[TN_SCENARIO_QUOTE]);

/* reader.c */
struct tn_scenario_sink {
	int (*section)(void *userdata, char *head, const struct tn_origin *at, struct tn_error *err);
	int (*pair)(void *userdata, const char *key, const char *value, const struct tn_origin *at,
		    struct tn_error *err);
	void *userdata;
};

int tn_scenario_read(const char *text, size_t len, const char *file, const struct tn_scenario_sink *sink,
		     struct tn_error *err);

#endif
