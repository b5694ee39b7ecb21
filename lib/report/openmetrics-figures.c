// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run document in some kilobytes: what of it becomes series. A document with 64 CPUs and five rounds has 55 MB of
 * histograms in memory; here each has the same few bounds for all runs, so that they can be added and compared.
 */
#include "report/openmetrics-figures.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "result/observable.h"

const struct metrics_bound metrics_bounds[METRICS_LE] = {
	{"1e-07", 1e-7},  {"2e-07", 2e-7},  {"5e-07", 5e-7}, {"1e-06", 1e-6}, {"2e-06", 2e-6},
	{"5e-06", 5e-6},  {"1e-05", 1e-5},  {"2e-05", 2e-5}, {"5e-05", 5e-5}, {"0.0001", 1e-4},
	{"0.0002", 2e-4}, {"0.0005", 5e-4}, {"0.001", 1e-3}, {"0.002", 2e-3}, {"0.005", 5e-3},
	{"0.01", 1e-2},   {"0.02", 2e-2},   {"0.05", 5e-2},  {"0.1", 1e-1},
};
const char *const metrics_lost_names[METRICS_LOST] = {"trace-overrun", "trace-missed", "trace-undecoded", "ring",
						      "causes"};

/*
 * A bucket counts where all of it lies at or below the bound: no value is said to be shorter than it was, and one that
 * is less than 1/128 below the bound may count in the next.
 */
static void fold(const struct tn_hist *h, const struct tn_clock *clock, struct metrics_hist *ret)
{
	uint64_t below = 0;
	unsigned int at = 0;

	for (unsigned int i = 0; i < TN_HIST_BUCKETS - 1; i++) {
		if (!h->bucket[i])
			continue;
		while (at < METRICS_LE &&
		       tn_ticks_to_ns(clock, (double)tn_hist_bucket_high(i)) / 1e9 > metrics_bounds[at].seconds)
			ret->bucket[at++] = below;
		below += h->bucket[i];
	}
	for (; at < METRICS_LE; at++)
		ret->bucket[at] = below;
	ret->count = h->count;
	ret->sum_s = tn_ticks_to_ns(clock, (double)h->sum) / 1e9;
}

/* One round is its own median, between two ends that are the same: that is no interval. */
static void fill_percentile(const struct tn_metric_total *m, unsigned int p, struct metrics_cpu *c)
{
	bool known = m->interval.confidence > 0.0;

	c->jitter_ns[p] = m->merged;
	c->jitter_low_ns[p] = known ? m->interval.low : NAN;
	c->jitter_high_ns[p] = known ? m->interval.high : NAN;
	c->jitter_confidence = known ? m->interval.confidence : NAN;
}

static void fill_cpu(const struct tn_run *run, const struct tn_run_total *t, struct metrics_cpu *c)
{
	c->cpu = t->cpu;
	c->window_s = t->window_s;
	c->stolen_share = t->metric[TN_METRIC_STOLEN_SHARE].merged;
	for (unsigned int p = 0; p < TN_PERCENTILES; p++)
		fill_percentile(&t->metric[TN_METRIC_JITTER + p], p, c);
	c->per_s = t->metric[TN_METRIC_PER_S].merged;
	c->per_s_low = t->per_s.low;
	c->per_s_high = t->per_s.high;
	fold(&t->jitter, &run->clock, &c->jitter);
	fold(&t->interruptions, &run->clock, &c->interruptions);
}

static int by_number(const void *a, const void *b)
{
	return ((const struct metrics_cpu *)a)->cpu - ((const struct metrics_cpu *)b)->cpu;
}

static void add_classes(const struct tn_run *run, const struct tn_run_total *t, struct metrics_class *class)
{
	for (unsigned int i = 0; i < TN_CLASS_COUNT; i++) {
		double max_s = tn_ticks_to_ns(&run->clock, (double)t->by_class[i].max_ticks) / 1e9;

		class[i].observable = tn_class_observable(run->level, (enum tn_class)i);
		class[i].entries += t->by_class[i].entries;
		class[i].interruptions += t->by_class[i].interruptions;
		class[i].stolen_s += tn_ticks_to_ns(&run->clock, (double)t->by_class[i].stolen_ticks) / 1e9;
		class[i].max_s = fmax(class[i].max_s, max_s);
	}
}

