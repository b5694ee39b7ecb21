// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The beginning of the report: what was run, what came out in sentences, and what stands against it.
 */
#include <string.h>

#include "report/parts.h"

#define FOREMOST  3  /* causes in the headline */
#define CPUS_SAID 16 /* the tables have all */

static bool is_virtual(const struct tn_run *run)
{
	return run->env.virtualization[0] && strcmp(run->env.virtualization, "none");
}

void report_title(struct report *r)
{
	const struct tn_run *run = r->run;
	struct report_buf cpus, duration;

	report_text(r, REPORT_BOLD, 0, 0, "%s%s%s", run->scenario_name[0] ? run->scenario_name : "(unnamed scenario)",
		    run->scenario_description[0] ? ": " : "", run->scenario_description);
	report_text(
		r, REPORT_PLAIN, 0, 0,
		"Run %s of %s on %s: %u of %u rounds of %s, CPU %s probed. Linux %s %s, %s%s%s; attribution level %s.",
		run->id, run->started_at, run->env.hostname, run->rounds_done, run->rounds_planned,
		report_ns(&duration, (double)run->duration_ns), report_cpus(&cpus, &run->probed),
		run->env.kernel_release, run->env.arch, is_virtual(run) ? "virtual machine (" : "bare metal",
		is_virtual(run) ? run->env.virtualization : "", is_virtual(run) ? ")" : "",
		tn_trace_level_name(run->level));
}

void report_state(struct report *r)
{
	static const char *const word[] = {"Complete", "INCOMPLETE", "ABORTED"};

	if (r->run->state == TN_RUN_COMPLETE)
		return;
	fputc('\n', r->out);
	report_text(r, REPORT_WARN, 0, 2, "%s: %s", word[r->run->state],
		    r->run->state_reason[0] ? r->run->state_reason : "no reason was recorded");
}

static double jitter(const struct tn_run_total *t, unsigned int percentile)
{
	return t->metric[TN_METRIC_JITTER + percentile].merged;
}

static void say_cpu(struct report *r, const struct tn_run_total *t)
{
	struct report_buf n, window, rate, interval, share, p99, p9999, max, quantum;

	if (t->interruptions.count)
		report_text(r, REPORT_BOLD, 2, 9,
			    "CPU %d: %s interruptions in %zu x %s: %s/s (95%%: %s), %s of its time stolen.", t->cpu,
			    report_count(&n, t->interruptions.count), t->rounds,
			    report_ns(&window, t->window_s * 1e9 / (double)t->rounds),
			    report_number(&rate, t->metric[TN_METRIC_PER_S].merged),
			    report_interval(&interval, t->per_s),
			    report_share(&share, t->metric[TN_METRIC_STOLEN_SHARE].merged));
	else
		report_text(r, REPORT_BOLD, 2, 9, "CPU %d: no interruption in %zu x %s: below %s/s (95%%).", t->cpu,
			    t->rounds, report_ns(&window, t->window_s * 1e9 / (double)t->rounds),
			    report_number(&rate, t->per_s.high));
	if (t->jitter.count)
		report_text(r, REPORT_PLAIN, 9, 9, "Jitter of %s of work: p99 %s, p99.99 %s, at most %s.",
			    report_ns(&quantum, (double)r->run->quantum_ns), report_ns(&p99, jitter(t, 2)),
			    report_ns(&p9999, jitter(t, 4)), report_ns(&max, jitter(t, 5)));
}

/* Those that stole most, and the first kernel TLB flush if it is not among them: it is what this tool is about. */
static bool is_foremost(const struct tn_run *run, const size_t *order, size_t i, bool *had_flush)
{
	bool flush = run->cause[order[i]].class == TN_CLASS_KERNEL_TLB_FLUSH;
	bool take = i < FOREMOST || (flush && !*had_flush);

	*had_flush |= flush;
	return take;
}

static void say_cause(struct report *r, const struct tn_run_cause *c)
{
	uint64_t events = report_events(c->class, c->entries, c->interruptions);
	struct report_buf rate, stolen, max;
	char who[512];

	report_who(c, who, sizeof(who));
	report_text(r, REPORT_PLAIN, 2, 4, "- %s/s %s%s%s: %s stolen, at most %s at once.",
		    report_number(&rate, r->totals.cpu_s > 0.0 ? (double)events / r->totals.cpu_s : NAN),
		    tn_class_name(c->class), who[0] ? ", " : "", who,
		    report_ticks(&stolen, r->run, (double)c->stolen_ticks),
		    report_ticks(&max, r->run, (double)c->max_ticks));
}

void report_result(struct report *r)
{
	tn_autofree size_t *order = report_causes_sorted(r->run);
	bool had_flush = false;

	report_heading(r, "Result");
	for (size_t i = 0; i < r->totals.n && i < CPUS_SAID; i++)
		say_cpu(r, &r->totals.cpu[i]);
	if (r->totals.n > CPUS_SAID)
		report_text(r, REPORT_PLAIN, 2, 2, "%zu more CPUs are in the tables below.", r->totals.n - CPUS_SAID);
	if (!r->totals.n)
		report_text(r, REPORT_PLAIN, 2, 2, "Nothing was measured.");
	if (r->run->level > TN_TRACE_ENTRY)
		report_text(r, REPORT_PLAIN, 2, 4, "- Causes are not known at level %s%s%s.",
			    tn_trace_level_name(r->run->level), r->run->level_reason[0] ? ": " : "",
			    r->run->level_reason);
	for (size_t i = 0; order && i < r->run->n_causes; i++)
		if (is_foremost(r->run, order, i, &had_flush))
			say_cause(r, &r->run->cause[order[i]]);
}

static void say_findings(struct report *r, enum tn_severity severity)
{
	const struct tn_finding *f;

	for (size_t i = 0; i < r->run->n_findings; i++) {
		f = &r->run->finding[i];
		if (f->severity == severity)
			report_text(r, severity == TN_FINDING_WARNING ? REPORT_WARN : REPORT_PLAIN, 2, 4, "%s %s [%s]",
				    severity == TN_FINDING_WARNING ? "!" : "-", f->text, f->id);
	}
}

void report_findings(struct report *r)
{
	if (!r->run->n_findings)
		return;
	report_heading(r, "What bears on this result");
	say_findings(r, TN_FINDING_WARNING);
	say_findings(r, TN_FINDING_INFO);
}
