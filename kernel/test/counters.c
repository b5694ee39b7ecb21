// SPDX-License-Identifier: GPL-2.0-only
/* The series' own counters: /sys/kernel/debug/context_tracking_work. */
#include <unistd.h>

#include "test.h"

#define COUNTERS "/sys/kernel/debug/context_tracking_work"

void counters_needed(void)
{
	if (access(COUNTERS, R_OK) < 0)
		skip("no %s: kernel without CONFIG_CONTEXT_TRACKING_WORK", COUNTERS);
	if (!isolated_cpu(options.cpu) || !isolated_cpu(options.spare))
		skip("CPUs %u and %u are not both in nohz_full=", options.cpu, options.spare);
}

struct counters counters_of(unsigned int cpu)
{
	FILE *f = fopen(COUNTERS, "re");
	struct counters c;
	char line[256];
	unsigned int n;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%u %ld %ld %ld %ld %ld %ld", &n, &c.queued, &c.merged, &c.refused,
			   &c.run, &c.overtaken, &c.pending) == 7 &&
		    n == cpu) {
			fclose(f);
			return c;
		}
	}
	fail("%s has no line for CPU %u", COUNTERS, cpu);
}

struct counters counters_since(unsigned int cpu, struct counters before)
{
	struct counters c = counters_of(cpu);

	c.queued -= before.queued;
	c.merged -= before.merged;
	c.refused -= before.refused;
	c.run -= before.run;
	c.overtaken -= before.overtaken;
	return c;
}

/* Since boot. Read twice at least: the file is no snapshot while a CPU moves. */
void counters_check(unsigned int cpu)
{
	uint64_t end = now_ms() + 5000;
	struct counters c;

	do {
		c = counters_of(cpu);
		if (c.queued == c.run + c.pending)
			return;
		sleep_ms(20);
	} while (now_ms() < end);
	fail("CPU %u: %ld queued, but %ld run and %ld pending: %ld are lost", cpu, c.queued, c.run,
	     c.pending, c.queued - c.run - c.pending);
}
