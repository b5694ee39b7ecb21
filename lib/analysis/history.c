// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Marks of a history, by one walk through it: each run is judged from what came before, as it was on its morning, and
 * never in hindsight. A single run that is worse than all it is held against opens a suspicion; only runs after it can
 * confirm it, by a rank test of all of them together. So one bad night is no regression, and how often chance confirms
 * one follows from ranks, whatever the distribution is.
 *
 * While a regression lasts it is held against the runs before it: it must not become its own yardstick. Only when it
 * has lasted for as many runs as are looked back upon is it what is usual.
 *
 * Runs that were made differently (another ruler) are never held against each other. One that somebody makes by hand in
 * between says nothing of the nights: it is passed over, and what was known stands.
 */
#include "analysis/history.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare-internal.h"
#include "base/cleanup.h"

#define LOOKS  6 /* runs in which a suspicion has to be confirmed */
#define STRAYS 3 /* runs in a row that make another ruler the known one */

/* Values are turned round where higher is better, so that greater is always worse. */
struct walk {
	const struct tn_history_options *opt;
	bool turned;
	uint64_t ruler;
	double *reference; /* the last runs that were usual, opt->reference at most; the oldest first */
	double *since;     /* of the change that is suspected or confirmed; the same room */
	double *sorted;    /* for medians */
	size_t n_reference, n_since;
	unsigned int back; /* runs in a row that are usual again */
	struct tn_history_mark now;
};

static double median_of(struct walk *w, const double *value, size_t n)
{
	memcpy(w->sorted, value, n * sizeof(*value));
	return tn_median(w->sorted, n);
}

static void keep(struct walk *w, double v)
{
	if (w->n_reference == w->opt->reference)
		memmove(w->reference, w->reference + 1, --w->n_reference * sizeof(*w->reference));
	w->reference[w->n_reference++] = v;
}

static void keep_since(struct walk *w)
{
	for (size_t i = 0; i < w->n_since; i++)
		keep(w, w->since[i]);
	w->n_since = 0;
}

static double plain(const struct walk *w, double v)
{
	return w->turned ? -v : v;
}

static double ratio_of(const struct walk *w, double v)
{
	v = plain(w, v);
	if (v == w->now.usual)
		return 1.0; /* nothing and nothing */
	return w->now.usual > 0.0 ? v / w->now.usual : INFINITY;
}

/* Worse than usual, by as much as matters. */
static bool matters(const struct walk *w, double v)
{
	double usual = w->now.usual, least = 1.0 + w->opt->relative, worse = w->turned ? usual + v : v - usual;

	if (!(worse > 0.0) || worse < w->opt->absolute)
		return false;
	return w->turned ? -v * least <= usual : v >= usual * least;
}

static void settle(struct walk *w, enum tn_history_state state, size_t i)
{
	w->now.state = state;
	if (state == TN_HISTORY_NORMAL)
		w->now.since = i;
}

/* How many of the references are as bad, over all places that this run could have among them. */
static double p_alone(const struct walk *w, double v)
{
	size_t n = 1;

	for (size_t i = 0; i < w->n_reference; i++)
		n += w->reference[i] >= v;
	return (double)n / (double)(w->n_reference + 1);
}

static int walk_normal(struct walk *w, size_t i, double v)
{
	settle(w, TN_HISTORY_NORMAL, i);
	w->now.references = 0;
	w->now.usual = w->now.ratio = w->now.p = NAN;
	if (w->n_reference >= w->opt->reference_min) {
		w->now.references = w->n_reference;
		w->now.usual = plain(w, median_of(w, w->reference, w->n_reference));
		w->now.ratio = ratio_of(w, v);
		w->now.p = p_alone(w, v);
		if (w->now.p * (double)(w->n_reference + 1) < 1.5 && matters(w, v)) {
			settle(w, TN_HISTORY_SUSPECTED, i);
			w->since[w->n_since++] = v;
			return 0;
		}
	}
	keep(w, v);
	return 0;
}

