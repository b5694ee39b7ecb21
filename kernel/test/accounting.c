// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pending work always runs: queued = run + pending on each CPU, after a time in which processes
 * enter the kernel in every way, NMIs hit, a CPU goes offline and comes back, and two kinds of
 * churn make requests. The CPU that is watched runs the storm; so does the one that goes offline.
 */
#include <unistd.h>

#include "test.h"

/* Returns how often the spare CPU went offline. */
static unsigned int disturb(uint64_t end)
{
	unsigned int turns = 0;

	while (now_ms() < end) {
		bool online = turns % 2;

		nmi_to_all();
		log_has(NULL);
		if (!cpu_online(options.spare, online))
			fail("cannot take CPU %u %s", options.spare, online ? "online" : "offline");
		turns++;
		sleep_ms(150);
		log_has(NULL);
	}
	cpu_online(options.spare, true);
	return (turns + 1) / 2;
}

static void report(unsigned int cpu, struct counters before)
{
	struct counters c = counters_since(cpu, before);

	note("CPU %u: %ld requests: %ld queued, %ld merged, %ld refused; %ld run, %ld pending; %ld found by an NMI first",
	     cpu, c.queued + c.merged + c.refused, c.queued, c.merged, c.refused, c.run, c.pending,
	     c.overtaken);
	if (c.queued == 0)
		fail("nothing was queued for CPU %u: this shows nothing", cpu);
	counters_check(cpu);
}

void test_accounting(void)
{
	unsigned int cpus[] = { options.cpu, options.spare };
	struct counters before[ARRAY_SIZE(cpus)];
	pid_t loads[ARRAY_SIZE(cpus)];
	unsigned int offline;
	int churn[2];
	long nmis;

	counters_needed();
	bind_to(0);
	log_follow();
	nmis = nmis_of(options.cpu);
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		before[i] = counters_of(cpus[i]);
		loads[i] = load_storm(cpus[i]);
	}
	churn[0] = churn_start(TLBNOISE_CHURN_UNMAP_ALIASES, 40, 0, 3000000);
	churn[1] = churn_start(TLBNOISE_CHURN_MIXED, 8, 0, 7000000);
	offline = disturb(now_ms() + options.seconds * 1000ull);
	for (size_t i = 0; i < ARRAY_SIZE(churn); i++)
		close(churn[i]);
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++)
		load_end(loads[i]);
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		note("CPU %u: %llu rounds of the storm", cpus[i],
		     (unsigned long long)load_rounds[cpus[i]]);
		report(cpus[i], before[i]);
	}
	note("CPU %u: %ld NMIs; CPU %u went offline %u times", options.cpu,
	     nmis_of(options.cpu) - nmis, options.spare, offline);
	if (nmis_of(options.cpu) == nmis)
		fail("no NMI came");
	log_has(NULL);
}
