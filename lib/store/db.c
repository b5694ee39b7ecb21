// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection to the database, and SQLite's calls in this tree's terms: errno and one line that says
 * what to do.
 *
 * A write-ahead log with synchronous=FULL: a commit is on the disk when it returns, since the log is synced
 * then, and readers go on reading what was there before. In NORMAL, which is often advised, a loss of power
 * takes the commits since the last checkpoint with it; a run costs minutes and its commit some milliseconds.
 * The log and its index stay when the last connection closes, since a reader that may not write to the
 * folder could not make them.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "store/internal.h"

#define BUSY_MS 5000

struct meaning {
	int code;        /* SQLite's primary result code */
	int error;       /* 0: that of the operating system */
	const char *say; /* NULL: what SQLite says */
};

static const struct meaning meanings[] = {
	{SQLITE_FULL, -ENOSPC, "no space left; free some, or remove runs with 'tlbnoise runs --delete'"},
	{SQLITE_CORRUPT, -EBADMSG,
	 "the database is damaged; 'sqlite3 store.db .recover' saves what can be, or move it away to begin a new one"},
	{SQLITE_NOTADB, -EBADMSG, "this is no database; move it away to begin a new store"},
	{SQLITE_READONLY, -EROFS, "it may only be read here; look at its owner, its mode and how it is mounted"},
	{SQLITE_BUSY, -EBUSY, "another process has been writing to it for 5 s; try again"},
	{SQLITE_NOMEM, -ENOMEM, "out of memory"},
	{SQLITE_CANTOPEN, 0, NULL},
	{SQLITE_IOERR, 0, NULL},
	{SQLITE_TOOBIG, -E2BIG, "a value is too large for it"},
	{SQLITE_CONSTRAINT, -EBADMSG, NULL},
};

static int system_error(struct tn_store *s)
{
	int e = s->db ? sqlite3_system_errno(s->db) : 0;

	return e ? -e : -EIO;
}

/* store_error() - the error object for a result code; @doing: "read", "write" or "open" */
int store_error(struct tn_store *s, const char *doing, int code, struct tn_error *err)
{
	const char *say = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code);
	int error = -EIO;

	for (size_t i = 0; i < TN_ARRAY_SIZE(meanings); i++) {
		if (meanings[i].code != (code & 0xff))
			continue;
		error = meanings[i].error ? meanings[i].error : system_error(s);
		if (meanings[i].say)
			say = meanings[i].say;
		else if (!meanings[i].error)
			say = strerror(-error);
	}
	if (error == -ENOSPC || error == -EDQUOT) /* as SQLITE_IOERR, from fallocate() or the index of the log */
		say = meanings[0].say;
	return tn_error_set(err, error, "cannot %s %s: %s", doing, s->path, say);
}

/* store_exec() - statements without parameters and results */
int store_exec(struct tn_store *s, const char *sql, struct tn_error *err)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc ? store_error(s, s->mode == TN_STORE_WRITE ? "write" : "read", rc, err) : 0;
}

/* store_number() - the one integer that a statement gives */
int store_number(struct tn_store *s, const char *sql, int64_t *ret, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(s, sql, &q, err);

	if (r == 0)
		r = store_step(&q, err);
	if (r < 0)
		return r;
	*ret = r ? sqlite3_column_int64(q.stmt, 0) : 0;
	return 0;
}

int store_prepare(struct tn_store *s, const char *sql, struct store_query *ret, struct tn_error *err)
{
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &ret->stmt, NULL);

	ret->store = s;
	ret->bad = SQLITE_OK;
	ret->next = 1;
	return rc ? store_error(s, "read", rc, err) : 0;
}

static void note(struct store_query *q, int rc)
{
	q->bad = q->bad ? q->bad : rc;
	q->next++;
}

/* store_text() - the next parameter; NULL stays NULL. It must live until the statement has run. */
void store_text(struct store_query *q, const char *text)
{
	note(q,
	     text ? sqlite3_bind_text(q->stmt, q->next, text, -1, SQLITE_STATIC) : sqlite3_bind_null(q->stmt, q->next));
}

