// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lines of the kernel's configuration that bear on interruptions: the tick and isolation, preemption,
 * RCU, what maps and unmaps kernel memory, tracing, and debug options that make all of it slower.
 *
 * "# CONFIG_X is not set" is kept as "CONFIG_X=n": that NO_HZ_FULL is missing is worth knowing. A name that
 * the file does not mention at all does not exist in that kernel.
 */
#include "system/kconfig.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"

static const char *const NAMES[] = {
	/* tick and isolation */
	"HZ",
	"NO_HZ_IDLE",
	"NO_HZ_FULL",
	"HZ_PERIODIC",
	"HIGH_RES_TIMERS",
	"CPU_ISOLATION",
	"CPUSETS",
	"CPUSETS_V1",
	"CONTEXT_TRACKING_USER",
	"CONTEXT_TRACKING_USER_FORCE",
	"CONTEXT_TRACKING_WORK",
	"VIRT_CPU_ACCOUNTING_GEN",
	"IRQ_TIME_ACCOUNTING",
	/* preemption and RCU */
	"PREEMPT_NONE",
	"PREEMPT_VOLUNTARY",
	"PREEMPT",
	"PREEMPT_LAZY",
	"PREEMPT_RT",
	"PREEMPT_DYNAMIC",
	"RCU_NOCB_CPU",
	"RCU_NOCB_CPU_DEFAULT_ALL",
	"RCU_LAZY",
	"RCU_BOOST",
	/* kernel memory and page tables */
	"VMAP_STACK",
	"HAVE_ARCH_HUGE_VMALLOC",
	"MITIGATION_PAGE_TABLE_ISOLATION",
	"PAGE_TABLE_ISOLATION",
	"TRANSPARENT_HUGEPAGE_ALWAYS",
	"TRANSPARENT_HUGEPAGE_MADVISE",
	"NUMA_BALANCING",
	"NUMA_BALANCING_DEFAULT_ENABLED",
	"COMPACTION",
	"KSM",
	"BPF_JIT",
	"BPF_JIT_ALWAYS_ON",
	"MODULES",
	"KFENCE",
	"KASAN",
	"KCSAN",
	"DEBUG_PAGEALLOC",
	/* tracing */
	"FTRACE",
	"FUNCTION_TRACER",
	"DYNAMIC_FTRACE",
	"KPROBES",
	"BPF_SYSCALL",
	"OSNOISE_TRACER",
	"TIMERLAT_TRACER",
	"HWLAT_TRACER",
	"IRQSOFF_TRACER",
	"PREEMPT_TRACER",
	/* watchdogs and debug options with a cost */
	"SOFTLOCKUP_DETECTOR",
	"HARDLOCKUP_DETECTOR",
	"PROVE_LOCKING",
	"LOCKDEP",
	"DEBUG_PREEMPT",
	"DEBUG_VM",
	"DEBUG_OBJECTS",
	"SLUB_DEBUG_ON",
	"DEBUG_ATOMIC_SLEEP",
	"CSD_LOCK_WAIT_DEBUG",
};

_Static_assert(TN_ARRAY_SIZE(NAMES) <= TN_ENV_CONFIG_MAX, "no room for that many lines");

static bool is_wanted(const char *name, size_t len)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(NAMES); i++)
		if (strlen(NAMES[i]) == len && !strncmp(NAMES[i], name, len))
			return true;
	return false;
}

static void take_line(char *line, struct tn_environment *env)
{
	static const char unset[] = " is not set", prefix[] = "CONFIG_";
	const char *name, *value;
	size_t len;

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#')
		line += strspn(line, "# ");
	if (strncmp(line, prefix, strlen(prefix)))
		return;
	name = line + strlen(prefix);
	len = strcspn(name, "= ");
	value = name + len;
	if (*value != '=' && strcmp(value, unset))
		return;
	if (!is_wanted(name, len) || env->n_config == TN_ENV_CONFIG_MAX)
		return;
	snprintf(env->config[env->n_config++], sizeof(env->config[0]), "%s%.*s%s", prefix, (int)len, name,
		 *value == '=' ? value : "=n");
}

/* gzread() passes through what is not compressed, so the same code reads all three places. */
static gzFile open_config(const char *root, const char *release)
{
	static const char *const places[] = {"/proc/config.gz", "/boot/config-", "/lib/modules/"};
	char path[PATH_MAX];
	gzFile f = NULL;

	for (size_t i = 0; i < TN_ARRAY_SIZE(places) && !f; i++) {
		snprintf(path, sizeof(path), "%s%s%s%s", root, places[i], i ? release : "", i == 2 ? "/config" : "");
		f = gzopen(path, "rbe");
	}
	return f;
}

/**
 * tn_kconfig_read() - the kernel's configuration as far as it bears on interruptions
 * @root: root of the file tree, "" for this machine
 * @env: has kernel_release; receives config and n_config, none when the configuration cannot be read
 */
void tn_kconfig_read(const char *root, struct tn_environment *env)
{
	gzFile f = open_config(root, env->kernel_release);
	char line[512];

	env->n_config = 0;
	if (!f)
		return;
	while (gzgets(f, line, sizeof(line)))
		take_line(line, env);
	gzclose(f);
}

/**
 * tn_kconfig_value() - the value of a configuration option
 * @env: from tn_kconfig_read()
 * @name: without "CONFIG_"
 *
 * Return: "y", "n", "250", ...; "" when it is unknown.
 */
const char *tn_kconfig_value(const struct tn_environment *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n_config; i++) {
		const char *entry = env->config[i] + strlen("CONFIG_");

		if (!strncmp(entry, name, len) && entry[len] == '=')
			return entry + len + 1;
	}
	return "";
}
