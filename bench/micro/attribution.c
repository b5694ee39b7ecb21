// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Throughput and memory of attribution: a storm of IPIs as traced at level full, five events and one
 * interruption each, from 64 different senders and stacks, joined in portions as the collector does
 * every 10 ms, and once all at a time for the worst case of memory.
 *
 * Usage: attribution [--json] [--events N] [--repeat N]
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/attribution.h"
#include "analysis/stat.h"
#include "base/now.h"

#define EVENTS_PER_IPI 5
#define SENDERS        64
#define REPEAT_MAX     101
#define PERIOD_TICKS   13000 /* 5 us at 2.6 GHz: 200,000 IPIs/s */

struct run {
	struct tn_symbols *symbols;
	uint32_t stack[SENDERS], comm[SENDERS];
	uint64_t n_ipis;
};

static double now_s(void)
{
	return (double)tn_now_ns(CLOCK_MONOTONIC) / 1e9;
}

static void make_names(struct run *run)
{
	static const char *const frame[] = {"smp_call_function_many_cond", "on_each_cpu_cond_mask",
					    "flush_tlb_kernel_range", "__purge_vmap_area_lazy"};

	tn_symbols_new(&run->symbols, NULL);
	for (uint64_t i = 0; i < 150000; i++) { /* as many as a kernel has */
		char name[32];

		snprintf(name, sizeof(name), "function_%" PRIu64, i);
		tn_symbols_add(run->symbols, 0xffffffff82000000ull + i * 0x100, name);
	}
	tn_symbols_add(run->symbols, 0xffffffff81000000ull, "do_flush_tlb_all");
	for (uint64_t i = 0; i < TN_ARRAY_SIZE(frame); i++)
		tn_symbols_add(run->symbols, 0xffffffff81100000ull + i * 0x1000, frame[i]);
	for (unsigned int s = 0; s < SENDERS; s++) {
		uint64_t stack[8];
		char comm[TN_COMM];

		for (uint64_t i = 0; i < 4; i++)
			stack[i] = 0xffffffff81100010ull + i * 0x1000;
		for (uint64_t i = 4; i < 8; i++)
			stack[i] = 0xffffffff82000010ull + (s * 8 + i) * 0x100;
		run->stack[s] = tn_symbols_intern_stack(run->symbols, stack, 8);
		snprintf(comm, sizeof(comm), "sender-%u", s);
		run->comm[s] = tn_symbols_intern(run->symbols, comm);
	}
}

/* The events of IPI number @i, in the order in which a drain delivers them, and its interruption. */
static void make_ipi(const struct run *run, uint64_t i, struct tn_event ev[EVENTS_PER_IPI], struct tn_interruption *in)
{
	uint64_t t = 1000000 + i * PERIOD_TICKS, csd = 0xffff888000000000ull + (i % SENDERS) * 64;

	memset(ev, 0, EVENTS_PER_IPI * sizeof(*ev));
	for (int k = 0; k < EVENTS_PER_IPI; k++) {
		ev[k].ticks = t + (uint64_t)k * 300;
		ev[k].cpu = 1;
		ev[k].pid = 77;
		ev[k].a = 0xffffffff81000000ull;
		ev[k].b = csd;
		ev[k].arg = TN_VEC_CALL_FUNCTION_SINGLE;
	}
	ev[0].type = TN_EV_VECTOR_ENTRY;
	ev[1].type = TN_EV_CSD_ENTRY;
	ev[2].type = TN_EV_CSD_EXIT;
	ev[3].type = TN_EV_VECTOR_EXIT;
	ev[4].type = TN_EV_CSD_QUEUE;
	ev[4].ticks = t - 2000;
	ev[4].cpu = 0;
	ev[4].target = 1;
	ev[4].pid = 1000 + (int)(i % SENDERS);
	ev[4].comm = run->comm[i % SENDERS];
	ev[4].stack = run->stack[i % SENDERS];
	ev[4].callsite = 0xffffffff81100010ull;
	in->start = t - 100;
	in->end = t + 1500;
}

