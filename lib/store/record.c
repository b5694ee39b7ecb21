// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a run in the store. It is entered when it starts, as running and with its owner; after each
 * round the document as it is so far is written in one transaction; at the end the whole. So a run that is
 * killed is in the history with the rounds it had, and needs nothing but the word "aborted", which the next
 * start gives it.
 */
#include <errno.h>
#include <string.h>

#include "store/internal.h"

#define RAW_HEADER 128 /* bytes, tlbnoise-raw(5) */
#define RAW_RECORD 32

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

static int store_environment(struct tn_store *s, const struct tn_environment *e, int64_t *ret, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	char config[TN_ENV_CONFIG_MAX * (sizeof(e->config[0]) + 1)] = "";
	size_t n = 0;
	int r = store_prepare(s,
			      "INSERT INTO environments (hostname, machine_id_hash, kernel_release, kernel_version, "
			      "cmdline, arch, cpu_model, microcode, virtualization, preemption, distribution, nodes, "
			      "memory_bytes, config) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
			      "ON CONFLICT DO UPDATE SET nodes = nodes RETURNING id",
			      &q, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < e->n_config; i++)
		n += (size_t)snprintf(config + n, sizeof(config) - n, "%s\n", e->config[i]);
	store_text(&q, e->hostname);
	store_text(&q, e->machine_id_hash);
	store_text(&q, e->kernel_release);
	store_text(&q, e->kernel_version);
	store_text(&q, e->cmdline);
	store_text(&q, e->arch);
	store_text(&q, e->cpu_model);
	store_text(&q, e->microcode);
	store_text(&q, e->virtualization);
	store_text(&q, e->preemption);
	store_text(&q, e->distribution);
	store_int(&q, e->nodes);
	store_int(&q, (int64_t)e->memory_bytes);
	store_text(&q, config);
	r = store_step(&q, err);
	if (r < 0)
		return r;
	*ret = sqlite3_column_int64(q.stmt, 0);
	return 0;
}

static int store_head(struct tn_store *s, const struct store_row *row, int64_t environment, int64_t *ret,
		      struct tn_error *err)
{
	const struct tn_run *doc = row->doc;
	store_autoquery struct store_query q = {0};
	char cpus[TN_CPUS_TEXT];
	int r = store_prepare(
		s,
		"INSERT INTO runs (id, state, state_reason, owner, started_at, elapsed_s, tlbnoise_version, scenario, "
		"environment, trace_level, probed_cpus, rounds_planned, rounds_done, raw_records, raw_bytes) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
		"state = excluded.state, state_reason = excluded.state_reason, owner = excluded.owner, "
		"elapsed_s = excluded.elapsed_s, rounds_done = excluded.rounds_done, "
		"raw_records = excluded.raw_records, raw_bytes = excluded.raw_bytes RETURNING seq",
		&q, err);

	if (r < 0)
		return r;
	store_text(&q, doc->id);
	store_text(&q, row->state ? row->state : tn_run_state_name(doc->state));
	store_text(&q, doc->state_reason);
	store_text(&q, row->owner);
	store_text(&q, doc->started_at);
	store_real(&q, doc->elapsed_s);
	store_text(&q, doc->tlbnoise_version);
	store_text(&q, doc->scenario_name);
	store_int(&q, environment);
	store_text(&q, tn_trace_level_name(doc->level));
	store_text(&q, tn_cpus_format(&doc->probed, cpus, sizeof(cpus)));
	store_int(&q, doc->rounds_planned);
	store_int(&q, doc->rounds_done);
	store_int(&q, (int64_t)row->raw_records);
	store_int(&q, (int64_t)(row->raw_records ? RAW_HEADER + RAW_RECORD * row->raw_records : 0));
	r = store_step(&q, err);
	if (r < 0)
		return r;
	*ret = sqlite3_column_int64(q.stmt, 0);
	return 0;
}

