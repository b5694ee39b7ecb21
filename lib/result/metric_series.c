// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From documents to the rounds of one metric. Each CPU has a figure of its own in each round, whichever document it
 * stands in; what of that is independent, analysis/compare-units.c decides. Rounds that were cut short are left out:
 * their maximum, for one, is that of less time. What the level of attribution cannot see has no rounds, and what a loss
 * leaves uncertain is marked as a bound.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "analysis/stat.h"
#include "result/hist.h"
#include "result/metric.h"
#include "result/observable.h"
#include "result/totals.h"

static int add_round(struct tn_series *s, const struct tn_metric_round *round)
{
	struct tn_metric_round *larger = reallocarray(s->round, s->n + 1, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	s->round = larger;
	s->round[s->n++] = *round;
	return 0;
}

static void say(struct tn_series *s, const char *fmt, ...) tn_printf(2, 3);
static void say(struct tn_series *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!s->reason[0])
		vsnprintf(s->reason, sizeof(s->reason), fmt, ap);
	va_end(ap);
}

/* A loss makes a document's figure a bound. */
static void bound(struct tn_series *s, enum tn_bound which, const struct tn_run *run, const char *what)
{
	s->bound = which;
	say(s, "run %s lost %s", run->id, what);
}

static void find_bound(const struct tn_metric_def *def, const struct tn_run *run, struct tn_series *s)
{
	bool unexplained = def->class == TN_CLASS_UNEXPLAINED;

	if (tn_run_events_lost(run))
		bound(s, unexplained ? TN_BOUND_UPPER : TN_BOUND_LOWER, run, "kernel events");
	else if (unexplained && !tn_run_causes_whole(run))
		bound(s, TN_BOUND_LOWER, run, "interruptions");
}

/* What no kernel event explains has no entries: there the interruptions count. */
static uint64_t events_of(const struct tn_run_class *c, enum tn_class class)
{
	return class == TN_CLASS_UNEXPLAINED ? c->interruptions : c->entries;
}

static double nan_ratio(double part, double whole)
{
	return whole > 0.0 ? part / whole : NAN;
}

static void fill_from_hist(const struct tn_metric_def *def, const struct tn_run *run, const struct tn_hist *h,
			   struct tn_metric_round *round)
{
	round->hist = h;
	round->ns_per_tick = tn_ticks_to_ns(&run->clock, 1.0);
	round->value = tn_hist_percentile_ns(&run->clock, h, def->percent);
}

/* The one source that makes the kernel free page tables with each operation. */
static bool frees_tables(const struct tn_run_churn *c)
{
	return !strcmp(c->source, "huge-vmap");
}

/*
 * What the sections of churn did beside a round of the loop: all of them, but for page tables those that free some, if
 * there are any. Else churn at another speed, in the next section, would look like another number of flushes for each.
 */
static double operations_of(const struct tn_run *run, enum tn_class class, uint32_t round)
{
	double all = 0.0, freeing = 0.0;
	bool some = false;

	for (size_t i = 0; i < run->n_churn; i++) {
		const struct tn_run_churn *c = &run->churn[i];

		if (c->round != round || (c->kind[0] && strcmp(c->kind, "spin") != 0))
			continue;
		all += (double)c->operations;
		if (frees_tables(c))
			freeing += (double)c->operations;
		some |= frees_tables(c);
	}
	return class == TN_CLASS_PAGE_TABLE_FLUSH && some ? freeing : all;
}

static void fill_from_cpu(const struct tn_metric_def *def, const struct tn_run *run, const struct tn_run_cpu *c,
			  struct tn_metric_round *round)
{
	round->exposure = tn_run_window_s(run, c);
	switch (def->family) {
	case TN_FAMILY_JITTER:
		fill_from_hist(def, run, &c->jitter, round);
		return;
	case TN_FAMILY_INTERRUPTION:
		fill_from_hist(def, run, &c->interruptions, round);
		return;
	case TN_FAMILY_STOLEN:
		round->events = tn_ticks_to_ns(&run->clock, (double)c->stolen_ticks) / 1e9;
		break;
	case TN_FAMILY_CAUSE:
		round->events = (double)events_of(&c->by_class[def->class], def->class);
		if (def->figure == TN_FIGURE_PER_OP)
			round->exposure = operations_of(run, def->class, c->round);
		break;
	default:
		round->events = (double)c->interruptions.count;
	}
	round->value = def->figure == TN_FIGURE_COUNT ? round->events : nan_ratio(round->events, round->exposure);
}

