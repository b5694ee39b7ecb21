// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file tree of a machine on which everything is right: 4 CPUs, 1-3 isolated, bare metal, Linux 6.12 with the
 * deferral series. Only what checks read is there.
 */
#include "machine.h"

#define CPU   "/sys/devices/system/cpu"
#define CLOCK "/sys/devices/system/clocksource/clocksource0/"
#define TRACE "/sys/kernel/tracing"

static const struct file files[] = {
	{"/proc/cmdline", "nohz_full=1-3 isolcpus=managed_irq,domain,1-3 tsc=nowatchdog nosoftlockup\n"},
	{"/proc/version", "Linux version 6.12.1 (x@y) #1 SMP PREEMPT_DYNAMIC Mon\n"},
	{"/proc/sys/kernel/osrelease", "6.12.1\n"},
	{"/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Test\n"
			  "flags\t\t: fpu tsc constant_tsc nonstop_tsc tsc_adjust\n\nprocessor\t: 1\n"},
	{"/proc/meminfo", "MemTotal: 1000 kB\n"},
	{"/boot/config-6.12.1", "CONFIG_NO_HZ_FULL=y\nCONFIG_PREEMPT=y\nCONFIG_CONTEXT_TRACKING_WORK=y\n"
				"# CONFIG_PROVE_LOCKING is not set\nCONFIG_KPROBES=y\n"},
	{"/proc/stat", "cpu  1 0 0 9 0 0 0 0 0 0\ncpu0 1 0 0 9 0 0 0 0 0 0\ncpu1 0 0 0 9 0 0 0 0 0 0\n"
		       "cpu2 0 0 0 9 0 0 0 0 0 0\ncpu3 0 0 0 9 0 0 0 0 0 0\n"},
	{"/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n"},
	{CPU "/online", "0-3\n"},
	{CPU "/possible", "0-3\n"},
	{CPU "/isolated", "1-3\n"},
	{CPU "/nohz_full", "1-3\n"},
	{CPU "/smt/active", "0\n"},
	{CPU "/cpu0/topology/thread_siblings_list", "0\n"},
	{CPU "/cpu1/topology/thread_siblings_list", "1\n"},
	{CPU "/cpu2/topology/thread_siblings_list", "2\n"},
	{CPU "/cpu3/topology/thread_siblings_list", "3\n"},
	{CPU "/cpu1/cpufreq/scaling_governor", "performance\n"},
	{CPU "/cpu2/cpufreq/scaling_governor", "performance\n"},
	{CPU "/cpu3/cpufreq/scaling_governor", "performance\n"},
	{CPU "/intel_pstate/no_turbo", "1\n"},
	{CPU "/cpu2/cpuidle/state0/latency", "0\n"},
	{CPU "/cpu2/cpuidle/state0/disable", "0\n"},
	{CPU "/cpu2/cpuidle/state0/name", "POLL\n"},
	{CPU "/cpu2/cpuidle/state1/latency", "133\n"},
	{CPU "/cpu2/cpuidle/state1/disable", "1\n"},
	{CPU "/cpu2/cpuidle/state1/name", "C6\n"},
	{CPU "/cpu2/thermal_throttle/core_throttle_count", "0\n"},
	{"/sys/fs/cgroup/rt/cpuset.cpus.partition", "isolated\n"},
	{"/proc/irq/default_smp_affinity", "1\n"},
	{"/proc/irq/24/effective_affinity_list", "0\n"},
	{"/proc/irq/24/smp_affinity_list", "0-3\n"},
	{"/proc/irq/24/eth0/keep", ""},
	{"/proc/irq/25/effective_affinity_list", "1-3\n"}, /* nobody handles it */
	{"/sys/class/net/eth0/queues/rx-0/rps_cpus", "0\n"},
	{"/sys/class/net/eth0/queues/tx-0/xps_cpus", "1\n"},
	{"/proc/sys/net/core/rps_default_mask", "0\n"},
	{"/proc/self/net/dev", "Inter-|   Receive\n face |bytes\n    lo: 1\n  eth0: 2\n"},
	{"/sys/devices/virtual/workqueue/cpumask", "1\n"},
	{"/sys/devices/virtual/workqueue/writeback/cpumask", "1\n"},
	{"/sys/module/workqueue/parameters/power_efficient", "Y\n"},
	{"/proc/sys/kernel/watchdog", "1\n"},
	{"/proc/sys/kernel/soft_watchdog", "1\n"},
	{"/proc/sys/kernel/nmi_watchdog", "1\n"},
	{"/proc/sys/kernel/watchdog_cpumask", "0\n"},
	{"/proc/sys/vm/stat_interval", "1\n"},
	{"/proc/sys/kernel/timer_migration", "1\n"},
	{"/sys/kernel/rcu_expedited", "0\n"},
	{"/proc/sys/kernel/sched_rt_runtime_us", "-1\n"},
	{"/sys/kernel/debug/sched/fair_server/cpu1/runtime", "0\n"},
	{"/sys/kernel/debug/sched/fair_server/cpu2/runtime", "0\n"},
	{"/sys/kernel/debug/sched/fair_server/cpu3/runtime", "0\n"},
	{"/proc/sys/kernel/sched_schedstats", "0\n"},
	{"/proc/sys/kernel/bpf_stats_enabled", "0\n"},
	{"/sys/kernel/debug/sched/preempt", "none voluntary (full) lazy\n"},
	{"/sys/kernel/mm/ksm/run", "0\n"},
	{"/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
	{"/proc/sys/kernel/numa_balancing", "0\n"},
	{"/proc/sys/vm/compaction_proactiveness", "0\n"},
	{"/sys/module/kfence/parameters/sample_interval", "0\n"},
	{CLOCK "available_clocksource", "tsc hpet acpi_pm \n"},
	{CLOCK "current_clocksource", "tsc\n"},
	{"/sys/devices/system/clockevents/clockevent1/current_device", "lapic-deadline\n"},
	{"/sys/devices/system/clockevents/clockevent2/current_device", "lapic-deadline\n"},
	{"/sys/devices/system/clockevents/clockevent3/current_device", "lapic-deadline\n"},
	{"/dev/cpu/1/msr", ""},
	{"/sys/devices/system/machinecheck/machinecheck1/ignore_ce", "1\n"},
	{"/sys/devices/system/machinecheck/machinecheck1/check_interval", "300\n"},
	{"/proc/sys/kernel/tainted", "0\n"},
	{TRACE "/trace_clock", "[local] global x86-tsc\n"},
	{TRACE "/current_tracer", "nop\n"},
	{TRACE "/set_event", ""},
	{TRACE "/instances/tlbnoise.1.2/set_event", "csd:csd_function_entry\n"}, /* our own */
	{TRACE "/events/irq_vectors/local_timer_entry/format", "x\n"},
	{TRACE "/events/ipi/ipi_send_cpu/format", "x\n"},
	{TRACE "/events/ipi/ipi_send_cpumask/format", "x\n"},
	{TRACE "/events/csd/csd_function_entry/format", "x\n"},
	{"/sys/kernel/debug/kprobes/list", ""},
	{"/proc/sys/kernel/kptr_restrict", "0\n"},
};

/**
 * machine_task() - a task of the tree
 * @t: the tree
 * @pid: its number
 * @comm: its name
 * @flags: PF_KTHREAD, PF_NO_SETAFFINITY
 * @cpus: where it may run
 */
void machine_task(const struct tree *t, int pid, const char *comm, unsigned long flags, const char *cpus)
{
	char file[64], text[8192], groups[7168] = "";

	/* more than a page of them, as members of many groups of a directory service have */
	for (int n = 0; n < 700; n++)
		snprintf(groups + strlen(groups), sizeof(groups) - strlen(groups), "%d ", 100000 + n);
	snprintf(file, sizeof(file), "/proc/%d/task/%d/stat", pid, pid);
	snprintf(text, sizeof(text), "%d (%s) S 2 0 0 0 -1 %lu 0 0 0 0\n", pid, comm, flags);
	tree_write(t, file, text);
	snprintf(file, sizeof(file), "/proc/%d/task/%d/status", pid, pid);
	snprintf(text, sizeof(text),
		 "Name:\t%s\nGroups:\t%s\nCpus_allowed:\tf\nCpus_allowed_list:\t%s\nMems_allowed:\t1\n", comm, groups,
		 cpus);
	tree_write(t, file, text);
}

/** machine_make() - all files and tasks of the machine on which everything is right */
void machine_make(const struct tree *t)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		tree_write(t, files[i].name, files[i].text);
	machine_task(t, 1, "systemd", 0, "0");
	machine_task(t, 2, "kthreadd", PF_KTHREAD, "0");
	machine_task(t, 20, "ksoftirqd/1", PF_KTHREAD | PF_NO_SETAFFINITY, "1");
	machine_task(t, 21, "kworker/1:0-events", PF_KTHREAD | PF_NO_SETAFFINITY, "1");
	machine_task(t, 31, "rcuop/1", PF_KTHREAD, "0");
	machine_task(t, 32, "rcuop/2", PF_KTHREAD, "0");
	machine_task(t, 33, "rcuos/3", PF_KTHREAD, "0");
	machine_task(t, 34, "rcuog/1", PF_KTHREAD, "0");
}
