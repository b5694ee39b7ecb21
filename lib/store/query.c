// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading the history. Each question is one statement and therefore one view of the database, whatever a
 * writer does meanwhile. Runs are in the order of their start, not of their arrival: an imported run takes
 * its place in time.
 */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "store/internal.h"

/* In the order in which read_entry() takes them. */
#define ENTRY_COLUMNS                                                                                       \
	"r.id, " STORE_STATE ", r.state_reason, r.started_at, r.elapsed_s, r.scenario, e.kernel_release, "  \
	"e.hostname, r.trace_level, r.probed_cpus, r.rounds_planned, r.rounds_done, d.bytes, r.raw_bytes, " \
	"r.raw_records, r.interruptions_per_s, r.stolen_share, r.jitter_p50_ns, r.jitter_p99_ns, "          \
	"r.jitter_p99_9_ns, r.jitter_p99_99_ns, r.jitter_max_ns, r.owner IS NOT NULL"
#define ENTRY_TABLES " FROM runs r JOIN environments e ON e.id = r.environment LEFT JOIN documents d ON d.run = r.seq "

/* Of each scenario on each host: its own "r" and "e" hide those outside. */
#define LAST_RUNS                                                                                                          \
	"SELECT seq FROM (SELECT r.seq, row_number() OVER (PARTITION BY e.hostname, r.scenario ORDER BY "                  \
	"r.started_at DESC, r.seq DESC) AS age FROM runs r JOIN environments e ON e.id = r.environment WHERE " STORE_STATE \
	" <> 'running') WHERE age = 1"

static void read_entry(struct store_query *q, struct tn_store_entry *e)
{
	store_copy(q, 0, e->id, sizeof(e->id));
	store_copy(q, 1, e->state, sizeof(e->state));
	store_copy(q, 2, e->state_reason, sizeof(e->state_reason));
	store_copy(q, 3, e->started_at, sizeof(e->started_at));
	e->elapsed_s = store_real_at(q, 4);
	store_copy(q, 5, e->scenario, sizeof(e->scenario));
	store_copy(q, 6, e->kernel, sizeof(e->kernel));
	store_copy(q, 7, e->host, sizeof(e->host));
	store_copy(q, 8, e->trace_level, sizeof(e->trace_level));
	store_copy(q, 9, e->cpus, sizeof(e->cpus));
	if (sqlite3_column_bytes(q->stmt, 9) >= (int)sizeof(e->cpus))
		memcpy(e->cpus + sizeof(e->cpus) - 4, "...", 4);
	e->rounds_planned = (unsigned int)sqlite3_column_int64(q->stmt, 10);
	e->rounds_done = (unsigned int)sqlite3_column_int64(q->stmt, 11);
	e->has_document = sqlite3_column_type(q->stmt, 12) != SQLITE_NULL;
	e->document_bytes = (uint64_t)sqlite3_column_int64(q->stmt, 12);
	e->raw_bytes = (uint64_t)sqlite3_column_int64(q->stmt, 13);
	e->raw_records = (uint64_t)sqlite3_column_int64(q->stmt, 14);
	e->interruptions_per_s = store_real_at(q, 15);
	e->stolen_share = store_real_at(q, 16);
	for (int i = 0; i < TN_STORE_JITTERS; i++)
		e->jitter_ns[i] = store_real_at(q, 17 + i);
	if (sqlite3_column_int(q->stmt, 17 + TN_STORE_JITTERS) && strcmp(e->state, "running"))
		store_interrupted(e->state_reason, sizeof(e->state_reason), e->rounds_done, e->rounds_planned);
}

static int add_entry(struct store_query *q, struct tn_store_entry **entry, size_t *n, size_t *room,
		     struct tn_error *err)
{
	struct tn_store_entry *larger = *entry;

	if (*n == *room) {
		*room = *room ? 2 * *room : 64;
		larger = reallocarray(*entry, *room, sizeof(**entry));
	}
	if (!larger)
		return tn_error_set(err, -ENOMEM, "no memory for a list of %zu runs", *room);
	*entry = larger;
	memset(&larger[*n], 0, sizeof(*larger));
	read_entry(q, &larger[(*n)++]);
	return 0;
}

