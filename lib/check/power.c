// SPDX-License-Identifier: GPL-2.0-or-later
/* Frequency, idle states and shared cores. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/internal.h"

#define CPU_DIR     "/sys/devices/system/cpu"
#define DMA_LATENCY "/dev/cpu_dma_latency"

/* Waking from POLL takes nothing, from C1 some 2 us; deeper states cost more than what is to be measured. */
#define IDLE_LATENCY_MAX_US 10

/** check_turbo() - the same work takes the same time, whatever the other cores do */
void check_turbo(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	bool intel = true;
	int r = check_text(c, f, CPU_DIR "/intel_pstate/no_turbo");

	(void)cpu;
	if (r < 0) {
		intel = false;
		r = check_text(c, f, CPU_DIR "/cpufreq/boost");
	}
	if (r < 0)
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
	else
		f->verdict = strcmp(f->value, intel ? "0" : "1") ? TN_CHECK_OK : TN_CHECK_WARNING;
}

struct idle {
	struct tn_check_finding *f;
	int n, deep;
};

static void look_at_state(const struct tn_check_context *c, const char *path, void *userdata)
{
	struct idle *idle = userdata;
	char latency[16], disabled[16], name[32];

	if (check_read(c, latency, sizeof(latency), "%s/latency", path) < 0)
		return;
	idle->n++;
	check_read(c, disabled, sizeof(disabled), "%s/disable", path);
	check_read(c, name, sizeof(name), "%s/name", path);
	if (!strcmp(disabled, "1") || strtol(latency, NULL, 10) <= IDLE_LATENCY_MAX_US)
		return;
	idle->deep++;
	check_add(idle->f, "%s %s us", name, latency);
}

/*
 * What somebody asks of all CPUs, as TuneD does with force_latency=: a number of 32 bits, no text, and 2000 s when
 * nobody does (cpu_latency_qos_read() in kernel/power/qos.c). Who reads asks for nothing.
 */
static int read_dma_latency(const struct tn_check_context *c, int32_t *ret_us)
{
	tn_autoclose int fd = -1;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" DMA_LATENCY, c->root);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	return read(fd, ret_us, sizeof(*ret_us)) == sizeof(*ret_us) ? 0 : -EIO;
}

/** check_idle_states() - no idle state is on that takes long to leave */
void check_idle_states(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	struct idle idle = {.f = f};
	char pattern[96], resume[16];
	int32_t dma_us;
	int r;

	snprintf(pattern, sizeof(pattern), CPU_DIR "/cpu%d/cpuidle/state*", cpu);
	check_file(f, "%s/latency", pattern);
	check_glob(c, pattern, look_at_state, &idle);
	/* "n/a": no latency is accepted, so that the CPU polls (Linux, Documentation/admin-guide/pm/cpuidle.rst). */
	check_read(c, resume, sizeof(resume), CPU_DIR "/cpu%d/power/pm_qos_resume_latency_us", cpu);
	if (idle.deep && (!strcmp(resume, "n/a") ||
			  (strtol(resume, NULL, 10) > 0 && strtol(resume, NULL, 10) <= IDLE_LATENCY_MAX_US))) {
		check_file(f, CPU_DIR "/cpu%d/power/pm_qos_resume_latency_us", cpu);
		check_value(f, "%s", resume);
		f->verdict = TN_CHECK_OK;
		return;
	}
	r = idle.deep ? read_dma_latency(c, &dma_us) : 0;
	if (idle.deep && r == 0 && dma_us >= 0 && dma_us <= IDLE_LATENCY_MAX_US) {
		check_file(f, DMA_LATENCY);
		check_value(f, "%d us", dma_us);
		f->verdict = TN_CHECK_OK;
		return;
	}
	if (r == -EACCES || r == -EPERM) {
		check_add(f, DMA_LATENCY " may forbid it, which only root can read");
		f->verdict = TN_CHECK_UNKNOWN;
		return;
	}
	f->verdict = idle.deep ? TN_CHECK_WARNING : (idle.n ? TN_CHECK_OK : TN_CHECK_NOT_APPLICABLE);
	if (!idle.deep)
		check_value(f,
			    idle.n ? "none of %d above "
				     "10 us"
				   : "no idle states",
			    idle.n);
}

/** check_siblings() - nobody else runs on the CPU's core */
void check_siblings(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	struct tn_cpus siblings, others;
	char text[TN_CPUS_TEXT];
	int r;

	check_file(f, CPU_DIR "/cpu%d/topology/thread_siblings_list", cpu);
	r = tn_topology_siblings(c->root, cpu, &siblings, NULL);
	if (r < 0) {
		check_unread(f, r, TN_CHECK_UNKNOWN);
		return;
	}
	others = tn_cpus_and(&siblings, &c->topology.online);
	others = tn_cpus_minus(&others, &c->cpus);
	tn_cpus_del(&others, (unsigned int)cpu);
	f->verdict = tn_cpus_empty(&others) ? TN_CHECK_OK : TN_CHECK_WARNING;
	check_value(f, "%.150s", tn_cpus_format(&siblings, text, sizeof(text)));
}
