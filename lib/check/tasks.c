// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may run on the CPUs. All tasks are read once, with name, flags and affinity. Kernel threads whose affinity
 * cannot be changed (PF_NO_SETAFFINITY) are of two kinds: those of one CPU, such as ksoftirqd/1, which belong there
 * and run only when that CPU has work for them, and those of workqueues, which the checks of workqueues look at.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "check/internal.h"

/* Linux, include/linux/sched.h; the flags are field 9 of proc_pid_stat(5) */
#define PF_KTHREAD        0x00200000ul
#define PF_NO_SETAFFINITY 0x04000000ul

static bool parse_stat(char *text, struct check_task *t)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long flags;

	if (!open || !close || close < open)
		return false;
	*close = '\0';
	snprintf(t->comm, sizeof(t->comm), "%s", open + 1);
	for (char *p = t->comm; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	/* state ppid pgrp session tty_nr tpgid flags */
	if (sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) != 1)
		return false;
	t->kernel = flags & PF_KTHREAD;
	t->fixed = flags & PF_NO_SETAFFINITY;
	return true;
}

/* A task that ends meanwhile is passed over. */
static void read_task(const struct tn_check_context *c, const char *path, void *userdata)
{
	struct tn_check_context *to = userdata;
	const char *name = strrchr(path, '/') + 1;
	struct check_task one = {0}, *more;
	char text[4096];

	if (check_read(c, text, sizeof(text), "%s/stat", path) < 0 || !parse_stat(text, &one) ||
	    check_line(c, "Cpus_allowed_list:", text, sizeof(text), "%s/status", path) < 0 ||
	    tn_cpus_parse(text, &one.allowed, NULL) < 0)
		return;
	one.tid = (pid_t)strtol(name, NULL, 10);
	if (to->n_tasks % 256 == 0) {
		more = reallocarray(to->task, to->n_tasks + 256, sizeof(*to->task));
		if (!more) {
			to->tasks_error = -ENOMEM;
			return;
		}
		to->task = more;
	}
	to->task[to->n_tasks++] = one;
}

/**
 * check_tasks_read() - all tasks below the root
 * @c: context; gets the tasks, or tasks_error
 */
void check_tasks_read(struct tn_check_context *c)
{
	check_glob(c, "/proc/[0-9]*/task/[0-9]*", read_task, c);
	if (!c->n_tasks && !c->tasks_error)
		c->tasks_error = -ENOENT;
}

static bool no_tasks(const struct tn_check_context *c, struct tn_check_finding *f, const char *file)
{
	check_file(f, "%s", file);
	if (!c->tasks_error)
		return false;
	check_unread(f, c->tasks_error, TN_CHECK_UNKNOWN);
	return true;
}

static bool is_rcu_offload(const struct check_task *t)
{
	return t->kernel && !strncmp(t->comm, "rcuo", 4);
}

/** check_rcu_offload() - a thread takes the CPU's RCU callbacks: rcuop/N, or rcuos/N without preemption */
void check_rcu_offload(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	char end[16];

	if (no_tasks(c, f, "/proc/*/comm"))
		return;
	snprintf(end, sizeof(end), "/%d", cpu);
	f->verdict = TN_CHECK_FAIL;
	check_value(f, "no thread rcuop%s or rcuos%s", end, end);
	for (size_t i = 0; i < c->n_tasks; i++) {
		const char *slash = strchr(c->task[i].comm, '/');

		if (!is_rcu_offload(&c->task[i]) || c->task[i].comm[4] == 'g' || !slash || strcmp(slash, end) != 0)
			continue;
		f->verdict = TN_CHECK_OK;
		check_value(f, "%s, pid %d", c->task[i].comm, (int)c->task[i].tid);
	}
}

/** check_rcu_affinity() - the threads that take callbacks run elsewhere */
void check_rcu_affinity(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	size_t seen = 0;

	(void)cpu;
	if (no_tasks(c, f, "/proc/*/status"))
		return;
	f->verdict = TN_CHECK_OK;
	for (size_t i = 0; i < c->n_tasks; i++) {
		seen += is_rcu_offload(&c->task[i]);
		if (!is_rcu_offload(&c->task[i]) || !tn_cpus_intersect(&c->task[i].allowed, &c->cpus))
			continue;
		f->verdict = TN_CHECK_WARNING;
		check_add(f, "%s (pid %d)", c->task[i].comm, (int)c->task[i].tid);
	}
	if (!seen)
		f->verdict = TN_CHECK_NOT_APPLICABLE;
	if (f->verdict != TN_CHECK_WARNING)
		check_value(f, seen ? "%zu threads rcuo*, none allowed there" : "no threads rcuo*", seen);
}

static bool may_intrude(const struct check_task *t, int cpu, bool kernel)
{
	return t->kernel == kernel && !(t->kernel && t->fixed) && tn_cpus_has(&t->allowed, (unsigned int)cpu);
}

static void find_allowed(const struct tn_check_context *c, int cpu, struct tn_check_finding *f, bool kernel,
			 enum tn_check_verdict bad)
{
	size_t n = 0, pinned = 0;

	if (no_tasks(c, f, "/proc/*/task/*/status"))
		return;
	for (size_t i = 0; i < c->n_tasks; i++) {
		struct tn_cpus elsewhere = tn_cpus_minus(&c->task[i].allowed, &c->cpus);

		if (!may_intrude(&c->task[i], cpu, kernel))
			continue;
		n++;
		pinned += tn_cpus_empty(&elsewhere);
	}
	check_value(f, n ? "%zu allowed there" : "none allowed there", n);
	for (size_t i = 0; i < c->n_tasks; i++)
		if (may_intrude(&c->task[i], cpu, kernel))
			check_add(f, "%s (pid %d)", c->task[i].comm, (int)c->task[i].tid);
	/* What is bound to these CPUs alone was put there on purpose: the load itself, perhaps. */
	f->verdict = n ? (n == pinned ? TN_CHECK_WARNING : bad) : TN_CHECK_OK;
}

/** check_user_tasks() - no user task may run on the CPU */
void check_user_tasks(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	find_allowed(c, cpu, f, false, TN_CHECK_FAIL);
}

/** check_kernel_threads() - no kernel thread that could run elsewhere may run on the CPU */
void check_kernel_threads(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	find_allowed(c, cpu, f, true, TN_CHECK_WARNING);
}

/** check_monitors() - no program runs that reads other CPUs' registers, or patches code, at intervals */
void check_monitors(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	static const char *const names[] = {"turbostat", "powertop",  "perf",    "bpftrace",   "trace-cmd",
					    "thermald",  "mcelog",    "i7z",     "pcm",        "cpupower",
					    "stap",      "lttng-con", "sysprof", "kernelshark"};

	(void)cpu;
	if (no_tasks(c, f, "/proc/*/comm"))
		return;
	f->verdict = TN_CHECK_OK;
	for (size_t i = 0; i < c->n_tasks; i++)
		for (size_t j = 0; j < TN_ARRAY_SIZE(names) && !c->task[i].kernel; j++) {
			if (strcmp(c->task[i].comm, names[j]) != 0)
				continue;
			f->verdict = TN_CHECK_WARNING;
			check_add(f, "%s (pid %d)", names[j], (int)c->task[i].tid);
		}
	if (f->verdict == TN_CHECK_OK)
		check_value(f, "none of turbostat, perf, bpftrace, ...");
}