static int collect_cpus(const struct tn_metric_def *def, const struct tn_run *run, size_t document, struct tn_series *s)
{
	int r = 0;

	if (def->family == TN_FAMILY_CAUSE) {
		if (!tn_class_observable(run->level, def->class)) {
			say(s, "trace level %s of run %s does not tell this class", tn_trace_level_name(run->level),
			    run->id);
			return 0;
		}
		if (def->class == TN_CLASS_UNEXPLAINED && tn_run_events_lost(run) && tn_run_rings_lost(run)) {
			say(s, "run %s lost kernel events and interruptions: there may be more of this class or less",
			    run->id);
			return 0;
		}
		find_bound(def, run, s);
	}
	for (size_t i = 0; i < run->n_cpus && !r; i++) {
		const struct tn_run_cpu *c = &run->cpu[i];
		struct tn_metric_round round = {.document = document, .cpu = c->cpu, .round = c->round};

		if (c->partial) {
			s->partial++;
			continue;
		}
		fill_from_cpu(def, run, c, &round);
		r = add_round(s, &round);
	}
	return r;
}

/* A churn's round has no mark of its own: it was cut short when its probes were. */
static bool round_is_partial(const struct tn_run *run, uint32_t round)
{
	if (!run->n_cpus)
		return false;
	for (size_t i = 0; i < run->n_cpus; i++)
		if (run->cpu[i].round == round && run->cpu[i].partial)
			return true;
	return false;
}

/*
 * Churn runs beside probes of several kinds, for which it does not get on equally well: rounds of the loop
 * count, or of the first kind where there are none.
 */
static const char *churn_kind(const struct tn_run *run)
{
	return run->n_cpus || !run->n_churn ? "spin" : run->churn[0].kind;
}

static int collect_churn(const struct tn_metric_def *def, const struct tn_run *run, size_t document,
			 struct tn_series *s)
{
	int r = 0;

	for (size_t i = 0; i < run->n_churn && !r; i++) {
		const struct tn_run_churn *c = &run->churn[i];
		struct tn_metric_round round = {
			.document = document,
			.cpu = -1,
			.round = c->round,
			.events = (double)c->operations,
			.exposure = c->seconds,
			.value = nan_ratio((double)c->operations, c->seconds),
		};

		if (strcmp(c->name, def->word) || (c->kind[0] && strcmp(c->kind, churn_kind(run))))
			continue;
		if (round_is_partial(run, c->round))
			s->partial++;
		else
			r = add_round(s, &round);
	}
	return r;
}

static int collect_entry(const struct tn_metric_def *def, const struct tn_run *run, size_t document,
			 struct tn_series *s)
{
	int r = 0;

	for (size_t i = 0; i < run->n_entry_costs && !r; i++) {
		const struct tn_run_entry_cost *e = &run->entry_cost[i];
		struct tn_metric_round round = {.document = document, .cpu = e->cpu, .round = e->round};

		if (strcmp(e->operation, def->word) || e->isolated != def->isolated || e->condition != def->condition)
			continue;
		if (e->partial) {
			s->partial++;
			continue;
		}
		fill_from_hist(def, run, &e->cost, &round);
		r = add_round(s, &round);
	}
	return r;
}

static int collect_wakeups(const struct tn_metric_def *def, const struct tn_run *run, size_t document,
			   struct tn_series *s)
{
	int r = 0;

	for (size_t i = 0; i < run->n_wakeups && !r; i++) {
		const struct tn_run_wakeup *w = &run->wakeup[i];
		struct tn_metric_round round = {.document = document, .cpu = w->cpu, .round = w->round};

		if (w->partial) {
			s->partial++;
			continue;
		}
		fill_from_hist(def, run, &w->latency, &round);
		r = add_round(s, &round);
	}
	return r;
}

