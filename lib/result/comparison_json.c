// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A comparison as JSON, tlbnoise-comparison(5): everything that the text says and the figures that it leaves
 * out, so that a verdict can be checked without running the comparison again. It is written, never read.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "result/codec.h"
#include "result/comparison.h"
#include "tn-config.h"

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

/* Adders that remember the first failure, so that a list of keys reads as a list. */
struct to {
	cJSON *json;
	int *r;
};

static void add(struct to to, const char *key, cJSON *item)
{
	if (!*to.r)
		*to.r = tn_json_add(to.json, key, item);
	else
		cJSON_Delete(item);
}

static void add_text(struct to to, const char *key, const char *text)
{
	add(to, key, *to.r ? NULL : tn_json_text(text));
}

static void add_number(struct to to, const char *key, double value)
{
	if (!*to.r)
		*to.r = tn_json_add_number(to.json, key, value);
}

static void add_bool(struct to to, const char *key, bool value)
{
	add(to, key, cJSON_CreateBool(value));
}

static struct to nest(struct to to, const char *key, cJSON *item)
{
	struct to in = {item, to.r};

	add(to, key, item);
	return in;
}

/* A confidence of a missing interval says nothing. */
static void add_interval(struct to to, const char *key, struct tn_interval i)
{
	struct to in = nest(to, key, cJSON_CreateObject());

	add_number(in, "low", i.low);
	add_number(in, "high", i.high);
	add_number(in, "confidence", isnan(i.low) && isnan(i.high) ? NAN : i.confidence);
}

static void add_options(struct to to, const struct tn_comparison *c)
{
	struct to in = nest(to, "options", cJSON_CreateObject());

	add_number(in, "smallest_effect_share", c->asked.smallest_effect);
	add_number(in, "confidence", c->asked.confidence);
	add_number(in, "headline_share", c->statistics.headline_share);
	add_number(in, "detectable_share", c->statistics.detectable);
	add_number(in, "seed", (double)c->asked.seed);
	add_number(in, "resamples", c->statistics.resamples);
	add(in, "metrics", c->asked.metrics ? tn_json_text(c->asked.metrics) : cJSON_CreateNull());
	add_bool(in, "force", c->asked.force);
}

static void add_run(struct to list, const struct tn_run *run)
{
	struct to in = nest(list, NULL, cJSON_CreateObject());

	add_text(in, "id", run->id);
	add_text(in, "state", tn_run_state_name(run->state));
	add_text(in, "started_at", run->started_at);
	add_text(in, "kernel_release", run->env.kernel_release);
	add_text(in, "kernel_version", run->env.kernel_version);
	add_text(in, "cmdline", run->env.cmdline);
	add_text(in, "tlbnoise_version", run->tlbnoise_version);
	add_number(in, "rounds_done", run->rounds_done);
}

static void add_side(struct to to, const char *key, const struct tn_comparison_side *s)
{
	struct to in = nest(to, key, cJSON_CreateObject()), runs;
	char cpus[TN_CPUS_TEXT];

	add_text(in, "name", s->name);
	add_text(in, "cpus", tn_cpus_format(&s->cpus, cpus, sizeof(cpus)));
	add_number(in, "rounds", (double)s->rounds);
	add_number(in, "partial_rounds", (double)s->partial);
	add_number(in, "incomplete_runs", (double)s->incomplete);
	add_number(in, "aborted_runs", (double)s->aborted);
	runs = nest(in, "runs", cJSON_CreateArray());
	for (size_t i = 0; i < s->set.n; i++)
		add_run(runs, s->set.run[i]);
}

static void add_differences(struct to to, const struct tn_comparison *c)
{
	struct to list = nest(to, "differences", cJSON_CreateArray());

	for (size_t i = 0; i < c->n_differences; i++) {
		struct to in = nest(list, NULL, cJSON_CreateObject());

		add_bool(in, "refuses", c->difference[i].refuses);
		add_text(in, "text", c->difference[i].text);
	}
}

