// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All rounds of a side as the statistics want them. A round that was cut short is no repetition of the others and is
 * left out of what rests on their spread, as in comparisons; where all were cut short, as in a run that was stopped in
 * its first round, they are all there is, and are taken. Sums and the maximum have every round in them.
 *
 * Where a side has several runs, these are what varies independently, and the rounds of each are merged first: the
 * estimates are the same, and what is sorted for each point of a curve is a fraction.
 */
#include <errno.h>
#include <math.h>

#include "report/html-parts.h"

static void add(struct html_rounds *s, const struct tn_run *run, const struct tn_run_cpu *c, uint32_t block)
{
	bool first = !s->merged || !s->n || s->round[s->n - 1].block != block;

	if (s->merged && first)
		tn_hist_init(&s->merged[block]);
	if (s->merged)
		tn_hist_merge(&s->merged[block], &c->jitter);
	if (first)
		s->round[s->n++] = (struct tn_round){
			.block = block,
			.together = s->merged ? 0 : c->round + 1,
			.hist = s->merged ? &s->merged[block] : &c->jitter,
			.scale = 1e9 / run->clock.hz,
		};
}

static void sum(struct html_rounds *s, const struct tn_run *run, const struct tn_run_cpu *c)
{
	s->windows++;
	s->cut += c->partial;
	s->seconds += tn_run_window_s(run, c);
	s->events += (double)c->interruptions.count;
	s->stolen_s += tn_ticks_to_ns(&run->clock, (double)c->stolen_ticks) / 1e9;
	s->quanta += (double)c->jitter.count;
	s->max_ns = fmax(s->max_ns, tn_ticks_to_ns(&run->clock, (double)c->jitter.max));
}

static void add_all(struct html_rounds *s, const struct tn_html_side *side, bool partial)
{
	for (size_t i = 0; i < side->n; i++)
		for (size_t k = 0; k < side->document[i].run->n_cpus; k++)
			if (side->document[i].run->cpu[k].partial == partial)
				add(s, side->document[i].run, &side->document[i].run->cpu[k], (uint32_t)i);
	for (size_t i = 0; i < s->n; i++)
		s->repeated += (double)s->round[i].hist->count;
}

/* @ret: zeroed; release with html_rounds_free(). Return: 0 or -ENOMEM. */
int html_rounds_make(const struct tn_html_side *side, struct html_rounds *ret)
{
	size_t n = 1;

	for (size_t i = 0; i < side->n; i++)
		n += side->document[i].run->n_cpus;
	ret->round = calloc(n, sizeof(*ret->round));
	if (side->n > 1)
		ret->merged = calloc(side->n, sizeof(*ret->merged));
	if (!ret->round || (side->n > 1 && !ret->merged))
		return -ENOMEM;
	for (size_t i = 0; i < side->n; i++)
		for (size_t k = 0; k < side->document[i].run->n_cpus; k++)
			sum(ret, side->document[i].run, &side->document[i].run->cpu[k]);
	add_all(ret, side, false);
	if (!ret->n)
		add_all(ret, side, true);
	return 0;
}

/* A percentile of jitter with its interval, ns; as in documents NaN where it would be the maximum by another name. */
int html_rounds_percentile(const struct html_rounds *s, double percent, struct tn_estimate *ret, struct tn_error *err)
{
	const struct tn_compare_metric metric = {
		.name = "jitter", .quantity = TN_QUANTITY_PERCENTILE, .percent = percent};
	const struct tn_sample sample = {s->round, s->n};
	struct tn_compare_options options = tn_compare_defaults();

	int r;

	options.resamples = 1000;
	r = tn_estimate(&metric, &sample, &options, ret, err);
	if (r == 0 && s->repeated * (100.0 - percent) < 99.9)
		ret->value = NAN;
	return r;
}

void html_rounds_free(struct html_rounds *s)
{
	free(s->round);
	free(s->merged);
	*s = (struct html_rounds){0};
}