static double given(const struct tn_run_reference *f, double percent)
{
	if (percent >= 100.0)
		return f->max_ns;
	if (percent > 99.5)
		return f->p999_ns;
	return percent > 75.0 ? f->p99_ns : f->p50_ns;
}

/* A tool that failed or was stopped early measured another time than the others: that round is left out. */
static int collect_references(const struct tn_metric_def *def, const struct tn_run *run, size_t document,
			      struct tn_series *s)
{
	int r = 0;

	for (size_t i = 0; i < run->n_references && !r; i++) {
		const struct tn_run_reference *f = &run->reference[i];
		struct tn_metric_round round = {.document = document, .cpu = f->cpu, .round = f->round};

		if (strcmp(f->tool, def->word))
			continue;
		if (f->partial || f->failure[0]) {
			s->partial++;
			continue;
		}
		round.exposure = f->seconds;
		round.value = given(f, def->percent);
		r = add_round(s, &round);
	}
	return r;
}

/* Of a whole document. Kernel and reader both count a lost event: the greater of the two is what was lost. */
static int collect_lost(const struct tn_run *run, size_t document, struct tn_series *s)
{
	uint64_t trace = run->lost.overrun > run->lost.missed ? run->lost.overrun : run->lost.missed;
	struct tn_metric_round round = {.document = document, .cpu = -1};

	round.events = (double)trace + (double)run->lost.undecoded + (double)run->lost.ring + (double)run->lost.causes;
	round.value = round.events;
	return add_round(s, &round);
}

static int collect(const struct tn_metric_def *def, const struct tn_run *run, size_t document, struct tn_series *s)
{
	switch (def->family) {
	case TN_FAMILY_CHURN:
		return collect_churn(def, run, document, s);
	case TN_FAMILY_ENTRY:
		return collect_entry(def, run, document, s);
	case TN_FAMILY_TIMER:
		return collect_wakeups(def, run, document, s);
	case TN_FAMILY_REFERENCE:
		return collect_references(def, run, document, s);
	case TN_FAMILY_LOST:
		return collect_lost(run, document, s);
	default:
		return collect_cpus(def, run, document, s);
	}
}

/* Of extremes the greatest, of other values the median: without a histogram there is nothing to merge. */
static double pool_given(const struct tn_metric_round *round, size_t n, double percent)
{
	tn_autofree double *value = calloc(n, sizeof(*value));
	double greatest = 0.0;

	for (size_t i = 0; value && i < n; i++) {
		if (isnan(round[i].value))
			return NAN;
		value[i] = round[i].value;
		greatest = fmax(greatest, value[i]);
	}
	if (!value || percent >= 100.0)
		return value ? greatest : NAN;
	return tn_median(value, n);
}

static double pool_hists(const struct tn_metric_round *round, size_t n, double percent)
{
	tn_autofree struct tn_hist *sum = malloc(sizeof(*sum));
	struct tn_clock clock = {0};

	if (!sum || !n)
		return NAN;
	clock.hz = 1e9 / round[0].ns_per_tick;
	tn_hist_init(sum);
	for (size_t i = 0; i < n; i++)
		tn_hist_merge(sum, round[i].hist);
	return tn_hist_percentile_ns(&clock, sum, percent);
}

/**
 * tn_series_pool() - some rounds as one long one
 * @def: the metric
 * @round: the rounds
 * @n: how many
 *
 * Histograms of ticks are added up as they are: documents that are compared have the same clock, whose rate
 * is measured anew by each run and differs by parts per million. The first one's rate counts.
 *
 * Return: ns, per second, a share or a count; NaN when there is none.
 */
