// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which CPUs the kernel keeps work away from. Three things make an isolated CPU, and none brings the others: it lies
 * outside the scheduler's domains (isolcpus=domain, or an isolated cpuset partition), its tick stops (nohz_full=), and
 * its RCU callbacks run elsewhere (rcu_nocbs=, which nohz_full= implies).
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "check/internal.h"
#include "system/kconfig.h"

#define CPU_DIR "/sys/devices/system/cpu"

static void set_list(struct tn_check_finding *f, const char *name, const struct tn_cpus *set)
{
	char text[TN_CPUS_TEXT];

	check_add(f, "%s %.100s", name, tn_cpus_empty(set) ? "none" : tn_cpus_format(set, text, sizeof(text)));
}

/** check_isolated() - there are isolated CPUs at all */
void check_isolated(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	struct tn_cpus any = tn_cpus_or(&c->topology.isolated, &c->topology.nohz_full);

	(void)cpu;
	check_file(f, CPU_DIR "/{isolated,nohz_full}");
	set_list(f, "isolated", &c->topology.isolated);
	set_list(f, "nohz_full", &c->topology.nohz_full);
	f->verdict = tn_cpus_empty(&any) ? TN_CHECK_FAIL : TN_CHECK_OK;
}

static void check_member(struct tn_check_finding *f, const char *name, const struct tn_cpus *set, int cpu)
{
	check_file(f, CPU_DIR "/%s", name);
	set_list(f, name, set);
	f->verdict = tn_cpus_has(set, (unsigned int)cpu) ? TN_CHECK_OK : TN_CHECK_FAIL;
}

/** check_domain() - the scheduler does not balance tasks onto the CPU */
void check_domain(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	check_member(f, "isolated", &c->topology.isolated, cpu);
	if (f->verdict == TN_CHECK_OK || !tn_cpus_has(&c->apart, (unsigned int)cpu))
		return;
	f->verdict = TN_CHECK_OK;
	check_add(f, "but the run has given it a cpuset of its own without load balancing");
}

/** check_nohz_full() - the tick may stop while a task runs */
void check_nohz_full(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	check_member(f, "nohz_full", &c->topology.nohz_full, cpu);
}

/** check_nohz_kernel() - the kernel has full dynticks */
void check_nohz_kernel(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	const char *value = tn_kconfig_value(&c->env, "NO_HZ_FULL");

	(void)cpu;
	if (!tn_cpus_empty(&c->topology.nohz_full)) {
		check_file(f, CPU_DIR "/nohz_full");
		set_list(f, "nohz_full", &c->topology.nohz_full);
		f->verdict = TN_CHECK_OK;
		return;
	}
	check_file(f, "configuration of the kernel");
	if (*value || c->env.n_config) {
		check_value(f, "CONFIG_NO_HZ_FULL=%s", *value ? value : "n");
		f->verdict = !strcmp(value, "y") ? TN_CHECK_OK : TN_CHECK_FAIL;
	} else {
		check_value(f, "not to be found");
		f->verdict = TN_CHECK_UNKNOWN;
	}
}

/* As kstrtobool() of lib/kstrtox.c reads it, which both options do. */
static bool is_off(const char *value)
{
	return strchr("0nNfF", *value) ? *value != '\0' : !strncasecmp(value, "of", 2);
}

/** check_dynticks() - nothing on the command line holds the tick on */
void check_dynticks(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	static const char *const options[] = {"nohz", "highres"};
	char value[32];

	(void)cpu;
	check_file(f, "/proc/cmdline");
	f->verdict = TN_CHECK_OK;
	for (size_t i = 0; i < TN_ARRAY_SIZE(options); i++) {
		if (!check_option(c, options[i], value, sizeof(value)) || !is_off(value))
			continue;
		f->verdict = TN_CHECK_FAIL;
		check_add(f, "%s=%s", options[i], value);
	}
	if (f->verdict == TN_CHECK_OK)
		check_value(f, "neither nohz=off nor highres=off");
}

/** check_housekeeping() - a CPU is left for everything else */
void check_housekeeping(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	(void)cpu;
	check_file(f, CPU_DIR "/online");
	set_list(f, "online", &c->topology.online);
	set_list(f, "housekeeping", &c->housekeeping);
	f->verdict = tn_cpus_empty(&c->housekeeping) ? TN_CHECK_FAIL : TN_CHECK_OK;
}

/** check_boot_cpu() - CPU 0 does housekeeping: interrupts and timekeeping fall to it when nothing else says where */
void check_boot_cpu(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	(void)cpu;
	check_file(f, CPU_DIR "/isolated");
	set_list(f, "checked", &c->cpus);
	f->verdict = tn_cpus_has(&c->cpus, 0) ? TN_CHECK_WARNING : TN_CHECK_OK;
}

struct partitions {
	struct tn_check_finding *f;
	int n, bad;
};

static void look_at_partition(const struct tn_check_context *c, const char *path, void *userdata)
{
	struct partitions *p = userdata;
	char text[128];

	if (check_read(c, text, sizeof(text), "%s", path) < 0)
		return;
	p->n++;
	if (!strstr(text, "invalid"))
		return;
	p->bad++;
	check_file(p->f, "%s", path);
	check_value(p->f, "%s", text);
}

/* Partitions may lie below partitions; four levels are two more than anybody was seen to use. */
void check_partitions(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	static const char *const patterns[] = {
		"/sys/fs/cgroup/*/cpuset.cpus.partition",
		"/sys/fs/cgroup/*/*/cpuset.cpus.partition",
		"/sys/fs/cgroup/*/*/*/cpuset.cpus.partition",
		"/sys/fs/cgroup/*/*/*/*/cpuset.cpus.partition",
	};
	struct partitions p = {.f = f};

	(void)cpu;
	for (size_t i = 0; i < TN_ARRAY_SIZE(patterns); i++)
		check_glob(c, patterns[i], look_at_partition, &p);
	f->verdict = p.bad ? TN_CHECK_FAIL : (p.n ? TN_CHECK_OK : TN_CHECK_NOT_APPLICABLE);
	if (p.bad)
		return;
	check_file(f, "/sys/fs/cgroup/*/cpuset.cpus.partition");
	check_value(f, p.n ? "%d, none invalid" : "no cgroup has a cpuset of version 2", p.n);
}
