// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions over many runs, answered from columns. Values are read by run and then by metric, which is how the table
 * is sorted: a few metrics of all runs cost a look-up each, and never the whole table.
 */
#include "store/history.h"

#include <errno.h>
#include <string.h>

#include "store/internal.h"

#define FINISHED " r.owner IS NULL AND (?1 IS NULL OR e.hostname = ?1) AND (?2 IS NULL OR r.scenario = ?2) "

/* FNV-1a, 64 bits (Fowler, Noll, Vo), over columns with their ends. */
static uint64_t hash_columns(struct store_query *q, int from, int to)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (int i = from; i < to; i++) {
		const unsigned char *text = sqlite3_column_text(q->stmt, i);

		for (int k = 0; text && text[k]; k++)
			hash = (hash ^ text[k]) * 0x100000001b3u;
		hash = (hash ^ 0xff) * 0x100000001b3u;
	}
	return hash;
}

#define POINT_COLUMNS                                                                                                \
	"r.seq, r.id, r.started_at, r.state, r.scenario, e.hostname, e.kernel_release, "                             \
	"r.probed_cpus, r.trace_level, r.rounds_planned, e.machine_id_hash, e.cpu_model, e.arch, e.virtualization, " \
	"total(x.verdict = 'met'), total(x.verdict = 'failed'), total(x.verdict = 'undecided'), "                    \
	"total(x.verdict = 'not judged')"

static void read_point(struct store_query *q, struct tn_store_point *p)
{
	*p = (struct tn_store_point){.seq = sqlite3_column_int64(q->stmt, 0)};
	store_copy(q, 1, p->id, sizeof(p->id));
	store_copy(q, 2, p->started_at, sizeof(p->started_at));
	store_copy(q, 3, p->state, sizeof(p->state));
	store_copy(q, 4, p->scenario, sizeof(p->scenario));
	store_copy(q, 5, p->host, sizeof(p->host));
	store_copy(q, 6, p->kernel, sizeof(p->kernel));
	p->ruler = hash_columns(q, 7, 14);
	p->met = (unsigned int)sqlite3_column_int(q->stmt, 14);
	p->failed = (unsigned int)sqlite3_column_int(q->stmt, 15);
	p->undecided = (unsigned int)sqlite3_column_int(q->stmt, 16);
	p->not_judged = (unsigned int)sqlite3_column_int(q->stmt, 17);
}

static int add_point(struct store_query *q, struct tn_store_point **point, size_t *n, struct tn_error *err)
{
	struct tn_store_point *larger = *point;

	if (!(*n & (*n - 1))) /* at powers of two */
		larger = reallocarray(*point, *n ? 2 * *n : 1, sizeof(**point));
	if (!larger)
		return tn_error_set(err, -ENOMEM, "no memory for a history of %zu runs", *n);
	*point = larger;
	read_point(q, &larger[(*n)++]);
	return 0;
}

/**
 * tn_store_points() - the finished runs of the store that have a result
 * @s: the store
 * @host: of this host alone; NULL: of all
 * @scenario: of this scenario alone; NULL: of all
 * @ret: the runs, by host and scenario and in these the oldest first; free()
 * @ret_n: how many
 * @err: what failed
 *
 * The ruler is a hash of machine, CPU model, architecture, virtualization, probed CPUs, trace level and number of
 * rounds. The text of the scenario is in the documents alone: tn_comparison_make() looks at it.
 *
 * Return: 0 or a negative errno.
 */
