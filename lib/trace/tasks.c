// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of tasks. A sender event carries a thread id only, so the name is looked up in /proc when the
 * event is read. A thread of a burst has often died by then; the kernel keeps the names of tasks that were
 * traced in saved_cmdlines, a large file, which is read at most once a drain.
 *
 * A name holds for one drain: the task may call exec(), and its id may go to another one, within a second
 * or two when threads are made as fast as they can be. What happens between event and drain is not seen.
 */
#include "trace/tasks.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"

/* To a worker's name "kworker/0:1" the kernel adds what it works on, "-events", which changes all the time. */
static void cut_work(char *comm)
{
	char *colon = strncmp(comm, "kworker/", 8) ? NULL : strchr(comm, ':');

	if (colon)
		colon[strcspn(colon, "+-")] = '\0';
}

/* Names of workers are longer in /proc than TN_COMM until what they work on is cut off. */
static uint32_t intern(struct tn_tasks *t, char *comm)
{
	comm[strcspn(comm, "\n")] = '\0';
	cut_work(comm);
	comm[strnlen(comm, TN_COMM - 1)] = '\0';
	return tn_symbols_intern(t->symbols, comm);
}

static bool look_in_proc(struct tn_tasks *t, int pid, uint32_t *ret)
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
	*ret = intern(t, comm);
	return true;
}

static int by_pid(const void *a, const void *b)
{
	int x = ((const struct tn_task *)a)->pid, y = ((const struct tn_task *)b)->pid;

	return (x > y) - (x < y);
}

/* Lines of "PID COMM". A missing file is no failure: who is not in it has no name. */
static void read_saved(struct tn_tasks *t)
{
	tn_autofclose FILE *f = t->cmdlines ? fopen(t->cmdlines, "re") : NULL;
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		char *comm;
		int pid = (int)strtol(line, &comm, 10);

		if (*comm++ != ' ' || tn_grow(&t->saved, &t->saved_max, t->n_saved + 1, sizeof(*t->saved)))
			continue;
		t->saved[t->n_saved++] = (struct tn_task){.pid = pid, .name = intern(t, comm)};
	}
	if (t->n_saved)
		qsort(t->saved, t->n_saved, sizeof(*t->saved), by_pid);
	t->saved_read = true;
}

static uint32_t look_in_saved(struct tn_tasks *t, int pid)
{
	const struct tn_task *found, key = {.pid = pid};

	if (!t->saved_read)
		read_saved(t);
	found = t->n_saved ? bsearch(&key, t->saved, t->n_saved, sizeof(key), by_pid) : NULL;
	return found ? found->name : 0;
}

static uint32_t look_up(struct tn_tasks *t, int pid)
{
	uint32_t name;

	if (!pid)
		return tn_symbols_intern(t->symbols, "swapper");
	return look_in_proc(t, pid, &name) ? name : look_in_saved(t, pid);
}

static bool same_pid(const void *store, uint32_t id, const void *key)
{
	return ((const struct tn_task *)store)[id - 1].pid == *(const int *)key;
}

/* Out of memory only means that it is looked up again. */
static void keep(struct tn_tasks *t, uint32_t hash, int pid, uint32_t name)
{
	if (!tn_grow(&t->task, &t->tasks_max, t->n_tasks + 1, sizeof(*t->task)) &&
	    !tn_index_put(&t->index, hash, (uint32_t)t->n_tasks + 1))
		t->task[t->n_tasks++] = (struct tn_task){.pid = pid, .name = name};
}

/**
 * tn_tasks_name() - what a task is called that was current in an event just read
 * @t: names
 * @pid: thread id, 0 for the idle task of every CPU
 *
 * Looked up once until the next tn_tasks_forget().
 *
 * Return: id for tn_symbols_text(), 0 when it is not known.
 */
uint32_t tn_tasks_name(struct tn_tasks *t, int pid)
{
	uint32_t hash, id;

	if (pid == t->last)
		return t->last_name;
	hash = tn_hash(&pid, sizeof(pid));
	id = tn_index_find(&t->index, hash, same_pid, t->task, &pid);
	t->last = pid;
	t->last_name = id ? t->task[id - 1].name : look_up(t, pid);
	if (!id)
		keep(t, hash, pid, t->last_name);
	return t->last_name;
}

/**
 * tn_tasks_forget() - a new drain begins: thread ids may mean other tasks than before
 * @t: names; the ids it has returned stay valid, they belong to the symbols
 */
void tn_tasks_forget(struct tn_tasks *t)
{
	if (t->n_tasks)
		tn_index_clear(&t->index);
	t->n_tasks = t->n_saved = 0;
	t->saved_read = false;
	t->last = -1;
}

/**
 * tn_tasks_release() - free what is owned
 * @t: names; not the symbols, which hold the texts
 */
void tn_tasks_release(struct tn_tasks *t)
{
	tn_index_free(&t->index);
	free(t->task);
	free(t->saved);
	t->task = t->saved = NULL;
	t->n_tasks = t->tasks_max = t->n_saved = t->saved_max = 0;
}
