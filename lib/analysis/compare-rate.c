// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rates of events. Given their sum, the counts of two sides are binomial as long as events come independently
 * of each other; test and interval follow from that and need no approximation, down to zero events.
 *
 * Churn comes in bursts, and machines have moods, so the counts of rounds are first held against the Poisson
 * distribution. Where they vary more, each side is treated as if it had seen fewer events in less time, by the
 * factor that its variance exceeds Poisson's and a second one for the few rounds that this factor is known
 * from: the effective counts of E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with
 * small expected number of positive counts estimated from survey data", Survey Methodology 24 (1998). So zero
 * events on one side need no special case there either.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "analysis/compare-internal.h"
#include "base/cleanup.h"

/*
 * Below this p of the dispersion test, counts are taken for overdispersed. 5 % would let half of all moderately
 * overdispersed comparisons pass as Poisson; the simulations in tests/unit/analysis/ hold coverage with this.
 */
#define DISPERSION_P 0.2

struct counts {
	size_t n;
	double *events, *exposure; /* by unit; owned */
	double total, time;
	double together; /* CPUs that may have counted the same events */
	double chi2, df; /* of the dispersion test; df 0: nothing to test */
};

static void counts_free(struct counts *c)
{
	free(c->events);
	free(c->exposure);
}

/*
 * R. A. Fisher's index of dispersion, "Statistical Methods for Research Workers", section 16: the sum of
 * (observed - expected)^2 / expected is chi^2 with n - 1 degrees of freedom if counts are Poisson.
 */
static void set_dispersion(struct counts *c)
{
	double expected;

	if (c->n < 2 || !(c->total > 0.0))
		return;
	c->df = (double)c->n - 1.0;
	for (size_t i = 0; i < c->n; i++) {
		expected = c->total * c->exposure[i] / c->time;
		c->chi2 += (c->events[i] - expected) * (c->events[i] - expected) / expected;
	}
}

/* Sums the rounds of each unit; units that were exposed for no time do not count. */
static int counts_make(const struct tn_side *side, struct counts *ret)
{
	struct counts c = {.together = (double)side->units.together};
	size_t units = side->units.n, kept = 0;

	c.events = calloc(units + 1, sizeof(*c.events));
	c.exposure = calloc(units + 1, sizeof(*c.exposure));
	if (!c.events || !c.exposure) {
		counts_free(&c);
		return -ENOMEM;
	}
	for (size_t i = 0; i < side->sample->n; i++) {
		if (!(side->sample->round[i].exposure_s > 0.0))
			continue;
		c.events[side->units.of[i]] += (double)side->sample->round[i].events;
		c.exposure[side->units.of[i]] += side->sample->round[i].exposure_s;
	}
	for (size_t u = 0; u < units; u++) {
		if (!(c.exposure[u] > 0.0))
			continue;
		c.total += c.events[kept] = c.events[u];
		c.time += c.exposure[kept++] = c.exposure[u];
	}
	c.n = kept;
	set_dispersion(&c);
	*ret = c;
	return 0;
}

static bool overdispersed(double chi2, double df)
{
	return df > 0.0 && pchisq(chi2, df, 0, 0) < DISPERSION_P;
}

static double dispersion(const struct counts *c)
{
	return c->df > 0.0 ? c->chi2 / c->df : NAN;
}

/*
 * Never below 1: counts that vary less than Poisson's, as paced ones do, are not promised to go on so. Where there
 * is no dispersion to be had, for want of events or of rounds, all CPUs of a round are taken to have counted the
 * same events, which is the worst case.
 */
static double least_inflation(const struct counts *c)
{
	return c->df > 0.0 ? 1.0 : c->together;
}

static double inflation(const struct counts *c, const struct counts *other)
{
	double own = dispersion(c);

	if (isnan(own))
		own = dispersion(other);
	return fmax(least_inflation(c), own);
}

/* Student's for few degrees of freedom over normal, squared: Korn and Graubard's second factor. */
static double student_factor(double df, double confidence)
{
	double p = (1.0 + confidence) / 2.0, f = qt(p, df, 1, 0) / qnorm(p, 0.0, 1.0, 1, 0);

	return f * f;
}

/* Garwood's interval (see tn_poisson_interval()) of the counts divided by @factor. */
static struct tn_interval rate_interval(const struct counts *c, double factor, double confidence)
{
	struct tn_interval i = {.low = 0.0, .high = INFINITY, .confidence = confidence};
	double a = (1.0 - confidence) / 2.0, events = c->total / factor, time = c->time / factor;

	if (!(time > 0.0))
		return i;
	if (events > 0.0)
		i.low = qgamma(a, events, 1.0, 1, 0) / time;
	i.high = qgamma(1.0 - a, events + 1.0, 1.0, 1, 0) / time;
	return i;
}

