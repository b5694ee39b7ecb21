/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_STORE_INTERNAL_H
#define TN_STORE_INTERNAL_H

/* What the files of lib/store share: the connection, statements, transactions and values that do not fit SQL. */
#include <sqlite3.h>

#include "store/store.h"

#define STORE_APPLICATION_ID 0x746c626e /* "tlbn" */
#define STORE_SCHEMA         2

struct tn_store {
	sqlite3 *db;
	char folder[256];
	char path[272]; /* of the database */
	enum tn_store_mode mode;
};

/* db.c */
int store_error(struct tn_store *s, const char *doing, int code, struct tn_error *err);
int store_exec(struct tn_store *s, const char *sql, struct tn_error *err);
int store_number(struct tn_store *s, const char *sql, int64_t *ret, struct tn_error *err);

/* A statement that remembers the first thing that went wrong, so that binding needs no checks of its own. */
struct store_query {
	struct tn_store *store;
	sqlite3_stmt *stmt;
	int bad, next;
};

int store_prepare(struct tn_store *s, const char *sql, struct store_query *ret, struct tn_error *err);
void store_text(struct store_query *q, const char *text);
void store_int(struct store_query *q, int64_t v);
void store_real(struct store_query *q, double v);
void store_blob(struct store_query *q, const void *data, size_t n);
int store_step(struct store_query *q, struct tn_error *err);
int store_run(struct store_query *q, struct tn_error *err);
void store_copy(struct store_query *q, int column, char *buf, size_t size);
double store_real_at(struct store_query *q, int column);
void store_query_end(struct store_query *q);
#define store_autoquery tn_cleanup(store_query_end)

/* A transaction that is rolled back unless it was committed. */
struct store_transaction {
	struct tn_store *store;
};

int store_lock(struct tn_store *s, struct store_transaction *ret, struct tn_error *err);
int store_commit(struct store_transaction *t, struct tn_error *err);
void store_rollback(struct store_transaction *t);
#define store_autorollback tn_cleanup(store_rollback)

/* schema.c */
int store_schema(struct tn_store *s, struct tn_error *err);
int store_schema_check(struct tn_store *s, int64_t *ret_version, struct tn_error *err);

/* pack.c */
int store_pack(const void *data, size_t n, bool quickly, unsigned char **ret, size_t *ret_n);
int store_unpack(const void *data, size_t n, size_t size, char **ret);

/* fill.c, metrics.c: rows that follow from a document */
int store_fill(struct tn_store *s, int64_t run, const struct tn_run *doc, struct tn_error *err);
int store_metrics(struct tn_store *s, int64_t run, const struct tn_run *doc, struct tn_error *err);
int store_metrics_of_all(struct tn_store *s, struct tn_error *err);

/* owner.c: who is at work on a run */
#define STORE_OWNER 128
#define STORE_STATE /* of runs r, also of one whose daemon died and that no other has marked yet */ \
	"CASE WHEN r.owner IS NOT NULL AND owner_gone(r.owner) THEN 'aborted' ELSE r.state END"

const char *store_owner(char *buf, size_t size);
bool store_owner_gone(const char *owner);
void store_interrupted(char *buf, size_t size, unsigned int done, unsigned int planned);
int store_owner_function(struct tn_store *s);

/* record.c */
struct store_row {
	const struct tn_run *doc;
	const char *state, *owner; /* NULL: as the document says; nobody */
	const char *text;          /* of the document; NULL: none yet */
	size_t size;
	uint64_t raw_records; /* that lie in the run's folder */
};

int store_write(struct tn_store *s, const struct store_row *row, struct tn_error *err);

/* query.c */
int store_seq(struct tn_store *s, const char *id, int64_t *ret, struct tn_error *err);
int store_document_of(struct tn_store *s, int64_t run, char **ret, size_t *ret_n, struct tn_error *err);

/* import.c */
bool store_id_is_safe(const char *id);
int store_import_folders(struct tn_store *s, const struct tn_log *log, struct tn_error *err);

/* files.c: the folders of runs */
void store_run_folder(const struct tn_store *s, const char *id, char *buf, size_t size);
void store_sweep_folders(struct tn_store *s, const struct tn_log *log);
int store_run_folder_remove(const struct tn_store *s, const char *id, struct tn_error *err);
int store_sync_folder(const char *path);

#endif
