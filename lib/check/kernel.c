// SPDX-License-Identifier: GPL-2.0-or-later
/* Work of the kernel itself: workqueues, watchdogs, timers, throttling, and how the kernel was built. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/internal.h"
#include "system/kconfig.h"

struct masks {
	struct tn_check_finding *f;
	int n, bad;
};

static void look_at_mask(const struct tn_check_context *c, const char *path, void *userdata)
{
	struct masks *m = userdata;
	char text[TN_CPUS_TEXT];
	const char *name = path + strlen("/sys/devices/virtual/workqueue/");
	struct tn_cpus cpus;

	if (check_read(c, text, sizeof(text), "%s", path) < 0 || check_mask(text, &cpus) < 0)
		return;
	m->n++;
	if (!tn_cpus_intersect(&cpus, &c->cpus))
		return;
	m->bad++;
	check_add(m->f, "%.*s %.40s", (int)strcspn(name, "/"), name, text);
}

/** check_workqueues() - unbound workqueues with a mask of their own keep off too */
void check_workqueues(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	struct masks m = {.f = f};
	char text[TN_CPUS_TEXT];
	struct tn_cpus all;

	(void)cpu;
	check_file(f, "/sys/devices/virtual/workqueue/*/cpumask");
	check_glob(c, "/sys/devices/virtual/workqueue/*/cpumask", look_at_mask, &m);
	/* Work runs only where its own mask and the one for all meet. */
	if (m.bad && check_read(c, text, sizeof(text), "/sys/devices/virtual/workqueue/cpumask") > 0 &&
	    check_mask(text, &all) == 0 && !tn_cpus_intersect(&all, &c->cpus)) {
		m.bad = 0;
		check_value(f, "the mask for all workqueues, %.60s, keeps them off", text);
		f->verdict = TN_CHECK_OK;
		return;
	}
	f->verdict = m.bad ? TN_CHECK_WARNING : (m.n ? TN_CHECK_OK : TN_CHECK_NOT_APPLICABLE);
	if (!m.bad)
		check_value(f, m.n ? "none of %d" : "no workqueue has a mask of its own", m.n);
}

/* Both watchdogs run on the CPUs of watchdog_cpumask only (Linux, Documentation/admin-guide/lockup-watchdogs.rst). */
static void check_watchdog(const struct tn_check_context *c, const char *name, int cpu, struct tn_check_finding *f)
{
	char master[16] = "", list[TN_CPUS_TEXT];
	struct tn_cpus cpus;
	int r = check_text(c, f, "/proc/sys/kernel/%s", name);

	if (r < 0) {
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
		return;
	}
	check_read(c, master, sizeof(master), "/proc/sys/kernel/watchdog");
	f->verdict = TN_CHECK_OK;
	if (!strcmp(f->value, "0") || !strcmp(master, "0"))
		return;
	if (check_read(c, list, sizeof(list), "/proc/sys/kernel/watchdog_cpumask") >= 0 &&
	    (!*list || tn_cpus_parse(list, &cpus, NULL) == 0)) {
		check_add(f, "watchdog_cpumask %.80s", *list ? list : "empty");
		if (!*list || !tn_cpus_has(&cpus, (unsigned int)cpu))
			return;
	}
	f->verdict = TN_CHECK_FAIL;
}

/** check_soft_watchdog() - no timer looks every few seconds whether the CPU still schedules */
void check_soft_watchdog(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	check_watchdog(c, "soft_watchdog", cpu, f);
}

/** check_nmi_watchdog() - no NMI of a performance counter looks whether the CPU still takes interrupts */
void check_nmi_watchdog(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	check_watchdog(c, "nmi_watchdog", cpu, f);
}

static bool all_isolated(const struct tn_check_context *c)
{
	struct tn_cpus isolated = tn_cpus_or(&c->topology.isolated, &c->topology.nohz_full);
	struct tn_cpus left = tn_cpus_minus(&c->cpus, &isolated);

	return tn_cpus_empty(&left);
}