int tn_store_points(struct tn_store *s, const char *host, const char *scenario, struct tn_store_point **ret,
		    size_t *ret_n, struct tn_error *err)
{
	tn_autofree struct tn_store_point *point = NULL;
	store_autoquery struct store_query q = {0};
	size_t n = 0;
	int r = store_prepare(s,
			      "SELECT " POINT_COLUMNS " FROM runs r JOIN environments e ON e.id = r.environment "
			      "JOIN documents d ON d.run = r.seq LEFT JOIN expectations x ON x.run = r.seq "
			      "WHERE" FINISHED "GROUP BY r.seq ORDER BY e.hostname, r.scenario, r.started_at, r.seq",
			      &q, err);

	if (r < 0)
		return r;
	store_text(&q, host);
	store_text(&q, scenario);
	while ((r = store_step(&q, err)) > 0) {
		r = add_point(&q, &point, &n, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret = tn_steal_ptr(point);
	*ret_n = n;
	return 0;
}

static int add_name(struct store_query *q, char ***name, size_t *n)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, 0);
	char **larger = reallocarray(*name, *n + 1, sizeof(**name));

	if (!larger)
		return -ENOMEM;
	*name = larger;
	larger[*n] = strdup(text ? text : "");
	return larger[(*n)++] ? 0 : -ENOMEM;
}

/**
 * tn_store_metric_names() - the metrics that any run of the store has
 * @s: the store
 * @ret: their names, in the order in which they came; release with tn_store_metric_names_free()
 * @ret_n: how many
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_store_metric_names(struct tn_store *s, char ***ret, size_t *ret_n, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	char **name = NULL;
	size_t n = 0;
	int r = store_prepare(s, "SELECT name FROM metric_names ORDER BY id", &q, err);

	while (r == 0 && (r = store_step(&q, err)) > 0) {
		r = add_name(&q, &name, &n);
		if (r < 0)
			r = tn_error_set(err, r, "no memory for the names of metrics");
	}
	if (r < 0) {
		tn_store_metric_names_free(name, n);
		return r;
	}
	*ret = name;
	*ret_n = n;
	return 0;
}

/** tn_store_metric_names_free() - counterpart of tn_store_metric_names() */
void tn_store_metric_names_free(char **name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
}

static int take_values(struct store_query *q, const char *name, size_t metric, const char *host, const char *scenario,
		       tn_store_take *take, void *context, struct tn_error *err)
{
	struct tn_store_value v = {.metric = metric};
	int r;

	sqlite3_reset(q->stmt);
	q->next = 1;
	store_text(q, host);
	store_text(q, scenario);
	store_text(q, name);
	while ((r = store_step(q, err)) > 0) {
		v.seq = sqlite3_column_int64(q->stmt, 0);
		v.cpu = sqlite3_column_int(q->stmt, 1);
		v.round = (uint32_t)sqlite3_column_int64(q->stmt, 2);
		v.value = store_real_at(q, 3);
		r = take(context, &v);
		if (r < 0)
			return tn_error_set(err, r, "no memory for the values of %s", name);
	}
	return r;
}

/**
 * tn_store_values() - what runs measured, round by round
 * @s: the store
 * @host: as in tn_store_points()
 * @scenario: as in tn_store_points()
 * @name: metrics, by their names
 * @n: how many
 * @take: gets each value; all of one metric one after the other, and in these all of one run, and in these all of one
 * CPU; a negative errno ends it, as for want of memory
 * @context: for @take
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int tn_store_values(struct tn_store *s, const char *host, const char *scenario, char *const *name, size_t n,
		    tn_store_take *take, void *context, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	/* CROSS JOIN: SQLite keeps this order of its loops, so that no sorting is needed for that of the rows. */
	int r = store_prepare(s,
			      "SELECT v.run, v.cpu, v.round, v.value FROM metric_names m CROSS JOIN runs r "
			      "CROSS JOIN environments e CROSS JOIN metric_values v WHERE m.name = ?3 AND "
			      "e.id = r.environment AND v.run = r.seq AND v.metric = m.id AND" FINISHED
			      "ORDER BY v.run, v.cpu, v.round",
			      &q, err);

	for (size_t i = 0; i < n && r == 0; i++)
		r = take_values(&q, name[i], i, host, scenario, take, context, err);
	return r;
}
