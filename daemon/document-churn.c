// SPDX-License-Identifier: GPL-2.0-or-later
/* What the churn did in a window, of whatever kind, for the run document. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* Notes what a worker did inside the window; workers of one section and window are added up. */
static int document_worker(struct run *run, struct worker *w, double seconds)
{
	const struct tn_churn_spec *spec = &run->plan.scenario.churn[w->spec];
	const char *kind = tn_probe_kind_name(run_step(run)->kind);
	struct tn_run *doc = run->doc;
	struct tn_run_churn *c = doc->n_churn ? &doc->churn[doc->n_churn - 1] : NULL;

	if (!c || c->round != run->round || strcmp(c->name, spec->name) || strcmp(c->kind, kind)) {
		c = reallocarray(doc->churn, doc->n_churn + 1, sizeof(*c));
		if (!c)
			return -ENOMEM;
		doc->churn = c;
		c = &doc->churn[doc->n_churn++];
		memset(c, 0, sizeof(*c));
		snprintf(c->name, sizeof(c->name), "%s", spec->name);
		snprintf(c->source, sizeof(c->source), "%s", spec->source);
		snprintf(c->operation, sizeof(c->operation), "%s", tn_churn_find(spec->source)->operation);
		snprintf(c->mechanism, sizeof(c->mechanism), "%s", w->at_open.mechanism);
		c->cpus = run->plan.churn_cpus[w->spec];
		c->workers = spec->workers;
		c->requested_per_s = spec->rate_per_s;
		snprintf(c->kind, sizeof(c->kind), "%s", kind);
		c->round = run->round;
		c->seconds = seconds;
	}
	c->operations += w->at_close.operations - w->at_open.operations;
	c->missed += w->at_close.missed - w->at_open.missed;
	c->errors += w->at_close.errors - w->at_open.errors;
	c->busy_s += (double)(w->at_close.busy_ns - w->at_open.busy_ns) / 1e9;
	if (!*c->failure)
		snprintf(c->failure, sizeof(c->failure), "%s", w->at_close.failure);
	return 0;
}

/**
 * document_churn() - add what the churn did inside the window
 * @run: the run; window closed
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int document_churn(struct run *run, struct tn_error *err)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		const struct worker *w = &run->worker[i];

		if (w->at_close.operations == w->at_open.operations)
			tn_run_add_finding(run->doc, TN_FINDING_WARNING, -1, "churn-idle",
					   "round %u: a worker of [churn %s] finished no operation inside the window",
					   run->round + 1, run->plan.scenario.churn[w->spec].name);
		if (document_worker(run, &run->worker[i], run->window_s) < 0)
			return tn_error_set(err, -ENOMEM, "out of memory for churn results");
	}
	return 0;
}
