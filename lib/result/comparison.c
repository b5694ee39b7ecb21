// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From two sets of documents to verdicts: which metrics both have, their rounds as the statistics want them
 * (analysis/compare.h), and what keeps a metric from being tested. A document is a block: where a side has
 * several, what varies from boot to boot is what a difference has to stand out against.
 */
#include "result/comparison.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <string.h>

/* Differences that matter to nobody, whatever their ratio: one event in ten seconds, ten microseconds in a second. */
#define RATE_ABSOLUTE          0.1
#define PER_OPERATION_ABSOLUTE 0.001
#define SHARE_ABSOLUTE         1e-5

/* oslat and cyclictest report in microseconds. */
#define REFERENCE_RESOLUTION_NS 1000.0

static int copy_options(struct tn_comparison *c, const struct tn_comparison_options *options)
{
	c->asked = *options;
	if (options->metrics) {
		c->asked.metrics = strdup(options->metrics);
		if (!c->asked.metrics)
			return -ENOMEM;
	}
	c->statistics = tn_compare_defaults();
	c->statistics.confidence = options->confidence;
	c->statistics.seed = options->seed;
	return 0;
}

/* "6.12.30-stock, 6.12.30-deferred": each release once. */
static void add_kernel(struct tn_comparison_side *side, const char *release)
{
	size_t len = strlen(side->kernels), n = strlen(release);

	if (!n)
		return;
	for (const char *p = strstr(side->kernels, release); p; p = strstr(p + 1, release))
		if ((p == side->kernels || p[-1] == ' ') && (!p[n] || p[n] == ','))
			return;
	snprintf(side->kernels + len, sizeof(side->kernels) - len, "%s%s", len ? ", " : "", release);
}

static bool is_emulated(const struct tn_run *run)
{
	return strstr(run->env.cmdline, "rig.accel=tcg");
}

static void describe_side(struct tn_comparison *c, struct tn_comparison_side *side, const struct tn_run_set *set)
{
	snprintf(side->name, sizeof(side->name), "%s", set->name);
	side->set = *set;
	side->runs = set->n;
	for (size_t i = 0; i < set->n; i++) {
		const struct tn_run *run = set->run[i];

		side->incomplete += run->state == TN_RUN_INCOMPLETE;
		side->aborted += run->state == TN_RUN_ABORTED;
		side->cpus = tn_cpus_or(&side->cpus, &run->probed);
		for (size_t k = 0; k < run->n_cpus; k++) {
			side->partial += run->cpu[k].partial;
			side->rounds += !run->cpu[k].partial;
		}
		add_kernel(side, run->env.kernel_release);
		c->emulated |= is_emulated(run);
	}
}

static bool matches(const char *patterns, const char *name)
{
	tn_autofree char *copy = patterns ? strdup(patterns) : NULL;
	char *rest = copy, *word;

	if (!patterns)
		return true;
	while (copy && (word = strsep(&rest, ",")))
		if (!fnmatch(word, name, 0))
			return true;
	return false;
}

/* Rates say what counts say, for sets of different length too; losses and minima judge no kernel. */
static bool is_compared(const struct tn_metric_def *def)
{
	return def->figure != TN_FIGURE_COUNT && !(def->figure == TN_FIGURE_PERCENTILE && def->percent <= 0.0);
}

static double absolute_of(const struct tn_comparison *c, const struct tn_metric_def *def, double resolution)
{
	if (!(c->asked.smallest_effect > 0.0))
		return 0.0;
	switch (def->kind) {
	case TN_METRIC_DURATION: /* steps as coarse as a microsecond: next to each other may be the same */
		return def->family == TN_FAMILY_REFERENCE ? 2.0 * resolution : resolution;
	case TN_METRIC_RATE:
		return def->family == TN_FAMILY_CHURN ? 0.0 : RATE_ABSOLUTE;
	case TN_METRIC_PER_OPERATION:
		return PER_OPERATION_ABSOLUTE;
	case TN_METRIC_SHARE:
		return SHARE_ABSOLUTE;
	default:
		return 0.0;
	}
}

static double resolution_of(const struct tn_comparison *c, const struct tn_metric_def *def)
{
	const struct tn_clock *clock = &c->side[TN_SIDE_A].set.run[0]->clock;

	if (def->family == TN_FAMILY_REFERENCE)
		return REFERENCE_RESOLUTION_NS;
	return def->kind == TN_METRIC_DURATION ? tn_ticks_to_ns(clock, (double)clock->quantum_ticks) : 0.0;
}

