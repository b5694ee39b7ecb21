// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs are made as this tool gives them: two CPUs, five rounds, jitter of which most is the loop's own and some is
 * interruptions, causes with senders and stacks, churn, expectations. Rigs differ from each other, nights by 2 %.
 */
#include "runs.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#define HZ               1000000000ull
#define CPUS             2
#define ROUNDS           5
#define WINDOW_S         10
#define WORST            60
#define LAST             1763604000 /* the evening before the last night, UTC */
#define DAY              86400
#define KERNEL_OF        14 /* nights of one kernel */

#define SET(member, ...) snprintf(member, sizeof(member), __VA_ARGS__)

static const char *const scenario[] = {"vmalloc-storm", "containers", "hackbench", "quiet", "module-load"};

struct night {
	unsigned int rig, scenario, night, nights;
	uint64_t state;
	double level; /* of jitter's tail and of flushes; 1 is usual for the rig */
};

static uint64_t next_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Roughly normal: the sum of twelve even ones. */
static double next_normal(uint64_t *state)
{
	double sum = -6.0;

	for (int i = 0; i < 12; i++)
		sum += (double)next_number(state) / 2147483648.0;
	return sum;
}

static struct night night_of(const struct synthetic *s, unsigned int index)
{
	unsigned int each = s->rigs * s->scenarios;
	struct night n = {
		.rig = index % s->rigs,
		.scenario = index / s->rigs % s->scenarios,
		.night = index / each,
		.nights = (s->runs + each - 1) / each,
		.state = s->seed + index * 7919u,
		.level = 1.0,
	};
	bool last = n.night + 1 == n.nights;

	for (int i = 0; i < 4; i++) /* neighbouring seeds give neighbouring first numbers */
		next_number(&n.state);
	if (!n.scenario && ((n.rig == 0 && 5 * n.night >= 4 * n.nights) || (n.rig == 1 && last) ||
			    (n.rig == 2 && 2 * n.night >= n.nights && 10 * n.night < 7 * n.nights)))
		n.level = 1.5;
	return n;
}

