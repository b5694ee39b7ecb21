// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HZ     2596123456.789
#define STAMP  9007199254740993ull /* 2^53 + 1: no double holds it */
#define WINDOW 25961234568ull

static void *list(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

#define SET(member, ...) snprintf(member, sizeof(member), __VA_ARGS__)

/* A fixed sequence instead of chance: a result that changes from run to run proves nothing. */
static uint64_t next_number(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void fill_head(struct tn_run *run, unsigned int rounds)
{
	SET(run->id, "20261122-101502-8c41d0");
	run->state = TN_RUN_INCOMPLETE;
	SET(run->state_reason, "12 trace events and 3 interruptions were lost");
	SET(run->started_at, "2026-11-22T10:15:02Z");
	run->elapsed_s = 63.25;
	SET(run->tlbnoise_version, "0.1.0");
	SET(run->scenario_name, "vmalloc-storm");
	SET(run->scenario_description, "vmalloc churn from housekeeping CPUs, as container and thread churn does");
	run->scenario_text = strdup("[scenario]\nduration = 10s\n[churn vmalloc]\nsource = bpf-map\n");
	run->n_overrides = 2;
	run->override = list(2, sizeof(char *));
	run->override[0] = strdup("probe.cpus=1");
	run->override[1] = strdup("scenario.duration=10s");
	run->duration_ns = 10000000000;
	run->quantum_ns = 100000;
	run->rounds_planned = rounds + 1;
	run->rounds_done = rounds;
	run->threshold_auto = true;
	run->min_threshold_ticks = 649;
	tn_cpus_add(&run->housekeeping, 0);
	run->level = TN_TRACE_ENTRY;
	SET(run->level_reason, "ipi, csd and irq_vectors events are there");
	SET(run->trace_clock, "x86-tsc");
	run->lost = (__typeof__(run->lost)){1234567, 98765432, 9, 3, 5, 3, 1};
	SET(run->raw_file, "20261122-101502-8c41d0.raw");
	run->raw_records = 1557;
	SET(run->raw_error, "no space left on the device");
}

static void fill_environment(struct tn_environment *e)
{
	SET(e->hostname, "rt-lab-7");
	SET(e->machine_id_hash, "6dca02b1f2c94b0f8d5bb52bd4cc2d1e");
	SET(e->kernel_release, "6.18.5");
	SET(e->kernel_version, "#1 SMP PREEMPT_DYNAMIC Thu Jan 15 10:12:41 UTC 2026");
	SET(e->cmdline,
	    "BOOT_IMAGE=/boot/vmlinuz-6.18.5 root=/dev/vda1 ro console=ttyS0 quiet nmi_watchdog=0 mitigations=auto");
	SET(e->arch, "x86_64");
	SET(e->cpu_model, "AMD EPYC 7B13");
	SET(e->microcode, "0xa0011d5");
	SET(e->virtualization, "kvm");
	SET(e->preemption, "voluntary");
	SET(e->distribution, "Debian GNU/Linux 12 (bookworm)");
	e->nodes = 1;
	e->memory_bytes = 8354078720;
	e->n_config = 4;
	SET(e->config[0], "CONFIG_HZ=250");
	SET(e->config[1], "# CONFIG_NO_HZ_FULL is not set");
	SET(e->config[2], "CONFIG_PREEMPT_VOLUNTARY=y");
	SET(e->config[3], "CONFIG_RCU_NOCB_CPU=y");
}

static void fill_readiness(struct tn_run *run)
{
	struct tn_check_report report = {0};
	struct tn_check_finding finding[2 * 16], *f = finding;

	for (size_t i = 0; i < 16; i++)
		for (int cpu = 1; cpu <= (tn_check_at(i)->per_cpu ? 2 : 1); cpu++, f++) {
			*f = (struct tn_check_finding){.check = tn_check_at(i),
						       .cpu = tn_check_at(i)->per_cpu ? cpu : -1,
						       .verdict = (enum tn_check_verdict)(i % TN_CHECK_VERDICTS)};
			SET(f->file, "/proc/cmdline");
			snprintf(f->value, sizeof(f->value), "value %zu", i + 1);
		}
	report.finding = finding;
	report.n = (size_t)(f - finding);
	if (tn_run_add_readiness(run, &report, NULL) < 0)
		abort();
}

static void fill_findings(struct tn_run *run)
{
	tn_run_add_finding(run, TN_FINDING_WARNING, 1, "cpu-not-isolated",
			   "CPU 1 is not isolated: the scheduler and the tick run there, as in no production setup. "
			   "Boot with isolcpus=1 nohz_full=1 for a result that counts.");
	tn_run_add_finding(run, TN_FINDING_INFO, -1, "no-smi-count", "The SMI count cannot be read here.");
	run->finding[1].severity = TN_FINDING_WARNING;
	tn_run_add_finding(run, TN_FINDING_INFO, -1, "smt-off", "SMT is off: no sibling shares the probed core.");
	fill_readiness(run);
	tn_run_add_effect(run, "tracefs-instance", "/sys/kernel/tracing/instances/tlbnoise.4711.88123.probed", "absent",
			  "present");
	tn_run_add_effect(run, "sched-policy", "probe on CPU 1", "SCHED_OTHER", "SCHED_FIFO 1");
	run->effect[0].undone = run->effect[1].undone = true;
}

static void record(struct tn_run_cpu *c, enum tn_class class, uint64_t ticks)
{
	tn_hist_record(&c->interruptions, ticks);
	c->stolen_ticks += ticks - c->floor_median_ticks;
	c->by_class[class].entries += class != TN_CLASS_UNEXPLAINED; /* which has interruptions, but no events */
	c->by_class[class].matched += class != TN_CLASS_UNEXPLAINED;
	c->by_class[class].interruptions++;
	c->by_class[class].stolen_ticks += ticks;
	if (ticks > c->by_class[class].max_ticks)
		c->by_class[class].max_ticks = ticks;
}

static void fill_measurements(struct tn_run_cpu *c, uint64_t seed)
{
	uint64_t state = seed, extra;

	for (unsigned int i = 0; i < 99970; i++) {
		extra = next_number(&state) % 40;
		if (i % 40 == 0)
			extra = 6000 + next_number(&state) % 9000;
		if (i % 5000 == 0)
			extra = 90000 + next_number(&state) % 700000;
		tn_hist_record(&c->jitter, extra);
	}
	for (unsigned int i = 0; i < 250; i++)
		record(c, TN_CLASS_TICK, 7000 + next_number(&state) % 5000);
	for (unsigned int i = 0; i < 56 + seed % 13; i++)
		record(c, TN_CLASS_KERNEL_TLB_FLUSH, 5200 + next_number(&state) % 30000);
	record(c, TN_CLASS_UNEXPLAINED, 700000 + next_number(&state) % 2400000);
	record(c, TN_CLASS_TASK_SWITCH, 40000 + next_number(&state) % 9000);
	for (unsigned int i = 0; i < TN_CLASS_COUNT && seed == 303; i++) { /* no member of any class at zero */
		record(c, (enum tn_class)i, 2600 + 100 * i);
		c->by_class[i].entries += 3 + i;
		c->by_class[i].matched++;
		c->by_class[i].too_short += 2 + i;
	}
	c->by_class[TN_CLASS_KERNEL_TLB_FLUSH].entries += 11;
	c->by_class[TN_CLASS_KERNEL_TLB_FLUSH].too_short += 11;
}

static void fill_cpu(struct tn_run *run, int cpu, uint32_t round)
{
	struct tn_run_cpu *c = tn_run_add_cpu(run);

	if (!c)
		abort();
	c->cpu = c->ran_on = cpu;
	c->round = round;
	c->isolated = cpu > 1;
	c->nohz_full = cpu > 2;
	c->node = cpu;
	tn_cpus_add(&c->siblings, (unsigned int)cpu);
	c->window_open_ticks = STAMP + round * 2 * WINDOW;
	c->window_close_ticks = c->window_open_ticks + WINDOW + 4242;
	c->floor_min_ticks = 44;
	c->floor_median_ticks = 52;
	c->floor_p999_ticks = 78 + round;
	c->threshold_ticks = 649;
	c->quantum_passes = 4992;
	c->quantum_base_ticks = 259610;
	c->quantum_min_ticks = 259598;
	c->quanta = 99970;
	c->quanta_below_base = 17;
	c->ring_lost = 3;
	c->ring_lost_ticks = 30123;
	c->minor_faults = 1;
	c->major_faults = 2;
	c->voluntary_switches = 3;
	c->involuntary_switches = 4;
	c->steal_ns = 30000000;
	c->smi = 5;
	c->evidence_s = 10.75;
	c->partial = round > 2 && round == run->rounds_done;
	fill_measurements(c, (uint64_t)cpu * 100 + round);
	c->entries_outside = 6;
	c->flush_local = 7;
	c->senders_unknown = 8;
	c->counters_dropped = 9;
	c->n_counters = 2;
	c->counter = list(2, sizeof(*c->counter));
	c->counter[0] = (struct tn_run_counter){"CAL", "Function call interrupts", 65};
	c->counter[1] = (struct tn_run_counter){"LOC", "Local timer interrupts", 2501};
}

static struct tn_run_cause *add_cause(struct tn_run *run, enum tn_class class, const char *function, const char *detail,
				      uint64_t interruptions, uint64_t too_short)
{
	struct tn_run_cause *c = &run->cause[run->n_causes++];

	c->class = class;
	SET(c->function, "%s", function);
	SET(c->detail, "%s", detail);
	c->interruptions = c->matched = interruptions;
	c->too_short = too_short;
	c->entries = c->matched + too_short;
	return c;
}

static void fill_causes(struct tn_run *run)
{
	static const char *const stack[] = {
		"smp_call_function_many_cond+0x2a1",
		"on_each_cpu_cond_mask+0x24",
		"flush_tlb_kernel_range+0x8d",
		"__purge_vmap_area_lazy+0x2e3",
		"_vm_unmap_aliases+0x1f7",
		"change_page_attr_set_clr+0xf2",
		"set_memory_rw+0x29",
		"bpf_prog_free_deferred+0x9c",
		"process_one_work+0x174",
	};
	struct tn_run_cause *c;

	run->cause = list(5, sizeof(*run->cause));
	c = add_cause(run, TN_CLASS_UNEXPLAINED, "", "", 0, 0); /* no event: only interruptions */
	c->interruptions = 5;
	c->stolen_ticks = 9412345;
	c->max_ticks = 3012345;
	c = add_cause(run, TN_CLASS_TICK, "tick_nohz_handler", "local timer", 1250, 4);
	c->stolen_ticks = 11876543;
	c->max_ticks = 11990;
	c = add_cause(run, TN_CLASS_KERNEL_TLB_FLUSH, "do_kernel_range_flush", "call function", 301, 55);
	SET(c->culprit, "__purge_vmap_area_lazy");
	SET(c->callsite, "smp_call_function_many_cond+0x2a1");
	SET(c->sender_comm, "tlbnoise-churn");
	tn_cpus_add(&c->sender_cpus, 0);
	c->n_stack = TN_ARRAY_SIZE(stack);
	for (unsigned int i = 0; i < c->n_stack; i++)
		SET(c->stack[i], "%s", stack[i]);
	c->stolen_ticks = 6012345;
	c->max_ticks = 35123;
	c = add_cause(run, TN_CLASS_TASK_SWITCH, "", "kworker/1:2", 5, 0);
	c->stolen_ticks = 222000;
	c->max_ticks = 48800;
	c = add_cause(run, TN_CLASS_KERNEL_TLB_FLUSH, "do_flush_tlb_all", "", 4, 0);
	SET(c->culprit, "__purge_vmap_area_lazy");
	SET(c->sender_comm, "kworker/1:2");
	tn_cpus_add(&c->sender_cpus, 1);
	c->local = true;
	c->stolen_ticks = 7012345;
	c->max_ticks = 2100456;
}

static void fill_worst(struct tn_run *run)
{
	struct tn_run_worst *w;

	run->n_worst = 3;
	run->worst = list(3, sizeof(*run->worst));
	for (unsigned int i = 0; i < 3; i++) {
		w = &run->worst[i];
		w->start_ticks = STAMP + (i + 1) * (2 * WINDOW + 1000001);
		w->end_ticks = w->start_ticks + 3012345 / (i * 40 + 1);
		w->cpu = 1;
		w->round = i + 1;
		w->cause = i == 0 ? 0 : i == 1 ? 2 : -1;
		w->class = i == 0 ? TN_CLASS_UNEXPLAINED : i == 1 ? TN_CLASS_KERNEL_TLB_FLUSH : TN_CLASS_NONE;
		w->n_entries = i == 1 ? 3 : 0;
		w->n_kept = i == 1 ? 2 : 0;
		w->entry = list(2, sizeof(*w->entry));
	}
	w = &run->worst[1];
	w->entry[0].class = TN_CLASS_KERNEL_TLB_FLUSH;
	w->entry[0].ticks = w->start_ticks + 700;
	SET(w->entry[0].function, "do_kernel_range_flush");
	SET(w->entry[0].detail, "call function");
	SET(w->entry[0].culprit, "__purge_vmap_area_lazy");
	w->entry[0].sender_cpu = 12;
	w->entry[0].sender_pid = 4711;
	SET(w->entry[0].sender_comm, "tlbnoise-churn");
	w->entry[0].delivery_ticks = 1812;
	w->entry[1].class = TN_CLASS_SOFTIRQ;
	w->entry[1].ticks = w->start_ticks + 61000;
	SET(w->entry[1].detail, "softirq RCU");
	w->entry[1].sender_cpu = w->entry[1].sender_pid = -1;
}

static void fill_churn(struct tn_run *run, unsigned int rounds)
{
	struct tn_run_churn *c;

	run->n_churn = 2 * rounds;
	run->churn = list(run->n_churn, sizeof(*run->churn));
	for (unsigned int i = 0; i < run->n_churn; i++) {
		c = &run->churn[i];
		SET(c->name, "%s", i % 2 ? "junk" : "vmalloc");
		SET(c->source, "%s", i % 2 ? "module-junk" : "bpf-map");
		SET(c->kind, "spin");
		SET(c->mechanism, "%s", i % 2 ? "module-junk" : "module");
		SET(c->operation, "%s", i % 2 ? "init_module() of junk" : "map created, filled and closed");
		tn_cpus_add(&c->cpus, 0);
		c->workers = 1 + i % 2;
		c->requested_per_s = 200;
		c->round = i / 2 + 1;
		c->seconds = 10.0;
		c->operations = i % 2 ? 1 : 1990 + c->round;
		c->missed = i % 2 ? 1999 : 10 - c->round;
		c->errors = i % 2 ? 1 : 2;
		c->busy_s = 1.75;
		if (i % 2)
			SET(c->failure,
			    "init_module: Function not implemented; this kernel has no modules (CONFIG_MODULES)");
	}
}

/* getpid and a page fault on each CPU and round, quiet and under churn, which makes the tail longer. */
static void fill_entry_costs(struct tn_run *run, int cpus, unsigned int rounds)
{
	for (unsigned int i = 0; i < 4 * rounds * (unsigned int)cpus; i++) {
		struct tn_run_entry_cost *e = tn_run_add_entry_cost(run);
		uint64_t state = 77 + i;

		if (!e)
			abort();
		e->cpu = (int)(i / 4 % (unsigned int)cpus) + 1;
		e->round = i / 4 / (unsigned int)cpus;
		e->isolated = e->cpu > 1;
		e->nohz_full = e->cpu > 2;
		e->partial = e->round == 2;
		e->traced = i == 2;
		e->condition = i / 2 % 2 ? TN_CONDITION_CHURN : TN_CONDITION_QUIET;
		SET(e->operation, "%s", i % 2 ? "page-fault" : "getpid");
		e->window_open_ticks = STAMP + i * WINDOW;
		e->window_close_ticks = e->window_open_ticks + WINDOW / 10;
		e->clock_ticks = 52;
		for (unsigned int n = 0; n < 20000; n++)
			tn_hist_record(&e->cost, (i % 2 ? 1900 : 310) + next_number(&state) % 60 +
							 (n % 900 == 0 && i / 2 % 2 ? 5200 : 0));
	}
}

static void fill_wakeups(struct tn_run *run, int cpus, unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds * (unsigned int)cpus; i++) {
		struct tn_run_wakeup *w = tn_run_add_wakeup(run);
		uint64_t state = 9 + i;

		if (!w)
			abort();
		w->cpu = (int)(i % (unsigned int)cpus) + 1;
		w->round = i / (unsigned int)cpus;
		w->isolated = w->cpu > 1;
		w->nohz_full = w->cpu > 2;
		w->partial = w->round == 2;
		w->traced = i == 1;
		w->interval_ns = 1000000;
		w->window_open_ticks = STAMP + 7 + i * WINDOW;
		w->window_close_ticks = w->window_open_ticks + WINDOW / 10;
		w->wakeups = 1000 - i;
		w->missed = i;
		for (unsigned int n = 0; n < w->wakeups; n++)
			tn_hist_record(&w->latency, 9000 + next_number(&state) % 3000);
	}
}

/* Each tool in each round, on CPU 1; cyclictest has no percentiles, and in the last round it failed. */
static void fill_references(struct tn_run *run, unsigned int rounds)
{
	for (unsigned int i = 0; i < 2 * rounds; i++) {
		struct tn_run_reference *f = tn_run_add_reference(run);

		if (!f)
			abort();
		SET(f->tool, "%s", i % 2 ? "cyclictest" : "oslat");
		SET(f->command, "%s", i % 2 ? "cyclictest -a 1 -i 1000 -D 10" : "oslat -c 1 -D 10");
		f->cpu = 1;
		f->round = i / 2;
		f->isolated = f->nohz_full = true;
		f->partial = f->traced = i == 0;
		if (i + 1 == 2 * rounds) {
			SET(f->failure, "cyclictest: not found; install rt-tests");
			continue;
		}
		SET(f->version, "2.40");
		f->seconds = 10;
		f->samples = i % 2 ? 10000 : 380000000;
		f->min_ns = i % 2 ? 3000 : 0;
		f->mean_ns = i % 2 ? 4130.5 : 21.25;
		f->max_ns = 41000 + 1000 * i;
		f->resolution_ns = 1000;
		if (i % 2)
			continue;
		f->p50_ns = 1000;
		f->p99_ns = 2000;
		f->p999_ns = 9000;
	}
}

static void fill_expectations(struct tn_run *run)
{
	static const struct tn_run_expectation expectation[] = {
		{"jitter.p99", "< 5us", 12, TN_EXPECTATION_FAILED, "ns", 7205.5, 6900.25, 7600.75, 0.95, "made up"},
		{"cause.kernel-tlb-flush", "<= 400", 13, TN_EXPECTATION_MET, "count", 360, 360, 360, 1, "made up"},
		{"stolen", "< 0.1%", 14, TN_EXPECTATION_UNDECIDED, "share", 9.5e-4, 8e-4, 1.125e-3, 0.9375, "made up"},
		{"churn.none.rate", "> 45/s", 15, TN_EXPECTATION_NOT_JUDGED, "per_s", 0.5, 0.25, 1, 0.5,
		 "not measured"},
	};

	run->n_expectations = TN_ARRAY_SIZE(expectation);
	run->expectation = list(run->n_expectations, sizeof(*run->expectation));
	memcpy(run->expectation, expectation, sizeof(expectation));
}

struct tn_run *sample_run(int cpus, unsigned int rounds)
{
	struct tn_run *run;

	if (tn_run_new(&run, NULL) < 0)
		abort();
	fill_head(run, rounds);
	fill_environment(&run->env);
	run->clock = (struct tn_clock){HZ, 0.02, TN_CLOCK_FITTED, 26, true, true, "kvm-clock"};
	fill_findings(run);
	for (uint32_t round = 1; round <= rounds; round++)
		for (int cpu = 1; cpu <= cpus; cpu++)
			fill_cpu(run, cpu, round);
	for (int cpu = 1; cpu <= cpus; cpu++)
		tn_cpus_add(&run->probed, (unsigned int)cpu);
	fill_causes(run);
	fill_worst(run);
	fill_churn(run, rounds);
	fill_entry_costs(run, cpus, rounds);
	fill_wakeups(run, cpus, rounds);
	fill_references(run, rounds);
	fill_expectations(run);
	return run;
}

cJSON *sample_document(const struct tn_run *run)
{
	struct tn_error err = {0};
	cJSON *json = NULL;

	if (tn_run_to_json(run, &json, &err) < 0)
		fail_msg("%s", err.text);
	return json;
}