double tn_series_pool(const struct tn_metric_def *def, const struct tn_metric_round *round, size_t n)
{
	double events = 0.0, exposure = 0.0;

	if (!n)
		return NAN;
	if (def->figure == TN_FIGURE_PERCENTILE)
		return pool_hists(round, n, def->percent);
	if (def->figure == TN_FIGURE_GIVEN)
		return pool_given(round, n, def->percent);
	for (size_t i = 0; i < n; i++) {
		events += round[i].events;
		exposure += round[i].exposure;
	}
	return def->figure == TN_FIGURE_COUNT ? events : nan_ratio(events, exposure);
}

/* Rounds that have values, but not all of them: the others are a selection. */
static void find_gaps(const struct tn_metric_def *def, struct tn_series *s)
{
	size_t without = 0;

	for (size_t i = 0; i < s->n; i++)
		without += !isfinite(s->round[i].value);
	if (without && def->figure == TN_FIGURE_GIVEN)
		say(s, "in %zu of %zu rounds %s gave no such figure, as when it lies beyond its histogram", without,
		    s->n, def->word);
	else if (without && def->figure == TN_FIGURE_PERCENTILE)
		say(s, "%zu of %zu rounds have too few values for it", without, s->n);
	else if (without && def->figure == TN_FIGURE_PER_OP)
		say(s, "%zu of %zu rounds had no churn", without, s->n);
	else if (without)
		say(s, "%zu of %zu rounds measured for no time", without, s->n);
	if (!s->n)
		say(s,
		    !s->partial                      ? "not measured"
		    : def->figure == TN_FIGURE_GIVEN ? "all %zu rounds failed or were cut short"
						     : "all %zu rounds were cut short",
		    s->partial);
}

static void count_sources(struct tn_series *s)
{
	struct tn_cpus cpus = {0};

	for (size_t i = 0; i < s->n; i++) {
		s->documents += !i || s->round[i].document != s->round[i - 1].document;
		if (s->round[i].cpu >= 0)
			tn_cpus_add(&cpus, (unsigned int)s->round[i].cpu);
		s->events += s->round[i].events;
		s->exposure += s->round[i].exposure;
	}
	s->cpus = tn_cpus_count(&cpus);
}

/**
 * tn_series_collect() - the rounds of a metric
 * @def: the metric
 * @runs: documents, which must outlive @ret: it points into their histograms
 * @n_runs: how many
 * @ret: the rounds; release with tn_series_free()
 *
 * Return: 0 or -ENOMEM. That there is nothing is no error: @ret says why.
 */
int tn_series_collect(const struct tn_metric_def *def, const struct tn_run *const *runs, size_t n_runs,
		      struct tn_series *ret)
{
	tn_cleanup(tn_series_free) struct tn_series s = {.pooled = NAN};
	int r = 0;

	for (size_t i = 0; i < n_runs && !r; i++)
		r = collect(def, runs[i], i, &s);
	if (r < 0)
		return r;
	find_gaps(def, &s);
	count_sources(&s);
	s.pooled = tn_series_pool(def, s.round, s.n);
	*ret = s;
	s = (struct tn_series){0};
	return 0;
}

/**
 * tn_series_sample() - the rounds of a series as the statistics want them
 * @s: the series, which must outlive @ret_sample
 * @ret: the rounds; free()
 * @ret_sample: the same with their number
 *
 * Return: 0 or -ENOMEM.
 */
int tn_series_sample(const struct tn_series *s, struct tn_round **ret, struct tn_sample *ret_sample)
{
	struct tn_round *round = calloc(s->n ? s->n : 1, sizeof(*round));

	if (!round)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		round[i].block = (uint32_t)s->round[i].document;
		if (s->round[i].cpu >= 0)
			round[i].together = s->round[i].round + 1;
		round[i].events = (uint64_t)s->round[i].events;
		round[i].exposure_s = s->round[i].exposure;
		round[i].hist = s->round[i].hist;
		round[i].scale = s->round[i].ns_per_tick;
		round[i].value = s->round[i].value;
	}
	*ret = round;
	*ret_sample = (struct tn_sample){.round = round, .n = s->n};
	return 0;
}

/** tn_series_free() - releases what tn_series_collect() gave */
void tn_series_free(struct tn_series *s)
{
	free(s->round);
	*s = (struct tn_series){0};
}
