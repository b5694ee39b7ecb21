// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables, as the steps that lead to them: each version of the schema is the one before and a step, so that
 * a store of any age becomes one of today in one transaction. tlbnoise-store(5) describes the result.
 *
 * What is queried across runs has columns; everything else is read from the document, which is kept as it
 * was published. Raw interruptions are not in here: they are appended while the run goes on, 32 bytes each,
 * and mapped when read. In the database a million of them would be written twice, once to the log, and
 * removing them would leave a hole of 32 MB to be filled or vacuumed instead of a file that is gone.
 */
#include <errno.h>

#include "store/internal.h"

static const char create_tables[] =
	"CREATE TABLE environments ("
	"  id INTEGER PRIMARY KEY,"
	"  hostname TEXT NOT NULL, machine_id_hash TEXT NOT NULL, kernel_release TEXT NOT NULL,"
	"  kernel_version TEXT NOT NULL, cmdline TEXT NOT NULL, arch TEXT NOT NULL, cpu_model TEXT NOT NULL,"
	"  microcode TEXT NOT NULL, virtualization TEXT NOT NULL, preemption TEXT NOT NULL, distribution TEXT NOT NULL,"
	"  nodes INTEGER NOT NULL, memory_bytes INTEGER NOT NULL, config TEXT NOT NULL,"
	"  UNIQUE (hostname, machine_id_hash, kernel_release, kernel_version, cmdline, arch, cpu_model, microcode,"
	"          virtualization, preemption, distribution, nodes, memory_bytes, config)"
	") STRICT;"
	"CREATE TABLE runs ("
	"  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  id TEXT NOT NULL UNIQUE,"
	"  state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'incomplete', 'aborted')),"
	"  state_reason TEXT NOT NULL,"
	"  owner TEXT CHECK ((owner IS NULL) = (state <> 'running')),"
	"  started_at TEXT NOT NULL, elapsed_s REAL NOT NULL, tlbnoise_version TEXT NOT NULL,"
	"  scenario TEXT NOT NULL, environment INTEGER NOT NULL REFERENCES environments (id),"
	"  trace_level TEXT NOT NULL, probed_cpus TEXT NOT NULL,"
	"  rounds_planned INTEGER NOT NULL, rounds_done INTEGER NOT NULL,"
	"  interruptions_per_s REAL, stolen_share REAL,"
	"  jitter_p50_ns REAL, jitter_p99_ns REAL, jitter_p99_9_ns REAL, jitter_p99_99_ns REAL, jitter_max_ns REAL,"
	"  raw_records INTEGER NOT NULL, raw_bytes INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX runs_by_time ON runs (started_at, seq);"
	"CREATE INDEX runs_by_environment ON runs (environment);"
	"CREATE INDEX runs_unfinished ON runs (seq) WHERE owner IS NOT NULL;"
	"CREATE TABLE documents ("
	"  run INTEGER PRIMARY KEY REFERENCES runs (seq) ON DELETE CASCADE,"
	"  bytes INTEGER NOT NULL, zlib BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE rounds ("
	"  run INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,"
	"  round INTEGER NOT NULL, cpu INTEGER NOT NULL, partial INTEGER NOT NULL,"
	"  window_s REAL NOT NULL, threshold_ns REAL NOT NULL,"
	"  interruptions INTEGER NOT NULL, stolen_ns REAL NOT NULL, ring_lost INTEGER NOT NULL,"
	"  quanta INTEGER NOT NULL,"
	"  PRIMARY KEY (run, round, cpu)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE histograms ("
	"  run INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,"
	"  round INTEGER NOT NULL, cpu INTEGER NOT NULL, kind TEXT NOT NULL,"
	"  sub_bits INTEGER NOT NULL, max_bits INTEGER NOT NULL, ticks_per_s REAL NOT NULL,"
	"  count INTEGER NOT NULL, sum_ticks INTEGER NOT NULL, min_ticks INTEGER, max_ticks INTEGER NOT NULL,"
	"  bytes INTEGER NOT NULL, buckets BLOB NOT NULL,"
	"  PRIMARY KEY (run, round, cpu, kind)"
	") STRICT;"
	"CREATE TABLE causes ("
	"  run INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,"
	"  position INTEGER NOT NULL, class TEXT NOT NULL, function TEXT NOT NULL, detail TEXT NOT NULL,"
	"  culprit TEXT NOT NULL, callsite TEXT NOT NULL, sender_comm TEXT NOT NULL, sender_cpus TEXT NOT NULL,"
	"  entries INTEGER NOT NULL, matched INTEGER NOT NULL, too_short INTEGER NOT NULL,"
	"  interruptions INTEGER NOT NULL, stolen_ns REAL NOT NULL, max_ns REAL NOT NULL,"
	"  PRIMARY KEY (run, position)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE expectations ("
	"  run INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,"
	"  position INTEGER NOT NULL, metric TEXT NOT NULL, text TEXT NOT NULL, verdict TEXT NOT NULL,"
	"  unit TEXT NOT NULL, value REAL, low REAL, high REAL, reason TEXT NOT NULL,"
	"  PRIMARY KEY (run, position)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";

