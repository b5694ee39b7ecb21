// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text report, from what a reader wants first to what only doubt asks for: the result in sentences,
 * what stands against it, distributions, causes, the measurement, the machine.
 */
#include <errno.h>
#include <string.h>

#include "report/parts.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN     40

static int write_parts(struct report *r)
{
	int (*const part[])(struct report *) = {
		report_jitter,   report_interruptions, report_rates,       report_entry_costs,
		report_wakeups,  report_references,    report_causes,      report_classes,
		report_counters, report_worst,         report_measurement, report_churn,
	};
	int rc;

	report_title(r);
	report_state(r);
	report_result(r);
	report_expectations(r);
	report_findings(r);
	report_readiness(r);
	report_glance(r);
	for (size_t i = 0; i < TN_ARRAY_SIZE(part); i++) {
		rc = part[i](r);
		if (rc < 0)
			return rc;
	}
	rc = report_readiness_table(r);
	if (rc < 0)
		return rc;
	report_effects(r);
	report_lost(r);
	report_environment(r);
	return 0;
}

/**
 * tn_report_text() - the text report of a run
 * @run: the run
 * @opt: how to write it; NULL: plain ASCII, 80 columns, no list of the worst
 * @out: where to
 * @err: what failed
 *
 * The same run and options give the same text. Tables take the width their figures need, also beyond @opt's.
 *
 * Return: 0; -ENOMEM; -EBADMSG when the tick rate is not known; -EIO when @out cannot be written.
 */
int tn_report_text(const struct tn_run *run, const struct tn_report_options *opt, FILE *out, struct tn_error *err)
{
	struct report r = {.run = run, .out = out};
	int rc;

	if (opt)
		r.opt = *opt;
	if (!r.opt.width)
		r.opt.width = WIDTH_DEFAULT;
	if (r.opt.width < WIDTH_MIN)
		r.opt.width = WIDTH_MIN;
	if (!(run->clock.hz >= 1.0))
		return tn_error_set(err, -EBADMSG, "run %s: the tick rate is not known, so nothing can be said in time",
				    run->id);
	rc = tn_run_totals(run, &r.totals);
	if (!rc)
		rc = tn_kind_totals(run, &r.kinds);
	if (!rc)
		rc = write_parts(&r);
	tn_run_totals_free(&r.totals);
	tn_kind_totals_free(&r.kinds);
	if (rc < 0)
		return tn_error_set(err, rc, "no memory for the report");
	if (fflush(out) || ferror(out))
		return tn_error_set(err, -EIO, "cannot write the report: %s", strerror(errno));
	return 0;
}
