// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fills the run document: after each window of kind spin what the probes, the attribution and the counters say of it,
 * at the end the causes and the worst with all addresses turned into names, since the document has to be
 * readable where this kernel is not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ticks.h"
#include "base/utf8.h"
#include "result/judge.h"
#include "run.h"
#include "tn-config.h"

#define SPAN_MAX 1.05 /* how much longer than the window it may take to read what lies beside it */

static const char *const softirq_name[] = {"HI",       "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
					   "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU"};

static const char *const vector_name[TN_VEC_COUNT] = {
	[TN_VEC_LOCAL_TIMER] = "local_timer",     [TN_VEC_RESCHEDULE] = "reschedule",
	[TN_VEC_CALL_FUNCTION] = "call_function", [TN_VEC_CALL_FUNCTION_SINGLE] = "call_function_single",
	[TN_VEC_IRQ_WORK] = "irq_work",           [TN_VEC_PLATFORM_IPI] = "x86_platform_ipi",
	[TN_VEC_THERMAL] = "thermal_apic",        [TN_VEC_ERROR] = "error_apic",
	[TN_VEC_SPURIOUS] = "spurious_apic",
};

static const struct tn_symbols *symbols_of(const struct run *run)
{
	return run->trace ? tn_trace_symbols(run->trace) : run->own_symbols;
}

/* The part of an entry that is not a function: vector, IRQ, softirq, task. */
static void describe(const struct tn_symbols *sym, uint16_t type, uint16_t arg, uint32_t name, bool local, char *buf,
		     size_t size)
{
	*buf = '\0';
	if (type == TN_EV_VECTOR_ENTRY && arg < TN_VEC_COUNT)
		snprintf(buf, size, "%s", vector_name[arg]);
	else if (type == TN_EV_IRQ_ENTRY)
		snprintf(buf, size, "IRQ %u %s", arg, tn_symbols_text(sym, name));
	else if (type == TN_EV_SOFTIRQ_ENTRY && arg < TN_ARRAY_SIZE(softirq_name))
		snprintf(buf, size, "softirq %s", softirq_name[arg]);
	else if (type == TN_EV_SWITCH)
		snprintf(buf, size, "to %s", tn_symbols_text(sym, name));
	else if (type == TN_EV_FAULT)
		snprintf(buf, size, "page fault, %s", arg ? "user" : "kernel");
	else if (local)
		snprintf(buf, size, "called locally");
}

static void put_symbol(const struct tn_symbols *sym, uint64_t address, bool offset, char *buf, size_t size)
{
	const char *name = address ? tn_symbols_name(sym, address) : "";

	*buf = '\0';
	if (address && (offset || !*name))
		tn_symbols_format(sym, address, buf, size);
	else
		snprintf(buf, size, "%s", name);
}

static void fill_probe(const struct run *run, const struct probe *p, struct tn_run_cpu *c)
{
	const struct tn_probe_result *res = &p->handle.shm->result;
	const struct tn_topology *t = &run->plan.topology;

	c->cpu = p->cpu;
	c->round = run->round;
	c->ran_on = res->cpu_before == res->cpu_after ? res->cpu_before : -1;
	c->isolated = tn_cpus_has(&t->isolated, (unsigned int)p->cpu);
	c->nohz_full = tn_cpus_has(&t->nohz_full, (unsigned int)p->cpu);
	c->node = tn_topology_node("", p->cpu);
	if (tn_topology_siblings("", p->cpu, &c->siblings, NULL) < 0)
		tn_cpus_add(&c->siblings, (unsigned int)p->cpu);
	c->window_open_ticks = res->window_open;
	c->window_close_ticks = res->window_close;
	c->floor_min_ticks = res->floor_min_ticks;
	c->floor_median_ticks = res->floor_median_ticks;
	c->floor_p999_ticks = res->floor_p999_ticks;
	c->threshold_ticks = res->threshold_ticks;
	c->quantum_passes = res->quantum_passes;
	c->quantum_base_ticks = res->quantum_base_ticks;
	c->quantum_min_ticks = res->quantum_min_ticks;
	c->quanta = res->quanta;
	c->quanta_below_base = res->quanta_below_base;
	c->stolen_ticks = res->stolen_ticks;
	c->ring_lost = res->lost;
	c->ring_lost_ticks = res->lost_ticks;
	c->minor_faults = res->minor_faults;
	c->major_faults = res->major_faults;
	c->voluntary_switches = res->voluntary_switches;
	c->involuntary_switches = res->involuntary_switches;
	c->interruptions = res->interruptions;
	c->jitter = res->jitter;
}

