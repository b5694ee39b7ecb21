// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much history is kept, as journald does it: by the room it takes, the room it leaves on its file system,
 * and age; the oldest runs go first, and never the latest one or one that is going on. Where somebody else has
 * filled the file system, the history stops to grow but is not eaten up: each time only as much is removed as
 * the latest run takes, which is what the next one is going to need. A run goes in one transaction that ends after its
 * files are gone: a crash in between leaves a row without files, which the next round of removing takes, and never
 * files that nobody knows of.
 *
 * Pages of removed rows are given back at once (incremental vacuum): it moves as many pages as were freed,
 * while a full VACUUM would write the whole database again, with the lock held and twice the room.
 */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/now.h"
#include "base/units.h"
#include "store/internal.h"

#define GIB            (1ull << 30)
#define ENFORCE_MAX_NS 5000000000ull

/**
 * tn_store_limits_default() - journald's: a tenth of the file system and to leave 15 %, both 4 GiB at most
 * @s: the store
 * @ret: the limits; no limit of age
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_store_limits_default(struct tn_store *s, struct tn_store_limits *ret, struct tn_error *err)
{
	struct statvfs vfs;
	uint64_t total;

	if (statvfs(s->folder, &vfs) < 0)
		return tn_error_set(err, -errno, "cannot ask for the size of the file system of %s: %s", s->folder,
				    strerror(errno));
	total = (uint64_t)vfs.f_blocks * vfs.f_frsize;
	*ret = (struct tn_store_limits){
		.max_bytes = total / 10 < 4 * GIB ? total / 10 : 4 * GIB,
		.keep_free_bytes = total / 20 * 3 < 4 * GIB ? total / 20 * 3 : 4 * GIB,
	};
	return 0;
}

/**
 * tn_store_usage() - the room that the history takes
 * @s: the store
 * @ret_bytes: of the database's pages in use and of the raw files
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_store_usage(struct tn_store *s, uint64_t *ret_bytes, struct tn_error *err)
{
	int64_t pages, unused, page, raw;
	int r = store_number(s, "PRAGMA page_count", &pages, err);

	if (r == 0)
		r = store_number(s, "PRAGMA freelist_count", &unused, err);
	if (r == 0)
		r = store_number(s, "PRAGMA page_size", &page, err);
	if (r == 0)
		r = store_number(s, "SELECT total(raw_bytes) FROM runs", &raw, err);
	if (r < 0)
		return r;
	*ret_bytes = (uint64_t)((pages - unused) * page + raw);
	return 0;
}

static int delete_rows(struct tn_store *s, const char *id, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(s, "DELETE FROM runs AS r WHERE id = ? AND " STORE_STATE " <> 'running'", &q, err);

	if (r < 0)
		return r;
	store_text(&q, id);
	r = store_run(&q, err);
	if (r == 0 && sqlite3_changes(s->db) == 0)
		return tn_error_set(err, -EBUSY, "run %s is still going on: it is kept", id);
	return r < 0 ? r
		     : store_exec(s, "DELETE FROM environments WHERE id NOT IN (SELECT environment FROM runs)", err);
}

static int give_pages_back(struct tn_store *s, struct tn_error *err)
{
	/* PASSIVE: waits for no reader. What a reader holds up is done by a later checkpoint. */
	return store_exec(s, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(PASSIVE)", err);
}

static int delete_run(struct tn_store *s, const char *id, struct tn_error *err)
{
	store_autorollback struct store_transaction t = {0};
	int64_t run;
	int r = store_lock(s, &t, err);

	if (r == 0)
		r = store_seq(s, id, &run, err);
	if (r == 0)
		r = delete_rows(s, id, err);
	if (r == 0)
		r = store_run_folder_remove(s, id, err);
	return r < 0 ? r : store_commit(&t, err);
}

/**
 * tn_store_delete() - remove a run and its files
 * @s: the store
 * @id: of the run, whole
 * @err: what failed
 *
 * Who is reading it goes on reading it.
 *
 * Return: 0; -ENOENT; -EBUSY while it is going on; another negative errno.
 */
int tn_store_delete(struct tn_store *s, const char *id, struct tn_error *err)
{
	int r = delete_run(s, id, err);

	return r < 0 ? r : give_pages_back(s, err);
}

/* The run that goes next: the oldest, but neither the latest nor one that is going on. */
struct victim {
	int64_t seq;
	char id[40], started_at[40];
};