static void add_estimate(struct to to, const char *key, const struct tn_estimate *e, const struct tn_series *s,
			 bool per_operation)
{
	struct to in = nest(to, key, cJSON_CreateObject()), list;

	add_number(in, "value", e->value);
	add_interval(in, "interval", e->interval);
	add_text(in, "method", tn_method_name(e->method));
	add_number(in, "smallest_round", e->smallest);
	add_number(in, "greatest_round", e->greatest);
	add_number(in, "units", (double)e->units);
	add_bool(in, "by_run", e->by_block);
	add_number(in, "events", (double)e->events);
	add_number(in, per_operation ? "operations" : "exposure_s", e->exposure_s > 0.0 ? e->exposure_s : NAN);
	add_number(in, "dispersion", e->dispersion);
	add_number(in, "cpus", (double)s->cpus);
	add_number(in, "partial_rounds", (double)s->partial);
	list = nest(in, "rounds", cJSON_CreateArray());
	for (size_t i = 0; i < s->n; i++)
		add_number(list, NULL, s->round[i].value);
}

static void add_test(struct to in, const struct tn_comparison_metric *m)
{
	const struct tn_compared *r = &m->result;

	add_estimate(in, "a", &r->a, &m->series[TN_SIDE_A], m->def.kind == TN_METRIC_PER_OPERATION);
	add_estimate(in, "b", &r->b, &m->series[TN_SIDE_B], m->def.kind == TN_METRIC_PER_OPERATION);
	add_number(in, "ratio", r->ratio);
	add_interval(in, "ratio_interval", r->ratio_interval);
	add_number(in, "difference", r->difference);
	add_interval(in, "difference_interval", r->difference_interval);
	add_text(in, "method", tn_method_name(r->method));
	add_text(in, "test", tn_method_name(r->test));
	add_number(in, "p", r->p);
	add_number(in, "p_corrected", r->p_corrected);
	add_number(in, "p_least", r->p_least);
	add_number(in, "family", (double)r->family);
	add_number(in, "rounds_needed", r->rounds_needed ? (double)r->rounds_needed : NAN);
}

static void add_metric(struct to list, const struct tn_comparison_metric *m)
{
	struct to in = nest(list, NULL, cJSON_CreateObject());

	add_text(in, "name", m->def.name);
	add_text(in, "unit", tn_metric_unit(m->def.kind));
	add_text(in, "better", tn_better_name(m->def.better));
	add_bool(in, "headline", m->def.headline);
	add_text(in, "verdict", m->tested ? tn_verdict_name(m->result.verdict) : "not tested");
	add_text(in, "reason", m->tested ? tn_reason_text(m->result.reason) : m->reason);
	add_number(in, "smallest_difference", m->absolute);
	if (m->tested)
		add_test(in, m);
}

static void add_counts(struct to to, const struct tn_comparison *c)
{
	struct to in = nest(to, "counts", cJSON_CreateObject());

	for (unsigned int i = 0; i < TN_ARRAY_SIZE(c->count); i++)
		add_number(in, tn_verdict_name((enum tn_verdict)i), (double)c->count[i]);
	add_number(in, "not tested", (double)c->untested);
}

/**
 * tn_comparison_to_json() - the comparison document
 * @c: the comparison
 * @ret: the document, schema TN_COMPARISON_SCHEMA; free with cJSON_Delete()
 * @err: set on failure
 *
 * Return: 0 or -ENOMEM.
 */
int tn_comparison_to_json(const struct tn_comparison *c, cJSON **ret, struct tn_error *err)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = cJSON_CreateObject();
	int r = json ? 0 : -ENOMEM;
	struct to to = {json, &r}, list;

	add_text(to, "schema", TN_COMPARISON_SCHEMA);
	add_text(to, "tlbnoise_version", TN_VERSION);
	add_text(to, "verdict", tn_verdict_name(c->verdict));
	add_bool(to, "comparable", !c->not_comparable);
	add_bool(to, "emulated", c->emulated);
	add_counts(to, c);
	add_options(to, c);
	add_side(to, "a", &c->side[TN_SIDE_A]);
	add_side(to, "b", &c->side[TN_SIDE_B]);
	add_differences(to, c);
	list = nest(to, "metrics", cJSON_CreateArray());
	for (size_t i = 0; i < c->n_metrics; i++)
		add_metric(list, &c->metric[i]);
	if (r < 0)
		return tn_error_set(err, r, "no memory for the comparison");
	*ret = tn_steal_ptr(json);
	return 0;
}
