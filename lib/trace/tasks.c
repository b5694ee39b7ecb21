// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of tasks. A sender event carries a thread id only, so the name is looked up in /proc when an id
 * is first seen. A thread of a burst has often died by then; the kernel keeps the names of tasks that
 * were traced in saved_cmdlines, which costs a large read, so that is done once for all of a drain.
 */
#include "trace/tasks.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "trace/symbols-private.h"

/* To a worker's name "kworker/0:1" the kernel adds what it works on, "-events", which changes all the time. */
static void cut_work(char *comm)
{
	char *colon = strncmp(comm, "kworker/", 8) ? NULL : strchr(comm, ':');

	if (colon)
		colon[strcspn(colon, "+-")] = '\0';
}

static bool look_in_proc(struct tn_tasks *t, int pid)
{
	char path[128], comm[64];
	tn_autoclose int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%d/comm", t->proc, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, comm, sizeof(comm) - 1);
	if (n <= 0)
		return false;
	comm[n] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	cut_work(comm);
	tn_symbols_set_comm(t->symbols, pid, comm);
	return true;
}

/**
 * tn_tasks_saw() - a task was in an event: make sure that it has a name
 * @t: names
 * @pid: thread id, 0 for the idle task
 */
void tn_tasks_saw(struct tn_tasks *t, int pid)
{
	if (pid == t->last)
		return;
	t->last = pid;
	if (tn_symbols_knows_task(t->symbols, pid))
		return;
	tn_symbols_set_comm(t->symbols, pid, pid ? "" : "swapper");
	if (pid && !look_in_proc(t, pid) && !tn_grow(&t->dead, &t->dead_max, t->n_dead + 1, sizeof(*t->dead)))
		t->dead[t->n_dead++] = pid;
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/**
 * tn_tasks_resolve() - name the tasks that had died when they were seen
 * @t: names
 * @saved_cmdlines: file with lines "PID COMM", read only when somebody waits for it
 *
 * One try: who is not in the file keeps the empty name, and is not looked for again.
 */
void tn_tasks_resolve(struct tn_tasks *t, const char *saved_cmdlines)
{
	tn_autofclose FILE *f = NULL;
	size_t found = 0;
	char line[128];

	if (!t->n_dead)
		return;
	qsort(t->dead, t->n_dead, sizeof(*t->dead), by_number);
	f = fopen(saved_cmdlines, "re");
	while (f && found < t->n_dead && fgets(line, sizeof(line), f)) {
		char *comm;
		int pid = (int)strtol(line, &comm, 10);

		if (*comm++ != ' ' || !bsearch(&pid, t->dead, t->n_dead, sizeof(*t->dead), by_number))
			continue;
		comm[strcspn(comm, "\n")] = '\0';
		tn_symbols_set_comm(t->symbols, pid, comm);
		found++;
	}
	t->n_dead = 0;
}

/**
 * tn_tasks_release() - free what is owned
 * @t: names; not the symbols, which hold the result
 */
void tn_tasks_release(struct tn_tasks *t)
{
	free(t->dead);
	t->dead = NULL;
	t->n_dead = t->dead_max = 0;
}
