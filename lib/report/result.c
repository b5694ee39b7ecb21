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
	report_text(r, REPORT_BAD, 0, 2, "%s: %s", word[r->run->state],
		    r->run->state_reason[0] ? r->run->state_reason : "no reason was recorded");
}

/* "p99 4.39 us, p99.99 170 us, at most 304 us", without the percentiles for which there were too few quanta. */
static void say_jitter(struct report *r, const struct tn_run_total *t)
{
	static const unsigned int said[] = {2, 4};
	struct report_buf b, quantum;
	char text[128] = "";
	size_t len;

	for (size_t i = 0; i < TN_ARRAY_SIZE(said); i++) {
		double v = t->metric[TN_METRIC_JITTER + said[i]].merged;

		len = strlen(text);
		if (isfinite(v))
			snprintf(text + len, sizeof(text) - len, "%s %s, ", tn_percentiles[said[i]].name,
				 report_ns(&b, v));
	}
	report_text(r, REPORT_PLAIN, 9, 9, "Jitter of %s of work: %sat most %s.",
		    report_ns(&quantum, (double)r->run->quantum_ns), text,
		    report_ns(&b, t->metric[TN_METRIC_JITTER + TN_PERCENTILES - 1].merged));
}

/* "5 x 10.0 s", or that they are not all alike. */
static const char *windows(const struct tn_run_total *t, char *buf, size_t size)
{
	struct report_buf b;

	if (t->partial)
		snprintf(buf, size, "%s (%zu of %zu rounds cut short)", report_ns(&b, t->window_s * 1e9), t->partial,
			 t->rounds);
	else
		snprintf(buf, size, "%zu x %s", t->rounds, report_ns(&b, t->window_s * 1e9 / (double)t->rounds));
	return buf;
}

static void say_cpu(struct report *r, const struct tn_run_total *t)
{
	struct report_buf n, rate, interval, share;
	char window[128];

	if (t->interruptions.count)
		report_text(
			r, REPORT_BOLD, 2, 9, "CPU %d: %s interruptions in %s: %s/s (95%%: %s), %s of its time stolen.",
			t->cpu, report_count(&n, t->interruptions.count), windows(t, window, sizeof(window)),
			report_number(&rate, t->metric[TN_METRIC_PER_S].merged), report_interval(&interval, t->per_s),
			report_share(&share, t->metric[TN_METRIC_STOLEN_SHARE].merged));
	else
		report_text(r, REPORT_BOLD, 2, 9, "CPU %d: no interruption in %s: below %s/s (95%%).", t->cpu,
			    windows(t, window, sizeof(window)), report_number(&rate, t->per_s.high));
	if (t->jitter.count)
		say_jitter(r, t);
}

static bool is_flush(const struct tn_run_cause *c, bool local)
{
	return c->class == TN_CLASS_KERNEL_TLB_FLUSH && (local || !c->local);
}

static bool any_remote_flush(const struct tn_run *run)
{
	for (size_t i = 0; i < run->n_causes; i++)
		if (is_flush(&run->cause[i], false))
			return true;
	return false;
}

static void say_cause(struct report *r, const struct tn_run_cause *c)
{
	uint64_t events = report_events(c->class, c->entries, c->interruptions);
	struct report_buf rate, stolen, max;
	char who[512];

	report_who(r->run, c, who, sizeof(who));
	report_text(r, REPORT_PLAIN, 2, 4, "- %s/s %s%s%s: %s stolen, at most %s at once.",
		    report_number(&rate, r->totals.cpu_s > 0.0 ? (double)events / r->totals.cpu_s : NAN),
		    tn_class_name(c->class), who[0] ? ", " : "", who,
		    report_ticks(&stolen, r->run, (double)c->stolen_ticks),
		    report_ticks(&max, r->run, (double)c->max_ticks));
}

/*
 * Those that stole most, and the first kernel TLB flush if it is not among them: it is what this tool is about.
 * One that the probed CPU's own task ran is no noise from elsewhere: where another CPU sent one, it is left to
 * the table.
 */
static void say_causes(struct report *r)
{
	tn_autofree size_t *order = report_causes_sorted(r->run);
	bool remote = any_remote_flush(r->run), had_flush = false;
	size_t said = 0;

	for (size_t i = 0; order && i < r->run->n_causes; i++) {
		const struct tn_run_cause *c = &r->run->cause[order[i]];
		bool flush = is_flush(c, true);

		if ((flush && c->local && remote) || (said >= FOREMOST && (!flush || had_flush)))
			continue;
		say_cause(r, c);
		had_flush |= flush;
		said++;
	}
}

void report_result(struct report *r)
{
	bool partial = false;

	report_heading(r, "Result");
	for (size_t i = 0; i < r->totals.n && i < CPUS_SAID; i++)
		say_cpu(r, &r->totals.cpu[i]);
	if (r->totals.n > CPUS_SAID)
		report_text(r, REPORT_PLAIN, 2, 2, "%zu more CPUs are in the tables below.", r->totals.n - CPUS_SAID);
	if (!r->totals.n && !r->kinds.n_entries && !r->kinds.n_wakeups && !r->run->n_references)
		report_text(r, REPORT_PLAIN, 2, 2, "Nothing was measured.");
	report_say_entry_costs(r);
	report_say_wakeups(r);
	for (size_t i = 0; i < r->totals.n; i++)
		partial |= r->totals.cpu[i].partial > 0;
	if (partial)
		report_text(
			r, REPORT_PLAIN, 2, 4,
			"- A round that was cut short counts in the figures of all rounds together, but in no median "
			"and no spread over the rounds.");
	if (r->totals.n && r->run->level > TN_TRACE_ENTRY)
		report_text(r, REPORT_PLAIN, 2, 4, "- Causes are not known at level %s%s%s.",
			    tn_trace_level_name(r->run->level), r->run->level_reason[0] ? ": " : "",
			    r->run->level_reason);
	say_causes(r);
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
