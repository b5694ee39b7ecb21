// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cgroup v2: a child of the root with cpuset.cpus.partition = isolated. The kernel takes its CPUs from the root, and
 * with that from every other cgroup, moves all tasks that it can move, and takes the CPUs out of the scheduler's
 * domains (Documentation/admin-guide/cgroup-v2.rst). What was written may be refused without an error: the file then
 * says "isolated invalid" and why.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "system/files.h"
#include "system/isolate-internal.h"

static int enable_controller(const struct tn_isolate_options *opt, const char *dir, struct tn_error *err)
{
	char path[TN_ISOLATION_PATH], before[64];
	int r;

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	if (tn_file_has_word(path, "cpuset"))
		return 0;
	r = tn_file_read(path, before, sizeof(before));
	if (r >= 0)
		r = tn_undo_add(opt->undo, TN_UNDO_CONTROLLER, path, NULL, err);
	if (r < 0)
		return tn_error_prefix(err, r, "%s", path);
	r = tn_file_write(path, "+cpuset");
	if (r < 0)
		return tn_error_set(err, r, "%s: cannot write +cpuset: %s", path, strerror(-r));
	return isolate_effect(opt, "cgroup-controller", path, before, "with cpuset", err);
}

/* A second partition of the same CPUs would make both invalid, and the first is somebody's. */
static int refuse_taken(const struct tn_isolate_options *opt, const char *dir, struct tn_error *err)
{
	char path[TN_ISOLATION_PATH], text[TN_CPUS_TEXT / 4];
	struct tn_cpus taken;

	snprintf(path, sizeof(path), "%s/cpuset.cpus.isolated", dir);
	if (tn_cpus_read(path, &taken, NULL) < 0)
		return 0;
	taken = tn_cpus_and(&taken, &opt->cpus);
	if (tn_cpus_empty(&taken))
		return 0;
	return tn_error_set(err, -EBUSY,
			    "CPU %s is in another isolated partition (%s): probe it from there, or remove that",
			    tn_cpus_format(&taken, text, sizeof(text)), path);
}

static int put(const char *dir, const char *file, const char *text, struct tn_error *err)
{
	char path[TN_ISOLATION_PATH + 32];
	int r;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	r = tn_file_write(path, text);
	return r < 0 ? tn_error_set(err, r, "%s: cannot write '%s': %s", path, text, strerror(-r)) : 0;
}

/**
 * isolate_by_partition() - an isolated partition of cgroup v2
 * @opt: options
 * @dir: where cgroup2 is mounted
 * @ret: its files; filled also on failure
 * @err: what the kernel says
 *
 * Return: 0; -EBUSY when the kernel takes it for invalid, or another partition has these CPUs; another negative errno.
 */
int isolate_by_partition(const struct tn_isolate_options *opt, const char *dir, struct tn_isolation *ret,
			 struct tn_error *err)
{
	char path[TN_ISOLATION_PATH - 32], owner[TN_UNDO_OWNER], cpus[TN_CPUS_TEXT], during[64];
	int r;

	r = refuse_taken(opt, dir, err);
	if (r >= 0)
		r = enable_controller(opt, dir, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%.140s/" TN_UNDO_INSTANCE "%s", dir, tn_undo_owner(owner, sizeof(owner)));
	snprintf(ret->enter, sizeof(ret->enter), "%s/cgroup.procs", path);
	snprintf(ret->partition, sizeof(ret->partition), "%s/cpuset.cpus.partition", path);
	tn_cpus_format(&opt->cpus, cpus, sizeof(cpus));
	snprintf(during, sizeof(during), "isolated, CPU %.40s", cpus);
	r = isolate_make_cpuset(opt, "cpuset-partition", path, during, err);
	if (r >= 0)
		r = put(path, "cpuset.cpus", cpus, err);
	if (r >= 0)
		r = put(path, "cpuset.cpus.partition", "isolated", err);
	return r < 0 ? r : tn_isolation_holds(ret, err);
}
