// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How it was measured, so that each figure above can be explained: the clock, the loop, the churn, what the
 * run changed on the machine, what was lost, and the machine itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/parts.h"

#define EVIDENCE_SLACK 0.05 /* of a window: what reading the counters may take without a word */

static void say_clock(struct report *r)
{
	const struct tn_clock *c = &r->run->clock;
	char error[64] = "";
	struct report_buf quantum;

	if (c->source == TN_CLOCK_FITTED)
		snprintf(error, sizeof(error), " +- %.3g ppm", c->hz_error_ppm);
	report_text(
		r, REPORT_PLAIN, 2, 2,
		"Clock: %.6f MHz%s, rate %s; its grain is %s (%" PRIu64 " ticks), finer differences mean nothing. "
		"Invariant: %s; trusted by the kernel: %s; the kernel keeps time with %s.",
		c->hz / 1e6, error, c->source == TN_CLOCK_KERNEL ? "from the kernel" : "fitted to CLOCK_MONOTONIC_RAW",
		report_ticks(&quantum, r->run, (double)c->quantum_ticks), c->quantum_ticks, c->invariant ? "yes" : "no",
		c->reliable ? "yes" : "NO", c->clocksource[0] ? c->clocksource : "an unknown clocksource");
}

/* The extremes of a figure over the rounds of one CPU. */
struct extremes {
	uint64_t low, high;
};

static void widen(struct extremes *e, uint64_t v)
{
	if (v < e->low)
		e->low = v;
	if (v > e->high)
		e->high = v;
}

struct probe_row {
	struct extremes floor, median, p999, threshold;
	uint64_t quanta, faults, switches;
	bool misplaced;
};

static void add_round(struct probe_row *row, const struct tn_run_cpu *c)
{
	widen(&row->floor, c->floor_min_ticks);
	widen(&row->median, c->floor_median_ticks);
	widen(&row->p999, c->floor_p999_ticks);
	widen(&row->threshold, c->threshold_ticks);
	row->quanta += c->quanta;
	row->faults += c->minor_faults + c->major_faults;
	row->switches += c->voluntary_switches + c->involuntary_switches;
	row->misplaced |= c->ran_on != c->cpu;
}

static const char *show_range(struct report_buf *b, const struct tn_run *run, struct extremes e)
{
	return report_range_ns(b, tn_ticks_to_ns(&run->clock, (double)e.low),
			       tn_ticks_to_ns(&run->clock, (double)e.high));
}

static void add_probe(struct report *r, struct report_table *t, int cpu)
{
	static const struct extremes none = {UINT64_MAX, 0};
	struct probe_row row = {none, none, none, none, 0, 0, 0, false};
	struct report_buf b[7];
	char number[16];

	for (size_t i = 0; i < r->run->n_cpus; i++)
		if (r->run->cpu[i].cpu == cpu)
			add_round(&row, &r->run->cpu[i]);
	snprintf(number, sizeof(number), "%d", cpu);
	report_table_row(t, number, show_range(&b[0], r->run, row.floor), show_range(&b[1], r->run, row.median),
			 show_range(&b[2], r->run, row.p999), show_range(&b[3], r->run, row.threshold),
			 report_count(&b[4], row.quanta), report_count(&b[5], row.faults),
			 report_count(&b[6], row.switches));
	if (row.misplaced)
		report_table_note(t, "The probe found itself on another CPU: these figures are not those of CPU %d.",
				  cpu);
}

/*
 * When steal time, SMIs and counters were read: " in 10.8 s around each window of 10.0 s", " around each window"
 * if it is not known for how long, " during each window" if that comes to the same. Whether they cover more.
 */
bool report_evidence_time(const struct tn_run *run, char *buf, size_t size)
{
	double evidence_s = 0.0, window_s = 0.0;
	struct report_buf e, w;
	size_t n = 0;

	for (size_t i = 0; i < run->n_cpus; i++) {
		if (!(run->cpu[i].evidence_s > 0.0))
			continue;
		evidence_s += run->cpu[i].evidence_s;
		window_s += tn_run_window_s(run, &run->cpu[i]);
		n++;
	}
	if (n && fabs(evidence_s - window_s) > EVIDENCE_SLACK * window_s) {
		snprintf(buf, size, " in %s around each window of %s", report_ns(&e, evidence_s / (double)n * 1e9),
			 report_ns(&w, window_s / (double)n * 1e9));
		return true;
	}
	snprintf(buf, size, " %s each window", n ? "during" : "around");
	return false;
}

/* Which of the three it was: set, derived from the floor, or the least that a derived one can be. */
static void say_threshold(struct report *r)
{
	const struct tn_run *run = r->run;
	struct report_buf least;
	size_t at_least = 0;

	if (!run->min_threshold_ticks)
		return;
	for (size_t i = 0; i < run->n_cpus; i++)
		at_least += run->cpu[i].threshold_ticks == run->min_threshold_ticks;
	report_ticks(&least, run, (double)run->min_threshold_ticks);
	if (!run->threshold_auto)
		report_text(r, REPORT_PLAIN, 2, 2, "Threshold: set by the scenario.");
	else if (at_least == run->n_cpus)
		report_text(r, REPORT_PLAIN, 2, 2,
			    "Threshold: %s (the least automatic one; the floor alone would give less).", least.text);
	else
		report_text(r, REPORT_PLAIN, 2, 2, "Threshold: derived from the floor%s%s%s.",
			    at_least ? "; where it is " : "", at_least ? least.text : "",
			    at_least ? ", that is the least automatic one, and the floor alone would give less" : "");
}

