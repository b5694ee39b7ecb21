/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_TASKS_H
#define TN_TRACE_TASKS_H

#include <stddef.h>
#include <stdint.h>

#include "trace/symbols.h"

/* Internal to trace/: names of the tasks in sender events. */
struct tn_tasks {
	struct tn_symbols *symbols;
	const char *proc; /* "/proc", or a test's */
	int last;         /* most events come from the task of the one before */
	int *dead;        /* gone before we looked; see tn_tasks_resolve() */
	size_t n_dead, dead_max;
};

void tn_tasks_saw(struct tn_tasks *t, int pid);
void tn_tasks_resolve(struct tn_tasks *t, const char *saved_cmdlines);
void tn_tasks_release(struct tn_tasks *t);

#endif
