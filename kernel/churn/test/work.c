// SPDX-License-Identifier: GPL-2.0-only
/* The patterns do what they say, at the pace asked for, and nothing is left of them. */
#include <sched.h>

#include "test.h"

#define PERIOD_NS 2000000

static void wait_for_operations(int fd, uint64_t n)
{
	while (stats_of(fd).operations < n)
		sched_yield();
}

/* huge-vmap, and mixed where it has drawn that, do whole huge pages, whatever is asked for. */
static bool is_done(uint32_t pattern, uint32_t asked, uint32_t pages)
{
	bool whole = pages > 0 && pages % 512 == 0;

	if (pattern == TLBNOISE_CHURN_HUGE_VMAP)
		return whole;
	if (pattern == TLBNOISE_CHURN_MIXED && whole)
		return true;
	return asked ? pages == asked : pages >= 1 && pages <= 64;
}

static void operate(int fd, uint32_t pattern, unsigned int n)
{
	struct tlbnoise_churn_start start = start_of(pattern, 1);
	struct tlbnoise_churn_stats before = stats_of(fd), after;
	struct tlbnoise_churn_operate op;
	uint64_t pages = 0, busy_ns = 0;
	uint32_t asked;

	start.pages_max = 64;
	request(fd, TLBNOISE_CHURN_START, &start);
	for (unsigned int i = 0; i < n; i++) {
		asked = i % 2 ? 0 : 1 + i % 64;
		op = (struct tlbnoise_churn_operate){ .pages = asked };
		request(fd, TLBNOISE_CHURN_OPERATE, &op);
		check(is_done(pattern, asked, op.pages));
		pages += op.pages;
		busy_ns += op.busy_ns;
	}
	check(stats_of(fd).memory > 0);
	request(fd, TLBNOISE_CHURN_STOP, NULL);
	after = stats_of(fd);
	check_equal(after.operations - before.operations, n);
	check_equal(after.errors, 0);
	check_equal(after.pages - before.pages, pages);
	check_equal(after.busy_ns - before.busy_ns, busy_ns);
	check_equal(after.memory, 0);
	note("%-13s %llu ns an operation", pattern_name[pattern], (unsigned long long)busy_ns / n);
}

void test_patterns(void)
{
	int fd = device_open();
	uint32_t patterns = info_of(fd).patterns;

	for (uint32_t i = 0; i < TLBNOISE_CHURN_PATTERNS; i++) {
		struct tlbnoise_churn_start start = start_of(i, 1);

		if (patterns & 1u << i)
			operate(fd, i, amount ?: 200);
		else
			check_equal(refusal(fd, TLBNOISE_CHURN_START, &start), EOPNOTSUPP);
	}
}

/* A stranger may spoil an operation now and then; here there are few. */
void test_page_tables(void)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_HUGE_VMAP, 512);
	unsigned int n = amount ?: 200, freed = 0;
	struct tlbnoise_churn_operate op;
	int fd = device_open();

	if (!(info_of(fd).patterns & 1u << TLBNOISE_CHURN_HUGE_VMAP))
		skip("no huge vmalloc mappings on this kernel");
	request(fd, TLBNOISE_CHURN_START, &start);
	for (unsigned int i = 0; i < n; i++) {
		op = (struct tlbnoise_churn_operate){ 0 };
		request(fd, TLBNOISE_CHURN_OPERATE, &op);
		freed += op.tables_freed;
	}
	note("%u page tables freed in %u operations", freed, n);
	check_equal(stats_of(fd).tables_freed, freed);
	check(freed >= n - n / 20);
}

/* Never faster than asked for; every period is an operation or a miss. */
void test_paced(void)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_VMALLOC, 8);
	uint64_t begin, elapsed, periods, n = 500;
	struct tlbnoise_churn_stats stats;
	unsigned int cpus = 2;
	int fd = device_open();

	if (cpu_count() < cpus)
		skip("one CPU");
	start.period_ns = PERIOD_NS;
	for (unsigned int i = 0; i < cpus; i++)
		add_cpu(&start, i);
	begin = now_ns();
	request(fd, TLBNOISE_CHURN_START, &start);
	check_equal(stats_of(fd).threads, cpus);
	wait_for_operations(fd, n);
	request(fd, TLBNOISE_CHURN_STOP, NULL);
	elapsed = now_ns() - begin;
	stats = stats_of(fd);
	periods = stats.operations + stats.missed;
	note("%llu operations and %llu missed in %llu ms", (unsigned long long)stats.operations,
	     (unsigned long long)stats.missed, (unsigned long long)elapsed / 1000000);
	check(periods <= cpus * (elapsed / PERIOD_NS + 1));
	/* Half: a thread kept from running at the end has not counted yet what it missed. */
	check(periods >= cpus * (elapsed / PERIOD_NS) / 2);
	check_equal(stats.errors, 0);
	check_equal(stats.error, 0);
}

void test_flat_out(void)
{
	unsigned int cpus = cpu_count();
	int fd = device_open();
	uint64_t begin;

	for (uint32_t i = 0; i < TLBNOISE_CHURN_PATTERNS; i++) {
		struct tlbnoise_churn_start start = start_of(i, 32);

		if (!(info_of(fd).patterns & 1u << i))
			continue;
		for (unsigned int cpu = 0; cpu < cpus; cpu++)
			add_cpu(&start, cpu);
		request(fd, TLBNOISE_CHURN_START, &start);
		wait_for_operations(fd, stats_of(fd).operations + 300);
		begin = now_ns();
		request(fd, TLBNOISE_CHURN_STOP, NULL);
		note("%-13s on %u CPUs stops in %llu us", pattern_name[i], cpus,
		     (unsigned long long)(now_ns() - begin) / 1000);
		wait_for_no_threads();
	}
	check_equal(stats_of(fd).errors, 0);
	check_equal(stats_of(fd).threads, 0);
}

/* The budget is that of all sessions together, and comes back. */
void test_memory(void)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_VMALLOC, 1);
	int first = device_open(), second = device_open();
	struct tlbnoise_churn_info info = info_of(first);

	start.pages_max = (uint32_t)(info.memory_max / 4096 * 3 / 4);
	if (start.pages_max > info.pages_max[TLBNOISE_CHURN_VMALLOC])
		start.pages_max = info.pages_max[TLBNOISE_CHURN_VMALLOC];
	if (start.pages_max * 2ull * 4096 <= info.memory_max)
		skip("no operation is large enough");
	request(first, TLBNOISE_CHURN_START, &start);
	check_equal(refusal(second, TLBNOISE_CHURN_START, &start), ENOMEM);
	close(first);
	request(second, TLBNOISE_CHURN_START, &start);
}