/* Since 6.5, vmstat_shepherd() of mm/vmstat.c passes over isolated CPUs. */
void check_stat_interval(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	int r = check_text(c, f, "/proc/sys/vm/stat_interval");

	(void)cpu;
	if (r < 0) {
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
		return;
	}
	f->verdict = strtol(f->value, NULL, 10) >= 10 ? TN_CHECK_OK : TN_CHECK_WARNING;
	if (f->verdict == TN_CHECK_OK || !check_kernel_since(c, 6, 5) || !all_isolated(c))
		return;
	f->verdict = TN_CHECK_OK;
	check_add(f, "and since Linux 6.5 isolated CPUs are left out");
}

/*
 * get_nohz_timer_target() of kernel/sched/core.c takes high-resolution timers that are not pinned away from CPUs that
 * are nohz_full, to housekeeping CPUs, but is asked only while this is on (kernel/time/hrtimer.c).
 */
void check_timer_migration(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	struct tn_cpus full = tn_cpus_and(&c->cpus, &c->topology.nohz_full);
	int r = check_text(c, f, "/proc/sys/kernel/timer_migration");

	(void)cpu;
	if (r < 0)
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
	else if (tn_cpus_empty(&full)) {
		f->verdict = TN_CHECK_NOT_APPLICABLE;
		check_add(f, "none of the CPUs is nohz_full");
	} else
		f->verdict = strcmp(f->value, "0") ? TN_CHECK_OK : TN_CHECK_WARNING;
}

/* In 6.12 the fair server took the place of throttling, but for groups (CONFIG_RT_GROUP_SCHED). */
void check_rt_runtime(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	int r = check_text(c, f, "/proc/sys/kernel/sched_rt_runtime_us");

	(void)cpu;
	if (r < 0) {
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
		return;
	}
	f->verdict = !strcmp(f->value, "-1") ? TN_CHECK_OK : TN_CHECK_WARNING;
	if (f->verdict == TN_CHECK_OK || !check_kernel_since(c, 6, 12))
		return;
	f->verdict = TN_CHECK_OK;
	check_add(f, "which since Linux 6.12 throttles groups only");
}

/** check_fair_server() - nothing reserves time for ordinary tasks where a real-time task runs for good */
void check_fair_server(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	int r = check_text(c, f, "/sys/kernel/debug/sched/fair_server/cpu%d/runtime", cpu);

	if (r < 0)
		check_unread(f, r, check_kernel_since(c, 6, 12) ? TN_CHECK_UNKNOWN : TN_CHECK_NOT_APPLICABLE);
	else
		f->verdict = !strcmp(f->value, "0") ? TN_CHECK_OK : TN_CHECK_WARNING;
}

/** check_preemption() - the kernel can be preempted */
void check_preemption(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	const char *model = c->env.preemption;

	(void)cpu;
	check_file(f, "/sys/kernel/realtime, debug/sched/preempt, configuration");
	check_value(f, "%s", *model ? model : "not to be found");
	if (!*model)
		f->verdict = TN_CHECK_UNKNOWN;
	else
		f->verdict = strcmp(model, "none") && strcmp(model, "voluntary") ? TN_CHECK_OK : TN_CHECK_WARNING;
}

/** check_debug_kernel() - the kernel has no checks built in that make it several times slower */
void check_debug_kernel(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	static const char *const names[] = {"PROVE_LOCKING",   "KASAN",         "KCSAN",
					    "DEBUG_PAGEALLOC", "DEBUG_OBJECTS", "DEBUG_ATOMIC_SLEEP"};

	(void)cpu;
	check_file(f, "configuration of the kernel");
	if (!c->env.n_config) {
		f->verdict = TN_CHECK_UNKNOWN;
		check_value(f, "not to be found");
		return;
	}
	f->verdict = TN_CHECK_OK;
	for (size_t i = 0; i < TN_ARRAY_SIZE(names); i++) {
		if (strcmp(tn_kconfig_value(&c->env, names[i]), "y") != 0)
			continue;
		f->verdict = TN_CHECK_WARNING;
		check_add(f, "CONFIG_%s=y", names[i]);
	}
	if (f->verdict == TN_CHECK_OK)
		check_value(f, "neither lockdep nor KASAN nor their like");
}
