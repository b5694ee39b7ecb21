// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A history as a line of the size of a word, drawn here: it is there without a script. The latest runs, from the least
 * to the greatest of them; where these are more than tenfold apart, by logarithm. Marks are dots.
 */
#include <math.h>

#include "base/units.h"
#include "report/dashboard-parts.h"

#define RUNS   40
#define WIDTH  160.0
#define HEIGHT 28.0
#define MARGIN 4.0

struct spark {
	const struct tn_history_series *s;
	size_t first, n;
	double low, high;
	bool log;
};

static double place(const struct spark *k, double v)
{
	double low = k->log ? log(k->low) : k->low, high = k->log ? log(k->high) : k->high;

	return high > low ? ((k->log ? log(v) : v) - low) / (high - low) : 0.5;
}

static double x_of(const struct spark *k, size_t i)
{
	size_t last = k->n - k->first - 1;

	return MARGIN + (WIDTH - 2 * MARGIN) * (last ? (double)(i - k->first) / (double)last : 1.0);
}

static double y_of(const struct spark *k, size_t i)
{
	return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * place(k, k->s->value[i].value);
}

static void measure(struct spark *k)
{
	k->low = INFINITY;
	k->high = -INFINITY;
	for (size_t i = k->first; i < k->n; i++) {
		double v = k->s->value[i].value;

		k->low = fmin(k->low, v); /* both pass over NaN */
		k->high = fmax(k->high, v);
	}
	k->log = k->low > 0.0 && k->high > 10.0 * k->low;
}

/* A line goes to the next run that has a value. */
static void put_line(FILE *out, const struct spark *k)
{
	fputs("<polyline points=\"", out);
	for (size_t i = k->first; i < k->n; i++)
		if (isfinite(k->s->value[i].value))
			fprintf(out, "%.1f,%.1f ", x_of(k, i), y_of(k, i));
	fputs("\"/>", out);
}

static void put_dots(FILE *out, const struct spark *k)
{
	size_t last = k->n;

	for (size_t i = k->first; i < k->n; i++) {
		enum tn_history_state state = k->s->mark[i].state;

		if (!isfinite(k->s->value[i].value))
			continue;
		last = i;
		if (state != TN_HISTORY_NORMAL)
			fprintf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>",
				tn_history_state_name(state), x_of(k, i), y_of(k, i));
	}
	if (last < k->n)
		fprintf(out, "<circle class=\"last %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
			tn_history_state_name(k->s->mark[last].state), x_of(k, last), y_of(k, last));
}

/* @s: NULL or without any value: nothing is drawn, and that is said */
void dash_spark(FILE *out, const struct tn_history *h, const struct tn_history_series *s)
{
	struct spark k = {.s = s, .n = h->n_runs, .first = h->n_runs > RUNS ? h->n_runs - RUNS : 0};
	char low[TN_UNIT_TEXT], high[TN_UNIT_TEXT];

	if (s)
		measure(&k);
	if (!s || !isfinite(k.low)) {
		fputs("<span class=\"none\">none</span>", out);
		return;
	}
	fprintf(out, "<svg class=\"spark\" viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
	html_text(out, s->def.name);
	fprintf(out, " of the last %zu runs: %s to %s\">", k.n - k.first,
		tn_metric_format(s->def.kind, k.low, low, sizeof(low)),
		tn_metric_format(s->def.kind, k.high, high, sizeof(high)));
	put_line(out, &k);
	put_dots(out, &k);
	fputs("</svg>", out);
}
