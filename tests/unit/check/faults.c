// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each check finds what it looks for in a made tree, says nothing of the tree in which all is right, and no check says
 * anything of another one's fault.
 */
#include "machine.h"

#include "check/check.h"

#define CPU    "/sys/devices/system/cpu"
#define CLOCK  "/sys/devices/system/clocksource/clocksource0/"
#define TRACE  "/sys/kernel/tracing"
#define FLAGS  "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: "
#define CONFIG "CONFIG_PREEMPT=y\nCONFIG_CONTEXT_TRACKING_WORK=y\nCONFIG_KPROBES=y\n"
#define ARGS   "nohz_full=1-3 isolcpus=managed_irq,domain,1-3 tsc=nowatchdog"

struct fault {
	const char *id;
	enum tn_check_verdict verdict;
	const char *evidence; /* in file or value */
	struct file files[4];
	struct {
		int pid;
		const char *comm;
		unsigned long flags;
		const char *cpus;
	} task;
	const char *also; /* a check that the same fact makes complain too, and rightly */
};

#define W TN_CHECK_WARNING
#define F TN_CHECK_FAIL
#define U TN_CHECK_UNKNOWN
#define N TN_CHECK_NOT_APPLICABLE
#define O TN_CHECK_OK

static const struct fault faults[] = {
	{"isolated-cpus", F, "isolated none", {{CPU "/isolated", "\n"}, {CPU "/nohz_full", "(null)\n"}}, .also = "*"},
	{"domain-isolation", F, "isolated 1-2", {{CPU "/isolated", "1-2\n"}}, .also = ""},
	{"nohz-full", F, "nohz_full 1-2", {{CPU "/nohz_full", "1-2\n"}}},
	{"nohz-kernel",
	 F,
	 "CONFIG_NO_HZ_FULL=n",
	 {{CPU "/nohz_full", NULL}, {"/boot/config-6.12.1", CONFIG}},
	 .also = "nohz-full"},
	{"dynticks-on", F, "nohz=off", {{"/proc/cmdline", ARGS " nohz=off\n"}}},
	{"dynticks-on", F, "nohz=0", {{"/proc/cmdline", ARGS " nohz=0\n"}}},
	{"dynticks-on", F, "highres=n", {{"/proc/cmdline", ARGS " highres=n\n"}}},
	{"dynticks-on", O, "neither", {{"/proc/cmdline", ARGS " nohz=on highres=1\n"}}},
	{"dynticks-on", F, "highres=off", {{"/proc/cmdline", ARGS " highres=off\n"}}},
	{"rcu-offload", F, "no thread rcuop/2", {{"/proc/32/task/32/stat", NULL}}},
	{"rcu-affinity", W, "rcuop/1 (pid 31)", .task = {31, "rcuop/1", PF_KTHREAD, "0-1"}, .also = "kernel-threads"},
	{"housekeeping",
	 F,
	 "housekeeping none",
	 {{CPU "/isolated", "0-3\n"}, {CPU "/nohz_full", "0-3\n"}},
	 .also = "*"},
	{"boot-cpu", W, "checked 0-2", {{CPU "/isolated", "0-2\n"}, {CPU "/nohz_full", "0-2\n"}}, .also = "*"},
	{"cpuset-partitions", F, "root invalid", {{"/sys/fs/cgroup/a/b/cpuset.cpus.partition", "root invalid (x)\n"}}},
	{"user-tasks", F, "1 allowed there, stress (pid 77)", .task = {77, "stress", 0, "0-3"}},
	{"user-tasks", W, "1 allowed there, app) (x (pid 77)", .task = {77, "app) (x", 0, "2"}},
	{"kernel-threads", W, "kswapd0 (pid 40)", .task = {40, "kswapd0", PF_KTHREAD, "0-3"}},
	{"irq-affinity", F, "IRQ 24 eth0", {{"/proc/irq/24/effective_affinity_list", "2\n"}}},
	{"irq-affinity", F, "IRQ 24 eth0", {{"/proc/irq/24/effective_affinity_list", NULL}}},
	{"irq-affinity",
	 F,
	 "IRQ 24 eth0",
	 {{"/proc/irq/24/effective_affinity_list", NULL}, {"/proc/irq/24/smp_affinity_list", "0-3\n"}}},
	{"irq-default-affinity", W, "0000000f", {{"/proc/irq/default_smp_affinity", "00000000,0000000f\n"}}},
	{"irqbalance",
	 W,
	 "leaves out CPU 3",
	 {{"/etc/default/irqbalance", "# x\nIRQBALANCE_BANNED_CPULIST=\"3\"\n"}},
	 .task = {50, "irqbalance", 0, "0"}},
	{"irqbalance",
	 W,
	 "leaves out CPU 1-2",
	 {{"/etc/sysconfig/irqbalance", "IRQBALANCE_BANNED_CPUS=6\n"}},
	 .task = {50, "irqbalance", 0, "0"}},
	{"irqbalance", O, "leaves out CPU 1-3 (the kernel's isolation)", .task = {50, "irqbalance", 0, "0"}},
	{"managed-irqs",
	 W,
	 "isolcpus=domain,1-3",
	 {{"/proc/cmdline", "nohz_full=1-3 isolcpus=domain,1-3 tsc=reliable\n"}}},
	{"rps", W, "eth0/queues/rx-0/rps_cpus", {{"/sys/class/net/eth0/queues/rx-0/rps_cpus", "4\n"}}},
	{"rps-default", W, "e", {{"/proc/sys/net/core/rps_default_mask", "e\n"}}},
	{"xps", W, "eth0/queues/tx-0/xps_cpus", {{"/sys/class/net/eth0/queues/tx-0/xps_cpus", "f\n"}}},
	{"workqueue-mask", F, "f", {{"/sys/devices/virtual/workqueue/cpumask", "f\n"}}},
	{"workqueue-masks",
	 W,
	 "writeback f",
	 {{"/sys/devices/virtual/workqueue/cpumask", "3\n"},
	  {"/sys/devices/virtual/workqueue/writeback/cpumask", "f\n"}},
	 .also = "workqueue-mask"},
	{"workqueue-masks", O, "keeps them off", {{"/sys/devices/virtual/workqueue/writeback/cpumask", "f\n"}}},
	{"workqueue-unbound", W, "N", {{"/sys/module/workqueue/parameters/power_efficient", "N\n"}}},
	{"soft-watchdog",
	 F,
	 "1, watchdog_cpumask 0-3",
	 {{"/proc/sys/kernel/watchdog_cpumask", "0-3\n"}, {"/proc/sys/kernel/nmi_watchdog", "0\n"}}},
	{"nmi-watchdog",
	 F,
	 "1, watchdog_cpumask 0,2",
	 {{"/proc/sys/kernel/watchdog_cpumask", "0,2\n"}, {"/proc/sys/kernel/soft_watchdog", "0\n"}}},
	{"soft-watchdog",
	 O,
	 "1",
	 {{"/proc/sys/kernel/watchdog_cpumask", "0-3\n"}, {"/proc/sys/kernel/watchdog", "0\n"}}},
	{"vm-stat-interval", W, "1", {{"/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n"}}, .also = "*"},
	{"timer-migration", W, "0", {{"/proc/sys/kernel/timer_migration", "0\n"}}},
	{"rcu-expedited", W, "1", {{"/sys/kernel/rcu_expedited", "1\n"}}},
	{"rt-throttling",
	 W,
	 "950000",
	 {{"/proc/sys/kernel/sched_rt_runtime_us", "950000\n"}, {"/proc/sys/kernel/osrelease", "6.11.2\n"}},
	 .also = "*"},
	{"rt-throttling", O, "since Linux 6.12", {{"/proc/sys/kernel/sched_rt_runtime_us", "950000\n"}}},
	{"fair-server", W, "50000000", {{"/sys/kernel/debug/sched/fair_server/cpu2/runtime", "50000000\n"}}},
	{"sched-stats", W, "1", {{"/proc/sys/kernel/sched_schedstats", "1\n"}}},
	{"bpf-stats", W, "1", {{"/proc/sys/kernel/bpf_stats_enabled", "1\n"}}},
	{"preemption", W, "voluntary", {{"/sys/kernel/debug/sched/preempt", "none (voluntary) full\n"}}},
	{"debug-kernel",
	 W,
	 "CONFIG_PROVE_LOCKING=y",
	 {{"/boot/config-6.12.1", CONFIG "CONFIG_NO_HZ_FULL=y\nCONFIG_PROVE_LOCKING=y\n"}}},
	{"ksm", W, "1", {{"/sys/kernel/mm/ksm/run", "1\n"}}},
	{"huge-pages", W, "[always]", {{"/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"}}},
	{"numa-balancing", W, "1", {{"/proc/sys/kernel/numa_balancing", "1\n"}}},
	{"compaction", W, "20", {{"/proc/sys/vm/compaction_proactiveness", "20\n"}}},
	{"kfence", W, "100", {{"/sys/module/kfence/parameters/sample_interval", "100\n"}}},
	{"swap", W, "/dev/sda2", {{"/proc/swaps", "Filename\tType\n/dev/sda2 partition 1 0 -2\n"}}},
	{"kernel-flush", W, "no flag invlpgb", {{"/boot/config-6.12.1", "CONFIG_NO_HZ_FULL=y\nCONFIG_PREEMPT=y\n"}}},
	{"kernel-flush",
	 O,
	 "flag invlpgb",
	 {{"/boot/config-6.12.1", "CONFIG_NO_HZ_FULL=y\n"},
	  {"/proc/cpuinfo", FLAGS "constant_tsc nonstop_tsc invlpgb\n\n"}}},
	{"tsc-usable", F, "hpet acpi_pm", {{CLOCK "available_clocksource", "hpet acpi_pm \n"}}},
	{"clocksource", F, "hpet", {{CLOCK "current_clocksource", "hpet\n"}}},
	{"clocksource", W, "kvm-clock", {{CLOCK "current_clocksource", "kvm-clock\n"}}},
	{"tsc-flags", W, "no nonstop_tsc", {{"/proc/cpuinfo", FLAGS "fpu constant_tsc\n\n"}}},
	{"clock-watchdog",
	 W,
	 "acpi_pm",
	 {{"/proc/cmdline", "nohz_full=1-3 isolcpus=managed_irq,domain,1-3\n"},
	  {"/proc/cpuinfo", FLAGS "fpu constant_tsc nonstop_tsc\n\n"}}},
	{"clock-watchdog", O, "tsc_adjust", {{"/proc/cmdline", "nohz_full=1-3 isolcpus=managed_irq,domain,1-3\n"}}},
	{"clock-watchdog",
	 W,
	 "hpet",
	 {{"/proc/cmdline", "nohz_full=1-3 isolcpus=managed_irq,domain,1-3\n"},
	  {"/sys/devices/system/node/online", "0-7\n"}}},
	{"clock-event",
	 O,
	 "Hyper-V",
	 {{"/sys/devices/system/clockevents/clockevent3/current_device", "Hyper-V clockevent\n"}}},
	{"clock-event", F, "hpet", {{"/sys/devices/system/clockevents/clockevent3/current_device", "hpet\n"}}},
	{"governor", F, "powersave", {{CPU "/cpu2/cpufreq/scaling_governor", "powersave\n"}}},
	{"turbo", W, "0", {{CPU "/intel_pstate/no_turbo", "0\n"}}},
	{"turbo", W, "1", {{CPU "/intel_pstate/no_turbo", NULL}, {CPU "/cpufreq/boost", "1\n"}}},
	{"idle-states", W, "C6 133 us", {{CPU "/cpu2/cpuidle/state1/disable", "0\n"}}},
	{"idle-states",
	 O,
	 "n/a",
	 {{CPU "/cpu2/cpuidle/state1/disable", "0\n"}, {CPU "/cpu2/power/pm_qos_resume_latency_us", "n/a\n"}}},
	{"smt-sibling", W, "0,2", {{CPU "/cpu2/topology/thread_siblings_list", "0,2\n"}}},
	{"smt-sibling", O, "2-3", {{CPU "/cpu2/topology/thread_siblings_list", "2-3\n"}}},
	{"thermal-throttle", W, "7", {{CPU "/cpu2/thermal_throttle/core_throttle_count", "7\n"}}},
	{"bare-metal", W, "hypervisor", {{"/proc/cpuinfo", FLAGS "constant_tsc nonstop_tsc hypervisor\n\n"}}},
	{"steal",
	 W,
	 "steal 5 of 14",
	 {{"/proc/cpuinfo", FLAGS "constant_tsc nonstop_tsc hypervisor\n\n"},
	  {"/proc/stat",
	   "cpu  1 0 0 9 0 0 0 0\ncpu1 0 0 0 9 0 0 0 0\ncpu2 0 0 0 9 0 0 0 5 0 0\ncpu3 0 0 0 9 0 0 0 0\n"}},
	 .also = "bare-metal"},
	{"smi-counter", W, "not there", {{"/dev/cpu/1/msr", NULL}}},
	{"mce-polling",
	 W,
	 "0, check_interval 300 s",
	 {{"/sys/devices/system/machinecheck/machinecheck1/ignore_ce", "0\n"}}},
	{"taint", W, "16, machine check", {{"/proc/sys/kernel/tainted", "16\n"}}},
	{"trace-events", W, "no csd/csd_function_entry", {{TRACE "/events/csd/csd_function_entry/format", NULL}}},
	{"trace-events",
	 F,
	 "no irq_vectors/local_timer_entry",
	 {{TRACE "/events/irq_vectors/local_timer_entry/format", NULL}}},
	{"trace-clock", F, "[local] global", {{TRACE "/trace_clock", "[local] global\n"}}},
	{"other-tracers", W, "tracer function", {{TRACE "/current_tracer", "function\n"}}},
	{"other-tracers", W, "event sched:sched_switch", {{TRACE "/set_event", "sched:sched_switch\n"}}},
	{"other-tracers",
	 W,
	 "instance foo: irq:softirq_entry",
	 {{TRACE "/instances/foo/set_event", "irq:softirq_entry\n"}}},
	{"kprobes", W, "vfree", {{"/sys/kernel/debug/kprobes/list", "ffffffff8 k vfree+0x0\n"}}},
	{"monitors", W, "turbostat (pid 60)", .task = {60, "turbostat", 0, "0"}},
	{"symbols", W, "2", {{"/proc/sys/kernel/kptr_restrict", "2\n"}}},
	/* what cannot be read is unknown, what there is nothing of is not applicable */
	{"workqueue-mask", U, "not there", {{"/sys/devices/virtual/workqueue/cpumask", NULL}}},
	{"workqueue-mask", U, "nonsense", {{"/sys/devices/virtual/workqueue/cpumask", "nonsense\n"}}},
	{"ksm", U, "", {{"/sys/kernel/mm/ksm/run", "\n"}}},
	{"governor", N, "not there", {{CPU "/cpu1/cpufreq/scaling_governor", NULL}}},
	{"tsc-usable", U, "not there", {{CLOCK "available_clocksource", NULL}}},
	{"debug-kernel", U, "not to be found", {{"/boot/config-6.12.1", NULL}}},
	{"kernel-flush", U, "not to be found", {{"/boot/config-6.12.1", NULL}}},
	{"trace-clock", U, "not mounted", {{TRACE "/trace_clock", NULL}}, .also = "*"},
	{"kprobes",
	 N,
	 "not there",
	 {{"/sys/kernel/debug/kprobes/list", NULL},
	  {"/boot/config-6.12.1", "CONFIG_PREEMPT=y\nCONFIG_CONTEXT_TRACKING_WORK=y\n# CONFIG_KPROBES is not set\n"}}},
	{"xps", N, "no queues", {{"/sys/class/net/eth0/queues/tx-0/xps_cpus", NULL}}},
	{"xps", N, "no device but lo", {{"/proc/self/net/dev", "Inter-|   Receive\n face |bytes\n    lo: 1\n"}}},
	{"rps", N, "no device but lo", {{"/proc/self/net/dev", "Inter-|   Receive\n face |bytes\n    lo: 1\n"}}},
	{"rps-default",
	 N,
	 "no device but lo",
	 {{"/proc/self/net/dev", "Inter-|   Receive\n face |bytes\n    lo: 1\n"}}},
	{"cpuset-partitions", N, "no cgroup", {{"/sys/fs/cgroup/rt/cpuset.cpus.partition", NULL}}},
	{"timer-migration", N, "none of the CPUs", {{CPU "/nohz_full", "\n"}}, .also = "nohz-full"},
};

