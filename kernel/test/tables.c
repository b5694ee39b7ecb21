// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flushes that precede the freeing of a page table are never deferred: of each free it is traced
 * that its flush interrupted the CPU without asking, and was handled. And the kernel's own check of
 * that (CONFIG_DEBUG_VM) is silent, but complains when such flushes are deferred on purpose.
 */
#include <stdlib.h>

#include "test.h"

#define PAGES 512
#define TRIES 64

/* Returns how many operations it took to free options.frees tables; freed[i]: by operation i. */
static unsigned int free_tables(int fd, unsigned char *freed, unsigned int max)
{
	unsigned int n = 0, i;

	for (i = 0; i < max && n < options.frees; i++) {
		trace_mark("op %u", i + 1);
		freed[i] = (unsigned char)churn_operate(fd);
		n += freed[i];
	}
	trace_mark("op 0");
	if (n < options.frees)
		fail("%u operations freed %u page tables", i, n);
	return i;
}

/*
 * With KASAN each purge of an operation flushes once more, at once, for the shadow that it gives
 * back (kasan_release_vmalloc() in mm/kasan/shadow.c): of the interrupts there, one at least is for
 * the page table.
 */
static bool is_own(struct operation op, unsigned int freed, bool kasan)
{
	return kasan ? op.unasked >= freed : op.unasked == freed;
}

static void judge(const struct visits *visits, const unsigned char *freed, unsigned int n)
{
	bool kasan = kernel_has("kasan_release_vmalloc");
	long deferring = 0, refused = 0, extra = visits_operation(visits, 0).unasked;
	unsigned int frees = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct operation op = visits_operation(visits, i + 1);

		frees += freed[i];
		deferring += op.left > 0;
		refused += op.refused;
		if (!freed[i])
			extra += op.unasked;
		else if (!is_own(op, freed[i], kasan) || op.handled != op.unasked + op.refused)
			fail("operation %u freed %u page tables: %ld interrupts unasked, %ld after a refusal, %ld handled",
			     i, freed[i], op.unasked, op.refused, op.handled);
	}
	note("%u page tables freed in %u operations: %s interrupt of CPU %u for each free%s", frees,
	     n, kasan ? "at least one" : "one", options.cpu, kasan ? ", and KASAN's own" : "");
	note("  of the same operations, %ld left other flushes with CPU %u; %ld were refused",
	     deferring, options.cpu, refused);
	if (extra)
		note("  %ld more flushes that must not be deferred, by others", extra);
	if (deferring == 0)
		fail("CPU %u deferred nothing: this shows nothing", options.cpu);
}

void test_page_tables(void)
{
	unsigned int max = options.frees + options.frees / 2 + 16, n;
	unsigned char *freed = calloc(max, 1);
	struct visits *visits;
	struct tally t;
	pid_t load;
	int fd;

	if (!freed)
		fail("no memory");
	counters_needed();
	bind_to(0);
	load = load_spin(options.cpu);
	fd = churn_start(TLBNOISE_CHURN_HUGE_VMAP, PAGES, -1, 0);
	visits = visits_new(options.cpu);
	trace_begin(options.cpu);
	n = free_tables(fd, freed, max);
	trace_end(visits_feed, visits);
	load_end(load);

	judge(visits, freed, n);
	visits_explain(visits);
	t = visits_tally(visits);
	if (t.ipis_refused != t.refused || t.handled != t.ipis_refused + t.ipis_unasked)
		fail("%ld refused, %ld interrupts sent for that and %ld unasked, %ld handled",
		     t.refused, t.ipis_refused, t.ipis_unasked, t.handled);
	counters_check(options.cpu);
}

#define COMPLAINT "page table freed that CPU"

static bool complains(int fd)
{
	for (unsigned int i = 0; i < TRIES; i++) {
		churn_operate(fd);
		if (log_has(COMPLAINT))
			return true;
	}
	return false;
}

void test_page_table_check(void)
{
	pid_t load;
	int fd;

	counters_needed();
	test_file_put("kernel_tlb_defer_all", "N");
	bind_to(0);
	fd = churn_start(TLBNOISE_CHURN_HUGE_VMAP, PAGES, -1, 0);
	load = load_spin(options.cpu);
	log_follow();
	if (complains(fd))
		fail("the kernel's check fires although nothing is wrong");
	test_file_put("kernel_tlb_defer_all", "Y");
	if (!complains(fd))
		fail("the kernel's check does not fire when page tables are freed without an interrupt");
	test_file_put("kernel_tlb_defer_all", "N");
	load_end(load);
	counters_check(options.cpu);
	note("silent in %u operations; fires when such flushes are deferred", TRIES);
}
