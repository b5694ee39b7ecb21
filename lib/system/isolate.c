// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isolates CPUs while the machine runs: an isolated cpuset for tasks, and the affinity of interrupt lines and of
 * unbound workqueues. Each change stands in the undo journal before it is made, and the journal takes them back, the
 * latest first, also after a crash.
 *
 * Tasks are moved by the kernel: a partition of cgroup v2 takes its CPUs from all other cgroups, and returns them when
 * it goes, with each task's own affinity as it was. The legacy hierarchy needs a second cpuset into which the tasks of
 * the root are put. Writing affinities task by task instead would leave a mask on each of them for ever; that is done
 * only where CPUs are isolated since boot, and those that may run there have such a mask already.
 *
 * The cpuset comes first: recent kernels take unbound workqueues off isolated partitions by themselves.
 */
#include "system/isolate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "system/files.h"
#include "system/isolate-internal.h"

/* Where the hierarchies are mounted by the init systems there are. */
static const char *const v2_dirs[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
static const struct {
	const char *dir, *prefix; /* the file system of type cpuset has names without a prefix */
} v1_dirs[] = {{"/sys/fs/cgroup/cpuset", "cpuset."}, {"/dev/cpuset", "cpuset."}, {"/dev/cpuset", ""}};

static int isolate_tasks(const struct tn_isolate_options *opt, struct tn_isolation *ret, struct tn_error *err)
{
	char dir[TN_ISOLATION_PATH / 2], file[TN_ISOLATION_PATH];

	for (size_t i = 0; i < TN_ARRAY_SIZE(v2_dirs); i++) {
		snprintf(dir, sizeof(dir), "%s%s", opt->root, v2_dirs[i]);
		snprintf(file, sizeof(file), "%s/cgroup.controllers", dir);
		if (tn_file_has_word(file, "cpuset"))
			return isolate_by_partition(opt, dir, ret, err);
	}
	for (size_t i = 0; i < TN_ARRAY_SIZE(v1_dirs); i++) {
		snprintf(dir, sizeof(dir), "%s%s", opt->root, v1_dirs[i].dir);
		snprintf(file, sizeof(file), "%s/%scpu_exclusive", dir, v1_dirs[i].prefix);
		if (!access(file, F_OK))
			return isolate_by_legacy(opt, dir, v1_dirs[i].prefix, ret, err);
	}
	return tn_error_set(err, -EOPNOTSUPP,
			    "no cgroup hierarchy with the controller cpuset is mounted below %s/sys/fs/cgroup: mount "
			    "cgroup2, or leave cpuset out of isolate.what",
			    opt->root);
}

static int note_left(const struct tn_isolate_options *opt, const struct isolate_tasks *left, struct tn_error *err)
{
	char cpus[64], names[ISOLATE_NAMES], text[ISOLATE_NOTE];
	int r = 0;

	tn_cpus_format(&opt->cpus, cpus, sizeof(cpus));
	if (left->n_kernel) {
		snprintf(text, sizeof(text), "%u kernel thread(s) cannot be moved off CPU %s: %s", left->n_kernel, cpus,
			 isolate_names_text(&left->kernel, names, sizeof(names)));
		r = isolate_note(opt, false, "kernel-threads-not-moved", text, err);
	}
	if (left->n_user && r >= 0) {
		snprintf(text, sizeof(text), "%u thread(s) of user space may still run on CPU %s: %s", left->n_user,
			 cpus, isolate_names_text(&left->user, names, sizeof(names)));
		r = isolate_note(opt, true, "tasks-not-moved", text, err);
	}
	return r;
}

/*
 * CPUs without a scheduling domain since boot (isolcpus=domain) need no cpuset, and Linux 6.12 takes a partition of
 * them for invalid: it checks the state before the change (prstate_housekeeping_conflict() in kernel/cgroup/cpuset.c).
 */
static bool isolated_at_boot(const struct tn_isolate_options *opt)
{
	char path[TN_ISOLATION_PATH];
	struct tn_cpus isolated, rest;

	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/isolated", opt->root);
	if (tn_cpus_read(path, &isolated, NULL) < 0)
		return false;
	rest = tn_cpus_minus(&opt->cpus, &isolated);
	return tn_cpus_empty(&rest);
}

static int isolate_cpuset(const struct tn_isolate_options *opt, struct tn_isolation *ret, struct tn_error *err)
{
	struct isolate_tasks before, left;
	char target[80], from[64], to[64], cpus[64];
	bool at_boot = isolated_at_boot(opt);
	int r;

	r = isolate_tasks_count(opt, &before, err);
	if (r >= 0)
		r = isolate_tasks_keep(opt, at_boot, err);
	if (r >= 0 && !at_boot)
		r = isolate_tasks(opt, ret, err);
	if (r >= 0)
		r = isolate_tasks_count(opt, &left, err);
	if (r < 0)
		return r;
	snprintf(target, sizeof(target), "CPU %s", tn_cpus_format(&opt->cpus, cpus, sizeof(cpus)));
	snprintf(from, sizeof(from), "%u threads may run there", before.n_user + before.n_kernel);
	snprintf(to, sizeof(to), "%u cannot be moved", left.n_user + left.n_kernel);
	r = isolate_effect(opt, "tasks", target, from, to, err);
	return r < 0 ? r : note_left(opt, &left, err);
}

/**
 * tn_isolate() - keep tasks, interrupts and unbound work off CPUs
 * @opt: which, and who hears of what is done
 * @ret: what is in place; untouched on failure
 * @err: what failed. What was done until then is in the journal, whose close undoes it
 *
 * What the kernel refuses to move is no failure: it is said through @opt->on_note, by name. The journal's close also
 * ends it.
 *
 * Return: 0; -EOPNOTSUPP without a cpuset hierarchy; -EBUSY when the kernel takes the partition for invalid, or another
 * cpuset has no CPU but these; -EINVAL for sets that are empty or overlap; another negative errno of writing.
 */
int tn_isolate(const struct tn_isolate_options *opt, struct tn_isolation *ret, struct tn_error *err)
{
	struct tn_isolation isolation = {.enter = ""};
	char text[TN_CPUS_TEXT / 4];
	struct tn_cpus both = tn_cpus_and(&opt->cpus, &opt->housekeeping);
	int r = 0;

	if (tn_cpus_empty(&opt->cpus) || tn_cpus_empty(&opt->housekeeping))
		return tn_error_set(err, -EINVAL, "isolating CPUs needs one to isolate and one that takes the rest");
	if (!tn_cpus_empty(&both))
		return tn_error_set(err, -EINVAL, "CPU %s cannot be both isolated and housekeeping",
				    tn_cpus_format(&both, text, sizeof(text)));
	if (opt->parts & TN_ISOLATE_CPUSET)
		r = isolate_cpuset(opt, &isolation, err);
	if (r >= 0 && (opt->parts & TN_ISOLATE_IRQS))
		r = isolate_interrupts(opt, err);
	if (r >= 0 && (opt->parts & TN_ISOLATE_WORKQUEUES))
		r = isolate_workqueues(opt, err);
	if (r < 0)
		return tn_error_prefix(err, r, "isolating CPU %s", tn_cpus_format(&opt->cpus, text, sizeof(text)));
	*ret = isolation;
	return 0;
}

/**
 * tn_isolation_holds() - whether the CPUs are still isolated
 * @isolation: from tn_isolate()
 * @err: what became of it
 *
 * CPU hotplug or another manager of cgroups can make a partition invalid, or remove it.
 *
 * Return: 0; -EBUSY when it is invalid now; another negative errno when it cannot be read.
 */
int tn_isolation_holds(const struct tn_isolation *isolation, struct tn_error *err)
{
	char state[128];
	int r;

	if (!*isolation->partition)
		return 0;
	r = tn_file_read(isolation->partition, state, sizeof(state));
	if (r < 0)
		return tn_error_set(err, r, "%s: %s", isolation->partition, strerror(-r));
	if (!strcmp(state, "isolated"))
		return 0;
	return tn_error_set(err, -EBUSY, "%s is '%s', not 'isolated'", isolation->partition, state);
}
