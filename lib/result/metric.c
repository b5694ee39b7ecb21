// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of metrics: a name such as "cause.rcu.rate" is a family and what the family leaves open. What a
 * metric is measured in, whether less of it is better and whether it belongs to the headline stand here and
 * nowhere else; scenario/expect.c lists the names for its parser, and tests/unit/result/metric.c keeps both
 * lists the same. Where the figures lie in a document is in metric_series.c.
 *
 * Lengths of interruptions have no better side: a kernel that removes the many short ones makes each of
 * these percentiles worse and is the better kernel. Jitter, which is over all quanta, judges that.
 */
#include "result/metric.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "result/hist.h"

static int parse_percentile(const char *rest, struct tn_metric_def *def);
static int parse_end(const char *rest, struct tn_metric_def *def);
static int parse_cause(const char *rest, struct tn_metric_def *def);
static int parse_churn(const char *rest, struct tn_metric_def *def);
static int parse_entry(const char *rest, struct tn_metric_def *def);
static int parse_reference(const char *rest, struct tn_metric_def *def);

static const struct {
	const char *prefix;
	enum tn_metric_family family;
	enum tn_figure figure;
	enum tn_metric_kind kind;
	enum tn_better better;
	int (*parse)(const char *rest, struct tn_metric_def *def);
} families[] = {
	{"jitter.", TN_FAMILY_JITTER, TN_FIGURE_PERCENTILE, TN_METRIC_DURATION, TN_BETTER_LOWER, parse_percentile},
	{"interruption.", TN_FAMILY_INTERRUPTION, TN_FIGURE_PERCENTILE, TN_METRIC_DURATION, TN_BETTER_NEITHER,
	 parse_percentile},
	{"interruptions.rate", TN_FAMILY_INTERRUPTIONS, TN_FIGURE_RATE, TN_METRIC_RATE, TN_BETTER_LOWER, parse_end},
	{"stolen", TN_FAMILY_STOLEN, TN_FIGURE_SHARE, TN_METRIC_SHARE, TN_BETTER_LOWER, parse_end},
	{"lost", TN_FAMILY_LOST, TN_FIGURE_COUNT, TN_METRIC_COUNT, TN_BETTER_LOWER, parse_end},
	{"cause.", TN_FAMILY_CAUSE, TN_FIGURE_COUNT, TN_METRIC_COUNT, TN_BETTER_LOWER, parse_cause},
	{"churn.", TN_FAMILY_CHURN, TN_FIGURE_RATE, TN_METRIC_RATE, TN_BETTER_HIGHER, parse_churn},
	{"entry.", TN_FAMILY_ENTRY, TN_FIGURE_PERCENTILE, TN_METRIC_DURATION, TN_BETTER_LOWER, parse_entry},
	{"timer.", TN_FAMILY_TIMER, TN_FIGURE_PERCENTILE, TN_METRIC_DURATION, TN_BETTER_LOWER, parse_percentile},
	{"reference.", TN_FAMILY_REFERENCE, TN_FIGURE_GIVEN, TN_METRIC_DURATION, TN_BETTER_LOWER, parse_reference},
};

/*
 * Benefit and price in few figures, because the chance of a false verdict is shared out among them: with the usual
 * five boots a side a rank test can decide five (analysis/compare.c).
 */
static const char *const headline[] = {"cause.kernel-tlb-flush.per-operation", "stolen", "jitter.p99",
				       "entry.getpid.isolated.quiet.p50", "churn.*.rate"};

/* What is shown whether it differs or not. */
static const char *const always_shown[] = {"cause.kernel-tlb-flush.rate",
					   "cause.page-table-flush.rate",
					   "cause.page-table-flush.per-operation",
					   "interruptions.rate",
					   "jitter.p50",
					   "jitter.p99.9",
					   "jitter.p99.99",
					   "jitter.max",
					   "entry.*.p50",
					   "timer.p50",
					   "timer.p99",
					   "timer.max",
					   "reference.*.p99",
					   "reference.*.max"};

/* The percentiles that documents have of other tools, which give no histogram that could be merged. */
static const char *const reference_percentiles[] = {"p50", "p99", "p99.9", "max"};

