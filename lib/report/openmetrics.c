// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The families, in the order of tlbnoise-metrics(7). All samples of a family stand together, so each walks over all
 * runs. Figures are those of a run that has ended: gauges, also where they count, since the next run begins anew.
 */
#include <math.h>
#include <string.h>

#include "report/openmetrics-figures.h"
#include "result/judge.h"
#include "tn-config.h"

typedef void put_run(const struct tn_exposition *x, const struct metrics_run *run);
typedef void put_cpu(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c);

static void family(struct tn_exposition *x, const struct tn_metrics *m, const char *name, const char *unit,
		   const char *help, put_run *put)
{
	tn_exposition_family(x, name, TN_EXPOSITION_GAUGE, unit, help);
	for (size_t i = 0; i < m->n_runs; i++)
		put(x, &m->run[i]);
}

/* How many CPUs of each run have series: the first by number, until all runs together have as many as they may. */
static size_t cpus_shown(const struct metrics_run *run, size_t *left)
{
	size_t n = run->figures ? run->figures->n_cpus : 0;

	n = n < *left ? n : *left;
	*left -= n;
	return n;
}

static void cpu_family(struct tn_exposition *x, const struct tn_metrics *m, const char *name,
		       enum tn_exposition_type type, const char *unit, const char *help, put_cpu *put)
{
	size_t left = TN_METRICS_CPUS;

	tn_exposition_family(x, name, type, unit, help);
	for (size_t i = 0; i < m->n_runs; i++) {
		size_t n = cpus_shown(&m->run[i], &left);

		for (size_t k = 0; k < n; k++) {
			char labels[METRICS_LABELS + 32];

			snprintf(labels, sizeof(labels), "%s,cpu=\"%d\"", m->run[i].labels,
				 m->run[i].figures->cpu[k].cpu);
			put(x, labels, &m->run[i].figures->cpu[k]);
		}
	}
}

static void put_state(const struct tn_exposition *x, const struct metrics_run *run)
{
	static const char *const state[] = {"complete", "incomplete", "aborted"};

	for (size_t i = 0; i < TN_ARRAY_SIZE(state); i++)
		tn_exposition_sample(x, !strcmp(run->state, state[i]), "%s,state=\"%s\"", run->labels, state[i]);
}

static void put_started(const struct tn_exposition *x, const struct metrics_run *run)
{
	tn_exposition_sample(x, run->started_s, "%s", run->labels);
}

static void put_elapsed(const struct tn_exposition *x, const struct metrics_run *run)
{
	tn_exposition_sample(x, run->elapsed_s, "%s", run->labels);
}

static void put_planned(const struct tn_exposition *x, const struct metrics_run *run)
{
	tn_exposition_sample(x, run->rounds_planned, "%s", run->labels);
}

static void put_done(const struct tn_exposition *x, const struct metrics_run *run)
{
	tn_exposition_sample(x, run->rounds_done, "%s", run->labels);
}

static void put_probed(const struct tn_exposition *x, const struct metrics_run *run)
{
	if (run->figures)
		tn_exposition_sample(x, (double)run->figures->n_cpus, "%s", run->labels);
}

static void put_measured(const struct tn_exposition *x, const struct metrics_run *run)
{
	if (run->figures)
		tn_exposition_sample(x, run->figures->measured_s, "%s", run->labels);
}

static void put_lost(const struct tn_exposition *x, const struct metrics_run *run)
{
	for (size_t i = 0; run->figures && i < METRICS_LOST; i++)
		tn_exposition_sample(x, (double)run->figures->lost[i], "%s,where=\"%s\"", run->labels,
				     metrics_lost_names[i]);
}

static void put_expectations(const struct tn_exposition *x, const struct metrics_run *run)
{
	for (size_t i = 0; run->figures && i < run->figures->n_expectations; i++) {
		const struct metrics_expectation *e = &run->figures->expectation[i];

		for (int v = TN_EXPECTATION_MET; v <= TN_EXPECTATION_NOT_JUDGED; v++)
			tn_exposition_sample(x, (int)e->verdict == v, "%s,metric=\"%s\",limit=\"%s\",verdict=\"%s\"",
					     run->labels, e->metric, e->limit,
					     tn_expectation_verdict_name((enum tn_expectation_verdict)v));
	}
}