static void fill_estimate(struct tn_estimate *e, const struct counts *c, double factor, double confidence)
{
	double rate;

	e->value = c->total / c->time;
	e->units = c->n;
	e->events = (uint64_t)c->total;
	e->exposure_s = c->time;
	e->dispersion = dispersion(c);
	e->smallest = e->greatest = NAN;
	for (size_t i = 0; i < c->n; i++) {
		rate = c->events[i] / c->exposure[i];
		e->smallest = fmin(e->smallest, rate);
		e->greatest = fmax(e->greatest, rate);
	}
	if (!c->n)
		return;
	e->method = factor > 1.0 ? TN_METHOD_DISPERSED : TN_METHOD_POISSON;
	e->interval = rate_interval(c, factor, confidence);
}

/*
 * P(X >= x) for binomial X, less half of P(X = x): through the beta distribution, which also takes the
 * fractions that effective counts are.
 */
static double upper_mid_p(double x, double n, double share)
{
	double at_least = x > 0.0 ? pbeta(share, x, n - x + 1.0, 1, 0) : 1.0;
	double above = x < n ? pbeta(share, x + 1.0, n - x, 1, 0) : 0.0;

	return (at_least + above) / 2.0;
}

/* The share of the sum at which upper_mid_p() is @p; it rises with the share. */
static double share_at(double x, double n, double p)
{
	double low = 0.0, high = 1.0, middle;

	for (unsigned int i = 0; i < 200 && high - low > 1e-15 * high; i++) {
		middle = low > 0.0 && high / low > 4.0 ? sqrt(low * high) : (low + high) / 2.0;
		if (upper_mid_p(x, n, middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2.0;
}

static double odds(double share)
{
	return share < 1.0 ? share / (1.0 - share) : INFINITY;
}

/*
 * Interval of rate B over rate A. Of x_a + x_b events, each falls to B with the share r t_b / (t_a + r t_b), so
 * limits of the share are limits of r. They are mid-p limits: Clopper and Pearson's promise at least 95 % for
 * every rate and give up to 99 % when counts are low; mid-p ones give 95 % on the average of rates, as
 * G. Berry and P. Armitage, "Mid-P confidence intervals: a brief review", The Statistician 44 (1995), argue.
 */
static struct tn_interval ratio_interval(double x_a, double t_a, double x_b, double t_b, double confidence)
{
	struct tn_interval i = {.low = 0.0, .high = INFINITY, .confidence = confidence};
	double n = x_a + x_b, a = (1.0 - confidence) / 2.0;

	if (!(n > 0.0))
		return i;
	/* The smaller of both shares is sought, because a double is finer near 0 than near 1. */
	if (x_b > 0.0)
		i.low = x_b <= x_a ? odds(share_at(x_b, n, a)) : 1.0 / odds(share_at(x_a, n, 1.0 - a));
	if (x_a > 0.0)
		i.high = x_b <= x_a ? odds(share_at(x_b, n, 1.0 - a)) : 1.0 / odds(share_at(x_a, n, a));
	i.low *= t_a / t_b;
	i.high *= t_a / t_b;
	return i;
}

/*
 * Twice the smaller tail, both including what was seen: exact for whole counts. It bottoms out at the smallest
 * normal double. (Its logarithm would not, but libRmath prints warnings on the way there.)
 */
static double conditional_p(double x_a, double t_a, double x_b, double t_b)
{
	double share = t_b / (t_a + t_b);
	double above = x_b > 0.0 ? pbeta(share, x_b, x_a + 1.0, 1, 0) : 1.0;
	double below = x_a > 0.0 ? pbeta(share, x_b + 1.0, x_a, 0, 0) : 1.0;

	return fmax(DBL_MIN, fmin(1.0, 2.0 * fmin(above, below)));
}

/* The same p in Student's instead of the normal distribution, for a dispersion known from few rounds. */
static double student_p(double p, double df)
{
	return fmin(1.0, 2.0 * pt(qnorm(p / 2.0, 0.0, 1.0, 1, 0), df, 1, 0));
}

/* Welch's degrees of freedom: the logarithm of a count has the variance dispersion / count. */
static double welch_df(double va, double df_a, double vb, double df_b)
{
	if (!(df_a > 0.0))
		return df_b;
	if (!(df_b > 0.0))
		return df_a;
	return (va + vb) * (va + vb) / (va * va / df_a + vb * vb / df_b);
}

/*
 * Interval of the difference from those of both sides: G. Y. Zou and A. Donner, "Construction of confidence
 * limits about effect measures: a general approach", Statistics in Medicine 27 (2008).
 */
static struct tn_interval difference_interval(const struct tn_estimate *a, const struct tn_estimate *b)
{
	double d = b->value - a->value;

	return (struct tn_interval){
		.low = d - hypot(b->value - b->interval.low, a->interval.high - a->value),
		.high = d + hypot(b->interval.high - b->value, a->value - a->interval.low),
		.confidence = a->interval.confidence,
	};
}

/* How both sides enter: by what each is divided, and the degrees of freedom of that. */
struct weights {
	bool dispersed;
	double phi_a, phi_b, df, student;
};

static struct weights weigh(const struct counts *a, const struct counts *b, double confidence)
{
	struct weights w = {.phi_a = least_inflation(a), .phi_b = least_inflation(b), .df = INFINITY, .student = 1.0};

	w.dispersed = overdispersed(a->chi2 + b->chi2, a->df + b->df);
	if (!w.dispersed)
		return w;
	w.phi_a = inflation(a, b);
	w.phi_b = inflation(b, a);
	w.df = welch_df(w.phi_a / a->total, a->df, w.phi_b / b->total, b->df);
	w.student = student_factor(w.df, confidence);
	return w;
}

/* What one side's own interval divides its counts by. A side without events has no dispersion of its own. */
static double side_factor(const struct counts *c, const struct weights *w, double phi, double confidence)
{
	return w->dispersed ? phi * student_factor(c->df > 0.0 ? c->df : w->df, confidence) : phi;
}

/*
 * The test asks both sides for one dispersion, as they have the same if nothing changed, and never trusts a few
 * rounds that look like Poisson's: p is always Student's. Choosing the exact p whenever the dispersion test lets
 * one costs little at 5 %, but a family of 25 metrics is decided at 0.05 %, and there simulated counts of 2.5
 * times Poisson's variance gave twelve times as many false alarms as promised. With many rounds this is the exact
 * test.
 */
static void test_counts(const struct counts *a, const struct counts *b, struct tn_compared *ret)
{
	double df = a->df + b->df, n, least, phi;

	ret->test = TN_METHOD_POISSON;
	ret->p = ret->p_least = 1.0;
	if (!(df > 0.0))
		return; /* no events at all, or a single round on each side */
	phi = fmax(1.0, (a->chi2 + b->chi2) / df);
	n = (a->total + b->total) / phi;
	least = fmin(conditional_p(n, a->time, 0.0, b->time), conditional_p(0.0, a->time, n, b->time));
	if (phi > 1.0)
		ret->test = TN_METHOD_DISPERSED;
	ret->p = student_p(conditional_p(a->total / phi, a->time, b->total / phi, b->time), df);
	ret->p_least = student_p(least, df);
}

static void compare_counts(const struct counts *a, const struct counts *b, const struct weights *w, double confidence,
			   struct tn_compared *ret)
{
	double by_a = w->phi_a * w->student, by_b = w->phi_b * w->student;

	ret->method = by_a > 1.0 || by_b > 1.0 ? TN_METHOD_DISPERSED : TN_METHOD_POISSON;
	ret->ratio_interval =
		ratio_interval(a->total / by_a, a->time / by_a, b->total / by_b, b->time / by_b, confidence);
	test_counts(a, b, ret);
}

/**
 * tn_rate_estimate() - the rate of one side
 * @side: rounds with events and exposures; its estimate is filled
 * @confidence: of the interval
 *
 * Garwood's interval, from effective counts where rounds vary more than Poisson counts do.
 *
 * Return: 0, -ENOMEM.
 */
int tn_rate_estimate(const struct tn_side *side, double confidence)
{
	tn_cleanup(counts_free) struct counts c = {0};
	int err = counts_make(side, &c);
	double factor;

	if (err)
		return err;
	factor = least_inflation(&c);
	if (overdispersed(c.chi2, c.df))
		factor = inflation(&c, &c) * student_factor(c.df, confidence);
	fill_estimate(side->estimate, &c, factor, confidence);
	return 0;
}

/**
 * tn_rate_compare() - the rates of two sides
 * @a: side A
 * @b: side B
 * @confidence: of the intervals
 * @ret: ratio and difference with intervals, and the conditional test
 *
 * Whether rounds vary as Poisson counts do is asked once, of both sides together, and holds for all that is
 * said of them here. A side without events takes the other's dispersion.
 *
 * Return: 0, -ENOMEM.
 */
int tn_rate_compare(const struct tn_side *a, const struct tn_side *b, double confidence, struct tn_compared *ret)
{
	tn_cleanup(counts_free) struct counts ca = {0}, cb = {0};
	int err = counts_make(a, &ca);
	struct weights w;

	if (!err)
		err = counts_make(b, &cb);
	if (err)
		return err;
	w = weigh(&ca, &cb, confidence);
	fill_estimate(a->estimate, &ca, side_factor(&ca, &w, w.phi_a, confidence), confidence);
	fill_estimate(b->estimate, &cb, side_factor(&cb, &w, w.phi_b, confidence), confidence);
	if (!ca.n || !cb.n)
		return 0;
	ret->ratio = b->estimate->value / a->estimate->value;
	ret->difference = b->estimate->value - a->estimate->value;
	ret->difference_interval = difference_interval(a->estimate, b->estimate);
	compare_counts(&ca, &cb, &w, confidence, ret);
	return 0;
}