/* That behind @v, which is zeroed at first. 0 when there is none. */
static int next_victim(struct tn_store *s, struct victim *v, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(s,
			      "SELECT r.id, r.started_at, r.seq FROM runs r WHERE " STORE_STATE " <> 'running' AND "
			      "r.seq <> (SELECT seq FROM runs ORDER BY started_at DESC, seq DESC LIMIT 1) "
			      "AND (r.started_at, r.seq) > (?, ?) ORDER BY r.started_at, r.seq LIMIT 1",
			      &q, err);

	if (r < 0)
		return r;
	store_text(&q, v->started_at);
	store_int(&q, v->seq);
	r = store_step(&q, err);
	if (r > 0) {
		store_copy(&q, 0, v->id, sizeof(v->id));
		store_copy(&q, 1, v->started_at, sizeof(v->started_at));
		v->seq = sqlite3_column_int64(q.stmt, 2);
	}
	return r;
}

static bool is_too_old(const char *started_at, uint64_t max_age_s)
{
	time_t limit = time(NULL) - (time_t)max_age_s;
	char text[40];
	struct tm tm;

	gmtime_r(&limit, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return max_age_s && strcmp(started_at, text) < 0;
}

static uint64_t free_bytes(const struct tn_store *s)
{
	struct statvfs vfs;

	return statvfs(s->folder, &vfs) < 0 ? UINT64_MAX : (uint64_t)vfs.f_bavail * vfs.f_frsize;
}

static int size_of_latest(struct tn_store *s, int64_t *ret, struct tn_error *err)
{
	return store_number(s,
			    "SELECT r.raw_bytes + length(d.zlib) FROM runs r JOIN documents d ON d.run = r.seq "
			    "ORDER BY r.started_at DESC, r.seq DESC LIMIT 1",
			    ret, err);
}

/* Why the oldest run has to go, NULL when it may stay. @least: what the history may shrink to for others. */
static const char *reason_to_go(const struct tn_store *s, const struct tn_store_limits *l, uint64_t used,
				uint64_t least, const char *started_at)
{
	if (is_too_old(started_at, l->max_age_s))
		return "it is older than is kept";
	if (l->max_bytes && used > l->max_bytes)
		return "the history takes more room than it may";
	if (l->keep_free_bytes && used > least && free_bytes(s) < l->keep_free_bytes)
		return "the file system has less free space than is to be kept";
	return NULL;
}

/* A failure that is of one run's folder, where others may still go; not of a disk that is full or of the database. */
static bool is_of_folder(int error)
{
	return error == -ELOOP || error == -EPERM || error == -EACCES || error == -ENOTDIR || error == -ENOTEMPTY ||
	       error == -EEXIST;
}

/**
 * tn_store_enforce() - remove the oldest runs until the limits are kept
 * @s: the store
 * @limits: which
 * @log: hears of each removed run at LOG_INFO
 * @err: what failed
 *
 * It stops after 5 s, since the caller has other things to do; the next call goes on. A run whose folder
 * cannot be removed is passed over.
 *
 * Return: 0, also when there was nothing left that may go; or a negative errno.
 */
int tn_store_enforce(struct tn_store *s, const struct tn_store_limits *limits, const struct tn_log *log,
		     struct tn_error *err)
{
	uint64_t used, least, start = tn_now_ns(CLOCK_MONOTONIC);
	struct tn_error failed = {0};
	struct victim v = {0};
	const char *why;
	int64_t latest;
	int r = tn_store_usage(s, &used, err);

	if (r == 0)
		r = size_of_latest(s, &latest, err);
	if (r < 0)
		return r;
	least = used > (uint64_t)latest ? used - (uint64_t)latest : 0;
	while ((r = next_victim(s, &v, err)) > 0) {
		r = tn_store_usage(s, &used, err);
		if (r < 0)
			return r;
		why = reason_to_go(s, limits, used, least, v.started_at);
		if (!why)
			return 0;
		r = tn_store_delete(s, v.id, &failed);
		if (r < 0 && !is_of_folder(r)) {
			*err = failed;
			return r;
		}
		if (r == 0)
			tn_log(log, LOG_INFO, "removed run %s of %s: %s", v.id, v.started_at, why);
		else
			tn_log(log, LOG_WARNING, "run %s of %s was not removed: %s", v.id, v.started_at, failed.text);
		if (tn_now_ns(CLOCK_MONOTONIC) - start >= ENFORCE_MAX_NS) {
			tn_log(log, LOG_NOTICE, "more runs are to be removed: before the next run");
			return 0;
		}
	}
	return r;
}