static void write_runs(struct tn_exposition *x, const struct tn_metrics *m)
{
	tn_exposition_family(x, "tlbnoise_run", TN_EXPOSITION_INFO, NULL,
			     "The last run of a scenario on a host and a kernel.");
	for (size_t i = 0; i < m->n_runs; i++)
		tn_exposition_sample(x, 1.0, "%s,run=\"%s\"%s", m->run[i].labels, m->run[i].id,
				     m->run[i].figures ? m->run[i].figures->info : "");
	family(x, m, "tlbnoise_run_state", NULL, "1 for the state in which the run ended.", put_state);
	family(x, m, "tlbnoise_run_start_timestamp_seconds", "seconds", "When the run began, since 1970.", put_started);
	family(x, m, "tlbnoise_run_duration_seconds", "seconds", "How long the run took in all.", put_elapsed);
	family(x, m, "tlbnoise_run_rounds_planned", NULL, "Rounds that the scenario asked for.", put_planned);
	family(x, m, "tlbnoise_run_rounds_done", NULL, "Rounds that were measured.", put_done);
	family(x, m, "tlbnoise_run_probed_cpus", NULL, "CPUs that were probed.", put_probed);
	family(x, m, "tlbnoise_run_measured_seconds", "seconds", "Time measured, summed over CPUs and rounds.",
	       put_measured);
	family(x, m, "tlbnoise_run_lost", NULL, "What the run lost: kernel events, interruptions without a cause.",
	       put_lost);
	family(x, m, "tlbnoise_expectation", NULL, "1 for the verdict on an expectation of the scenario.",
	       put_expectations);
}

static void put_hist(const struct tn_exposition *x, const char *labels, const struct metrics_hist *h)
{
	for (size_t i = 0; i < METRICS_LE; i++)
		tn_exposition_bucket(x, labels, metrics_bounds[i].text, h->bucket[i]);
	tn_exposition_bucket(x, labels, "+Inf", h->count);
	tn_exposition_sum(x, labels, h->count, h->sum_s);
}

static void put_jitter(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	put_hist(x, labels, &c->jitter);
}

static void put_interruptions(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	put_hist(x, labels, &c->interruptions);
}

static void put_percentiles(const struct tn_exposition *x, const char *labels, const double *ns)
{
	for (unsigned int p = 0; p < TN_PERCENTILES; p++)
		tn_exposition_sample(x, ns[p] / 1e9, "%s,percentile=\"%g\"", labels, tn_percentiles[p].percent);
}

static void put_percentile(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	put_percentiles(x, labels, c->jitter_ns);
}

static void put_percentile_low(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	put_percentiles(x, labels, c->jitter_low_ns);
}

static void put_percentile_high(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	put_percentiles(x, labels, c->jitter_high_ns);
}

static void put_confidence(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	tn_exposition_sample(x, c->jitter_confidence, "%s", labels);
}

static void put_rate(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	tn_exposition_sample(x, c->per_s, "%s", labels);
}

static void put_rate_low(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	tn_exposition_sample(x, c->per_s_low, "%s", labels);
}

static void put_rate_high(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	tn_exposition_sample(x, c->per_s_high, "%s", labels);
}

static void put_stolen(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	tn_exposition_sample(x, c->stolen_share, "%s", labels);
}

static void put_window(const struct tn_exposition *x, const char *labels, const struct metrics_cpu *c)
{
	tn_exposition_sample(x, c->window_s, "%s", labels);
}

