// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Undoing what isolating CPUs leaves: cgroups with a cpuset, the controller switched on for them, and affinities that
 * did not survive. Before Linux 6.2 a task whose cpuset changes forgets what sched_setaffinity(2) gave it: it then has
 * all CPUs of its cpuset. Kernel threads with a mask that the kernel gave them forget it in any version.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpus.h"
#include "system/files.h"
#include "system/undo-internal.h"

#define CGROUP_PATH (PATH_MAX + NAME_MAX + 2)

/* One task a write, as the kernel wants it. A task that ends meanwhile, or a kernel thread, is no failure. */
static void move_tasks(const char *from, const char *to)
{
	tn_autofclose FILE *f = fopen(from, "re");
	char line[32];

	while (f && fgets(line, sizeof(line), f))
		tn_file_write(to, line);
}

/* Tasks that cannot be moved at once, such as one with a worker of io_uring, get all CPUs at least. */
static void open_up(const char *target)
{
	static const char *const prefixes[] = {"cpuset.", ""};
	char path[PATH_MAX + 32], cpus[TN_CPUS_TEXT];

	snprintf(path, sizeof(path), "%s/cpuset.cpus.partition", target);
	tn_file_write(path, "member");
	for (size_t i = 0; i < TN_ARRAY_SIZE(prefixes); i++) {
		snprintf(path, sizeof(path), "%s/../%scpus", target, prefixes[i]);
		if (tn_file_read(path, cpus, sizeof(cpus)) <= 0)
			continue;
		snprintf(path, sizeof(path), "%s/%scpus", target, prefixes[i]);
		tn_file_write(path, cpus);
	}
}

/**
 * tn_undo_cpuset() - remove a cgroup; its tasks move to the parent
 * @target: its directory
 *
 * Whole processes are moved first, which is faster; in the legacy hierarchy single threads may be left.
 *
 * Return: 0; -EBUSY while a task of it is still being torn down; another negative errno of rmdir(2).
 */
int tn_undo_cpuset(const char *target)
{
	static const char *const lists[] = {"cgroup.procs", "tasks"};
	char from[PATH_MAX], to[PATH_MAX];

	open_up(target);
	for (size_t i = 0; i < TN_ARRAY_SIZE(lists); i++) {
		snprintf(from, sizeof(from), "%s/%s", target, lists[i]);
		snprintf(to, sizeof(to), "%s/../%s", target, lists[i]);
		move_tasks(from, to);
	}
	return rmdir(target) < 0 ? -errno : 0;
}

/* A cgroup below @dir that has a cpuset of its own; @ret gets its path. */
static bool find_user(const char *dir, char ret[CGROUP_PATH])
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.cpus.exclusive", "cpuset.mems"};
	tn_autoclosedir DIR *d = opendir(dir);
	char path[CGROUP_PATH + NAME_MAX], text[8];

	for (struct dirent *de = d ? readdir(d) : NULL; de; de = readdir(d)) {
		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		for (size_t i = 0; i < TN_ARRAY_SIZE(files); i++) {
			snprintf(path, sizeof(path), "%s/%s/%s", dir, de->d_name, files[i]);
			if (tn_file_read(path, text, sizeof(text)) <= 0)
				continue;
			snprintf(ret, CGROUP_PATH, "%s/%s", dir, de->d_name);
			return true;
		}
	}
	return false;
}

/**
 * tn_undo_controller() - switch the controller cpuset off again
 * @target: a file cgroup.subtree_control
 * @err: who needs it now
 *
 * Return: 0; TN_UNDO_KEPT when another cgroup has come to use it; a negative errno of writing.
 */
int tn_undo_controller(const char *target, struct tn_error *err)
{
	char dir[PATH_MAX], user[CGROUP_PATH] = "";
	int r = -EBUSY;

	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(target, '/') - target), target);
	if (!tn_file_has_word(target, "cpuset"))
		return 0;
	if (!find_user(dir, user))
		r = tn_file_write(target, "-cpuset");
	if (r != -EBUSY)
		return r;
	tn_error_set(err, -EBUSY, "%s: cpuset stays switched on: %s has come to use it", target,
		     *user ? user : "a cgroup below");
	return TN_UNDO_KEPT;
}

/* Whether these are all CPUs there are: what a task gets that has forgotten its own. */
static bool all_cpus(const struct tn_cpus *set)
{
	struct tn_cpus online, missing;

	if (tn_cpus_read("/sys/devices/system/cpu/online", &online, NULL) < 0)
		return false;
	missing = tn_cpus_minus(&online, set);
	return tn_cpus_empty(&missing);
}

/**
 * tn_undo_affinity() - give a task the affinity that it had before its cpuset changed
 * @e: @e->target: /proc/PID/task/TID; @e->before: start time and list of CPUs; @e->during: list in the cpuset
 * @err: what it has now
 *
 * Return: 0, also when the task is gone or has kept it; TN_UNDO_KEPT when somebody has given it another one; a
 * negative errno.
 */
int tn_undo_affinity(const struct tn_undo_entry *e, struct tn_error *err)
{
	const char *blank = strchr(e->before, ' ');
	unsigned long long start = strtoull(e->before, NULL, 10), start_now;
	pid_t tid = (pid_t)strtol(strrchr(e->target, '/') + 1, NULL, 10);
	struct tn_cpus before, during, now = {0};
	char text[TN_CPUS_TEXT / 4];

	if (!blank || !e->during || tid <= 0 || tn_cpus_parse(blank + 1, &before, NULL) < 0 ||
	    tn_cpus_parse(e->during, &during, NULL) < 0)
		return -EBADMSG;
	if (tn_undo_start_time(tid, &start_now) < 0 || start_now != start)
		return 0;
	if (sched_getaffinity(tid, sizeof(now.bits), (cpu_set_t *)now.bits) < 0)
		return errno == ESRCH ? 0 : -errno;
	if (tn_cpus_equal(&now, &before))
		return 0;
	if (!tn_cpus_equal(&now, &during) && !all_cpus(&now)) {
		tn_error_set(err, -EBUSY, "affinity of %s: CPUs %s now, %s before the run: left as it is", e->target,
			     tn_cpus_format(&now, text, sizeof(text)), blank + 1);
		return TN_UNDO_KEPT;
	}
	if (sched_setaffinity(tid, sizeof(before.bits), (const cpu_set_t *)before.bits) < 0)
		return errno == ESRCH ? 0 : -errno;
	return 0;
}