static int fill_cpus(const struct tn_run *run, struct metrics_figures *f)
{
	tn_cleanup(tn_run_totals_free) struct tn_run_totals totals = {0};
	int r = tn_run_totals(run, &totals);

	if (r < 0)
		return r;
	f->cpu = calloc(totals.n + 1, sizeof(*f->cpu));
	if (!f->cpu)
		return -ENOMEM;
	f->n_cpus = totals.n;
	f->measured_s = totals.cpu_s;
	for (size_t i = 0; i < totals.n; i++) {
		fill_cpu(run, &totals.cpu[i], &f->cpu[i]);
		add_classes(run, &totals.cpu[i], f->class);
	}
	qsort(f->cpu, f->n_cpus, sizeof(*f->cpu), by_number);
	return 0;
}

/* All that [expect] knows by name, over all CPUs and rounds. */
static int fill_figures(const struct tn_run *run, struct metrics_figures *f)
{
	tn_autofree struct tn_metric_def *def = NULL;
	size_t n = 0;
	int r = tn_metric_list(&run, 1, &def, &n);

	if (r < 0)
		return r;
	f->figure = calloc(n + 1, sizeof(*f->figure));
	if (!f->figure)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		tn_cleanup(tn_series_free) struct tn_series series = {0};
		struct metrics_figure *to = &f->figure[f->n_figures];

		r = tn_series_collect(&def[i], &run, 1, &series);
		if (r < 0)
			return r;
		if (!isfinite(series.pooled))
			continue;
		tn_exposition_label(def[i].name, to->name, sizeof(to->name));
		to->kind = def[i].kind;
		to->value = series.pooled;
		f->n_figures++;
	}
	return 0;
}

static int fill_expectations(const struct tn_run *run, struct metrics_figures *f)
{
	f->expectation = calloc(run->n_expectations + 1, sizeof(*f->expectation));
	if (!f->expectation)
		return -ENOMEM;
	for (size_t i = 0; i < run->n_expectations; i++) {
		const struct tn_run_expectation *e = &run->expectation[i];
		struct metrics_expectation *to = &f->expectation[f->n_expectations];
		bool seen = false;

		tn_exposition_label(e->metric, to->metric, sizeof(to->metric));
		tn_exposition_label(e->text, to->limit, sizeof(to->limit));
		to->verdict = e->verdict;
		/* A series twice would have the scrape refused. */
		for (size_t k = 0; k < f->n_expectations; k++)
			seen |= !strcmp(f->expectation[k].metric, to->metric) &&
				!strcmp(f->expectation[k].limit, to->limit);
		f->n_expectations += !seen;
	}
	return 0;
}

static void fill_info(const struct tn_run *run, struct metrics_figures *f)
{
	const struct {
		const char *name, *value;
	} label[] = {
		{"machine", run->env.machine_id_hash},
		{"version", run->tlbnoise_version},
		{"trace_level", tn_trace_level_name(run->level)},
		{"arch", run->env.arch},
		{"virtualization", run->env.virtualization},
		{"preemption", run->env.preemption},
	};
	char value[200];
	size_t at = 0;

	for (size_t i = 0; i < TN_ARRAY_SIZE(label); i++)
		at += (size_t)snprintf(f->info + at, sizeof(f->info) - at, ",%s=\"%s\"", label[i].name,
				       tn_exposition_label(label[i].value, value, sizeof(value)));
}

/* metrics_figures_of() - what of a document becomes series; release with metrics_figures_free() */
int metrics_figures_of(const struct tn_run *run, struct metrics_figures **ret, struct tn_error *err)
{
	tn_cleanup(metrics_figures_freep) struct metrics_figures *f = calloc(1, sizeof(*f));
	const uint64_t lost[METRICS_LOST] = {run->lost.overrun, run->lost.missed, run->lost.undecoded, run->lost.ring,
					     run->lost.causes};
	int r = f ? fill_cpus(run, f) : -ENOMEM;

	if (r == 0)
		r = fill_figures(run, f);
	if (r == 0)
		r = fill_expectations(run, f);
	if (r < 0)
		return tn_error_set(err, r, "no memory for the metrics of run %s", run->id);
	memcpy(f->lost, lost, sizeof(lost));
	fill_info(run, f);
	*ret = tn_steal_ptr(f);
	return 0;
}

void metrics_figures_free(struct metrics_figures *f)
{
	free(f->cpu);
	free(f->figure);
	free(f->expectation);
	free(f);
}