static int store_text_of(struct tn_store *s, int64_t run, const char *text, size_t size, bool quickly,
			 struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	tn_autofree unsigned char *packed = NULL;
	size_t packed_size = 0;
	int r;

	if (store_pack(text, size, quickly, &packed, &packed_size) < 0)
		return tn_error_set(err, -ENOMEM, "no memory to store a document of %zu bytes", size);
	r = store_prepare(s, "INSERT OR REPLACE INTO documents (run, bytes, zlib) VALUES (?, ?, ?)", &q, err);
	if (r < 0)
		return r;
	store_int(&q, run);
	store_int(&q, (int64_t)size);
	store_blob(&q, packed, packed_size);
	return store_run(&q, err);
}

/* store_write() - a run and all its rows, whatever was there of it before; inside a transaction */
int store_write(struct tn_store *s, const struct store_row *row, struct tn_error *err)
{
	int64_t environment, run = 0;
	int r = store_environment(s, &row->doc->env, &environment, err);

	if (r == 0)
		r = store_head(s, row, environment, &run, err);
	if (r == 0 && row->text)
		r = store_text_of(s, run, row->text, row->size, row->owner != NULL, err); /* if another follows */
	return r < 0 || !row->text ? r : store_fill(s, run, row->doc, err);
}

static int write_alone(struct tn_store *s, const struct store_row *row, struct tn_error *err)
{
	store_autorollback struct store_transaction t = {0};
	int r = store_lock(s, &t, err);

	if (r == 0)
		r = store_write(s, row, err);
	return r < 0 ? r : store_commit(&t, err);
}

/**
 * tn_store_begin() - enter a run that starts now
 * @s: the store
 * @doc: has id, time, scenario, environment and CPUs
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_store_begin(struct tn_store *s, const struct tn_run *doc, struct tn_error *err)
{
	char owner[STORE_OWNER];
	struct store_row row = {.doc = doc, .state = "running", .owner = store_owner(owner, sizeof(owner))};

	return write_alone(s, &row, err);
}

static int encode(const struct tn_run *doc, char **ret, size_t *ret_n, struct tn_error *err)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;
	int r = tn_run_to_json(doc, &json, err);

	if (r < 0)
		return tn_error_prefix(err, r, "run %s", doc->id);
	*ret = cJSON_Print(json);
	if (!*ret)
		return tn_error_set(err, -ENOMEM, "no memory to store run %s", doc->id);
	*ret_n = strlen(*ret);
	(*ret)[(*ret_n)++] = '\n'; /* in place of the NUL, as in a file */
	if (*ret_n > TN_RUN_FILE_MAX)
		return tn_error_set(err, -E2BIG,
				    "run %s would have %zu bytes, at most %d can be read back: measure fewer CPUs",
				    doc->id, *ret_n, TN_RUN_FILE_MAX);
	return 0;
}

/**
 * tn_store_round() - keep what a run has so far, at the end of a round
 * @s: the store
 * @doc: the document as it would be if nothing came after; unchanged on return
 * @err: what failed
 *
 * Return: 0 or a negative errno; the round before is kept then.
 */
int tn_store_round(struct tn_store *s, struct tn_run *doc, struct tn_error *err)
{
	enum tn_run_state state = doc->state;
	char owner[STORE_OWNER], reason[sizeof(doc->state_reason)];
	struct store_row row = {.doc = doc,
				.state = "running",
				.owner = store_owner(owner, sizeof(owner)),
				.raw_records = doc->raw_records};
	tn_autofree char *text = NULL;
	int r;

	memcpy(reason, doc->state_reason, sizeof(reason));
	doc->state = TN_RUN_ABORTED; /* what it is if it stays like this */
	store_interrupted(doc->state_reason, sizeof(doc->state_reason), doc->rounds_done, doc->rounds_planned);
	r = encode(doc, &text, &row.size, err);
	doc->state = state;
	memcpy(doc->state_reason, reason, sizeof(reason));
	row.text = text;
	return r < 0 ? r : write_alone(s, &row, err);
}

/**
 * tn_store_finish() - keep a whole run
 * @s: the store
 * @doc: the document
 * @err: what failed
 *
 * Return: 0, and the run is on the disk; or a negative errno, and what was kept of it before is still there.
 */
