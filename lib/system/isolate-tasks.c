// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads and where they may run, from procfs: how many can run on the CPUs to isolate, before and after, and whose own
 * affinity has to be remembered, since a cpuset may make the kernel forget it.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "system/files.h"
#include "system/isolate-internal.h"

/* include/linux/sched.h: also what field 9 of /proc/PID/stat shows. */
#define PF_KTHREAD        0x00200000ul
#define PF_NO_SETAFFINITY 0x04000000ul

struct thread {
	char dir[TN_ISOLATION_PATH]; /* /proc/PID/task/TID */
	char name[32];
	unsigned long flags;
	unsigned long long start;
	struct tn_cpus allowed;
};

/* proc(5): "TID (NAME) STATE ...", flags in field 9, start time in field 22; the name may hold anything. */
static bool parse_stat(char *stat, struct thread *t)
{
	char *open = strchr(stat, '('), *close = strrchr(stat, ')');

	if (!open || !close || close < open)
		return false;
	snprintf(t->name, sizeof(t->name), "%.*s", (int)(close - open - 1), open + 1);
	if (close[2] == 'Z' || close[2] == 'X') /* dead: runs nowhere */
		return false;
	return sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		      &t->flags, &t->start) == 2;
}

static bool read_thread(struct thread *t)
{
	char path[TN_ISOLATION_PATH + 16], text[4096];

	snprintf(path, sizeof(path), "%s/stat", t->dir);
	if (tn_file_read(path, text, sizeof(text)) <= 0 || !parse_stat(text, t))
		return false;
	snprintf(path, sizeof(path), "%s/status", t->dir);
	return tn_file_line(path, "Cpus_allowed_list:", text, sizeof(text)) == 0 &&
	       tn_cpus_parse(text, &t->allowed, NULL) == 0;
}

typedef int (*visitor)(const struct tn_isolate_options *opt, const struct thread *t, void *userdata,
		       struct tn_error *err);

static int visit_process(const struct tn_isolate_options *opt, const char *pid, visitor visit, void *userdata,
			 struct tn_error *err)
{
	char dir[TN_ISOLATION_PATH / 2];
	tn_autoclosedir DIR *d = NULL;
	struct thread t;
	int r = 0;

	snprintf(dir, sizeof(dir), "%s/proc/%.20s/task", opt->root, pid);
	d = opendir(dir);
	for (struct dirent *de = d ? readdir(d) : NULL; de && r >= 0; de = readdir(d)) {
		if (de->d_name[0] < '0' || de->d_name[0] > '9')
			continue;
		snprintf(t.dir, sizeof(t.dir), "%s/%.20s", dir, de->d_name);
		if (read_thread(&t))
			r = visit(opt, &t, userdata, err);
	}
	return r;
}

/* Threads come and go meanwhile. */
static int visit_threads(const struct tn_isolate_options *opt, visitor visit, void *userdata, struct tn_error *err)
{
	char dir[TN_ISOLATION_PATH / 2];
	tn_autoclosedir DIR *d = NULL;
	int r = 0;

	snprintf(dir, sizeof(dir), "%s/proc", opt->root);
	d = opendir(dir);
	if (!d)
		return tn_error_set(err, -errno, "cannot read %s: %m", dir);
	for (struct dirent *de = readdir(d); de && r >= 0; de = readdir(d))
		if (de->d_name[0] >= '1' && de->d_name[0] <= '9')
			r = visit_process(opt, de->d_name, visit, userdata, err);
	return r;
}

static int count(const struct tn_isolate_options *opt, const struct thread *t, void *userdata, struct tn_error *err)
{
	struct isolate_tasks *tasks = userdata;
	bool kernel = t->flags & PF_KTHREAD;

	(void)err;
	if (!tn_cpus_intersect(&t->allowed, &opt->cpus))
		return 0;
	*(kernel ? &tasks->n_kernel : &tasks->n_user) += 1;
	isolate_name(kernel ? &tasks->kernel : &tasks->user, t->name);
	return 0;
}

/**
 * isolate_tasks_count() - threads that may run on the CPUs to isolate
 * @opt: options
 * @ret: how many, and their names; untouched on failure
 * @err: message
 *
 * Return: 0 or a negative errno.
 */
int isolate_tasks_count(const struct tn_isolate_options *opt, struct isolate_tasks *ret, struct tn_error *err)
{
	struct isolate_tasks tasks = {.n_user = 0};
	int r = visit_threads(opt, count, &tasks, err);

	if (r >= 0)
		*ret = tasks;
	return r < 0 ? r : 0;
}

struct keeping {
	struct tn_cpus online;
	bool move; /* and take the CPUs from its affinity */
};

/* What nobody can bind the kernel does not move either. A thread with all CPUs has nothing to forget. */
static int keep(const struct tn_isolate_options *opt, const struct thread *t, void *userdata, struct tn_error *err)
{
	const struct keeping *k = userdata;
	struct tn_cpus missing = tn_cpus_minus(&k->online, &t->allowed), rest;
	char before[TN_CPUS_TEXT + 24], list[TN_CPUS_TEXT], during[TN_CPUS_TEXT];
	bool hit = isolate_without(opt, &t->allowed, &rest);
	int r;

	if (t->flags & PF_NO_SETAFFINITY || (k->move ? !hit : tn_cpus_empty(&missing)))
		return 0;
	snprintf(before, sizeof(before), "%llu %s", t->start, tn_cpus_format(&t->allowed, list, sizeof(list)));
	r = tn_undo_add_change(opt->undo, TN_UNDO_AFFINITY, t->dir, before,
			       tn_cpus_format(&rest, during, sizeof(during)), err);
	if (r >= 0 && k->move) /* who cannot be moved will be counted */
		(void)!sched_setaffinity((pid_t)atoi(strrchr(t->dir, '/') + 1), sizeof(rest.bits),
					 (const cpu_set_t *)rest.bits);
	return r;
}

/**
 * isolate_tasks_keep() - remember affinities that a change of cpuset may lose
 * @opt: options
 * @move: no cpuset will move the threads: take the CPUs from the affinity of each
 * @err: message
 *
 * Has to come before the cpusets: what is done first is undone last.
 *
 * Return: 0 or a negative errno of the journal.
 */
int isolate_tasks_keep(const struct tn_isolate_options *opt, bool move, struct tn_error *err)
{
	struct keeping k = {.move = move};
	char path[TN_ISOLATION_PATH];
	int r;

	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/online", opt->root);
	r = tn_cpus_read(path, &k.online, err);
	return r < 0 ? r : visit_threads(opt, keep, &k, err);
}
