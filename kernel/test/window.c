// SPDX-License-Identifier: GPL-2.0-only
/*
 * NMIs into the gap between the moment in which a CPU is in the kernel for everybody else, and its
 * deferred flush. The gap is stretched for that (CONFIG_CONTEXT_TRACKING_WORK_TEST). Such an NMI
 * has to flush before its handler, and nothing may get lost or run twice for it.
 */
#include <unistd.h>

#include "test.h"

#define HITS  20
#define DELAY "200000" /* iterations */

void test_nmi_window(void)
{
	struct counters before, c;
	uint64_t end;
	pid_t load;
	long nmis;
	int churn;

	counters_needed();
	test_file_put("context_tracking_work_delay", DELAY);
	bind_to(0);
	log_follow();
	before = counters_of(options.cpu);
	nmis = nmis_of(options.cpu);
	load = load_visit(options.cpu);
	churn = churn_start(TLBNOISE_CHURN_UNMAP_ALIASES, 40, 0, 1000000);
	/* Not from the CPU that churns. */
	bind_to(options.spare);
	end = now_ms() + 90000;
	do {
		nmi_to_all();
		log_has(NULL);
		sleep_ms(20);
		c = counters_since(options.cpu, before);
	} while (c.overtaken < HITS && now_ms() < end);
	test_file_put("context_tracking_work_delay", "0");
	close(churn);
	load_end(load);
	c = counters_since(options.cpu, before);
	note("CPU %u: %ld NMIs, %ld of them in the gap; %ld queued, %ld run, %ld refused",
	     options.cpu, nmis_of(options.cpu) - nmis, c.overtaken, c.queued, c.run, c.refused);
	if (c.overtaken < HITS)
		fail("%ld NMIs hit the gap, too few", c.overtaken);
	counters_check(options.cpu);
	log_has(NULL);
}