void store_int(struct store_query *q, int64_t v)
{
	note(q, sqlite3_bind_int64(q->stmt, q->next, v));
}

/* store_real() - the next parameter; what is not a number becomes NULL */
void store_real(struct store_query *q, double v)
{
	note(q, sqlite3_bind_double(q->stmt, q->next, v));
}

void store_blob(struct store_query *q, const void *data, size_t n)
{
	note(q, sqlite3_bind_blob64(q->stmt, q->next, data, n, SQLITE_STATIC));
}

/* store_step() - 1 with a row, 0 at the end, or a negative errno */
int store_step(struct store_query *q, struct tn_error *err)
{
	int rc = q->bad ? q->bad : sqlite3_step(q->stmt);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return store_error(q->store, sqlite3_stmt_readonly(q->stmt) ? "read" : "write", rc, err);
}

/* store_run() - a statement without rows, ready for the next parameters after it */
int store_run(struct store_query *q, struct tn_error *err)
{
	int r = store_step(q, err);

	sqlite3_reset(q->stmt);
	q->next = 1;
	return r < 0 ? r : 0;
}

void store_copy(struct store_query *q, int column, char *buf, size_t size)
{
	const unsigned char *text = sqlite3_column_text(q->stmt, column);

	snprintf(buf, size, "%s", text ? (const char *)text : "");
}

double store_real_at(struct store_query *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL ? __builtin_nan("")
								   : sqlite3_column_double(q->stmt, column);
}

void store_query_end(struct store_query *q)
{
	sqlite3_finalize(q->stmt);
}

/* store_lock() - begin to write: from here on nobody else does */
int store_lock(struct tn_store *s, struct store_transaction *ret, struct tn_error *err)
{
	int r = store_exec(s, "BEGIN IMMEDIATE", err);

	if (r == 0)
		ret->store = s;
	return r;
}

int store_commit(struct store_transaction *t, struct tn_error *err)
{
	int r = store_exec(t->store, "COMMIT", err);

	if (r == 0)
		t->store = NULL;
	return r;
}

void store_rollback(struct store_transaction *t)
{
	/* After some errors, such as a full disk, SQLite has already done it. */
	if (t->store && !sqlite3_get_autocommit(t->store->db))
		sqlite3_exec(t->store->db, "ROLLBACK", NULL, NULL, NULL);
	t->store = NULL;
}

/**
 * tn_store_close() - let go of a store
 * @s: the store
 */
void tn_store_close(struct tn_store *s)
{
	sqlite3_close(s->db);
	free(s);
}

