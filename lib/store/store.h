/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_STORE_STORE_H
#define TN_STORE_STORE_H

/*
 * The history of runs, tlbnoise-store(5): an SQLite database in the folder of results, with the raw
 * interruptions as files beside it. One writer at a time, any number of readers; a transaction that was
 * committed survives the loss of power.
 */
#include "base/log.h"
#include "result/run.h"

#define TN_STORE_NAME "store.db"
#define TN_STORE_RAW  "interruptions.raw"

struct tn_store;

enum tn_store_mode {
	TN_STORE_READ,      /* brings an older one up to date if it may */
	TN_STORE_READ_ONLY, /* an older one is refused: nothing is ever written */
	TN_STORE_WRITE,     /* makes the store when there is none, and brings an older one up to date */
};

/* db.c */
int tn_store_open(const char *folder, enum tn_store_mode mode, const struct tn_log *log, struct tn_store **ret,
		  struct tn_error *err);
void tn_store_close(struct tn_store *s);
TN_DEFINE_CLEANUP(struct tn_store, tn_store_close);

/* record.c: the life of a run */
int tn_store_begin(struct tn_store *s, const struct tn_run *doc, struct tn_error *err);
int tn_store_round(struct tn_store *s, struct tn_run *doc, struct tn_error *err);
int tn_store_finish(struct tn_store *s, const struct tn_run *doc, struct tn_error *err);
int tn_store_abort(struct tn_store *s, const char *id, const char *reason, struct tn_error *err);
int tn_store_recover(struct tn_store *s, const struct tn_log *log, struct tn_error *err);

/* import.c */
int tn_store_import(struct tn_store *s, const char *path, char id[40], struct tn_error *err);

/* query.c */
#define TN_STORE_JITTERS 5 /* p50, p99, p99.9, p99.99, max */

struct tn_store_filter {
	/* Patterns with * and ?, all letters matter; NULL: any. */
	const char *scenario, *kernel, *host, *state;
	const char *since, *until; /* RFC 3339 in UTC, the first included, the second not; NULL: any */
	const char *id;            /* exactly this run; NULL: any */
	bool last;                 /* of each scenario on each host only the last run that has ended */
	uint64_t limit;            /* at most so many, the latest; 0: all */
};

/* A line of the history. Figures are those of the CPU that had it worst, NaN when there are none. */
struct tn_store_entry {
	char id[40];
	char state[16]; /* "running", or as the document says it */
	char state_reason[256];
	char started_at[40];
	double elapsed_s;
	char scenario[64], kernel[128], host[128], trace_level[16];
	char cpus[64]; /* shortened with "..." when there are more */
	unsigned int rounds_planned, rounds_done;
	bool has_document;
	uint64_t document_bytes, raw_bytes, raw_records;
	double interruptions_per_s, stolen_share, jitter_ns[TN_STORE_JITTERS];
};

int tn_store_list(struct tn_store *s, const struct tn_store_filter *filter, struct tn_store_entry **ret, size_t *ret_n,
		  struct tn_error *err);
int tn_store_find(struct tn_store *s, const char *name, char id[40], struct tn_error *err);
int tn_store_document(struct tn_store *s, const char *id, char **ret, size_t *ret_n, struct tn_error *err);
int tn_store_raw_path(struct tn_store *s, const char *id, char *buf, size_t size, struct tn_error *err);

/* retention.c */
struct tn_store_limits {
	uint64_t max_bytes;       /* that the store may take, 0: any */
	uint64_t keep_free_bytes; /* of its file system, 0: any; only as much goes for it as the latest run takes */
	uint64_t max_age_s;       /* 0: any */
};

int tn_store_limits_default(struct tn_store *s, struct tn_store_limits *ret, struct tn_error *err);
int tn_store_usage(struct tn_store *s, uint64_t *ret_bytes, struct tn_error *err);
int tn_store_delete(struct tn_store *s, const char *id, struct tn_error *err);
int tn_store_enforce(struct tn_store *s, const struct tn_store_limits *limits, const struct tn_log *log,
		     struct tn_error *err);

#endif
