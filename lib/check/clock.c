// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether the tick counter is a clock: the kernel's judgement of it, and what the judging costs. */
#include <errno.h>
#include <string.h>

#include "check/internal.h"
#include "system/arch.h"
#include "system/files.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/"

/** check_tsc_usable() - the kernel has not thrown the counter out */
void check_tsc_usable(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	int r = check_text(c, f, CLOCKSOURCE "available_clocksource");

	(void)cpu;
	if (r < 0)
		check_unread(f, r, TN_CHECK_UNKNOWN);
	else
		f->verdict = tn_text_has_word(f->value, tn_arch_counter_clocksource()) ? TN_CHECK_OK : TN_CHECK_FAIL;
}

/** check_clocksource() - the kernel itself tells time by the counter */
void check_clocksource(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	int r = check_text(c, f, CLOCKSOURCE "current_clocksource");

	(void)cpu;
	if (r < 0)
		check_unread(f, r, TN_CHECK_UNKNOWN);
	else if (!strcmp(f->value, tn_arch_counter_clocksource()))
		f->verdict = TN_CHECK_OK;
	else /* a guest's clock is made of the counter, in the steps that the hypervisor publishes */
		f->verdict = !strcmp(f->value, "kvm-clock") ? TN_CHECK_WARNING : TN_CHECK_FAIL;
}

/** check_tsc_flags() - the counter runs at one rate, and in idle states too */
void check_tsc_flags(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	static const char *const flags[] = {"constant_tsc", "nonstop_tsc"};
	size_t found = 0;

	(void)cpu;
	check_file(f, "/proc/cpuinfo");
	if (strcmp(c->env.arch, "x86_64") != 0) {
		f->verdict = TN_CHECK_NOT_APPLICABLE;
		check_value(f, "not x86");
		return;
	}
	for (size_t i = 0; i < TN_ARRAY_SIZE(flags); i++) {
		bool has = tn_text_has_word(c->cpu_flags, flags[i]);

		found += has;
		check_add(f, has ? "%s" : "no %s", flags[i]);
	}
	f->verdict = found == TN_ARRAY_SIZE(flags) ? TN_CHECK_OK : TN_CHECK_WARNING;
	if (!*c->cpu_flags)
		f->verdict = TN_CHECK_UNKNOWN;
}

static bool has_watchdog(const char *available)
{
	return tn_text_has_word(available, "hpet") || tn_text_has_word(available, "acpi_pm");
}

/*
 * clocksource_watchdog() of kernel/time/clocksource.c arms its timer on one online CPU after the other, isolated or
 * not, two times a second. It looks at a TSC unless told that this one is reliable, or the CPU says so
 * (check_system_tsc_reliable() of arch/x86/kernel/tsc.c; by the TSC_ADJUST register since 5.17, on machines of few
 * nodes: two at first, four or as many packages in later kernels, of which the least is taken here), and only if
 * another clock is there to compare with.
 */
void check_clock_watchdog(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	static const char *const by_itself[] = {"constant_tsc", "nonstop_tsc", "tsc_adjust"};
	char option[32] = "", available[256];
	bool trusted = check_kernel_since(c, 5, 17) && c->env.nodes <= 2;

	(void)cpu;
	check_file(f, "/proc/cmdline");
	check_option(c, "tsc", option, sizeof(option));
	f->verdict = TN_CHECK_OK;
	if (strcmp(c->env.arch, "x86_64") != 0) {
		f->verdict = TN_CHECK_NOT_APPLICABLE;
		check_value(f, "not x86");
		return;
	}
	if (!strcmp(option, "reliable") || !strcmp(option, "nowatchdog")) {
		check_value(f, "tsc=%s", option);
		return;
	}
	check_file(f, "/proc/cpuinfo");
	for (size_t i = 0; i < TN_ARRAY_SIZE(by_itself); i++)
		trusted &= tn_text_has_word(c->cpu_flags, by_itself[i]);
	if (trusted || tn_text_has_word(c->cpu_flags, "tsc_reliable")) {
		check_value(f, trusted ? "constant_tsc, nonstop_tsc, tsc_adjust" : "tsc_reliable");
		return;
	}
	check_file(f, CLOCKSOURCE "available_clocksource");
	if (check_read(c, available, sizeof(available), CLOCKSOURCE "available_clocksource") < 0)
		f->verdict = TN_CHECK_UNKNOWN;
	else if (has_watchdog(available))
		f->verdict = TN_CHECK_WARNING;
	check_value(f, "%.120s, and no tsc= on the command line", available);
}

/** check_clock_event() - the CPU has a timer of its own: others are set on it by interrupts from another CPU */
void check_clock_event(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	int r = check_text(c, f, "/sys/devices/system/clockevents/clockevent%d/current_device", cpu);

	if (r < 0)
		check_unread(f, r, TN_CHECK_UNKNOWN);
	else
		f->verdict = strncmp(f->value, "lapic", 5) && !strstr(f->value, "arch_sys_timer") &&
					     strcmp(f->value, "Hyper-V clockevent") && strcmp(f->value, "xen") != 0
				     ? TN_CHECK_FAIL
				     : TN_CHECK_OK;
}
