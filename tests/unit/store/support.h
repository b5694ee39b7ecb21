/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_STORE_SUPPORT_H
#define TESTS_UNIT_STORE_SUPPORT_H

/* A store in a directory of its own, and runs to put into it. */
#include <sqlite3.h>

#include "../result/sample.h"
#include "../support/tree.h"
#include "store/internal.h"
#include "store/store.h"

#define ok(call)                                                       \
	do {                                                           \
		struct tn_error err = {0};                             \
		int got_ = (call);                                     \
		if (got_ != 0)                                         \
			fail_msg("%s: %d: %s", #call, got_, err.text); \
	} while (0)

#define fails(call, error, part)                                                           \
	do {                                                                               \
		struct tn_error err = {0};                                                 \
		int got_ = (call);                                                         \
		if (got_ != (error) || !strstr(err.text, part))                            \
			fail_msg("%s: %d, wanted %d: %s", #call, got_, (error), err.text); \
	} while (0)

static inline struct tn_store *open_store(const struct tree *t, enum tn_store_mode mode)
{
	struct tn_store *s = NULL;

	ok(tn_store_open(t->root, mode, NULL, &s, &err));
	return s;
}

/* A run of two CPUs and @rounds rounds whose id and time are of the minute @minute; later ones sort behind. */
static inline struct tn_run *run_of(unsigned int minute, unsigned int rounds)
{
	unsigned int day = 22 + minute / 1000 % 8, hour = 10 + minute / 100 % 10;
	struct tn_run *run = sample_run(2, rounds);

	snprintf(run->id, sizeof(run->id), "202611%02uT%02u%02u00Z-%06x", day, hour, minute % 100, minute);
	snprintf(run->started_at, sizeof(run->started_at), "2026-11-%02uT%02u:%02u:00Z", day, hour, minute % 100);
	run->rounds_done = rounds;
	run->raw_file[0] = '\0';
	run->raw_records = 0;
	return run;
}

/* Stores it, and frees it. */
static inline void ok_run(struct tn_store *s, struct tn_run *run)
{
	ok(tn_store_finish(s, run, &err));
	tn_run_free(run);
}

static inline int64_t number(struct tn_store *s, const char *sql)
{
	int64_t n = -1;

	ok(store_number(s, sql, &n, &err));
	return n;
}

static inline void is_intact(struct tn_store *s)
{
	store_autoquery struct store_query q = {0};
	struct tn_error err = {0};
	char said[200];

	assert_int_equal(store_prepare(s, "PRAGMA integrity_check", &q, &err), 0);
	assert_int_equal(store_step(&q, &err), 1);
	store_copy(&q, 0, said, sizeof(said));
	assert_string_equal(said, "ok");
}

static inline char *text_of(const struct tn_run *run, size_t *ret_n)
{
	cJSON *json = sample_document(run);
	char *text = cJSON_Print(json);

	cJSON_Delete(json);
	assert_non_null(text);
	*ret_n = strlen(text);
	text[(*ret_n)++] = '\n';
	return text;
}

#endif