static struct tn_check_report *run(const struct tree *t)
{
	struct tn_check_report *report = NULL;
	struct tn_error err = {0};

	if (tn_check_run(t->root, NULL, NULL, &report, &err))
		fail_msg("%s", err.text);
	return report;
}

static bool is_bad(enum tn_check_verdict v)
{
	return v == TN_CHECK_WARNING || v == TN_CHECK_FAIL;
}

static void good_machine(void **state)
{
	struct tree *t = *state;
	struct tn_check_report *report;
	unsigned int n[TN_CHECK_VERDICTS];

	machine_make(t);
	report = run(t);
	for (size_t i = 0; i < report->n; i++)
		if (report->finding[i].verdict > TN_CHECK_OK)
			print_error("%s: %s: %s\n", report->finding[i].check->id, report->finding[i].file,
				    report->finding[i].value);
	tn_check_tally(report, n);
	assert_int_equal(n[TN_CHECK_WARNING] + n[TN_CHECK_FAIL] + n[TN_CHECK_UNKNOWN], 0);
	assert_int_equal(n[TN_CHECK_NOT_APPLICABLE], 1); /* steal */
	assert_true(report->isolated);
	assert_false(report->chosen);
	tn_check_free(report);
}

/* A per-CPU device, as the timers of aarch64: no CPU is set, and what is allowed means nothing. */
static void lines_of_no_cpu_are_passed_over(void **state)
{
	struct tree *t = *state;
	struct tn_check_report *report;

	machine_make(t);
	tree_write(t, "/proc/irq/24/effective_affinity_list", "\n");
	tree_write(t, "/proc/irq/24/smp_affinity_list", "0-3\n");
	report = run(t);
	for (size_t i = 0; i < report->n; i++)
		if (!strcmp(report->finding[i].check->id, "irq-affinity"))
			assert_int_equal(report->finding[i].verdict, TN_CHECK_OK);
	tn_check_free(report);
}

