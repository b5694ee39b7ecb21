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
#include <string.h>
#include <unistd.h>

#define MSR_SMI_COUNT 0x34 /* Intel SDM volume 4, table 2-2 */

static uint64_t read_steal(int cpu)
{
	tn_autofclose FILE *f = fopen("/proc/stat", "re");
	char line[512], name[16];
	uint64_t steal;

	snprintf(name, sizeof(name), "cpu%d ", cpu);
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)))
			continue;
		/* user nice system idle iowait irq softirq steal */
		if (sscanf(line, "%*s %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &steal) == 1)
			return steal * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
	}
	return UINT64_MAX;
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
 * evidence_read() - read all counters of a CPU
 * @cpu: the CPU
 * @ret: what could be read
 */
void evidence_read(int cpu, struct evidence *ret)
{
	memset(ret, 0, sizeof(*ret));
	tn_counters_read("", cpu, &ret->counters, NULL);
	ret->steal_ns = read_steal(cpu);
	ret->smi = read_smi(cpu);
}