static void fill_tally(const struct tn_cpu_tally *t, struct tn_run_cpu *c)
{
	for (int i = 0; i < TN_CLASS_COUNT; i++) {
		c->by_class[i].entries = t->conservation[i].entries;
		c->by_class[i].matched = t->conservation[i].matched;
		c->by_class[i].too_short = t->conservation[i].too_short;
		c->by_class[i].interruptions = t->class_interruptions[i];
		c->by_class[i].stolen_ticks = t->class_stolen_ticks[i];
		c->by_class[i].max_ticks = t->class_max_ticks[i];
	}
	c->entries_outside = t->outside_window;
	c->flush_local = t->flush_local;
	c->senders_unknown = t->senders_unknown;
}

static uint64_t delta_or_unknown(uint64_t before, uint64_t after)
{
	return before == UINT64_MAX || after == UINT64_MAX ? UINT64_MAX : after - before;
}

static int fill_evidence(const struct evidence *before, const struct evidence *after, struct tn_run_cpu *c)
{
	tn_autofree struct tn_counters *delta = malloc(sizeof(*delta));

	if (!delta)
		return -ENOMEM;
	c->steal_ns = delta_or_unknown(before->steal_ns, after->steal_ns);
	c->smi = delta_or_unknown(before->smi, after->smi);
	tn_counters_delta(&before->counters, &after->counters, delta);
	c->counter = calloc(delta->n ? delta->n : 1, sizeof(*c->counter));
	if (!c->counter)
		return -ENOMEM;
	c->n_counters = delta->n;
	c->counters_dropped = after->counters.dropped_rows;
	for (size_t i = 0; i < delta->n; i++) {
		snprintf(c->counter[i].name, sizeof(c->counter[i].name), "%s", delta->row[i].name);
		snprintf(c->counter[i].text, sizeof(c->counter[i].text), "%s", delta->row[i].text);
		c->counter[i].delta = delta->row[i].value;
	}
	return 0;
}

static int document_cpu(struct run *run, size_t i, struct tn_error *err)
{
	const struct probe *p = &run->probe[i];
	struct tn_run_cpu *c = tn_run_add_cpu(run->doc);

	if (!c)
		return tn_error_set(err, -ENOMEM, "out of memory for the result of CPU %d", p->cpu);
	fill_probe(run, p, c);
	if (c->ran_on != c->cpu)
		return tn_error_set(err, -EIO,
				    "CPU %d: the probe ran on CPU %d, then on %d: the result would be of another CPU; "
				    "is something moving tasks (cpuset, irqbalance, taskset)?",
				    p->cpu, p->handle.shm->result.cpu_before, p->handle.shm->result.cpu_after);
	fill_tally(tn_attribution_tally(run->attribution, p->cpu), c);
	run->doc->lost.ring += c->ring_lost;
	c->evidence_s = (double)run->evidence_ns / 1e9;
	c->partial = (double)(c->window_close_ticks - c->window_open_ticks) <
		     (double)run->plan.scenario.duration_ns * run->plan.clock.hz / 1e9 - 1;
	if (fill_evidence(&run->before[i], &run->after[i], c) < 0)
		return tn_error_set(err, -ENOMEM, "out of memory for the counters of CPU %d", p->cpu);
	return 0;
}

/* What makes the figures beside the probe's own be of more, or of less, than the window. */
static void find_in_round(struct run *run)
{
	double window_s = (double)run_step(run)->duration_ns / 1e9, span_s = (double)run->evidence_ns / 1e9;
	struct tn_run *doc = run->doc;

	if (!run->stopping && span_s > SPAN_MAX * window_s)
		tn_run_add_finding(
			doc, TN_FINDING_WARNING, -1, "daemon-late",
			"round %u: counters and churn were read over %.2f s instead of %.2f s, since tlbnoised "
			"itself had to wait for a CPU",
			run->round + 1, span_s, window_s);
}