/* Of the check on CPU 2. */
static enum tn_check_verdict verdict_of(const struct tree *t, const struct tn_cpus *apart, const char *id,
					char *evidence, size_t size)
{
	struct tn_check_report *report = NULL;
	enum tn_check_verdict verdict = TN_CHECK_UNKNOWN;

	assert_int_equal(tn_check_run(t->root, NULL, apart, &report, NULL), 0);
	for (size_t i = 0; i < report->n; i++)
		if (!strcmp(report->finding[i].check->id, id) && report->finding[i].cpu == 2) {
			verdict = report->finding[i].verdict;
			snprintf(evidence, size, "%s: %s", report->finding[i].file, report->finding[i].value);
			break;
		}
	tn_check_free(report);
	return verdict;
}

/* TuneD's force_latency=: idle states stay on, and somebody keeps the device open. */
static void a_latency_asked_for_keeps_from_idle_states(void **state)
{
	static const int32_t latency[] = {2, 2000000000};
	struct tree *t = *state;
	char path[PATH_MAX], text[512];

	machine_make(t);
	tree_write(t, CPU "/cpu2/cpuidle/state1/disable", "0\n");
	tree_write(t, "/dev/cpu_dma_latency", "");
	snprintf(path, sizeof(path), "%s/dev/cpu_dma_latency", t->root);
	for (size_t i = 0; i < TN_ARRAY_SIZE(latency); i++) {
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		assert_int_equal(fwrite(&latency[i], sizeof(latency[i]), 1, f), 1);
		fclose(f);
		assert_int_equal(verdict_of(t, NULL, "idle-states", text, sizeof(text)),
				 i ? TN_CHECK_WARNING : TN_CHECK_OK);
		assert_true(i || (strstr(text, "/dev/cpu_dma_latency") && strstr(text, "2 us")));
	}
}

