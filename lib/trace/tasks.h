/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_TASKS_H
#define TN_TRACE_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/intern.h"
#include "trace/symbols.h"

/* Internal to trace/: names of the tasks in sender events. */
struct tn_task {
	int pid;
	uint32_t name;
};

struct tn_tasks {
	struct tn_symbols *symbols;
	const char *proc;     /* "/proc", or a test's */
	const char *cmdlines; /* saved_cmdlines of tracefs; NULL: none */
	int last;             /* most events come from the task of the one before; -1: none yet */
	uint32_t last_name;
	struct tn_task *task; /* all of this drain */
	size_t n_tasks, tasks_max;
	struct tn_index index;
	bool saved_read;
	struct tn_task *saved; /* what @cmdlines says, by pid */
	size_t n_saved, saved_max;
};

uint32_t tn_tasks_name(struct tn_tasks *t, int pid);
void tn_tasks_forget(struct tn_tasks *t);
void tn_tasks_release(struct tn_tasks *t);

#endif
