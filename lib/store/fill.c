// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows that follow from a document: what a query over many runs needs without reading any document. Rounds
 * that are there already stay as they are, since a round does not change after its end and is only followed by
 * others; what is of all rounds together is written anew.
 */
#include <errno.h>
#include <string.h>

#include "result/hist.h"
#include "result/judge.h"
#include "result/totals.h"
#include "store/internal.h"

static double ns_of(const struct tn_run *doc, uint64_t ticks)
{
	return tn_ticks_to_ns(&doc->clock, (double)ticks);
}

static int fill_rounds(struct tn_store *s, int64_t run, const struct tn_run *doc, size_t known, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(s, "INSERT INTO rounds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &q, err);

	for (size_t i = known; i < doc->n_cpus && r == 0; i++) {
		const struct tn_run_cpu *c = &doc->cpu[i];

		store_int(&q, run);
		store_int(&q, c->round);
		store_int(&q, c->cpu);
		store_int(&q, c->partial);
		store_real(&q, tn_run_window_s(doc, c));
		store_real(&q, ns_of(doc, c->threshold_ticks));
		store_int(&q, (int64_t)c->interruptions.count);
		store_real(&q, ns_of(doc, c->stolen_ticks));
		store_int(&q, (int64_t)c->ring_lost);
		store_int(&q, (int64_t)c->quanta);
		r = store_run(&q, err);
	}
	return r;
}

/* Buckets that are not empty, as tlbnoise-store(5) has them: pairs of little-endian 64 bits, index and count. */
static size_t collect_buckets(const struct tn_hist *h, uint64_t *pair)
{
	size_t n = 0;

	for (unsigned int i = 0; i < TN_HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		pair[2 * n] = i;
		pair[2 * n++ + 1] = h->bucket[i];
	}
	return n * 2 * sizeof(*pair);
}

static int fill_histogram(struct store_query *q, int64_t run, const struct tn_run *doc, const struct tn_run_cpu *c,
			  bool jitter, uint64_t *pair, struct tn_error *err)
{
	const struct tn_hist *h = jitter ? &c->jitter : &c->interruptions;
	size_t bytes = collect_buckets(h, pair), packed_bytes = 0;
	tn_autofree unsigned char *packed = NULL;

	if (store_pack(pair, bytes, false, &packed, &packed_bytes) < 0)
		return tn_error_set(err, -ENOMEM, "no memory to store a histogram");
	store_int(q, run);
	store_int(q, c->round);
	store_int(q, c->cpu);
	store_text(q, jitter ? "jitter" : "interruptions");
	store_int(q, TN_HIST_SUB_BITS);
	store_int(q, TN_HIST_MAX_BITS);
	store_real(q, doc->clock.hz);
	store_int(q, (int64_t)h->count);
	store_int(q, (int64_t)h->sum);
	if (h->count)
		store_int(q, (int64_t)h->min);
	else
		store_text(q, NULL);
	store_int(q, (int64_t)h->max);
	store_int(q, (int64_t)bytes);
	store_blob(q, packed, packed_bytes);
	return store_run(q, err);
}

static int fill_histograms(struct tn_store *s, int64_t run, const struct tn_run *doc, size_t known,
			   struct tn_error *err)
{
	tn_autofree uint64_t *pair = malloc(2 * TN_HIST_BUCKETS * sizeof(*pair));
	store_autoquery struct store_query q = {0};
	int r;

	if (!pair)
		return tn_error_set(err, -ENOMEM, "no memory to store histograms");
	r = store_prepare(s, "INSERT INTO histograms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &q, err);
	for (size_t i = 2 * known; i < 2 * doc->n_cpus && r == 0; i++)
		r = fill_histogram(&q, run, doc, &doc->cpu[i / 2], i % 2, pair, err);
	return r;
}

/* Empties @table of the run's rows and prepares to insert others. */
static int begin_anew(struct tn_store *s, int64_t run, const char *table, const char *insert, struct store_query *ret,
		      struct tn_error *err)
{
	store_autoquery struct store_query clear = {0};
	char sql[64];
	int r;

	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE run = ?", table);
	r = store_prepare(s, sql, &clear, err);
	if (r < 0)
		return r;
	store_int(&clear, run);
	r = store_run(&clear, err);
	return r < 0 ? r : store_prepare(s, insert, ret, err);
}

static int fill_causes(struct tn_store *s, int64_t run, const struct tn_run *doc, struct tn_error *err)
{
	static const char insert[] = "INSERT INTO causes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	store_autoquery struct store_query q = {0};
	char cpus[TN_CPUS_TEXT];
	int r = begin_anew(s, run, "causes", insert, &q, err);

	for (size_t i = 0; i < doc->n_causes && r == 0; i++) {
		const struct tn_run_cause *c = &doc->cause[i];

		store_int(&q, run);
		store_int(&q, (int64_t)i);
		store_text(&q, tn_class_name(c->class));
		store_text(&q, c->function);
		store_text(&q, c->detail);
		store_text(&q, c->culprit);
		store_text(&q, c->callsite);
		store_text(&q, c->sender_comm);
		store_text(&q, tn_cpus_format(&c->sender_cpus, cpus, sizeof(cpus)));
		store_int(&q, (int64_t)c->entries);
		store_int(&q, (int64_t)c->matched);
		store_int(&q, (int64_t)c->too_short);
		store_int(&q, (int64_t)c->interruptions);
		store_real(&q, ns_of(doc, c->stolen_ticks));
		store_real(&q, ns_of(doc, c->max_ticks));
		r = store_run(&q, err);
	}
	return r;
}

static int fill_expectations(struct tn_store *s, int64_t run, const struct tn_run *doc, struct tn_error *err)
{
	static const char insert[] = "INSERT INTO expectations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	store_autoquery struct store_query q = {0};
	int r = begin_anew(s, run, "expectations", insert, &q, err);

	for (size_t i = 0; i < doc->n_expectations && r == 0; i++) {
		const struct tn_run_expectation *e = &doc->expectation[i];

		store_int(&q, run);
		store_int(&q, (int64_t)i);
		store_text(&q, e->metric);
		store_text(&q, e->text);
		store_text(&q, tn_expectation_verdict_name(e->verdict));
		store_text(&q, e->unit);
		store_real(&q, e->value);
		store_real(&q, e->low);
		store_real(&q, e->high);
		store_text(&q, e->reason);
		r = store_run(&q, err);
	}
	return r;
}

/* The worst CPU's, over all its rounds as one: a run is as good as its worst CPU. */
static int worst_of(const struct tn_run *doc, double value[TN_METRICS])
{
	tn_cleanup(tn_run_totals_free) struct tn_run_totals t = {0};

	for (unsigned int m = 0; m < TN_METRICS; m++)
		value[m] = NAN;
	if (tn_run_totals(doc, &t) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < t.n; i++)
		for (unsigned int m = 0; m < TN_METRICS; m++)
			value[m] = fmax(value[m], t.cpu[i].metric[m].merged); /* fmax() passes over NaN */
	return 0;
}

static double percentile(const double value[TN_METRICS], const char *name)
{
	for (unsigned int p = 0; p < TN_PERCENTILES; p++)
		if (!strcmp(tn_percentiles[p].name, name))
			return value[TN_METRIC_JITTER + p];
	return NAN;
}

static int fill_headline(struct tn_store *s, int64_t run, const struct tn_run *doc, struct tn_error *err)
{
	static const char *const jitter[TN_STORE_JITTERS] = {"p50", "p99", "p99.9", "p99.99", "max"};
	store_autoquery struct store_query q = {0};
	double value[TN_METRICS];
	int r;

	if (worst_of(doc, value) < 0)
		return tn_error_set(err, -ENOMEM, "no memory for the figures of the run");
	r = store_prepare(
		s,
		"UPDATE runs SET interruptions_per_s = ?, stolen_share = ?, jitter_p50_ns = ?, "
		"jitter_p99_ns = ?, jitter_p99_9_ns = ?, jitter_p99_99_ns = ?, jitter_max_ns = ? WHERE seq = ?",
		&q, err);
	if (r < 0)
		return r;
	store_real(&q, value[TN_METRIC_PER_S]);
	store_real(&q, value[TN_METRIC_STOLEN_SHARE]);
	for (unsigned int i = 0; i < TN_STORE_JITTERS; i++)
		store_real(&q, percentile(value, jitter[i]));
	store_int(&q, run);
	return store_run(&q, err);
}

static int count_known(struct tn_store *s, int64_t run, size_t *ret, struct tn_error *err)
{
	store_autoquery struct store_query q = {0};
	int r = store_prepare(s, "SELECT count(*) FROM rounds WHERE run = ?", &q, err);

	if (r < 0)
		return r;
	store_int(&q, run);
	r = store_step(&q, err);
	*ret = r > 0 ? (size_t)sqlite3_column_int64(q.stmt, 0) : 0;
	return r < 0 ? r : 0;
}

/* store_fill() - write what follows from @doc; inside a transaction */
int store_fill(struct tn_store *s, int64_t run, const struct tn_run *doc, struct tn_error *err)
{
	size_t known = 0;
	int r = fill_headline(s, run, doc, err);

	if (r == 0)
		r = count_known(s, run, &known, err);
	if (r == 0)
		r = fill_rounds(s, run, doc, known, err);
	if (r == 0)
		r = fill_histograms(s, run, doc, known, err);
	if (r == 0)
		r = fill_causes(s, run, doc, err);
	if (r == 0)
		r = fill_expectations(s, run, doc, err);
	return r < 0 ? r : store_metrics(s, run, doc, err);
}