static const struct {
	const char *name;
	enum tn_exposition_type type;
	const char *unit, *help;
	put_cpu *put;
} cpu_families[] = {
	{"tlbnoise_jitter_seconds", TN_EXPOSITION_HISTOGRAM, "seconds",
	 "Extra time that a quantum of work needed, over all quanta of all rounds.", put_jitter},
	{"tlbnoise_interruption_seconds", TN_EXPOSITION_HISTOGRAM, "seconds",
	 "Length of the interruptions of all rounds.", put_interruptions},
	{"tlbnoise_jitter_percentile_seconds", TN_EXPOSITION_GAUGE, "seconds",
	 "Percentile of the jitter over all rounds as one; 100 is the maximum.", put_percentile},
	{"tlbnoise_jitter_percentile_low_seconds", TN_EXPOSITION_GAUGE, "seconds",
	 "Lower end of the interval of the median over the rounds.", put_percentile_low},
	{"tlbnoise_jitter_percentile_high_seconds", TN_EXPOSITION_GAUGE, "seconds", "Upper end of that interval.",
	 put_percentile_high},
	{"tlbnoise_jitter_percentile_confidence_ratio", TN_EXPOSITION_GAUGE, "ratio",
	 "Confidence of that interval, at least 0.95 from six rounds on.", put_confidence},
	{"tlbnoise_interruptions_per_second", TN_EXPOSITION_GAUGE, NULL, "Rate of interruptions over all rounds.",
	 put_rate},
	{"tlbnoise_interruptions_low_per_second", TN_EXPOSITION_GAUGE, NULL,
	 "Lower end of its interval, exact for a Poisson process.", put_rate_low},
	{"tlbnoise_interruptions_high_per_second", TN_EXPOSITION_GAUGE, NULL,
	 "Upper end of that interval; where nothing was seen, what the rate may still be.", put_rate_high},
	{"tlbnoise_stolen_ratio", TN_EXPOSITION_GAUGE, "ratio", "Share of the time that interruptions took.",
	 put_stolen},
	{"tlbnoise_window_seconds", TN_EXPOSITION_GAUGE, "seconds", "Time measured, over all rounds.", put_window},
};

static void put_class(const struct tn_exposition *x, const struct metrics_run *run, double (*value)(const void *))
{
	for (int i = 0; run->figures && i < TN_CLASS_COUNT; i++)
		if (run->figures->class[i].observable)
			tn_exposition_sample(x, value(&run->figures->class[i]), "%s,class=\"%s\"", run->labels,
					     tn_class_name((enum tn_class)i));
}

static double entries_of(const void *class)
{
	return (double)((const struct metrics_class *)class)->entries;
}

static double interruptions_of(const void *class)
{
	return (double)((const struct metrics_class *)class)->interruptions;
}

static double stolen_of(const void *class)
{
	return ((const struct metrics_class *)class)->stolen_s;
}

static double max_of(const void *class)
{
	return ((const struct metrics_class *)class)->max_s;
}

static void write_classes(struct tn_exposition *x, const struct tn_metrics *m)
{
	static const struct {
		const char *name, *unit, *help;
		double (*value)(const void *);
	} of[] = {
		{"tlbnoise_cause_entries", NULL, "Kernel events of a class of causes, over all CPUs.", entries_of},
		{"tlbnoise_cause_interruptions", NULL, "Interruptions that a class explains, over all CPUs.",
		 interruptions_of},
		{"tlbnoise_cause_stolen_seconds", "seconds", "Time that these interruptions took.", stolen_of},
		{"tlbnoise_cause_max_seconds", "seconds", "The longest of them.", max_of},
	};

	for (size_t i = 0; i < TN_ARRAY_SIZE(of); i++) {
		tn_exposition_family(x, of[i].name, TN_EXPOSITION_GAUGE, of[i].unit, of[i].help);
		for (size_t k = 0; k < m->n_runs; k++)
			put_class(x, &m->run[k], of[i].value);
	}
}

static void write_figures(struct tn_exposition *x, const struct tn_metrics *m)
{
	static const struct {
		enum tn_metric_kind kind;
		const char *name, *unit, *help;
		double divide;
	} of[] = {
		{TN_METRIC_DURATION, "tlbnoise_figure_seconds", "seconds", "Durations by their name in [expect].", 1e9},
		{TN_METRIC_SHARE, "tlbnoise_figure_ratio", "ratio", "Shares by their name in [expect].", 1.0},
		{TN_METRIC_RATE, "tlbnoise_figure_per_second", NULL, "Rates by their name in [expect].", 1.0},
		{TN_METRIC_PER_OPERATION, "tlbnoise_figure_per_operation", NULL,
		 "Events for each operation of churn, by their name in [expect].", 1.0},
		{TN_METRIC_COUNT, "tlbnoise_figure_events", NULL, "Counts by their name in [expect].", 1.0},
	};

	for (size_t i = 0; i < TN_ARRAY_SIZE(of); i++) {
		tn_exposition_family(x, of[i].name, TN_EXPOSITION_GAUGE, of[i].unit, of[i].help);
		for (size_t k = 0; k < m->n_runs; k++) {
			const struct metrics_figures *f = m->run[k].figures;

			for (size_t j = 0; f && j < f->n_figures; j++)
				if (f->figure[j].kind == of[i].kind)
					tn_exposition_sample(x, f->figure[j].value / of[i].divide, "%s,metric=\"%s\"",
							     m->run[k].labels, f->figure[j].name);
		}
	}
}