static void fill_head(struct tn_run *run, const struct night *n)
{
	time_t at = LAST + 2 * 3600 + n->rig * 120 + n->scenario * 900 - (time_t)(n->nights - 1 - n->night) * DAY;
	char day[20];
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(run->started_at, sizeof(run->started_at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	strftime(day, sizeof(day), "%Y%m%d-%H%M%S", &tm);
	SET(run->id, "%s-%02x%02x", day, n->rig & 0xff, n->scenario & 0xff);
	run->elapsed_s = ROUNDS * WINDOW_S + 4;
	SET(run->tlbnoise_version, "0.1.0");
	SET(run->scenario_name, "%s", scenario[n->scenario]);
	SET(run->scenario_description, "Made up: nobody measured this.");
	run->scenario_text = strdup("[scenario]\nduration = 10s\nrounds = 5\n[churn vmalloc]\ncpus = housekeeping\n");
	run->duration_ns = WINDOW_S * 1000000000ull;
	run->quantum_ns = 100000;
	run->rounds_planned = run->rounds_done = ROUNDS;
	run->threshold_auto = true;
	run->min_threshold_ticks = 250;
	tn_cpus_add(&run->housekeeping, 0);
	tn_cpus_add(&run->housekeeping, 1);
	run->level = TN_TRACE_FULL;
	SET(run->trace_clock, "x86-tsc");
	run->clock.hz = (double)HZ;
	run->clock.source = TN_CLOCK_KERNEL;
	run->clock.quantum_ticks = 1;
	run->clock.invariant = run->clock.reliable = true;
	SET(run->clock.clocksource, "tsc");
}

static void fill_environment(struct tn_environment *e, const struct night *n)
{
	SET(e->hostname, "rig-%02u", n->rig + 1);
	SET(e->kernel_release, "6.12.%u-rt", 20 + n->night / KERNEL_OF);
	SET(e->kernel_version, "#1 SMP PREEMPT_RT");
	SET(e->cmdline, "isolcpus=2-3 nohz_full=2-3 rcu_nocbs=2-3");
	SET(e->arch, "x86_64");
	SET(e->cpu_model, "Made-up CPU %u", n->rig % 3 + 1);
	SET(e->virtualization, "none");
	SET(e->preemption, "full");
	e->nodes = 1;
	e->memory_bytes = 8ull << 30;
	e->n_config = 1;
	SET(e->config[0], "CONFIG_HZ=250");
}

static void add_interruptions(struct tn_run_cpu *c, enum tn_class class, unsigned int count, double ns, uint64_t *state)
{
	struct tn_run_class *k = &c->by_class[class];

	for (unsigned int i = 0; i < count; i++) {
		uint64_t ticks = (uint64_t)(ns * exp(0.12 * next_normal(state)));

		tn_hist_record(&c->interruptions, ticks);
		c->stolen_ticks += ticks;
		k->stolen_ticks += ticks;
		k->max_ticks = ticks > k->max_ticks ? ticks : k->max_ticks;
	}
	k->interruptions += count;
	if (class != TN_CLASS_UNEXPLAINED) {
		k->entries += count;
		k->matched += count;
	}
}

static void fill_jitter(struct tn_hist *h, double tail_ns, uint64_t *state)
{
	for (unsigned int i = 0; i < 12000; i++)
		tn_hist_record(h, 10 + next_number(state) % 30);
	for (unsigned int i = 0; i < 260; i++)
		tn_hist_record(h, (uint64_t)(tail_ns * exp(0.15 * next_normal(state))));
}

static int fill_cpu(struct tn_run *run, int cpu, uint32_t round, const struct night *n, uint64_t *state)
{
	struct tn_run_cpu *c = tn_run_add_cpu(run);
	double drift = n->level * exp(0.015 * next_normal(state)) * (1.0 + 0.12 * (n->rig % 5));

	if (!c)
		return -ENOMEM;
	c->cpu = c->ran_on = cpu;
	c->round = round;
	c->isolated = c->nohz_full = true;
	tn_cpus_add(&c->siblings, (unsigned int)cpu);
	c->window_open_ticks = (round * 20 + 1) * HZ;
	c->window_close_ticks = c->window_open_ticks + WINDOW_S * HZ;
	c->floor_min_ticks = 20;
	c->floor_median_ticks = 22;
	c->floor_p999_ticks = 30;
	c->threshold_ticks = 250;
	c->quantum_passes = 4500;
	c->quantum_base_ticks = 100000;
	c->quantum_min_ticks = 99990;
	fill_jitter(&c->jitter, 3200.0 * drift, state);
	c->quanta = c->jitter.count;
	if (n->scenario != 3)
		add_interruptions(c, TN_CLASS_KERNEL_TLB_FLUSH, (unsigned int)(180 * drift), 1900, state);
	add_interruptions(c, TN_CLASS_TICK, 10, 4200, state);
	add_interruptions(c, TN_CLASS_RCU, 6 + (unsigned int)(next_number(state) % 4), 2600, state);
	add_interruptions(c, TN_CLASS_UNEXPLAINED, 2, 900, state);
	return 0;
}

static int fill_cpus(struct tn_run *run, const struct night *n)
{
	uint64_t state = n->state;
	struct night tonight = *n;
	int r = 0;

	tonight.level *= exp(0.02 * next_normal(&state));
	for (int cpu = 2; cpu < 2 + CPUS; cpu++)
		tn_cpus_add(&run->probed, (unsigned int)cpu);
	for (uint32_t round = 0; round < ROUNDS; round++)
		for (int cpu = 2; cpu < 2 + CPUS && r == 0; cpu++)
			r = fill_cpu(run, cpu, round, &tonight, &state);
	return r;
}

static void fill_cause(struct tn_run *run, enum tn_class class, const char *function, const char *sender)
{
	static const char *const stack[] = {"smp_call_function_many_cond+0x2a1", "on_each_cpu_cond_mask+0x24",
					    "__purge_vmap_area_lazy+0x2e3", "_vm_unmap_aliases+0x1f7"};
	struct tn_run_cause *c = &run->cause[run->n_causes++];

	c->class = class;
	SET(c->function, "%s", function);
	SET(c->detail, sender[0] ? "call function" : "local timer");
	SET(c->sender_comm, "%s", sender);
	for (size_t i = 0; i < run->n_cpus; i++) {
		const struct tn_run_class *k = &run->cpu[i].by_class[class];

		c->entries += k->entries;
		c->matched += k->matched;
		c->interruptions += k->interruptions;
		c->stolen_ticks += k->stolen_ticks;
		c->max_ticks = k->max_ticks > c->max_ticks ? k->max_ticks : c->max_ticks;
	}
	if (!sender[0])
		return;
	tn_cpus_add(&c->sender_cpus, 0);
	SET(c->culprit, "__purge_vmap_area_lazy");
	c->n_stack = TN_ARRAY_SIZE(stack);
	for (unsigned int i = 0; i < c->n_stack; i++)
		SET(c->stack[i], "%s", stack[i]);
}

static int fill_causes(struct tn_run *run, const struct night *n)
{
	uint64_t state = n->state ^ 1;

	run->cause = calloc(4, sizeof(*run->cause));
	run->worst = calloc(WORST, sizeof(*run->worst));
	if (!run->cause || !run->worst)
		return -ENOMEM;
	fill_cause(run, TN_CLASS_KERNEL_TLB_FLUSH, "do_kernel_range_flush", "tlbnoise-churn");
	fill_cause(run, TN_CLASS_TICK, "tick_nohz_handler", "");
	fill_cause(run, TN_CLASS_RCU, "rcu_exp_handler", "kworker/0:1");
	run->n_worst = WORST;
	for (unsigned int i = 0; i < WORST; i++) {
		struct tn_run_worst *w = &run->worst[i];

		w->cpu = 2 + (int)(i % CPUS);
		w->round = i % ROUNDS;
		w->start_ticks = (w->round * 20 + 1) * HZ + 4 * next_number(&state) % (WINDOW_S * HZ - HZ);
		w->end_ticks = w->start_ticks + 9000 - i * 100;
		w->cause = i % 3;
		w->class = run->cause[i % 3].class;
	}
	return 0;
}

static int fill_churn(struct tn_run *run, const struct night *n)
{
	uint64_t state = n->state ^ 2;

	if (n->scenario == 3)
		return 0;
	run->churn = calloc(ROUNDS, sizeof(*run->churn));
	if (!run->churn)
		return -ENOMEM;
	run->n_churn = ROUNDS;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct tn_run_churn *c = &run->churn[i];

		SET(c->name, "vmalloc");
		SET(c->source, "vmalloc");
		SET(c->operation, "vmalloc() and vfree()");
		SET(c->mechanism, "module");
		SET(c->kind, "spin");
		tn_cpus_add(&c->cpus, 0);
		c->workers = 1;
		c->round = i;
		c->seconds = WINDOW_S;
		c->operations = (uint64_t)(30000 * exp(0.01 * next_normal(&state)));
		c->busy_s = 9.0;
	}
	return 0;
}

static int fill_expectations(struct tn_run *run, const struct night *n)
{
	bool fails = n->rig == 3 && !n->scenario && n->night + 1 == n->nights;
	const struct tn_run_expectation expectation[] = {
		{"jitter.p99", "< 20us", 12, TN_EXPECTATION_MET, "ns", 3300, 3200, 3400, 0.9375, ""},
		{"lost", "= 0", 13, fails ? TN_EXPECTATION_FAILED : TN_EXPECTATION_MET, "count", fails, fails, fails, 1,
		 ""},
	};

	run->expectation = calloc(TN_ARRAY_SIZE(expectation), sizeof(*run->expectation));
	if (!run->expectation)
		return -ENOMEM;
	run->n_expectations = TN_ARRAY_SIZE(expectation);
	memcpy(run->expectation, expectation, sizeof(expectation));
	return 0;
}

/* synthetic_run() - run @index of the history, counted night by night; tn_run_free() */
int synthetic_run(const struct synthetic *s, unsigned int index, struct tn_run **ret, struct tn_error *err)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
	struct night n = night_of(s, index);
	int r = tn_run_new(&run, err);

	if (r < 0)
		return r;
	fill_head(run, &n);
	fill_environment(&run->env, &n);
	r = fill_cpus(run, &n);
	if (r == 0)
		r = fill_causes(run, &n);
	if (r == 0)
		r = fill_churn(run, &n);
	if (r == 0)
		r = fill_expectations(run, &n);
	if (r < 0)
		return tn_error_set(err, r, "no memory for a made-up run");
	*ret = tn_steal_ptr(run);
	return 0;
}

/* synthetic_store() - all of them, in a store that is made in @folder */
int synthetic_store(const struct synthetic *s, const char *folder, struct tn_error *err)
{
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	int r;

	if (!s->rigs || !s->scenarios || s->scenarios > TN_ARRAY_SIZE(scenario))
		return tn_error_set(err, -EINVAL, "a history has at least one rig, and 1 to %zu scenarios",
				    TN_ARRAY_SIZE(scenario));
	r = tn_store_open(folder, TN_STORE_WRITE, NULL, &store, err);
	for (unsigned int i = 0; i < s->runs && r == 0; i++) {
		tn_cleanup(tn_run_freep) struct tn_run *run = NULL;

		r = synthetic_run(s, i, &run, err);
		if (r == 0)
			r = tn_store_finish(store, run, err);
	}
	return r;
}