/* Steal time and SMIs: evidence for what no kernel event explains. */
static void say_evidence(struct report *r)
{
	uint64_t steal = 0, smi = 0;
	bool has_steal = false, has_smi = false;
	struct report_buf b;
	char text[48], time[128];

	for (size_t i = 0; i < r->run->n_cpus; i++) {
		const struct tn_run_cpu *c = &r->run->cpu[i];

		has_steal |= c->steal_ns != UINT64_MAX;
		has_smi |= c->smi != UINT64_MAX;
		steal += c->steal_ns != UINT64_MAX ? c->steal_ns : 0;
		smi += c->smi != UINT64_MAX ? c->smi : 0;
	}
	snprintf(text, sizeof(text), "%s", has_smi ? report_count(&b, smi) : "unknown (the counter cannot be read)");
	report_evidence_time(r->run, time, sizeof(time));
	report_text(r, REPORT_PLAIN, 2, 2, "Evidence for unexplained interruptions: steal time %s, SMIs %s; counted%s.",
		    has_steal ? report_ns(&b, (double)steal) : "unknown", text, time);
}

static void say_raw(struct report *r)
{
	const struct tn_run *run = r->run;
	struct report_buf n;

	if (run->raw_file[0])
		report_text(r, REPORT_PLAIN, 2, 2, "%s %s interruptions: %s", run->raw_error[0] ? "The first" : "All",
			    report_count(&n, run->raw_records), run->raw_file);
	if (run->raw_error[0])
		report_text(r, REPORT_WARN, 2, 2, "Raw interruptions were not kept to the end: %s", run->raw_error);
}

int report_measurement(struct report *r)
{
	static const struct report_column columns[] = {
		{"CPU", false},       {"FLOOR", false},  {"MEDIAN", false}, {"P99.9", false},
		{"THRESHOLD", false}, {"QUANTA", false}, {"FAULTS", false}, {"SWITCHES", false},
	};
	struct report_table *t;
	int rc = 0;

	report_heading(r, "How it was measured");
	say_clock(r);
	if (r->run->n_cpus) {
		report_text(
			r, REPORT_PLAIN, 2, 2,
			"Probe: floor, median and P99.9 are those of one pass of its loop, undisturbed; a gap above the "
			"threshold is an interruption; \"to\" spans the rounds. Faults and switches are the probe's own, inside the window.");
		t = report_table_new(columns, TN_ARRAY_SIZE(columns));
		for (size_t i = 0; i < r->totals.n; i++)
			add_probe(r, t, r->totals.cpu[i].cpu);
		rc = report_table_print(t, r);
		say_threshold(r);
		say_evidence(r);
	}
	report_text(r, REPORT_PLAIN, 2, 2, "Attribution: level %s%s%s.", tn_trace_level_name(r->run->level),
		    r->run->level_reason[0] ? ": " : "", r->run->level_reason);
	say_raw(r);
	return rc;
}

/* Sums over the rounds of one source. */
struct churn_row {
	double seconds, busy_s, lowest, highest;
	uint64_t operations, missed, errors;
	const char *failure;
};

static void add_churn_round(struct churn_row *row, const struct tn_run_churn *c)
{
	double rate = c->seconds > 0.0 ? (double)c->operations / c->seconds : NAN;

	row->seconds += c->seconds;
	row->busy_s += c->busy_s;
	row->operations += c->operations;
	row->missed += c->missed;
	row->errors += c->errors;
	row->lowest = fmin(row->lowest, rate);
	row->highest = fmax(row->highest, rate);
	if (!row->failure && c->failure[0])
		row->failure = c->failure;
}

static void add_churn(const struct tn_run *run, struct report_table *t, const struct tn_run_churn *first)
{
	struct churn_row row = {.lowest = NAN, .highest = NAN};
	struct report_buf b[7];
	double work_s; /* of all workers */

	for (size_t i = 0; i < run->n_churn; i++)
		if (!strcmp(run->churn[i].name, first->name))
			add_churn_round(&row, &run->churn[i]);
	work_s = row.seconds * (double)first->workers;
	report_table_row(t, first->name, report_cpus(&b[0], &first->cpus),
			 first->requested_per_s > 0.0 ? report_number(&b[1], first->requested_per_s) : "flat out",
			 report_number(&b[2], row.seconds > 0.0 ? (double)row.operations / row.seconds : NAN),
			 report_interval(&b[3], (struct tn_interval){row.lowest, row.highest, 0}),
			 report_count(&b[4], row.missed), report_count(&b[5], row.errors),
			 report_share(&b[6], work_s > 0.0 ? row.busy_s / work_s : NAN));
	if (row.failure)
		report_table_note(t, "first error: %s", row.failure);
}

