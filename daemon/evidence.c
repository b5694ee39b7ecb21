// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters that support or contradict the attribution. Steal time is in clock ticks of 10 ms, so small
 * amounts do not show. MSR_SMI_COUNT exists on Intel only; reading it for another CPU sends that CPU an
 * IPI, hence outside the window.
 */
#include "evidence.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MSR_SMI_COUNT 0x34 /* Intel SDM volume 4, table 2-2 */

static void read_steal(const int *cpu, size_t n, struct evidence *ret)
{
	tn_autofclose FILE *f = fopen("/proc/stat", "re");
	char line[512];
	uint64_t steal;
	int number;

	while (f && fgets(line, sizeof(line), f)) {
		/* user nice system idle iowait irq softirq steal; the first line is that of all CPUs */
		if (line[3] == ' ' || sscanf(line, "cpu%d %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &number, &steal) != 2)
			continue;
		for (size_t i = 0; i < n; i++)
			if (cpu[i] == number)
				ret[i].steal_ns = steal * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
	}
}

static uint64_t read_smi(int cpu)
{
	uint64_t value;
	char path[48];
	tn_autoclose int fd = -1;

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &value, sizeof(value), MSR_SMI_COUNT) != sizeof(value))
		return UINT64_MAX;
	return value;
}

/**
 * evidence_read() - read all counters of CPUs
 * @cpu: the CPUs
 * @n: how many
 * @ret: for each of them what could be read
 */
void evidence_read(const int *cpu, size_t n, struct evidence *ret)
{
	tn_autofree struct tn_counters **counters = calloc(n + 1, sizeof(struct tn_counters *));

	memset(ret, 0, n * sizeof(*ret));
	for (size_t i = 0; i < n; i++) {
		ret[i].steal_ns = UINT64_MAX;
		ret[i].smi = read_smi(cpu[i]);
		if (counters)
			counters[i] = &ret[i].counters;
	}
	read_steal(cpu, n, ret);
	if (counters && n)
		tn_counters_read("", cpu, n, counters, NULL);
}