static int walk_suspected(struct walk *w, size_t i, double v)
{
	struct tn_rank_test test;
	double middle;
	int r;

	if (!matters(w, v)) {
		keep_since(w);
		return walk_normal(w, i, v);
	}
	w->since[w->n_since++] = v;
	r = tn_rank_sum(w->since, w->n_since, w->reference, w->n_reference, &test);
	if (r < 0)
		return r;
	middle = median_of(w, w->since, w->n_since);
	w->now.ratio = ratio_of(w, middle);
	w->now.p = test.p_above;
	if (test.p_above <= w->opt->level) {
		settle(w, TN_HISTORY_CONFIRMED, i);
		w->back = 0;
	} else if (w->n_since == LOOKS) {
		keep_since(w);
		settle(w, TN_HISTORY_NORMAL, i);
	}
	return 0;
}

/* Nearer to what was usual than to the runs of the change. */
static bool is_back(struct walk *w, double v)
{
	double middle = median_of(w, w->since, w->n_since);

	return v < (middle + plain(w, w->now.usual)) / 2.0;
}

static int walk_confirmed(struct walk *w, size_t i, double v)
{
	w->back = is_back(w, v) ? w->back + 1 : 0;
	if (w->back == 2) {
		w->n_since = 0;
		settle(w, TN_HISTORY_RECOVERED, i);
		w->now.ratio = ratio_of(w, v);
		keep(w, v);
		return 0;
	}
	if (w->back)
		return 0; /* one run says nothing yet: neither of the change nor of its end */
	w->since[w->n_since++] = v;
	w->now.ratio = ratio_of(w, median_of(w, w->since, w->n_since));
	if (w->n_since == w->opt->reference) { /* nothing else was seen for so long: it is what is usual now */
		memcpy(w->reference, w->since, w->n_since * sizeof(*w->since));
		w->n_reference = w->n_since;
		w->n_since = 0;
		settle(w, TN_HISTORY_NORMAL, i);
	}
	return 0;
}

static int walk_step(struct walk *w, size_t i, double value)
{
	double v = plain(w, value);

	if (w->now.state == TN_HISTORY_RECOVERED)
		settle(w, TN_HISTORY_NORMAL, i);
	if (isnan(v))
		return 0;
	if (w->now.state == TN_HISTORY_SUSPECTED)
		return walk_suspected(w, i, v);
	return w->now.state == TN_HISTORY_CONFIRMED ? walk_confirmed(w, i, v) : walk_normal(w, i, v);
}

/* A history holds runs of several rulers: each has a walk of its own, and one of them is what is known. */
struct walks {
	const struct tn_history_options *opt;
	bool turned;
	struct walk *walk;
	size_t n, known;
	size_t strays; /* runs in a row of a ruler that is not the known one's */
	uint64_t stray;
};

static void walks_free(struct walks *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->walk[i].reference);
	free(all->walk);
}

/* The walk of a ruler, a new one if there is none; NULL: no memory. @room: at the walks, for one more. */
static struct walk *walk_of(struct walks *all, uint64_t ruler, size_t i)
{
	size_t room = all->opt->reference;
	struct walk *w;

	for (size_t k = all->n; k > 0; k--)
		if (all->walk[k - 1].ruler == ruler)
			return &all->walk[k - 1];
	w = reallocarray(all->walk, all->n + 1, sizeof(*w));
	if (!w)
		return NULL;
	all->walk = w;
	w += all->n;
	*w = (struct walk){.opt = all->opt, .turned = all->turned, .ruler = ruler};
	w->now = (struct tn_history_mark){.since = i, .usual = NAN, .ratio = NAN, .p = NAN};
	w->reference = calloc(3 * room, sizeof(*w->reference));
	if (!w->reference)
		return NULL;
	w->since = w->reference + room;
	w->sorted = w->since + room;
	all->n++;
	return w;
}