/* Joins all, advancing each @portion IPIs; returns seconds per event of the join alone. */
static double join(const struct run *run, uint64_t portion, size_t *ret_memory)
{
	struct tn_attribution_options opt = {.symbols = run->symbols, .stale_ticks = 2600000000ull};
	struct tn_event *ev = calloc(portion * EVENTS_PER_IPI, sizeof(*ev));
	struct tn_interruption *in = calloc(portion, sizeof(*in));
	const struct tn_cpu_tally *tally;
	struct tn_attribution *a = NULL;
	double spent = 0, start;

	if (!ev || !in || tn_attribution_new(&opt, &a, NULL) < 0 || tn_attribution_window(a, 1, 0, 26, 77, NULL) < 0)
		exit(1);
	*ret_memory = 0;
	tn_attribution_open_at(a, 1, 1);
	for (uint64_t i = 0; i < run->n_ipis; i += portion) {
		uint64_t n = run->n_ipis - i < portion ? run->n_ipis - i : portion;
		uint64_t until = 1000000 + (i + n) * PERIOD_TICKS - 5000;

		for (uint64_t k = 0; k < n; k++)
			make_ipi(run, i + k, ev + k * EVENTS_PER_IPI, in + k);
		start = now_s();
		tn_attribution_events(a, ev, n * EVENTS_PER_IPI);
		tn_attribution_interruptions(a, 1, in, n);
		tn_attribution_advance(a, 1, until, until, NULL);
		spent += now_s() - start;
		if (tn_attribution_memory(a) > *ret_memory)
			*ret_memory = tn_attribution_memory(a);
	}
	tn_attribution_advance(a, 1, UINT64_MAX, UINT64_MAX, NULL);
	tally = tn_attribution_tally(a, 1);
	if (tally->conservation[TN_CLASS_KERNEL_TLB_FLUSH].matched != run->n_ipis || tally->senders_unknown) {
		fprintf(stderr, "attribution: matched %" PRIu64 " of %" PRIu64 ", %" PRIu64 " senders unknown\n",
			tally->conservation[TN_CLASS_KERNEL_TLB_FLUSH].matched, run->n_ipis, tally->senders_unknown);
		exit(1);
	}
	tn_attribution_free(a);
	free(ev);
	free(in);
	return spent / (double)(run->n_ipis * EVENTS_PER_IPI);
}

static void report(const char *what, const struct run *run, uint64_t portion, unsigned int repeat, bool json)
{
	double rate[REPEAT_MAX];
	struct tn_interval range;
	size_t memory = 0;
	double median;

	for (unsigned int i = 0; i < repeat; i++)
		rate[i] = 1e-6 / join(run, portion, &memory);
	range = tn_median_interval(rate, repeat, 0.95);
	median = tn_median(rate, repeat);
	printf(json ? "{\"bench\":\"attribution\",\"portions\":\"%s\",\"events\":%" PRIu64
		      ",\"million_events_per_s\":%.3f,"
		      "\"low\":%.3f,\"high\":%.3f,\"confidence\":%.3f,\"memory_bytes\":%zu}\n"
		    : "%-22s %12" PRIu64 " %10.2f   %.2f to %.2f (%.0f%%) %14zu\n",
	       what, run->n_ipis * EVENTS_PER_IPI, median, range.low, range.high,
	       json ? range.confidence : 100 * range.confidence, memory);
}

int main(int argc, char **argv)
{
	static const struct option table[] = {{"json", no_argument, NULL, 'j'},
					      {"events", required_argument, NULL, 'e'},
					      {"repeat", required_argument, NULL, 'r'},
					      {NULL, 0, NULL, 0}};
	struct run run = {.n_ipis = 2000000};
	unsigned int repeat = 7;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		if (c == 'j')
			json = true;
		else if (c == 'e')
			run.n_ipis = strtoull(optarg, NULL, 10) / EVENTS_PER_IPI;
		else if (c == 'r')
			repeat = (unsigned int)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (!run.n_ipis || !repeat || repeat > REPEAT_MAX) {
		fprintf(stderr, "attribution: --events must be at least %d, --repeat 1 to %d\n", EVENTS_PER_IPI,
			REPEAT_MAX);
		return 2;
	}
	make_names(&run);
	if (!json)
		printf("%-22s %12s %10s   %s %20s\n", "ATTRIBUTION", "EVENTS", "MILLION/S", "INTERVAL OF THE MEDIAN",
		       "MEMORY, BYTES");
	report("portions of 10 ms", &run, 2000, repeat, json);
	report("all at once", &run, run.n_ipis, repeat < 3 ? repeat : 3, json);
	tn_symbols_free(run.symbols);
	return 0;
}
