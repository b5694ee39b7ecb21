// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What takes time without the kernel's doing: hypervisor, firmware, and hardware errors. The SMI counter is an MSR;
 * reading it for another CPU interrupts that CPU, so that only whether it could be read is looked at.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check/internal.h"
#include "system/files.h"

/** check_virtual() - no hypervisor decides when the CPU runs */
void check_virtual(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	bool flag = tn_text_has_word(c->cpu_flags, "hypervisor");
	const char *kind = c->env.virtualization;

	(void)cpu;
	check_file(f, "/proc/cpuinfo");
	if (!*c->cpu_flags && !*kind)
		f->verdict = TN_CHECK_UNKNOWN;
	else
		f->verdict = flag || (!*c->cpu_flags && strcmp(kind, "none") != 0) ? TN_CHECK_WARNING : TN_CHECK_OK;
	if (f->verdict == TN_CHECK_WARNING)
		check_value(f, "%s%s%s", flag ? "flag hypervisor" : "", flag && *kind ? ", " : "", kind);
	else
		check_value(f, f->verdict == TN_CHECK_OK ? "no flag hypervisor" : "not to be found");
}

/* "cpuN user nice system idle iowait irq softirq steal", in clock ticks */
static bool read_steal(const struct tn_check_context *c, int cpu, uint64_t *ret_steal, uint64_t *ret_all)
{
	static const size_t most = 1 << 18;
	tn_autofree char *text = malloc(most);
	uint64_t v[8], all = 0;
	char name[16];
	char *line;

	if (!text || check_read(c, text, most, "/proc/stat") < 0)
		return false;
	snprintf(name, sizeof(name), "\ncpu%d ", cpu);
	line = strstr(text, name);
	if (!line ||
	    sscanf(line,
		   "%*s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 8)
		return false;
	for (size_t i = 0; i < TN_ARRAY_SIZE(v); i++)
		all += v[i];
	*ret_steal = v[7];
	*ret_all = all;
	return true;
}

/** check_steal() - the hypervisor takes nothing from the CPU, as far as it says */
void check_steal(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	uint64_t steal, all;

	check_file(f, "/proc/stat");
	if (*c->cpu_flags && !tn_text_has_word(c->cpu_flags, "hypervisor")) {
		f->verdict = TN_CHECK_NOT_APPLICABLE;
		check_value(f, "no hypervisor");
		return;
	}
	if (!read_steal(c, cpu, &steal, &all)) {
		check_unread(f, -ENOENT, TN_CHECK_UNKNOWN);
		return;
	}
	/* Of 0 it cannot be told whether nothing was taken, or nothing is said. */
	f->verdict = steal ? TN_CHECK_WARNING : TN_CHECK_UNKNOWN;
	check_value(f, "steal %" PRIu64 " of %" PRIu64 " clock ticks since boot", steal, all);
}

struct found {
	int n;
};

static void count_one(const struct tn_check_context *c, const char *path, void *userdata)
{
	(void)c, (void)path;
	((struct found *)userdata)->n++;
}

/** check_smi() - time that the firmware takes can be seen */
void check_smi(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	struct found found = {0};
	char vendor[2048];

	(void)cpu;
	check_file(f, "/dev/cpu/*/msr");
	check_read(c, vendor, sizeof(vendor), "/proc/cpuinfo");
	if (!strstr(vendor, "GenuineIntel") || tn_text_has_word(c->cpu_flags, "hypervisor")) {
		f->verdict = TN_CHECK_NOT_APPLICABLE;
		check_value(f, "not an Intel processor, or a guest: there is no such counter");
		return;
	}
	check_glob(c, "/dev/cpu/[0-9]*/msr", count_one, &found);
	f->verdict = found.n ? TN_CHECK_OK : TN_CHECK_WARNING;
	check_value(f, found.n ? "%d CPUs" : "not there", found.n);
}

/* mce_timer_fn() of arch/x86/kernel/cpu/mce/core.c runs on each CPU, and not at all with either setting. */
void check_mce(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	char interval[32];
	int r = check_text(c, f, "/sys/devices/system/machinecheck/machinecheck%d/ignore_ce", cpu);

	if (r < 0) {
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
		return;
	}
	r = check_read(c, interval, sizeof(interval), "/sys/devices/system/machinecheck/machinecheck%d/check_interval",
		       cpu);
	f->verdict = !strcmp(f->value, "1") || (r >= 0 && !strcmp(interval, "0")) ? TN_CHECK_OK : TN_CHECK_WARNING;
	if (r >= 0)
		check_add(f, "check_interval %s s", interval);
}

/** check_taint() - the kernel has not been through an error that leaves it changed */
void check_taint(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	/* Documentation/admin-guide/tainted-kernels.rst */
	static const struct {
		unsigned int bit;
		const char *what;
	} bits[] = {{4, "machine check"}, {5, "bad page"}, {7, "oops"}, {9, "warning"}, {14, "soft lockup"}};
	unsigned long long taint;
	char *end;
	int r = check_text(c, f, "/proc/sys/kernel/tainted");

	(void)cpu;
	if (r < 0) {
		check_unread(f, r, TN_CHECK_UNKNOWN);
		return;
	}
	taint = strtoull(f->value, &end, 10);
	f->verdict = end == f->value ? TN_CHECK_UNKNOWN : TN_CHECK_OK;
	for (size_t i = 0; i < TN_ARRAY_SIZE(bits); i++) {
		if (!(taint & (1ull << bits[i].bit)))
			continue;
		f->verdict = TN_CHECK_WARNING;
		check_add(f, "%s", bits[i].what);
	}
}