static const char create_metrics[] =
	"CREATE TABLE metric_names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE metric_values ("
	"  run INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,"
	"  metric INTEGER NOT NULL REFERENCES metric_names (id),"
	"  cpu INTEGER NOT NULL, round INTEGER NOT NULL, value REAL,"
	"  PRIMARY KEY (run, metric, cpu, round)"
	") STRICT, WITHOUT ROWID;"
	"CREATE VIEW metrics (run, name, cpu, round, value) AS"
	"  SELECT r.id, n.name, NULLIF(v.cpu, -1), v.round, v.value"
	"  FROM metric_values v JOIN metric_names n ON n.id = v.metric JOIN runs r ON r.seq = v.run;";

/* Step i leads from schema i to schema i + 1. */
static const struct {
	const char *sql;
	int (*fill)(struct tn_store *s, struct tn_error *err); /* NULL: the SQL is all */
} steps[] = {
	{create_tables, NULL},
	{create_metrics, store_metrics_of_all},
};
_Static_assert(TN_ARRAY_SIZE(steps) == STORE_SCHEMA, "a step for each version of the schema");

static int take_steps(struct tn_store *s, int64_t from, struct tn_error *err)
{
	char pragma[128];
	int r = 0;

	for (int64_t i = from; i < STORE_SCHEMA && r == 0; i++) {
		r = store_exec(s, steps[i].sql, err);
		if (r == 0 && steps[i].fill)
			r = steps[i].fill(s, err);
	}
	if (r < 0)
		return r;
	snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION_ID,
		 STORE_SCHEMA);
	return store_exec(s, pragma, err);
}

/* store_schema_check() - whose database it is, and of which version; 0 for one without any tables */
int store_schema_check(struct tn_store *s, int64_t *ret_version, struct tn_error *err)
{
	int64_t id, version, tables;
	int r = store_number(s, "PRAGMA application_id", &id, err);

	if (r == 0)
		r = store_number(s, "PRAGMA user_version", &version, err);
	if (r == 0)
		r = store_number(s, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (r < 0)
		return r;
	if (id != STORE_APPLICATION_ID && (id || version || tables))
		return tn_error_set(err, -EMEDIUMTYPE,
				    "%s is a database of another program (application_id %lld); move it away", s->path,
				    (long long)id);
	if (version > STORE_SCHEMA)
		return tn_error_set(
			err, -EPROTONOSUPPORT,
			"%s has schema %lld, this tlbnoise knows up to %d: use the newer tlbnoise that wrote it",
			s->path, (long long)version, STORE_SCHEMA);
	*ret_version = version;
	return 0;
}

/* What a connection forgets. Pages of what is removed go back to the file system, see retention.c. */
static int configure(struct tn_store *s, struct tn_error *err)
{
	return store_exec(s,
			  "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
			  "PRAGMA journal_size_limit = 16777216",
			  err);
}

/* store_schema() - prepare a connection for writing: settings, and the schema of today */
int store_schema(struct tn_store *s, struct tn_error *err)
{
	store_autorollback struct store_transaction t = {0};
	int64_t version;
	int r = store_schema_check(s, &version, err);

	if (r == 0 && !version) /* how pages are kept is settled before the first table */
		r = store_exec(s, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL", err);
	if (r == 0)
		r = configure(s, err);
	if (r < 0 || version == STORE_SCHEMA)
		return r;
	r = store_lock(s, &t, err);
	if (r == 0) /* another process may have been quicker */
		r = store_schema_check(s, &version, err);
	if (r == 0)
		r = take_steps(s, version, err);
	return r < 0 ? r : store_commit(&t, err);
}
