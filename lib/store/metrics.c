// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A value for each metric, CPU and round, under the names of lib/result/metric.c: what a history of many runs
 * is drawn from. Names are stored once. The documents stay the truth: the table can be made from them, which
 * is what the step from schema 1 does.
 */
#include <errno.h>

#include "result/metric.h"
#include "store/internal.h"

static int name_of(struct tn_store *s, const char *name, int64_t *ret, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(
		s, "INSERT INTO metric_names (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING id", &q,
		err);

	if (r < 0)
		return r;
	store_text(&q, name);
	r = store_step(&q, err);
	if (r < 0)
		return r;
	*ret = sqlite3_column_int64(q.stmt, 0);
	return 0;
}

static int store_metric(struct store_query *q, int64_t run, const struct tn_metric_def *def, const struct tn_run *doc,
			struct tn_error *err)
{
	tn_cleanup(tn_series_free) struct tn_series series = {0};
	int64_t name;
	int r = tn_series_collect(def, &doc, 1, &series);

	if (r < 0)
		return tn_error_set(err, r, "no memory for the metric %s", def->name);
	r = series.n ? name_of(q->store, def->name, &name, err) : 0;
	for (size_t i = 0; i < series.n && r == 0; i++) {
		store_int(q, run);
		store_int(q, name);
		store_int(q, series.round[i].cpu);
		store_int(q, series.round[i].round);
		store_real(q, series.round[i].value);
		r = store_run(q, err);
	}
	return r;
}

/* store_metrics() - write all metrics of @doc; inside a transaction */
int store_metrics(struct tn_store *s, int64_t run, const struct tn_run *doc, struct tn_error *err)
{
	tn_autofree struct tn_metric_def *def = NULL;
	store_autoquery struct store_query q = {0};
	size_t n = 0;
	int r = tn_metric_list(&doc, 1, &def, &n);

	if (r < 0)
		return tn_error_set(err, r, "no memory for the metrics of a run");
	r = store_prepare(s, "INSERT OR REPLACE INTO metric_values VALUES (?, ?, ?, ?, ?)", &q, err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = store_metric(&q, run, &def[i], doc, err);
	return r;
}

/* store_metrics_of_all() - the same for each document that is stored; one that cannot be read has none */
int store_metrics_of_all(struct tn_store *s, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(s, "SELECT run FROM documents ORDER BY run", &q, err), row;

	while (r == 0 && (row = store_step(&q, err)) != 0) {
		tn_cleanup(tn_run_freep) struct tn_run *doc = NULL;
		int64_t run = sqlite3_column_int64(q.stmt, 0);
		tn_autofree char *text = NULL;
		size_t n;

		r = row < 0 ? row : store_document_of(s, run, &text, &n, err);
		if (r == -EBADMSG && row > 0) {
			r = 0;
			continue;
		}
		if (r == 0 && tn_run_parse("", text, n, &doc, NULL) == 0)
			r = store_metrics(s, run, doc, err);
	}
	return r;
}