/**
 * document_round() - add the results of a window of kind spin
 * @run: the run; windows closed, everything collected
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int document_round(struct run *run, struct tn_error *err)
{
	for (size_t i = 0; i < run->n_probes; i++) {
		int r = document_cpu(run, i, err);

		if (r < 0)
			return r;
	}
	find_in_round(run);
	return 0;
}

static void fill_cause(const struct tn_symbols *sym, const struct tn_cause *from, struct tn_run_cause *to)
{
	const struct tn_stack *stack = tn_symbols_stack(sym, from->stack);

	to->class = from->class;
	to->local = from->local;
	put_symbol(sym, from->function, false, to->function, sizeof(to->function));
	put_symbol(sym, from->culprit, false, to->culprit, sizeof(to->culprit));
	put_symbol(sym, from->callsite, true, to->callsite, sizeof(to->callsite));
	describe(sym, from->type, from->vector_arg, from->name, from->local, to->detail, sizeof(to->detail));
	snprintf(to->sender_comm, sizeof(to->sender_comm), "%s", from->sender_comm);
	to->sender_cpus = from->sender_cpus;
	for (uint32_t i = 0; stack && i < stack->depth && i < TN_RUN_STACK; i++)
		put_symbol(sym, stack->frame[i], true, to->stack[to->n_stack++], TN_RUN_SYMBOL);
	to->entries = from->entries;
	to->matched = from->matched;
	to->too_short = from->too_short;
	to->interruptions = from->interruptions;
	to->stolen_ticks = from->stolen_ticks;
	to->max_ticks = from->max_ticks;
}

static int fill_causes(struct run *run)
{
	size_t n;
	const struct tn_cause *cause = tn_attribution_causes(run->attribution, &n);

	free(run->doc->cause);
	run->doc->n_causes = 0;
	run->doc->cause = calloc(n ? n : 1, sizeof(*run->doc->cause));
	if (!run->doc->cause)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		fill_cause(symbols_of(run), &cause[i], &run->doc->cause[i]);
	run->doc->n_causes = n;
	run->doc->lost.causes = tn_attribution_causes_dropped(run->attribution);
	return 0;
}

static void fill_entry(const struct tn_symbols *sym, const struct tn_entry *from, struct tn_run_entry *to)
{
	to->class = from->class;
	to->ticks = from->ticks;
	put_symbol(sym, from->function, false, to->function, sizeof(to->function));
	put_symbol(sym, from->culprit, false, to->culprit, sizeof(to->culprit));
	describe(sym, from->type, from->vector_arg, from->name, from->local, to->detail, sizeof(to->detail));
	to->sender_cpu = from->sender_cpu;
	to->sender_pid = from->sender_pid;
	to->delivery_ticks = from->sent && from->sent < from->ticks ? from->ticks - from->sent : 0;
	if (from->sender_pid >= 0)
		snprintf(to->sender_comm, sizeof(to->sender_comm), "%s", tn_symbols_text(sym, from->sender_name));
}

static void forget_worst(struct tn_run *doc)
{
	for (size_t i = 0; i < doc->n_worst; i++)
		free(doc->worst[i].entry);
	free(tn_steal_ptr(doc->worst));
	doc->n_worst = 0;
}

static int fill_worst(struct run *run)
{
	const struct tn_worst *from;
	size_t n = tn_attribution_worst(run->attribution, &from);

	forget_worst(run->doc);
	run->doc->worst = calloc(n ? n : 1, sizeof(*run->doc->worst));
	if (!run->doc->worst)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++, from++) {
		struct tn_run_worst *to = &run->doc->worst[i];

		*to = (struct tn_run_worst){
			.start_ticks = from->start,
			.end_ticks = from->end,
			.cpu = from->cpu,
			.round = from->round,
			.class = from->class,
			.cause = from->cause == UINT32_MAX ? -1 : (int64_t)from->cause,
			.n_entries = from->n_entries,
		};
		run->doc->n_worst++;
		to->n_kept = from->n_entries < TN_ENTRIES_KEPT ? from->n_entries : TN_ENTRIES_KEPT;
		to->entry = calloc(to->n_kept ? to->n_kept : 1, sizeof(*to->entry));
		if (!to->entry) {
			to->n_kept = 0;
			return -ENOMEM;
		}
		for (uint32_t j = 0; j < to->n_kept; j++)
			fill_entry(symbols_of(run), &from->entry[j], &to->entry[j]);
	}
	return 0;
}

static void judge(const struct run *run, struct tn_run *doc)
{
	/* Both count the same loss, as the kernel and as the reader saw it. */
	uint64_t trace = doc->lost.overrun > doc->lost.missed ? doc->lost.overrun : doc->lost.missed;

	bool partial = false;

	for (size_t i = 0; i < doc->n_cpus; i++)
		partial |= doc->cpu[i].partial;
	for (size_t i = 0; i < doc->n_entry_costs; i++)
		partial |= doc->entry_cost[i].partial;
	for (size_t i = 0; i < doc->n_wakeups; i++)
		partial |= doc->wakeup[i].partial;
	for (size_t i = 0; i < doc->n_references; i++)
		partial |= doc->reference[i].partial;
	if (doc->rounds_done < doc->rounds_planned || partial) {
		doc->state = TN_RUN_ABORTED;
		snprintf(doc->state_reason, sizeof(doc->state_reason), "stopped in round %u of %u", run->stopped_in,
			 doc->rounds_planned);
	} else if (trace || doc->lost.undecoded || doc->lost.ring || doc->lost.causes) {
		doc->state = TN_RUN_INCOMPLETE;
		snprintf(
			doc->state_reason, sizeof(doc->state_reason),
			"lost: %llu kernel events (and %llu not understood), %llu interruptions, %llu entries without a row "
			"of causes; raise "
			"trace.buffer or probe.ring, or churn less",
			(unsigned long long)trace, (unsigned long long)doc->lost.undecoded,
			(unsigned long long)doc->lost.ring, (unsigned long long)doc->lost.causes);
	}
}