/**
 * tn_store_list() - the runs that a filter lets through, the latest first
 * @s: the store
 * @filter: all zero lets everything through
 * @ret: an array, to be freed by the caller; NULL when there are none
 * @ret_n: its length
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_store_list(struct tn_store *s, const struct tn_store_filter *filter, struct tn_store_entry **ret, size_t *ret_n,
		  struct tn_error *err)
{
	tn_autofree struct tn_store_entry *entry = NULL;
	store_autoquery struct store_query q = {0};
	size_t n = 0, room = 0;
	int r = store_prepare(s,
			      "SELECT " ENTRY_COLUMNS ENTRY_TABLES
			      "WHERE (?1 IS NULL OR r.scenario GLOB ?1) AND (?2 IS NULL OR e.kernel_release GLOB ?2) "
			      "AND (?3 IS NULL OR e.hostname GLOB ?3) AND (?4 IS NULL OR " STORE_STATE " GLOB ?4) "
			      "AND (?5 IS NULL OR r.started_at >= ?5) AND (?6 IS NULL OR r.started_at < ?6) "
			      "AND (?7 IS NULL OR r.id = ?7) AND (NOT ?8 OR r.seq IN (" LAST_RUNS ")) "
			      "ORDER BY r.started_at DESC, r.seq DESC LIMIT ?9",
			      &q, err);

	if (r < 0)
		return r;
	store_text(&q, filter->scenario);
	store_text(&q, filter->kernel);
	store_text(&q, filter->host);
	store_text(&q, filter->state);
	store_text(&q, filter->since);
	store_text(&q, filter->until);
	store_text(&q, filter->id);
	store_int(&q, filter->last);
	store_int(&q, filter->limit ? (int64_t)filter->limit : -1);
	while ((r = store_step(&q, err)) > 0) {
		r = add_entry(&q, &entry, &n, &room, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret = tn_steal_ptr(entry);
	*ret_n = n;
	return 0;
}

/* store_seq() - the number of a run within the database; -ENOENT when there is none of that id */
int store_seq(struct tn_store *s, const char *id, int64_t *ret, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(s, "SELECT seq FROM runs WHERE id = ?", &q, err);

	if (r < 0)
		return r;
	store_text(&q, id);
	r = store_step(&q, err);
	if (r == 0)
		return tn_error_set(err, -ENOENT, "%s has no run %s; 'tlbnoise runs' lists them", s->path, id);
	if (r < 0)
		return r;
	*ret = sqlite3_column_int64(q.stmt, 0);
	return 0;
}

