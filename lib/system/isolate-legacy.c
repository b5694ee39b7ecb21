// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The legacy hierarchy of cpusets has no partitions: tasks of the root go into a cpuset with the other CPUs, other
 * cpusets lose the CPUs to isolate, and a cpuset without load balancing gets them, so that the scheduler builds its
 * domains without them (Documentation/admin-guide/cgroup-v1/cpusets.rst). kthreadd cannot be moved: a kernel thread
 * that starts later may still run there until it settles.
 *
 * Files are written directly. libcpuset 1.0 finds a hierarchy only at /dev/cpuset and only with names without prefix
 * ("cpus"), as the file system of type cpuset had them; where the controller is mounted as a cgroup, as init systems
 * do it, names are "cpuset.cpus" and each of its calls fails.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "system/files.h"
#include "system/isolate-internal.h"

#define DEPTH_MAX   16
#define MOVE_PASSES 8

struct legacy {
	const struct tn_isolate_options *opt;
	const char *dir, *prefix;
	char others[TN_ISOLATION_PATH - 32], isolated[TN_ISOLATION_PATH - 32];
};

static int shrink(const struct legacy *l, const char *path, struct tn_error *err)
{
	char file[PATH_MAX + 32], text[TN_CPUS_TEXT];
	struct tn_cpus set, rest;
	int r;

	snprintf(file, sizeof(file), "%s/%scpus", path, l->prefix);
	r = tn_cpus_read(file, &set, err);
	if (r < 0 || !tn_cpus_intersect(&set, &l->opt->cpus))
		return r == -ENOENT ? 0 : r;
	rest = tn_cpus_minus(&set, &l->opt->cpus);
	if (tn_cpus_empty(&rest))
		return tn_error_set(err, -EBUSY, "the cpuset %s has no CPU but %s: give it others first, or remove it",
				    path, tn_cpus_format(&set, text, sizeof(text)));
	r = isolate_change(l->opt, "cpuset-cpus", file, tn_cpus_format(&rest, text, sizeof(text)), err);
	return r > 0 ? -EBUSY : r;
}

/* A cpuset must have what its children have: the lowest come first, and are the last to grow again. */
static int shrink_below(const struct legacy *l, const char *path, int depth, struct tn_error *err)
{
	tn_autoclosedir DIR *d = opendir(path);
	char below[PATH_MAX];
	int r = 0;

	for (struct dirent *de = d ? readdir(d) : NULL; de && r >= 0; de = readdir(d)) {
		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, de->d_name) >= (int)sizeof(below) || depth == 0)
			return tn_error_set(err, -E2BIG, "cpusets below %s are nested too deep", path);
		r = shrink_below(l, below, depth - 1, err);
		if (r >= 0)
			r = shrink(l, below, err);
	}
	return r;
}

static int put(const struct legacy *l, const char *path, const char *file, const char *text, struct tn_error *err)
{
	char full[PATH_MAX + 32];
	int r;

	snprintf(full, sizeof(full), "%s/%s%s", path, l->prefix, file);
	r = tn_file_write(full, text);
	return r < 0 ? tn_error_set(err, r, "%s: cannot write '%s': %s", full, text, strerror(-r)) : 0;
}

static int make(const struct legacy *l, const char *path, const struct tn_cpus *set, bool balance, struct tn_error *err)
{
	char file[PATH_MAX + 32], mems[TN_CPUS_TEXT], cpus[TN_CPUS_TEXT], during[64];
	int r;

	tn_cpus_format(set, cpus, sizeof(cpus));
	snprintf(during, sizeof(during), "CPU %.40s%s", cpus, balance ? "" : ", not balanced");
	r = isolate_make_cpuset(l->opt, "cpuset", path, during, err);
	if (r < 0)
		return r;
	snprintf(file, sizeof(file), "%s/%smems", l->dir, l->prefix);
	r = tn_file_read(file, mems, sizeof(mems));
	if (r < 0)
		return tn_error_set(err, r, "%s: %s", file, strerror(-r));
	r = put(l, path, "cpus", cpus, err);
	if (r >= 0)
		r = put(l, path, "mems", mems, err);
	if (r >= 0)
		r = put(l, path, "sched_load_balance", balance ? "1" : "0", err);
	return r < 0 || balance ? r : put(l, path, "cpu_exclusive", "1", err);
}

/* Returns how many processes went over. */
static unsigned int move_once(const char *from, const char *to)
{
	tn_autofclose FILE *f = fopen(from, "re");
	unsigned int moved = 0;
	char line[32];

	while (f && fgets(line, sizeof(line), f))
		moved += tn_file_write(to, line) == 0;
	return moved;
}

/* Whole processes, and then threads that somebody had put apart; again while children come after. */
static void move_all(const struct legacy *l)
{
	static const char *const lists[] = {"cgroup.procs", "tasks"};
	char from[PATH_MAX], to[PATH_MAX];

	for (size_t i = 0; i < TN_ARRAY_SIZE(lists); i++) {
		snprintf(from, sizeof(from), "%s/%s", l->dir, lists[i]);
		snprintf(to, sizeof(to), "%s/%s", l->others, lists[i]);
		for (int pass = 0; pass < MOVE_PASSES && move_once(from, to); pass++)
			;
	}
}

static int stop_balancing(const struct legacy *l, struct tn_error *err)
{
	char file[TN_ISOLATION_PATH], now[8];
	int r;

	snprintf(file, sizeof(file), "%s/%ssched_load_balance", l->dir, l->prefix);
	r = tn_file_read(file, now, sizeof(now));
	if (r < 0)
		return tn_error_set(err, r, "%s: %s", file, strerror(-r));
	if (!strcmp(now, "0"))
		return 0;
	r = isolate_change(l->opt, "cpuset-balancing", file, "0", err);
	return r > 0 ? -EBUSY : r;
}

/**
 * isolate_by_legacy() - cpusets of the legacy hierarchy
 * @opt: options
 * @dir: where it is mounted
 * @prefix: of the names of its files
 * @ret: gets the file by which one enters; filled also on failure
 * @err: message
 *
 * Return: 0; -EBUSY when another cpuset has no CPU but these; another negative errno.
 */
int isolate_by_legacy(const struct tn_isolate_options *opt, const char *dir, const char *prefix,
		      struct tn_isolation *ret, struct tn_error *err)
{
	struct legacy l = {.opt = opt, .dir = dir, .prefix = prefix};
	char owner[TN_UNDO_OWNER], file[TN_ISOLATION_PATH];
	struct tn_cpus rest;
	int r;

	snprintf(file, sizeof(file), "%.140s/%scpus", dir, prefix);
	r = tn_cpus_read(file, &rest, err);
	if (r < 0)
		return r;
	rest = tn_cpus_minus(&rest, &opt->cpus);
	tn_undo_owner(owner, sizeof(owner));
	snprintf(l.others, sizeof(l.others), "%.140s/" TN_UNDO_INSTANCE "%s.others", dir, owner);
	snprintf(l.isolated, sizeof(l.isolated), "%.140s/" TN_UNDO_INSTANCE "%s.isolated", dir, owner);
	snprintf(ret->enter, sizeof(ret->enter), "%s/tasks", l.isolated);
	r = shrink_below(&l, dir, DEPTH_MAX, err);
	if (r >= 0)
		r = make(&l, l.others, &rest, true, err);
	if (r >= 0)
		r = make(&l, l.isolated, &opt->cpus, false, err);
	if (r < 0)
		return r;
	move_all(&l);
	return stop_balancing(&l, err);
}
