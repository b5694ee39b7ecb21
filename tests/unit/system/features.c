// SPDX-License-Identifier: GPL-2.0-or-later
/* Trace levels from made-up features, and this machine's features against what the files say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system/features.h"

static const struct tn_features everything = {
	.root = true,
	.tracefs = true,
	.tracefs_writable = true,
	.trace_clock = true,
	.ev_ipi = true,
	.ev_csd = true,
	.ev_irq_vectors = true,
	.proc_interrupts = true,
	.tracefs_dir = "/sys/kernel/tracing",
};

static void check_level(const struct tn_features *f, enum tn_trace_level level, const char *says)
{
	char why[256];

	assert_int_equal(tn_features_best_level(f, why, sizeof(why)), level);
	assert_string_equal(why, says);
}

static void test_levels(void **state)
{
	struct tn_features f = everything;

	(void)state;
	check_level(&f, TN_TRACE_FULL, "ipi, csd and irq_vectors events name function and sender");
	f.ev_csd = false;
	check_level(&f, TN_TRACE_ENTRY, "vectors only, as the kernel has no csd events");
	f.ev_ipi = false;
	check_level(&f, TN_TRACE_ENTRY, "vectors only, as the kernel has no ipi and csd events");
	f.ev_irq_vectors = false;
	check_level(&f, TN_TRACE_COUNTERS,
		    "only /proc/interrupts and /proc/softirqs, as the kernel has no irq_vectors events");
	f = everything;
	f.trace_clock = false;
	check_level(&f, TN_TRACE_COUNTERS,
		    "only /proc/interrupts and /proc/softirqs, as the kernel has no trace clock that is the "
		    "CPU's tick counter");
	f = everything;
	f.root = f.tracefs_writable = false;
	check_level(&f, TN_TRACE_COUNTERS,
		    "only /proc/interrupts and /proc/softirqs, as tracefs takes root to write to");
	f = everything;
	f.tracefs_dir[0] = '\0';
	check_level(&f, TN_TRACE_COUNTERS,
		    "only /proc/interrupts and /proc/softirqs, as tracefs is not mounted (mount -t tracefs "
		    "tracefs /sys/kernel/tracing)");
	f.tracefs = f.proc_interrupts = false;
	check_level(&f, TN_TRACE_NONE, "/proc/interrupts cannot be read, and this kernel has no tracefs");
}

static void test_names(void **state)
{
	enum tn_trace_level level;

	(void)state;
	for (int i = TN_TRACE_FULL; i <= TN_TRACE_AUTO; i++) {
		assert_int_equal(tn_trace_level_parse(tn_trace_level_name((enum tn_trace_level)i), &level), 0);
		assert_int_equal(level, i);
	}
	assert_string_equal(tn_trace_level_name(TN_TRACE_COUNTERS), "counters");
	assert_int_equal(tn_trace_level_parse("Full", &level), -EINVAL);
	assert_int_equal(level, TN_TRACE_AUTO);
}

static bool in_tracefs(const struct tn_features *f, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", f->tracefs_dir, file);
	return f->tracefs_dir[0] && !access(path, F_OK);
}

static void test_this_machine(void **state)
{
	struct tn_features f;
	int modules = access("/proc/modules", F_OK);

	(void)state;
	tn_features_read(&f);
	assert_int_equal(f.root, geteuid() == 0);
	assert_int_equal(f.ev_ipi, in_tracefs(&f, "events/ipi/ipi_send_cpu"));
	assert_int_equal(f.ev_csd, in_tracefs(&f, "events/csd/csd_function_entry"));
	assert_int_equal(f.ev_irq_vectors, in_tracefs(&f, "events/irq_vectors"));
	assert_true(f.tracefs || !f.tracefs_dir[0]);
	assert_true(f.tracefs_dir[0] || !f.tracefs_writable);
	assert_false(f.modules && modules);
	if (!f.root)
		assert_false(f.modules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