/* A percentile is taken from all rounds together; one value a round needs a value in every round. */
static const char *missing(const struct tn_metric_def *def, const struct tn_series *s)
{
	if (!s->n || s->bound != TN_BOUND_NONE)
		return s->reason;
	if (tn_metric_quantity(def) != TN_QUANTITY_VALUE)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		if (!isfinite(s->round[i].value))
			return s->reason;
	return NULL;
}

static void find_reason(struct tn_comparison_metric *m)
{
	static const char side_name[] = {'A', 'B'};
	const char *why;

	for (unsigned int side = 0; side < TN_SIDES && !m->reason[0]; side++) {
		why = missing(&m->def, &m->series[side]);
		if (why)
			snprintf(m->reason, sizeof(m->reason), "%c: %s", side_name[side], *why ? why : "not measured");
	}
	m->tested = !m->reason[0];
}

static int prepare(struct tn_comparison *c, struct tn_comparison_metric *m)
{
	struct tn_sample ignored;
	int r = 0;

	for (unsigned int side = 0; side < TN_SIDES && !r; side++) {
		const struct tn_run_set *set = &c->side[side].set;

		r = tn_series_collect(&m->def, set->run, set->n, &m->series[side]);
		if (!r)
			r = tn_series_sample(&m->series[side], &m->round[side], &ignored);
	}
	if (!r)
		find_reason(m);
	return r;
}

/* What neither side measured at all, such as entry costs without such a probe, is not worth a line. */
static bool is_absent(const struct tn_comparison_metric *m)
{
	return !m->series[TN_SIDE_A].n && !m->series[TN_SIDE_B].n && !m->series[TN_SIDE_A].partial &&
	       !m->series[TN_SIDE_B].partial && m->def.family != TN_FAMILY_CAUSE;
}

static void release_metric(struct tn_comparison_metric *m)
{
	for (unsigned int side = 0; side < TN_SIDES; side++) {
		tn_series_free(&m->series[side]);
		free(m->round[side]);
	}
}

/* Headline metrics first, each half in the order of the table. */
static int add_metrics(struct tn_comparison *c, const struct tn_metric_def *def, size_t n, bool headline)
{
	for (size_t i = 0; i < n; i++) {
		struct tn_comparison_metric *m = &c->metric[c->n_metrics];

		if (def[i].headline != headline || !is_compared(&def[i]) || !matches(c->asked.metrics, def[i].name))
			continue;
		m->def = def[i];
		if (prepare(c, m) < 0) {
			release_metric(m);
			return -ENOMEM;
		}
		if (is_absent(m)) {
			release_metric(m);
			*m = (struct tn_comparison_metric){0};
			continue;
		}
		m->absolute = absolute_of(c, &m->def, resolution_of(c, &m->def));
		c->n_metrics++;
	}
	return 0;
}

static int choose_metrics(struct tn_comparison *c, const struct tn_run *const *all, size_t n_all)
{
	tn_autofree struct tn_metric_def *def = NULL;
	size_t n = 0;
	int r = tn_metric_list(all, n_all, &def, &n);

	if (r < 0)
		return r;
	c->metric = calloc(n ? n : 1, sizeof(*c->metric));
	if (!c->metric)
		return -ENOMEM;
	r = add_metrics(c, def, n, true);
	return r < 0 ? r : add_metrics(c, def, n, false);
}

static void fill_metric(const struct tn_comparison *c, const struct tn_comparison_metric *m,
			struct tn_compare_metric *to)
{
	*to = (struct tn_compare_metric){
		.name = m->def.name,
		.quantity = tn_metric_quantity(&m->def),
		.percent = m->def.percent,
		.better = m->def.better,
		.headline = m->def.headline,
		.relative = c->asked.smallest_effect,
		.absolute = m->absolute,
		.resolution = resolution_of(c, &m->def),
		.a = {m->round[TN_SIDE_A], m->series[TN_SIDE_A].n},
		.b = {m->round[TN_SIDE_B], m->series[TN_SIDE_B].n},
	};
}

