// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the plots of a history draw, as JSON: the runs that are shown, and for each metric a value, an interval and a
 * mark of each. Metrics that were zero in all of them have nothing to draw and are left out.
 */
#include <string.h>

#include "report/dashboard-parts.h"

struct data {
	const struct dash *d;
	const struct tn_history *h;
	size_t first;
};

static void put_runs(const struct data *t)
{
	char url[DASH_PATH];
	FILE *out = t->d->out;

	fputs("\"runs\":[", out);
	for (size_t i = t->first; i < t->h->n_runs; i++) {
		const struct tn_store_point *run = &t->h->run[i];

		dash_url(t->d, DASH_RUN, run->id, NULL, url, sizeof(url));
		fputs(i > t->first ? ",\n[" : "\n[", out);
		html_json_text(out, run->id);
		fputc(',', out);
		html_json_text(out, run->started_at);
		fputc(',', out);
		html_json_text(out, run->kernel);
		fputc(',', out);
		html_json_text(out, url);
		fprintf(out, ",%u]", run->failed);
	}
	fputs("],\n", out);
}

/* To five digits: more than a plot shows, and a third of the size. */
static void put_figure(FILE *out, double v)
{
	if (isfinite(v))
		fprintf(out, "%.5g", v);
	else
		fputs("null", out);
}

static void put_points(const struct data *t, const struct tn_history_series *s)
{
	FILE *out = t->d->out;

	fputs(",\"points\":[", out);
	for (size_t i = t->first; i < t->h->n_runs; i++) {
		const struct tn_history_value *v = &s->value[i];

		fputs(i > t->first ? "," : "", out);
		if (!isfinite(v->value)) {
			fputs("null", out);
			continue;
		}
		fputc('[', out);
		put_figure(out, v->interval.low);
		fputc(',', out);
		put_figure(out, v->value);
		fputc(',', out);
		put_figure(out, v->interval.high);
		fprintf(out, ",%d]", v->cpu);
	}
	fputc(']', out);
}

/* [run, state, run it is since, usual, ratio, p] of those that are not normal. */
static void put_marks(const struct data *t, const struct tn_history_series *s)
{
	FILE *out = t->d->out;
	size_t n = 0;

	fputs(",\"marks\":[", out);
	for (size_t i = t->first; i < t->h->n_runs; i++) {
		const struct tn_history_mark *m = &s->mark[i];

		if (m->state == TN_HISTORY_NORMAL)
			continue;
		fprintf(out, "%s[%zu,\"%s\",", n++ ? "," : "", i - t->first, tn_history_state_name(m->state));
		html_json_text(out, t->h->run[m->since].started_at);
		fputc(',', out);
		put_figure(out, m->usual);
		fputc(',', out);
		put_figure(out, m->ratio);
		fputc(',', out);
		put_figure(out, m->p);
		fputc(']', out);
	}
	fputc(']', out);
}

static bool is_drawn(const struct data *t, const struct tn_history_series *s)
{
	for (size_t i = t->first; i < t->h->n_runs; i++)
		if (s->value[i].value > 0.0)
			return true;
	return s->marked;
}

static void put_series(const struct data *t, const struct tn_history_series *s)
{
	fputs("{\"name\":", t->d->out);
	html_json_text(t->d->out, s->def.name);
	fprintf(t->d->out, ",\"unit\":\"%s\",\"better\":\"%s\"", tn_metric_unit(s->def.kind),
		tn_better_name(s->def.better));
	put_points(t, s);
	put_marks(t, s);
	fputc('}', t->d->out);
}

int dash_data(const struct dash *d, const struct tn_history *h, size_t first, struct tn_error *err)
{
	const struct data t = {d, h, first};
	size_t n = 0;

	(void)err;
	fputs("<script type=\"application/json\" id=\"data\">\n{", d->out);
	put_runs(&t);
	fputs("\"metrics\":[", d->out);
	for (size_t i = 0; i < h->n_series; i++) {
		if (!is_drawn(&t, &h->series[i]))
			continue;
		fputs(n++ ? ",\n" : "\n", d->out);
		put_series(&t, &h->series[i]);
	}
	fputs("]}\n</script>\n", d->out);
	return 0;
}