static int connect_to(struct tn_store *s, const char *name, int flags)
{
	int one = 1, rc;

	sqlite3_close(s->db);
	s->db = NULL;
	rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE, NULL);
	if (rc)
		return rc;
	rc = store_owner_function(s);
	if (rc)
		return rc;
	sqlite3_busy_timeout(s->db, BUSY_MS);
	sqlite3_file_control(s->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &one);
	/* Reads the header, and the log with it. */
	return sqlite3_exec(s->db, "PRAGMA trusted_schema = OFF; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

static int open_to_write(struct tn_store *s, struct tn_error *err)
{
	int rc = connect_to(s, s->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW);

	if (rc)
		return store_error(s, "open", rc, err);
	if (sqlite3_db_readonly(s->db, "main"))
		return store_error(s, "write", SQLITE_READONLY, err);
	return store_schema(s, err);
}

static bool is_read_only_mount(const struct tn_store *s)
{
	struct statvfs vfs;

	return statvfs(s->folder, &vfs) == 0 && (vfs.f_flag & ST_RDONLY);
}

static bool has_log(const struct tn_store *s)
{
	char path[288];
	struct stat st;

	snprintf(path, sizeof(path), "%s-wal", s->path);
	return stat(path, &st) == 0 && st.st_size > 0;
}

/*
 * A file system that is mounted for reading may have come without the index of the log, which cannot be made
 * there. Nobody writes to it either, so that the database can be read as it is, unless the log holds the rest.
 */
static int open_immutable(struct tn_store *s, struct tn_error *err)
{
	char *uri = NULL;
	int rc;

	if (has_log(s))
		return tn_error_set(
			err, -EROFS,
			"cannot read %s: its write-ahead log cannot be read on a read-only file system; copy "
			"the folder to another",
			s->path);
	uri = sqlite3_mprintf("file:%s?immutable=1", s->path);
	rc = uri ? connect_to(s, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI) : SQLITE_NOMEM;
	sqlite3_free(uri);
	return rc ? store_error(s, "read", rc, err) : 0;
}

static int open_to_read(struct tn_store *s, struct tn_error *err)
{
	struct stat st;
	int rc;

	if (stat(s->path, &st) < 0)
		return errno == ENOENT ? tn_error_set(err, -ENOENT,
						      "%s: no runs are stored here yet; 'tlbnoise run' and "
						      "'tlbnoise import' do it",
						      s->path)
				       : tn_error_set(err, -errno, "cannot read %s: %s", s->path, strerror(errno));
	rc = connect_to(s, s->path, SQLITE_OPEN_READONLY);
	if (((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY) && is_read_only_mount(s))
		return open_immutable(s, err);
	return rc ? store_error(s, "read", rc, err) : 0;
}

/* A reader of an old schema brings it up to date if it may, since the queries are of the present one. */
static int open_older(struct tn_store *s, int64_t version, struct tn_error *err)
{
	struct tn_error ignored = {0};

	if (s->mode == TN_STORE_READ) {
		s->mode = TN_STORE_WRITE;
		if (open_to_write(s, &ignored) == 0)
			return 0;
	}
	return tn_error_set(err, -EPROTONOSUPPORT,
			    "%s has schema %lld, this tlbnoise reads %d: start tlbnoised or 'tlbnoise import' once as "
			    "its owner, which converts it",
			    s->path, (long long)version, STORE_SCHEMA);
}

/**
 * tn_store_open() - open the store of a folder
 * @folder: of results, such as tn_path_results_dir() gives; its database is TN_STORE_NAME
 * @mode: what it is for
 * @log: hears of folders of earlier versions that were taken in, at LOG_NOTICE, or could not be, at LOG_WARNING
 * @ret: the store; release with tn_store_close()
 * @err: what is wrong with it and what to do
 *
 * Return: 0; -ENOENT to read where there is none; -EPROTONOSUPPORT for a newer schema, or an older one that may
 * not be converted; -EMEDIUMTYPE for the database of another program; -EBADMSG for a damaged one; -EROFS;
 * -ENOSPC; -EBUSY; another negative errno.
 */
int tn_store_open(const char *folder, enum tn_store_mode mode, const struct tn_log *log, struct tn_store **ret,
		  struct tn_error *err)
{
	tn_cleanup(tn_store_closep) struct tn_store *s = calloc(1, sizeof(*s));
	int64_t version = STORE_SCHEMA;
	int r;

	if (!s)
		return tn_error_set(err, -ENOMEM, "no memory for the store");
	s->mode = mode;
	snprintf(s->path, sizeof(s->path), "%s/" TN_STORE_NAME, folder);
	if (snprintf(s->folder, sizeof(s->folder), "%s", folder) >= (int)sizeof(s->folder))
		return tn_error_set(err, -ENAMETOOLONG, "the store's folder has more than %zu characters: %.80s...",
				    sizeof(s->folder) - 1, folder);
	r = mode == TN_STORE_WRITE ? open_to_write(s, err) : open_to_read(s, err);
	if (r == 0 && mode != TN_STORE_WRITE)
		r = store_schema_check(s, &version, err);
	if (r == 0 && version < STORE_SCHEMA)
		r = open_older(s, version, err);
	if (r == 0 && mode == TN_STORE_WRITE)
		r = store_import_folders(s, log, err);
	if (r < 0)
		return r;
	*ret = tn_steal_ptr(s);
	return 0;
}