/* Whose word counts after run @i: with the last of so many strays in a row theirs, which is then no stray any more. */
static void choose_known(struct walks *all, const struct walk *w)
{
	size_t at = (size_t)(w - all->walk);

	if (at == all->known) {
		all->strays = 0;
		return;
	}
	all->strays = all->strays && all->stray == w->ruler ? all->strays + 1 : 1;
	all->stray = w->ruler;
	if (all->strays < STRAYS)
		return;
	all->known = at;
	all->strays = 0;
}

/**
 * tn_history_defaults() - 64 runs to look back upon and 10 at least, 5 %, and a level of 0.0005
 *
 * Of 64 runs and two, both of which lie above all 64, chance makes 1 / C(66, 2) = 0.00047: so the next run can confirm
 * a suspicion, as it can with 62. With 21 runs to look back upon it takes one more, with 13 two, with 10 three.
 *
 * Return: the options.
 */
struct tn_history_options tn_history_defaults(void)
{
	return (struct tn_history_options){
		.reference = 64,
		.reference_min = 10,
		.relative = 0.05,
		.level = 0.0005,
	};
}

/**
 * tn_history_marks() - which runs of a history are regressions
 * @point: the runs, in the order of their start
 * @n: how many
 * @better: which direction is better; with TN_BETTER_NEITHER all is normal and nothing is judged
 * @options: see tn_history_defaults(); reference above LOOKS, reference_min from 1 to it
 * @ret: a mark for each run
 *
 * A run is *suspected* when it is worse than each of the references (its p is 1 / (n + 1)), and worse than their median
 * by as much as matters. The suspicion ends with the first run that is not worse by as much, or after 6 runs. It is
 * *confirmed* when the one-sided rank-sum test of all runs since then against the references (Wilcoxon's, exact, see
 * tn_rank_sum()) has p <= level, from the second run on. It has *recovered* with the second run in a row that lies
 * nearer to the median of the references than to that of the runs of the change. After as many runs as
 * options->reference on the new level this is what is usual.
 *
 * Where nothing changed, all orders of the n references and the k runs since then are equally likely, whatever the
 * distribution: chance confirms with the second run in 1 / C(n + 2, 2) of all nights, and later ones need p <= level
 * among what suspicions are left. tests/unit/analysis/marks.c simulates all of it: fewer than 1 in 1,000 nights. It
 * does not hold for a machine that drifts or has good and bad weeks: orders are not equally likely then.
 *
 * Runs of another ruler get the mark that stood before them, until the third in a row: then theirs is what is known,
 * from all runs of that ruler so far. The same holds for the way back.
 *
 * Return: 0, -EINVAL for options that make no sense, -ENOMEM.
 */
int tn_history_marks(const struct tn_history_point *point, size_t n, enum tn_better better,
		     const struct tn_history_options *options, struct tn_history_mark *ret)
{
	tn_cleanup(walks_free) struct walks all = {.opt = options, .turned = better == TN_BETTER_HIGHER};
	size_t room = options->reference;
	int r = 0;

	if (room <= LOOKS || room > 1000 || !options->reference_min || options->reference_min > room)
		return -EINVAL;
	for (size_t i = 0; i < n && r == 0; i++) {
		struct walk *w = walk_of(&all, point[i].ruler, i);

		if (!w)
			return -ENOMEM;
		if (better != TN_BETTER_NEITHER)
			r = walk_step(w, i, point[i].value);
		else
			w->now.since = i;
		choose_known(&all, w);
		ret[i] = all.walk[all.known].now;
	}
	return r;
}

/** tn_history_state_name() - "normal", "suspected", "confirmed" or "recovered" */
const char *tn_history_state_name(enum tn_history_state state)
{
	static const char *const name[] = {
		[TN_HISTORY_NORMAL] = "normal",
		[TN_HISTORY_SUSPECTED] = "suspected",
		[TN_HISTORY_CONFIRMED] = "confirmed",
		[TN_HISTORY_RECOVERED] = "recovered",
	};

	return (unsigned int)state < TN_ARRAY_SIZE(name) ? name[state] : "unknown";
}