static int find_by_age(struct tn_store *s, uint64_t back, const char *name, char id[40], struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(s,
			      "SELECT r.id FROM runs r JOIN documents d ON d.run = r.seq WHERE " STORE_STATE
			      " <> 'running' ORDER BY r.started_at DESC, r.seq DESC LIMIT 1 OFFSET ?",
			      &q, err);

	if (r < 0)
		return r;
	store_int(&q, (int64_t)back);
	r = store_step(&q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return tn_error_set(err, -ENOENT, "%s: %s has %s finished runs; 'tlbnoise runs' lists them", name,
				    s->path, back ? "not so many" : "no");
	store_copy(&q, 0, id, 40);
	return 0;
}

static int find_by_beginning(struct tn_store *s, const char *name, char id[40], struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	char found[40], second[40];
	int r = store_prepare(s,
			      "SELECT id FROM runs WHERE substr(id, 1, length(?1)) = ?1 "
			      "ORDER BY id <> ?1, started_at DESC LIMIT 2",
			      &q, err);

	if (r < 0)
		return r;
	store_text(&q, name);
	r = store_step(&q, err);
	if (r == 0)
		return tn_error_set(err, -ENOENT,
				    "%s: no such file, and no run of %s begins so; 'tlbnoise runs' lists them", name,
				    s->path);
	if (r < 0)
		return r;
	store_copy(&q, 0, found, sizeof(found));
	r = strcmp(found, name) ? store_step(&q, err) : 0;
	if (r < 0)
		return r;
	if (r > 0) {
		store_copy(&q, 0, second, sizeof(second));
		return tn_error_set(err, -EINVAL, "%s: several runs begin so, such as %s and %s; give more of the id",
				    name, found, second);
	}
	memcpy(id, found, sizeof(found));
	return 0;
}

/**
 * tn_store_find() - the run that a name means
 * @s: the store
 * @name: an id or the beginning of one; "@latest", or "@-N" for the Nth before it. Those two pass over runs
 * that are still going on or have nothing to show
 * @id: receives the id
 * @err: what to give instead
 *
 * Return: 0; -ENOENT; -EINVAL when several begin so, or for another word with "@"; another negative errno.
 */
int tn_store_find(struct tn_store *s, const char *name, char id[40], struct tn_error *err)
{
	uint64_t back;

	if (*name != '@')
		return find_by_beginning(s, name, id, err);
	if (!strcmp(name, "@latest"))
		return find_by_age(s, 0, name, id, err);
	if (name[1] != '-' || tn_parse_u64(name + 2, 0, 1000000, &back, NULL) < 0)
		return tn_error_set(err, -EINVAL,
				    "%s: names no run; there are @latest, and @-1 for the one before it, @-2 and so on",
				    name);
	return find_by_age(s, back, name, id, err);
}

/* store_document_of() - the text of a document; -ENOENT when there is none */
int store_document_of(struct tn_store *s, int64_t run, char **ret, size_t *ret_n, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int64_t size;
	int r = store_prepare(s, "SELECT bytes, zlib FROM documents WHERE run = ?", &q, err);

	if (r < 0)
		return r;
	store_int(&q, run);
	r = store_step(&q, err);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	size = sqlite3_column_int64(q.stmt, 0);
	r = store_unpack(sqlite3_column_blob(q.stmt, 1), (size_t)sqlite3_column_bytes(q.stmt, 1),
			 size < 0 ? SIZE_MAX : (size_t)size, ret);
	if (r < 0)
		return r == -ENOMEM ? tn_error_set(err, r, "no memory for a document of %lld bytes", (long long)size)
				    : store_error(s, "read", SQLITE_CORRUPT, err);
	*ret_n = (size_t)size;
	return 0;
}

/**
 * tn_store_document() - a run document as it was published
 * @s: the store
 * @id: of the run, whole
 * @ret: its text, terminated; to be freed by the caller
 * @ret_n: bytes without the terminator
 * @err: what failed
 *
 * Return: 0; -ENOENT for an unknown run; -EBUSY while it is going on; -ENODATA when it ended before its first
 * round did; -EBADMSG when it is damaged; another negative errno.
 */
int tn_store_document(struct tn_store *s, const char *id, char **ret, size_t *ret_n, struct tn_error *err)
{
	tn_autofree struct tn_store_entry *e = NULL;
	struct tn_store_filter only = {.id = id};
	int64_t run;
	size_t n;
	int r = store_seq(s, id, &run, err);

	if (r == 0)
		r = tn_store_list(s, &only, &e, &n, err);
	if (r < 0)
		return r;
	if (n && !strcmp(e->state, "running"))
		return tn_error_set(err, -EBUSY, "run %s is still going on, %u of %u rounds are done; wait for its end",
				    id, e->rounds_done, e->rounds_planned);
	r = store_document_of(s, run, ret, ret_n, err);
	if (r == -ENOENT)
		return tn_error_set(err, -ENODATA, "run %s has no result: %s", id,
				    n && *e->state_reason ? e->state_reason : "it ended before its first round did");
	return r;
}

/**
 * tn_store_raw_path() - where the raw interruptions of a run lie
 * @s: the store
 * @id: of the run, whole
 * @buf: receives the path
 * @size: of @buf
 * @err: why there are none
 *
 * Return: 0; -ENOENT for an unknown run, or one without raw interruptions; -ENAMETOOLONG; another negative errno.
 */
int tn_store_raw_path(struct tn_store *s, const char *id, char *buf, size_t size, struct tn_error *err)
{
	char folder[320], path[352];
	int64_t run;
	int r = store_seq(s, id, &run, err);

	if (r < 0)
		return r;
	store_run_folder(s, id, folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/" TN_STORE_RAW, folder);
	if (access(path, F_OK) < 0)
		return tn_error_set(err, -ENOENT, "run %s has no raw interruptions in %s", id, folder);
	if (snprintf(buf, size, "%s", path) >= (int)size)
		return tn_error_set(err, -ENAMETOOLONG, "%s: too long a path", path);
	return 0;
}