static bool named_before(const struct tn_run *run, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(run->churn[k].name, run->churn[i].name))
			return true;
	return false;
}

/* A source may do its work by the kernel module or by what works without it, which is not the same churn. */
static void say_source(struct report *r, const struct tn_run_churn *c)
{
	bool other = c->mechanism[0] && strcmp(c->mechanism, c->source);

	report_text(r, REPORT_PLAIN, 2, 4, "%s: source %s%s%s, %u worker%s; an operation: %s.", c->name, c->source,
		    other ? " by means of " : "", other ? c->mechanism : "", c->workers, c->workers == 1 ? "" : "s",
		    c->operation);
}

int report_churn(struct report *r)
{
	static const struct report_column columns[] = {
		{"CHURN", true},        {"CPUS", true},    {"ASKED/S", false}, {"ACHIEVED/S", false},
		{"OVER ROUNDS", false}, {"MISSED", false}, {"ERRORS", false},  {"BUSY", false},
	};
	const struct tn_run *run = r->run;
	struct report_table *t;
	int rc;

	report_heading(r, run->n_churn ? "Churn: work done on purpose" : "Churn: none");
	if (!run->n_churn)
		return 0;
	t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	for (size_t i = 0; i < run->n_churn; i++)
		if (!named_before(run, i))
			add_churn(run, t, &run->churn[i]);
	rc = report_table_print(t, r);
	for (size_t i = 0; i < run->n_churn; i++)
		if (!named_before(run, i))
			say_source(r, &run->churn[i]);
	return rc;
}

void report_effects(struct report *r)
{
	const struct tn_side_effect *e;

	if (!r->run->n_effects)
		return;
	report_heading(r, "What the run changed on the machine");
	for (size_t i = 0; i < r->run->n_effects; i++) {
		e = &r->run->effect[i];
		report_text(r, e->undone ? REPORT_PLAIN : REPORT_WARN, 2, 4, "- %s, %s: %s -> %s; %s", e->what,
			    e->target, e->before[0] ? e->before : "(nothing)", e->during[0] ? e->during : "(changed)",
			    e->undone ? "undone" : "NOT UNDONE");
	}
}

void report_lost(struct report *r)
{
	const struct tn_run *run = r->run;
	struct report_buf b[7];

	report_heading(r, "What was lost");
	if (!(run->lost.overrun + run->lost.missed + run->lost.undecoded + run->lost.ring + run->lost.causes)) {
		report_text(r, REPORT_PLAIN, 2, 2, "Nothing: %s trace events (%s) were all read.",
			    report_count(&b[0], run->lost.events),
			    tn_format_size(run->lost.bytes, b[1].text, REPORT_TEXT));
		return;
	}
	report_text(
		r, REPORT_WARN, 2, 2,
		"Of %s trace events (%s): %s found the buffer full, %s were missed by the reader, %s could not be decoded. "
		"%s interruptions found the probe's ring full: they are in the histograms, without a cause. "
		"Causes that did not fit into their table: %s.",
		report_count(&b[0], run->lost.events), tn_format_size(run->lost.bytes, b[1].text, REPORT_TEXT),
		report_count(&b[2], run->lost.overrun), report_count(&b[3], run->lost.missed),
		report_count(&b[4], run->lost.undecoded), report_count(&b[5], run->lost.ring),
		report_count(&b[6], run->lost.causes));
}

static void say(struct report *r, const char *what, const char *value)
{
	if (value[0])
		report_text(r, REPORT_PLAIN, 2, 4, "%s: %s", what, value);
}

static void say_config(struct report *r, const struct tn_environment *e)
{
	char text[TN_ENV_CONFIG_MAX * (sizeof(e->config[0]) + 2)] = "";
	size_t len;

	for (size_t i = 0; i < e->n_config; i++) {
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%s", len ? ", " : "", e->config[i]);
	}
	say(r, "Config", text);
}

void report_environment(struct report *r)
{
	const struct tn_environment *e = &r->run->env;
	char memory[TN_UNIT_TEXT];

	report_heading(r, "Environment");
	report_text(r, REPORT_PLAIN, 2, 4, "Kernel: %s (%s), preemption %s", e->kernel_version, e->arch,
		    e->preemption[0] ? e->preemption : "unknown");
	say(r, "Command line", e->cmdline);
	say_config(r, e);
	report_text(r, REPORT_PLAIN, 2, 4, "Machine: %s, microcode %s, %u NUMA node%s, %s of memory; %s",
		    e->cpu_model[0] ? e->cpu_model : "unknown CPU", e->microcode[0] ? e->microcode : "unknown",
		    e->nodes, e->nodes == 1 ? "" : "s", tn_format_size(e->memory_bytes, memory, sizeof(memory)),
		    e->distribution[0] ? e->distribution : "unknown distribution");
	for (size_t i = 0; i < r->run->n_overrides; i++)
		say(r, "Override", r->run->override[i]);
	report_text(r, REPORT_PLAIN, 2, 4, "tlbnoise %s; the run took %.1f s in all", r->run->tlbnoise_version,
		    r->run->elapsed_s);
}
