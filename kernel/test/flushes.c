// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flushes against a CPU that stays in userspace. Each one that interrupts it nevertheless has been
 * refused, and each refusal is explained. The counters and the trace have to agree.
 */
#include "test.h"

#define PAGES 40 /* more than tlb_single_page_flush_ceiling: a full flush */

static void compare(struct tally t, struct counters c)
{
	if (t.queued != c.queued || t.merged != c.merged || t.refused != c.refused ||
	    t.run != c.run)
		fail("traced %ld queued, %ld merged, %ld refused, %ld run; counted %ld, %ld, %ld, %ld",
		     t.queued, t.merged, t.refused, t.run, c.queued, c.merged, c.refused, c.run);
}

void test_flushes(void)
{
	struct counters before, counted;
	struct visits *visits;
	struct tally t;
	pid_t load;
	int fd;

	counters_needed();
	bind_to(0);
	load = load_spin(options.cpu);
	fd = churn_start(TLBNOISE_CHURN_UNMAP_ALIASES, PAGES, -1, 0);
	trace_begin(options.cpu);
	before = counters_of(options.cpu);
	for (unsigned int i = 0; i < options.flushes; i++)
		churn_operate(fd);
	counted = counters_since(options.cpu, before);
	visits = visits_new(options.cpu);
	trace_end(visits_feed, visits);
	load_end(load);

	t = visits_tally(visits);
	note("%u flushes: CPU %u was left %ld (%ld of them merged), and interrupted for %ld",
	     options.flushes, options.cpu, t.queued + t.merged, t.merged, t.handled);
	visits_explain(visits);
	if (t.ipis_unasked)
		note("  %ld by flushes that must not be deferred", t.ipis_unasked);
	compare(t, counted);
	if (t.queued + t.merged + t.refused < (long)options.flushes)
		fail("%ld requests only", t.queued + t.merged + t.refused);
	if (t.ipis_refused != t.refused || t.handled != t.ipis_refused + t.ipis_unasked)
		fail("%ld refused, %ld interrupts sent for that and %ld unasked, %ld handled",
		     t.refused, t.ipis_refused, t.ipis_unasked, t.handled);
	counters_check(options.cpu);
	if ((double)t.refused > options.refused_max * options.flushes)
		fail("%.4f refused for each flush, more than %.4f",
		     (double)t.refused / options.flushes, options.refused_max);
}