/* The legacy hierarchy's cpusets do not show in the kernel's list. */
static void a_cpuset_of_the_runs_own_counts(void **state)
{
	struct tn_cpus apart = {0};
	struct tree *t = *state;
	char text[512];

	machine_make(t);
	tree_write(t, CPU "/isolated", "\n");
	assert_int_equal(verdict_of(t, NULL, "domain-isolation", text, sizeof(text)), TN_CHECK_FAIL);
	tn_cpus_add(&apart, 2);
	tn_cpus_add(&apart, 3);
	assert_int_equal(verdict_of(t, &apart, "domain-isolation", text, sizeof(text)), TN_CHECK_OK);
	assert_non_null(strstr(text, "a cpuset of its own"));
}

static bool shows(const struct tn_check_finding *f, const struct fault *fault)
{
	return !strcmp(f->check->id, fault->id) && f->verdict == fault->verdict &&
	       (strstr(f->value, fault->evidence) || strstr(f->file, fault->evidence));
}

static const struct tn_check_finding *find(const struct tn_check_report *report, const struct fault *fault)
{
	for (size_t i = 0; i < report->n; i++)
		if (shows(&report->finding[i], fault))
			return &report->finding[i];
	for (size_t i = 0; i < report->n; i++)
		if (!strcmp(report->finding[i].check->id, fault->id))
			print_error("%s: %s: %s\n", tn_check_verdict_name(report->finding[i].verdict),
				    report->finding[i].file, report->finding[i].value);
	fail_msg("%s: no finding '%s' with '%s'", fault->id, tn_check_verdict_name(fault->verdict), fault->evidence);
	return NULL;
}