static void write_marks(struct tn_exposition *x, const struct tn_metrics *m)
{
	tn_exposition_family(x, "tlbnoise_regression", TN_EXPOSITION_GAUGE, NULL,
			     "1 for what the last run says against those of the nights before on the same machine.");
	for (size_t i = 0; i < m->n_marks; i++)
		for (int s = TN_HISTORY_NORMAL; s <= TN_HISTORY_RECOVERED; s++)
			tn_exposition_sample(x, (int)m->mark[i].mark.state == s, "%s,state=\"%s\"", m->mark[i].labels,
					     tn_history_state_name((enum tn_history_state)s));
	tn_exposition_family(
		x, "tlbnoise_regression_ratio", TN_EXPOSITION_GAUGE, "ratio",
		"Median of the runs since the change to that of the runs before; of this run while normal.");
	for (size_t i = 0; i < m->n_marks; i++)
		tn_exposition_sample(x, m->mark[i].mark.ratio, "%s", m->mark[i].labels);
	tn_exposition_family(x, "tlbnoise_regression_references", TN_EXPOSITION_GAUGE, NULL,
			     "Runs before it that the last run is held against; 0 while there are too few.");
	for (size_t i = 0; i < m->n_marks; i++)
		tn_exposition_sample(x, (double)m->mark[i].mark.references, "%s", m->mark[i].labels);
}

static void one(struct tn_exposition *x, const char *name, const char *help, double value)
{
	tn_exposition_family(x, name, TN_EXPOSITION_GAUGE, NULL, help);
	tn_exposition_sample(x, value, "%s", "");
}

static size_t cpus_left_out(const struct tn_metrics *m)
{
	size_t left = TN_METRICS_CPUS, out = 0;

	for (size_t i = 0; i < m->n_runs; i++)
		if (m->run[i].figures)
			out += m->run[i].figures->n_cpus - cpus_shown(&m->run[i], &left);
	return out;
}

/**
 * tn_metrics_write() - all families; tn_exposition_end() is left to the caller
 * @m: the metrics
 * @x: the stream; a failure of it shows in tn_exposition_end()
 */
void tn_metrics_write(const struct tn_metrics *m, struct tn_exposition *x)
{
	tn_exposition_family(x, "tlbnoise_build", TN_EXPOSITION_INFO, NULL, "The program that says this.");
	tn_exposition_sample(x, 1.0, "version=\"" TN_VERSION "\"");
	one(x, "tlbnoise_store_readable", "1 while the history can be read.", m->readable);
	if (!m->readable)
		return;
	one(x, "tlbnoise_runs_in_progress", "Runs that are going on.", (double)m->in_progress);
	one(x, "tlbnoise_runs_left_out", "Runs of hosts, scenarios and kernels without series: there are too many.",
	    (double)m->left_out);
	one(x, "tlbnoise_scenarios_left_out", "Scenarios of hosts without any series: there are too many.",
	    (double)m->scenarios_left_out);
	one(x, "tlbnoise_runs_unreadable", "Runs without figures, because their documents cannot be read.",
	    (double)m->unreadable);
	one(x, "tlbnoise_cpus_left_out", "CPUs without series of their own, over all runs.", (double)cpus_left_out(m));
	write_runs(x, m);
	for (size_t i = 0; i < TN_ARRAY_SIZE(cpu_families); i++)
		cpu_family(x, m, cpu_families[i].name, cpu_families[i].type, cpu_families[i].unit, cpu_families[i].help,
			   cpu_families[i].put);
	write_classes(x, m);
	write_figures(x, m);
	write_marks(x, m);
}