/**
 * document_head() - fill in what is known before anything is measured
 * @run: the run, planned
 */
void document_head(struct run *run)
{
	const struct tn_scenario *s = &run->plan.scenario;
	struct tn_run *doc = run->doc;

	snprintf(doc->tlbnoise_version, sizeof(doc->tlbnoise_version), "%s", TN_VERSION);
	snprintf(doc->scenario_name, sizeof(doc->scenario_name), "%s", s->name);
	tn_utf8_make_text(doc->scenario_name);
	snprintf(doc->scenario_description, sizeof(doc->scenario_description), "%s", s->description);
	doc->duration_ns = s->duration_ns;
	doc->quantum_ns = s->probe.quantum_ns;
	doc->rounds_planned = s->rounds;
	doc->threshold_auto = s->probe.threshold_auto;
	doc->min_threshold_ticks = tn_ns_to_ticks(&run->plan.clock, MIN_THRESHOLD_NS);
	doc->probed = run->plan.probed;
	doc->housekeeping = run->plan.housekeeping;
	doc->clock = run->plan.clock;
	doc->level = run->plan.level;
	snprintf(doc->level_reason, sizeof(doc->level_reason), "%s", run->plan.level_reason);
}

/**
 * document_so_far() - bring the document up to date with what all rounds so far say together
 * @run: the run, between two rounds or behind the last, trace still open
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int document_so_far(struct run *run, struct tn_error *err)
{
	struct tn_run *doc = run->doc;
	struct tn_trace_stats stats = {0};
	int r;

	snprintf(doc->trace_clock, sizeof(doc->trace_clock), "%s", run->trace ? TN_TRACE_CLOCK : "");
	doc->elapsed_s = (double)(tn_now_ns(CLOCK_MONOTONIC) - run->started_ns) / 1e9;
	if (fill_causes(run) < 0 || fill_worst(run) < 0)
		return tn_error_set(err, -ENOMEM, "out of memory for the table of causes");
	if (run->trace) {
		r = tn_trace_stats(run->trace, &stats, err);
		if (r < 0)
			return r;
	}
	doc->lost.events = stats.events;
	doc->lost.bytes = stats.bytes;
	doc->lost.overrun = stats.overrun;
	doc->lost.missed = stats.missed;
	doc->lost.undecoded = stats.undecoded;
	return 0;
}

/**
 * document_finish() - complete the document
 * @run: the run, its last round documented, trace still open
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int document_finish(struct run *run, struct tn_error *err)
{
	int r = document_so_far(run, err);

	if (r < 0)
		return r;
	judge(run, run->doc);
	results_finish_raw(&run->results, run->doc);
	return tn_run_judge(run->doc, &run->plan.scenario, err);
}