static void make_faulty(const struct tree *t, const struct fault *fault)
{
	char path[256];

	machine_make(t);
	for (size_t i = 0; i < 4 && fault->files[i].name; i++) {
		if (fault->files[i].text) {
			tree_write(t, fault->files[i].name, fault->files[i].text);
			continue;
		}
		snprintf(path, sizeof(path), "%s%s", t->root, fault->files[i].name);
		assert_int_equal(unlink(path), 0);
	}
	if (fault->task.comm)
		machine_task(t, fault->task.pid, fault->task.comm, fault->task.flags, fault->task.cpus);
}

static void check_fault(const struct fault *fault)
{
	void *state;
	struct tn_check_report *report;
	const struct tn_check_finding *f;

	tree_setup(&state);
	make_faulty(state, fault);
	report = run(state);
	f = find(report, fault);
	assert_int_equal(is_bad(f->verdict), *f->fix != '\0');
	assert_null(strchr(f->fix, '{'));
	for (size_t i = 0; i < report->n; i++) {
		const struct tn_check_finding *other = &report->finding[i];

		if (!is_bad(other->verdict) || !strcmp(other->check->id, fault->id))
			continue;
		if (!fault->also || (strcmp(fault->also, "*") && strcmp(fault->also, other->check->id)))
			fail_msg("%s: %s says '%s: %s' too", fault->id, other->check->id, other->file, other->value);
	}
	tn_check_free(report);
	tree_teardown(&state);
}

static void each_fault_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		check_fault(&faults[i]);
}

/* A check that no row above makes complain would be one that cannot fail. */
static void every_check_can_complain(void **state)
{
	const struct tn_check *check;

	(void)state;
	assert_true(tn_check_count() >= 40);
	for (size_t i = 0; (check = tn_check_at(i)); i++) {
		bool bad = false;

		for (size_t j = 0; j < sizeof(faults) / sizeof(faults[0]); j++)
			bad |= !strcmp(faults[j].id, check->id) && is_bad(faults[j].verdict);
		if (!bad)
			fail_msg("no bad tree for %s", check->id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good_machine, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(lines_of_no_cpu_are_passed_over, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_latency_asked_for_keeps_from_idle_states, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(a_cpuset_of_the_runs_own_counts, tree_setup, tree_teardown),
		cmocka_unit_test(each_fault_is_found),
		cmocka_unit_test(every_check_can_complain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