static int percent_of(const char *word, double *ret)
{
	if (!strcmp(word, "min")) {
		*ret = 0.0;
		return 0;
	}
	for (size_t i = 0; i < TN_PERCENTILES; i++) {
		if (!strcmp(word, tn_percentiles[i].name)) {
			*ret = tn_percentiles[i].percent;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_percentile(const char *rest, struct tn_metric_def *def)
{
	return percent_of(rest, &def->percent);
}

static int parse_end(const char *rest, struct tn_metric_def *def)
{
	(void)def;
	return *rest ? -EINVAL : 0;
}

/* Of what churn causes itself; of other classes, that would be a ratio of two unrelated things. */
static bool is_of_churn(enum tn_class class)
{
	return class == TN_CLASS_KERNEL_TLB_FLUSH || class == TN_CLASS_PAGE_TABLE_FLUSH;
}

/* "CLASS" counts, "CLASS.rate" is per second, "CLASS.per-operation" per operation of all churn. */
static int parse_cause(const char *rest, struct tn_metric_def *def)
{
	const char *dot = strchr(rest, '.');
	char class[32];

	if (dot && strcmp(dot, ".rate") && strcmp(dot, ".per-operation"))
		return -EINVAL;
	if (dot) {
		def->figure = strcmp(dot, ".rate") ? TN_FIGURE_PER_OP : TN_FIGURE_RATE;
		def->kind = strcmp(dot, ".rate") ? TN_METRIC_PER_OPERATION : TN_METRIC_RATE;
	}
	if (snprintf(class, sizeof(class), "%.*s", (int)(dot ? (size_t)(dot - rest) : strlen(rest)), rest) >=
		    (int)sizeof(class) ||
	    tn_class_parse(class, &def->class) < 0 || def->class == TN_CLASS_NONE ||
	    (def->figure == TN_FIGURE_PER_OP && !is_of_churn(def->class)))
		return -EINVAL;
	return 0;
}

/* "NAME.rate"; a name has no dot. */
static int parse_churn(const char *rest, struct tn_metric_def *def)
{
	size_t n = strcspn(rest, ".");

	if (!n || n >= sizeof(def->word) || strcmp(rest + n, ".rate"))
		return -EINVAL;
	memcpy(def->word, rest, n);
	def->word[n] = '\0';
	return 0;
}

/* Takes the word before the next dot; NULL when there is none or it is too long. */
static const char *take_word(const char *rest, char *word, size_t size)
{
	size_t n = strcspn(rest, ".");

	if (!n || n >= size || rest[n] != '.')
		return NULL;
	memcpy(word, rest, n);
	word[n] = '\0';
	return rest + n + 1;
}

/* "OPERATION.WHERE.CONDITION.PERCENTILE" */
static int parse_entry(const char *rest, struct tn_metric_def *def)
{
	char where[16] = "", condition[16] = "";

	rest = take_word(rest, def->word, sizeof(def->word));
	if (rest)
		rest = take_word(rest, where, sizeof(where));
	if (rest)
		rest = take_word(rest, condition, sizeof(condition));
	if (!rest || (strcmp(where, "isolated") && strcmp(where, "housekeeping")) ||
	    (strcmp(condition, "quiet") && strcmp(condition, "churn")))
		return -EINVAL;
	def->isolated = !strcmp(where, "isolated");
	def->condition = strcmp(condition, "churn") ? TN_CONDITION_QUIET : TN_CONDITION_CHURN;
	return percent_of(rest, &def->percent);
}

/* "TOOL.PERCENTILE" */
static int parse_reference(const char *rest, struct tn_metric_def *def)
{
	rest = take_word(rest, def->word, sizeof(def->word));
	if (!rest || (strcmp(def->word, "oslat") && strcmp(def->word, "cyclictest")))
		return -EINVAL;
	for (size_t i = 0; i < TN_ARRAY_SIZE(reference_percentiles); i++)
		if (!strcmp(rest, reference_percentiles[i]))
			return percent_of(rest, &def->percent);
	return -EINVAL;
}

static bool is_one_of(const char *name, const char *const *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

/**
 * tn_metric_parse() - what a metric's name means
 * @name: as in tlbnoise-scenario(5)
 * @ret: the metric; untouched on failure
 *
 * A churn section or an operation need not exist: a document has no rounds of it then.
 *
 * Return: 0, or -EINVAL when there is no such metric.
 */
int tn_metric_parse(const char *name, struct tn_metric_def *ret)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(families); i++) {
		struct tn_metric_def def = {
			.family = families[i].family,
			.figure = families[i].figure,
			.kind = families[i].kind,
			.better = families[i].better,
		};
		size_t n = strlen(families[i].prefix);

		if (strncmp(name, families[i].prefix, n) || strlen(name) >= sizeof(def.name) ||
		    families[i].parse(name + n, &def) < 0)
			continue;
		strcpy(def.name, name);
		def.headline = is_one_of(name, headline, TN_ARRAY_SIZE(headline));
		def.always_shown = is_one_of(name, always_shown, TN_ARRAY_SIZE(always_shown));
		*ret = def;
		return 0;
	}
	return -EINVAL;
}

struct list {
	struct tn_metric_def *def;
	size_t n;
};

static int add(struct list *l, const char *name)
{
	struct tn_metric_def def, *larger;

	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->def[i].name, name))
			return 0;
	if (tn_metric_parse(name, &def) < 0)
		return 0; /* a churn name that no scenario can have: a document may carry any text */
	larger = reallocarray(l->def, l->n + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	l->def = larger;
	l->def[l->n++] = def;
	return 0;
}

static int add_percentiles(struct list *l, const char *prefix, bool min)
{
	char name[TN_METRIC_NAME];
	int r = 0;

	if (min) {
		snprintf(name, sizeof(name), "%smin", prefix);
		r = add(l, name);
	}
	for (size_t i = 0; i < TN_PERCENTILES && !r; i++) {
		snprintf(name, sizeof(name), "%s%s", prefix, tn_percentiles[i].name);
		r = add(l, name);
	}
	return r;
}

static int add_classes(struct list *l)
{
	char name[TN_METRIC_NAME];
	int r = 0;

	for (unsigned int i = 0; i < TN_CLASS_COUNT && !r; i++) {
		snprintf(name, sizeof(name), "cause.%s", tn_class_name((enum tn_class)i));
		r = add(l, name);
		snprintf(name, sizeof(name), "cause.%s.rate", tn_class_name((enum tn_class)i));
		if (!r)
			r = add(l, name);
		snprintf(name, sizeof(name), "cause.%s.per-operation", tn_class_name((enum tn_class)i));
		if (!r && is_of_churn((enum tn_class)i))
			r = add(l, name);
	}
	return r;
}

static int add_references(struct list *l, const struct tn_run *run)
{
	char name[TN_METRIC_NAME];
	int r = 0;

	for (size_t i = 0; i < run->n_references; i++)
		for (size_t k = 0; k < TN_ARRAY_SIZE(reference_percentiles) && !r; k++) {
			snprintf(name, sizeof(name), "reference.%s.%s", run->reference[i].tool,
				 reference_percentiles[k]);
			r = add(l, name);
		}
	return r;
}

/* What only some documents have: entry costs, wake-ups, other tools, churn by the names of its sections. */
static int add_from(struct list *l, const struct tn_run *run)
{
	char name[TN_METRIC_NAME];
	int r = 0;

	for (size_t i = 0; i < run->n_entry_costs && !r; i++) {
		const struct tn_run_entry_cost *e = &run->entry_cost[i];

		snprintf(name, sizeof(name), "entry.%s.%s.%s.", e->operation, e->isolated ? "isolated" : "housekeeping",
			 e->condition == TN_CONDITION_CHURN ? "churn" : "quiet");
		r = add_percentiles(l, name, false);
	}
	if (run->n_wakeups && !r)
		r = add_percentiles(l, "timer.", false);
	if (!r)
		r = add_references(l, run);
	for (size_t i = 0; i < run->n_churn && !r; i++) {
		snprintf(name, sizeof(name), "churn.%s.rate", run->churn[i].name);
		r = add(l, name);
	}
	return r;
}

/**
 * tn_metric_list() - the metrics that some documents have
 * @runs: the documents
 * @n_runs: how many
 * @ret: the metrics, in the order in which they are shown; free()
 * @ret_n: how many
 *
 * Return: 0 or -ENOMEM.
 */
int tn_metric_list(const struct tn_run *const *runs, size_t n_runs, struct tn_metric_def **ret, size_t *ret_n)
{
	struct list l = {0};
	int r;

	r = add_classes(&l);
	if (!r)
		r = add(&l, "interruptions.rate");
	if (!r)
		r = add(&l, "stolen");
	if (!r)
		r = add_percentiles(&l, "jitter.", true);
	if (!r)
		r = add_percentiles(&l, "interruption.", true);
	for (size_t i = 0; i < n_runs && !r; i++)
		r = add_from(&l, runs[i]);
	if (!r)
		r = add(&l, "lost");
	if (r < 0) {
		free(l.def);
		return r;
	}
	*ret = l.def;
	*ret_n = l.n;
	return 0;
}

/* Three significant digits, never an exponent. */
static void format_number(double v, const char *unit, char *buf, size_t size)
{
	int decimals = 0;

	if (v > 0.0)
		for (double limit = 99.95; v < limit && decimals < 7; limit /= 10)
			decimals++;
	snprintf(buf, size, "%.*f%s", decimals, v, unit);
}

static void format_rate(double v, char *buf, size_t size)
{
	static const char *const unit[] = {"/s", "k/s", "M/s", "G/s"};
	size_t i = 0;

	if (!(v > 0.0)) {
		snprintf(buf, size, "0");
		return;
	}
	for (; i + 1 < TN_ARRAY_SIZE(unit) && v >= 9999.5; i++)
		v /= 1000.0;
	format_number(v, unit[i], buf, size);
}

static void format_share(double v, char *buf, size_t size)
{
	bool tiny = v > 0.0 && v < 9.995e-5;

	format_number(v * (tiny ? 1e6 : 100), tiny ? " ppm" : "%", buf, size);
}

/**
 * tn_metric_format() - a value with its unit, for people
 * @kind: of the metric
 * @value: ns, per second, per operation, a share or a count
 * @buf: receives "7.20 us", "410/s", "0.12%", "3"; "-" for what is not finite
 * @size: of @buf; TN_UNIT_TEXT is enough
 *
 * Return: @buf.
 */
const char *tn_metric_format(enum tn_metric_kind kind, double value, char *buf, size_t size)
{
	if (!isfinite(value))
		snprintf(buf, size, "-");
	else if (kind == TN_METRIC_DURATION)
		tn_format_ns(value, buf, size);
	else if (kind == TN_METRIC_RATE)
		format_rate(value, buf, size);
	else if (kind == TN_METRIC_PER_OPERATION)
		format_number(value, "", buf, size);
	else if (kind == TN_METRIC_SHARE)
		format_share(value, buf, size);
	else
		snprintf(buf, size, "%.0f", value);
	return buf;
}

/**
 * tn_better_name() - the word for a direction in documents
 * @better: which side is better
 *
 * Return: "lower", "higher" or "neither".
 */
const char *tn_better_name(enum tn_better better)
{
	static const char *const name[] = {"lower", "higher", "neither"};

	return name[better];
}

/** tn_metric_unit() - the word for a unit in documents: "ns", "per_s", "per_operation", "share" or "count" */
const char *tn_metric_unit(enum tn_metric_kind kind)
{
	static const char *const name[] = {
		[TN_METRIC_DURATION] = "ns", [TN_METRIC_RATE] = "per_s",  [TN_METRIC_PER_OPERATION] = "per_operation",
		[TN_METRIC_SHARE] = "share", [TN_METRIC_COUNT] = "count",
	};

	return name[kind];
}

/**
 * tn_metric_quantity() - how the statistics have to take a metric
 * @def: the metric, no count
 *
 * Churn is paced or bound by the machine, its operations do not come at random: a rate of it is one number a
 * round, not a Poisson count. Extremes are of one round too: more time alone makes them greater. What another tool
 * gives is one number a round as well.
 *
 * Return: the quantity.
 */
enum tn_quantity tn_metric_quantity(const struct tn_metric_def *def)
{
	if (def->figure == TN_FIGURE_PERCENTILE)
		return def->percent > 0.0 && def->percent < 100.0 ? TN_QUANTITY_PERCENTILE : TN_QUANTITY_VALUE;
	if (def->figure == TN_FIGURE_PER_OP)
		return TN_QUANTITY_RATE;
	if (def->figure == TN_FIGURE_RATE && def->family != TN_FAMILY_CHURN)
		return TN_QUANTITY_RATE;
	return TN_QUANTITY_VALUE;
}
