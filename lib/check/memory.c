// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory management that works in the background, and how the kernel gets rid of stale translations. */
#include <string.h>

#include "base/cleanup.h"
#include "check/internal.h"
#include "system/files.h"
#include "system/kconfig.h"

/** check_huge_pages() - nothing merges pages into huge ones unasked */
void check_huge_pages(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	int r = check_text(c, f, "/sys/kernel/mm/transparent_hugepage/enabled");

	(void)cpu;
	if (r < 0)
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
	else
		f->verdict = strstr(f->value, "[always]") ? TN_CHECK_WARNING : TN_CHECK_OK;
}

/** check_swap() - pages are not taken away from the tasks that use them */
void check_swap(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	char text[1024], *area;
	int r = check_read(c, text, sizeof(text), "/proc/swaps");

	(void)cpu;
	check_file(f, "/proc/swaps");
	if (r < 0) {
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
		return;
	}
	area = strchr(text, '\n');
	f->verdict = area ? TN_CHECK_WARNING : TN_CHECK_OK;
	if (area)
		check_value(f, "%.*s", (int)strcspn(area + 1, " \t\n"), area + 1);
	else
		check_value(f, "no swap area");
}

/*
 * AMD's INVLPGB invalidates on all CPUs without an interrupt (flag since Linux 6.15). CONTEXT_TRACKING_WORK is the
 * series of this project, which leaves the flush to a CPU in userspace until it enters the kernel.
 */
void check_kernel_flush(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	bool invlpgb = tn_text_has_word(c->cpu_flags, "invlpgb");
	bool deferred = !strcmp(tn_kconfig_value(&c->env, "CONTEXT_TRACKING_WORK"), "y");
	bool arm = !strcmp(c->env.arch, "aarch64");

	(void)cpu;
	f->verdict = TN_CHECK_OK;
	if (arm) {
		check_file(f, "/proc/sys/kernel/arch");
		check_value(f, "aarch64: TLBI instructions reach all CPUs");
	} else if (invlpgb) {
		check_file(f, "/proc/cpuinfo");
		check_value(f, "flag invlpgb");
	} else if (deferred) {
		check_file(f, "configuration of the kernel");
		check_value(f, "CONFIG_CONTEXT_TRACKING_WORK=y");
	} else {
		bool known = c->env.n_config > 0;

		f->verdict = known ? TN_CHECK_WARNING : TN_CHECK_UNKNOWN;
		check_file(f, "/proc/cpuinfo");
		check_value(f, "no flag invlpgb, and %s",
			    known ? "no deferral in the kernel" : "the kernel's configuration is not to be found");
	}
}