int tn_store_finish(struct tn_store *s, const struct tn_run *doc, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	struct store_row row = {.doc = doc, .raw_records = doc->raw_records};
	int r = encode(doc, &text, &row.size, err);

	row.text = text;
	return r < 0 ? r : write_alone(s, &row, err);
}

/* The document says why as well. One that cannot be changed so stays as it is. */
static int rewrite_reason(struct tn_store *s, int64_t run, const char *reason, struct tn_error *err)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;
	tn_autofree char *text = NULL, *changed = NULL;
	size_t n = 0;
	int r = store_document_of(s, run, &text, &n, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	json = cJSON_ParseWithLength(text, n);
	if (json && cJSON_ReplaceItemInObjectCaseSensitive(json, "state_reason", cJSON_CreateString(reason)))
		changed = cJSON_Print(json);
	if (!changed)
		return 0;
	n = strlen(changed);
	changed[n] = '\n';
	return store_text_of(s, run, changed, n + 1, false, err);
}

/**
 * tn_store_abort() - end a run that will not be finished
 * @s: the store
 * @id: of a run that is entered as running; any other is left alone
 * @reason: why
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_store_abort(struct tn_store *s, const char *id, const char *reason, struct tn_error *err)
{
	store_autorollback struct store_transaction t = {0};
	store_autoquery struct store_query q = {0};
	int64_t run;
	int r = store_lock(s, &t, err);

	if (r == 0)
		r = store_prepare(s,
				  "UPDATE runs SET state = 'aborted', state_reason = ?, owner = NULL "
				  "WHERE id = ? AND owner IS NOT NULL RETURNING seq",
				  &q, err);
	if (r < 0)
		return r;
	store_text(&q, reason);
	store_text(&q, id);
	r = store_step(&q, err);
	if (r <= 0)
		return r;
	run = sqlite3_column_int64(q.stmt, 0);
	sqlite3_reset(q.stmt);
	r = rewrite_reason(s, run, reason, err);
	return r < 0 ? r : store_commit(&t, err);
}

struct leftover {
	char id[40], reason[256];
	int rounds;
	struct leftover *next;
};

static void free_leftovers(struct leftover **first)
{
	while (*first) {
		struct leftover *l = *first;

		*first = l->next;
		free(l);
	}
}

static int find_leftovers(struct tn_store *s, struct leftover **ret, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	char owner[STORE_OWNER];
	int r = store_prepare(s,
			      "SELECT id, owner, rounds_done, rounds_planned FROM runs WHERE owner IS NOT NULL "
			      "ORDER BY seq DESC",
			      &q, err);

	while (r == 0 && (r = store_step(&q, err)) > 0) {
		struct leftover *l;

		r = 0;
		store_copy(&q, 1, owner, sizeof(owner));
		if (!store_owner_gone(owner))
			continue;
		l = calloc(1, sizeof(*l));
		if (!l)
			return tn_error_set(err, -ENOMEM, "no memory for unfinished runs");
		store_copy(&q, 0, l->id, sizeof(l->id));
		l->rounds = sqlite3_column_int(q.stmt, 2);
		store_interrupted(l->reason, sizeof(l->reason), (unsigned int)l->rounds,
				  (unsigned int)sqlite3_column_int(q.stmt, 3));
		l->next = *ret;
		*ret = l;
	}
	return r;
}

/**
 * tn_store_recover() - mark as aborted what daemons left that died, and remove files that nobody knows of
 * @s: the store
 * @log: hears of each at LOG_NOTICE
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_store_recover(struct tn_store *s, const struct tn_log *log, struct tn_error *err)
{
	tn_cleanup(free_leftovers) struct leftover *first = NULL;
	int r = find_leftovers(s, &first, err);

	for (struct leftover *l = first; l && r == 0; l = l->next) {
		if (!l->rounds) /* records without a document say nothing */
			store_run_folder_remove(s, l->id, NULL);
		r = tn_store_abort(s, l->id, l->reason, err);
		if (r == 0)
			tn_log(log, LOG_NOTICE, "run %s: %s", l->id, l->reason);
	}
	if (r == 0)
		store_sweep_folders(s, log);
	return r;
}