static int test_metrics(struct tn_comparison *c, struct tn_error *err)
{
	tn_autofree struct tn_compare_metric *metric = calloc(c->n_metrics + 1, sizeof(*metric));
	tn_autofree struct tn_compared *compared = calloc(c->n_metrics + 1, sizeof(*compared));
	size_t n = 0;
	int r;

	if (!metric || !compared)
		return tn_error_set(err, -ENOMEM, "no memory for the comparison");
	for (size_t i = 0; i < c->n_metrics; i++)
		if (c->metric[i].tested)
			fill_metric(c, &c->metric[i], &metric[n++]);
	r = tn_compare(metric, n, &c->statistics, compared, err);
	if (r < 0)
		return r;
	c->verdict = tn_compare_overall(metric, compared, n);
	n = 0;
	for (size_t i = 0; i < c->n_metrics; i++) {
		if (!c->metric[i].tested) {
			c->untested++;
			continue;
		}
		c->metric[i].result = compared[n++];
		c->count[c->metric[i].result.verdict]++;
	}
	if (c->count[TN_VERDICT_REGRESSED]) /* also beside the headline: levels are corrected for all of them */
		c->verdict = TN_VERDICT_REGRESSED;
	return 0;
}

static int refuse(const struct tn_comparison *c, struct tn_error *err)
{
	size_t refusing = 0;

	for (size_t i = 0; i < c->n_differences; i++)
		refusing += c->difference[i].refuses;
	return tn_error_set(err, -EXDEV,
			    "%s and %s are not comparable: %zu difference(s) besides the kernel; --force compares all "
			    "the same, and says so",
			    c->side[TN_SIDE_A].name, c->side[TN_SIDE_B].name, refusing);
}

static int compare_sets(struct tn_comparison *c, const struct tn_run_set *a, const struct tn_run_set *b,
			struct tn_error *err)
{
	tn_autofree const struct tn_run **all = calloc(a->n + b->n, sizeof(*all));

	if (!all)
		return tn_error_set(err, -ENOMEM, "no memory for the comparison");
	memcpy(all, a->run, a->n * sizeof(*all));
	memcpy(all + a->n, b->run, b->n * sizeof(*all));
	describe_side(c, &c->side[TN_SIDE_A], a);
	describe_side(c, &c->side[TN_SIDE_B], b);
	if (tn_comparison_check(c, all, a->n + b->n) < 0)
		return tn_error_set(err, -ENOMEM, "no memory for the comparison");
	if (c->not_comparable && !c->asked.force)
		return refuse(c, err);
	if (choose_metrics(c, all, a->n + b->n) < 0)
		return tn_error_set(err, -ENOMEM, "no memory for the comparison");
	if (!c->n_metrics && c->asked.metrics)
		return tn_error_set(err, -EINVAL, "no metric of these documents matches '%.100s'", c->asked.metrics);
	return test_metrics(c, err);
}

/**
 * tn_comparison_make() - compare two sets of run documents
 * @a: the baseline
 * @b: what is held against it
 * @options: how
 * @ret: the comparison; free with tn_comparison_free(). Also set after -EXDEV, with its differences alone
 * @err: what failed
 *
 * Return: 0; -EXDEV when they are not comparable and that was not forced; -ENODATA when a set is empty; -EINVAL
 * when no metric matches; an error of tn_compare(); -ENOMEM.
 */
int tn_comparison_make(const struct tn_run_set *a, const struct tn_run_set *b,
		       const struct tn_comparison_options *options, struct tn_comparison **ret, struct tn_error *err)
{
	tn_cleanup(tn_comparison_freep) struct tn_comparison *c = calloc(1, sizeof(*c));
	int r;

	if (!c || copy_options(c, options) < 0)
		return tn_error_set(err, -ENOMEM, "no memory for the comparison");
	if (!a->n || !b->n)
		return tn_error_set(err, -ENODATA, "%s: no run document to compare", a->n ? b->name : a->name);
	r = compare_sets(c, a, b, err);
	if (!r || r == -EXDEV)
		*ret = tn_steal_ptr(c);
	return r;
}

/** tn_comparison_free() - frees a comparison, not its documents; accepts NULL */
void tn_comparison_free(struct tn_comparison *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_metrics; i++)
		release_metric(&c->metric[i]);
	free(c->metric);
	free(c->difference);
	free((char *)c->asked.metrics);
	free(c);
}
