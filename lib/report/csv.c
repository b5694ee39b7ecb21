// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The figures of runs as a table for other programs: a line for each metric, CPU and round (RFC 4180, with
 * line feeds alone), since a metric is present in some runs and absent in others. Metrics have the names of
 * [expect], values the unit that stands beside them.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "report/report.h"
#include "result/metric.h"

static const char header[] = "run,started_at,host,kernel,scenario,state,metric,unit,cpu,round,value\n";

static void put_text(FILE *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void put_run(FILE *out, const struct tn_run *run)
{
	const char *const text[] = {run->id,
				    run->started_at,
				    run->env.hostname,
				    run->env.kernel_release,
				    run->scenario_name,
				    tn_run_state_name(run->state)};

	for (size_t i = 0; i < TN_ARRAY_SIZE(text); i++) {
		put_text(out, text[i]);
		putc(',', out);
	}
}

static int put_metric(FILE *out, const struct tn_run *run, const struct tn_metric_def *def)
{
	tn_cleanup(tn_series_free) struct tn_series series = {0};
	int r = tn_series_collect(def, &run, 1, &series);

	for (size_t i = 0; i < series.n && r == 0; i++) {
		const struct tn_metric_round *m = &series.round[i];

		put_run(out, run);
		put_text(out, def->name);
		fprintf(out, ",%s,", tn_metric_unit(def->kind));
		if (m->cpu >= 0)
			fprintf(out, "%d", m->cpu);
		fprintf(out, ",%u,", m->round);
		if (isfinite(m->value))
			fprintf(out, "%.17g", m->value);
		putc('\n', out);
	}
	return r;
}

/**
 * tn_report_csv() - the figures of runs, a line for each metric, CPU and round
 * @runs: the runs
 * @n: how many
 * @out: stream; an empty value means that the round has none
 * @err: message
 *
 * Return: 0; -ENOMEM; -EIO when @out failed, -EPIPE when nobody reads it any more.
 */
int tn_report_csv(const struct tn_run *const *runs, size_t n, FILE *out, struct tn_error *err)
{
	int r = 0;

	fputs(header, out);
	for (size_t i = 0; i < n && r == 0; i++) {
		tn_autofree struct tn_metric_def *def = NULL;
		size_t n_def = 0;

		r = tn_metric_list(&runs[i], 1, &def, &n_def);
		for (size_t j = 0; j < n_def && r == 0; j++)
			r = put_metric(out, runs[i], &def[j]);
	}
	if (r < 0)
		return tn_error_set(err, r, "no memory for the metrics of a run");
	if (ferror(out))
		return tn_error_set(err, errno == EPIPE ? -EPIPE : -EIO, "cannot write the table: %s", strerror(errno));
	return 0;
}
