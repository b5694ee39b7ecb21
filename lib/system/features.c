// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What this kernel and this user can do, found out by asking and not by version numbers, and without a
 * lasting effect: nothing is mounted, created or enabled here.
 */
#include "system/features.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/mounts.h"
#include "base/ticks.h"
#include "system/files.h"

static void find_tracefs(struct tn_features *f)
{
	f->tracefs = tn_mount_point("tracefs", f->tracefs_dir, sizeof(f->tracefs_dir)) ||
		     (f->root && tn_file_has_word("/proc/filesystems", "tracefs"));
}

static bool has_event(const struct tn_features *f, const char *event)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/events/%s", f->tracefs_dir, event);
	return f->tracefs_dir[0] && !access(path, F_OK);
}

static void find_events(struct tn_features *f)
{
	f->ev_ipi = has_event(f, "ipi/ipi_send_cpu") && has_event(f, "ipi/ipi_send_cpumask");
	f->ev_csd = has_event(f, "csd/csd_function_entry") && has_event(f, "csd/csd_function_exit");
	f->ev_irq_vectors = has_event(f, "irq_vectors/local_timer_entry");
	f->ev_irq = has_event(f, "irq/irq_handler_entry") && has_event(f, "irq/softirq_entry");
	f->ev_sched = has_event(f, "sched/sched_switch");
	f->ev_exceptions = has_event(f, "exceptions/page_fault_user");
	f->ev_nmi = has_event(f, "nmi/nmi_handler");
	f->ev_vmalloc = has_event(f, "vmalloc/purge_vmap_area_lazy");
	f->ev_hrtimer = has_event(f, "timer/hrtimer_expire_entry");
}

static bool has_trace_clock(const struct tn_features *f)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/trace_clock", f->tracefs_dir);
	return f->tracefs_dir[0] && tn_file_has_word(path, TN_TRACE_CLOCK);
}

static bool may_make_instances(const struct tn_features *f)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/instances", f->tracefs_dir);
	return f->tracefs_dir[0] && !access(path, W_OK | X_OK);
}

/* A map of one element, closed at once. */
static bool may_create_maps(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	tn_autoclose int fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	return fd >= 0;
}

/*
 * An empty module cannot be loaded. The order of the kernel's checks (kernel/module/main.c) makes the error
 * tell why: ENOSYS without CONFIG_MODULES, EPERM for a user who may not, ENOEXEC for one who may.
 */
static bool may_load_modules(void)
{
	return syscall(SYS_init_module, NULL, 0ul, "") < 0 && (errno == ENOEXEC || errno == EFAULT);
}

/**
 * tn_features_read() - what this kernel and this user can do
 * @ret: the features. While tracefs is not mounted, all that lies in it counts as absent
 */
void tn_features_read(struct tn_features *ret)
{
	struct tn_features f = {.root = geteuid() == 0};

	find_tracefs(&f);
	find_events(&f);
	f.tracefs_writable = may_make_instances(&f);
	f.trace_clock = has_trace_clock(&f);
	f.bpf = may_create_maps();
	f.modules = may_load_modules();
	f.proc_interrupts = !access("/proc/interrupts", R_OK);
	*ret = f;
}

/* What stands in the way of any trace at all, NULL when nothing does. */
static const char *no_trace_reason(const struct tn_features *f)
{
	if (!f->tracefs_dir[0] && f->tracefs)
		return "tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing)";
	if (!f->tracefs)
		return f->root ? "this kernel has no tracefs" : "tracefs is not mounted, which takes root";
	if (!f->tracefs_writable)
		return f->root ? "tracefs cannot be written to" : "tracefs takes root to write to";
	if (!f->trace_clock)
		return "the kernel has no trace clock that is the CPU's tick counter";
	if (!f->ev_irq_vectors)
		return "the kernel has no irq_vectors events";
	return NULL;
}

/**
 * tn_features_best_level() - the best trace level that works here
 * @f: from tn_features_read()
 * @why: receives one line: what the level sees, or what a better one lacks
 * @size: of @why
 *
 * Return: the level, never TN_TRACE_AUTO.
 */
enum tn_trace_level tn_features_best_level(const struct tn_features *f, char *why, size_t size)
{
	const char *reason = no_trace_reason(f);

	if (!reason && f->ev_ipi && f->ev_csd) {
		snprintf(why, size, "ipi, csd and irq_vectors events name function and sender");
		return TN_TRACE_FULL;
	}
	if (!reason) {
		snprintf(why, size, "vectors only, as the kernel has no %s events",
			 f->ev_csd ? "ipi" : (f->ev_ipi ? "csd" : "ipi and csd"));
		return TN_TRACE_ENTRY;
	}
	if (f->proc_interrupts) {
		snprintf(why, size, "only /proc/interrupts and /proc/softirqs, as %s", reason);
		return TN_TRACE_COUNTERS;
	}
	snprintf(why, size, "/proc/interrupts cannot be read, and %s", reason);
	return TN_TRACE_NONE;
}

static const char *const LEVELS[] = {
	[TN_TRACE_FULL] = "full", [TN_TRACE_ENTRY] = "entry", [TN_TRACE_COUNTERS] = "counters",
	[TN_TRACE_NONE] = "none", [TN_TRACE_AUTO] = "auto",
};

/** tn_trace_level_name() - the name of a level, as scenarios and results write it */
const char *tn_trace_level_name(enum tn_trace_level level)
{
	return (size_t)level < TN_ARRAY_SIZE(LEVELS) ? LEVELS[level] : "?";
}

/**
 * tn_trace_level_parse() - the level of a name
 * @text: full, entry, counters, none or auto
 * @ret: the level; untouched on failure
 *
 * Return: 0; -EINVAL for another text.
 */
int tn_trace_level_parse(const char *text, enum tn_trace_level *ret)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(LEVELS); i++) {
		if (strcmp(LEVELS[i], text))
			continue;
		*ret = (enum tn_trace_level)i;
		return 0;
	}
	return -EINVAL;
}
