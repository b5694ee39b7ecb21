/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_SYSTEM_OWNER_H
#define TESTS_UNIT_SYSTEM_OWNER_H

/*
 * Owners of side effects that die: child processes that say over a pipe when their part is done, and are then
 * killed with SIGKILL.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "../support/tree.h"
#include "system/undo-internal.h"

struct heard {
	int n, priority;
	char text[8][1024];
};

static inline void hear(void *userdata, int priority, const char *text)
{
	struct heard *h = userdata;

	h->priority = priority;
	if (h->n < 8)
		snprintf(h->text[h->n], sizeof(h->text[0]), "%s", text);
	h->n++;
}

static inline bool has_heard(const struct heard *h, const char *text)
{
	for (int i = 0; i < h->n && i < 8; i++)
		if (!strcmp(h->text[i], text))
			return true;
	return false;
}

static inline size_t count_files(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *de = readdir(d); de; de = readdir(d))
		n += de->d_name[0] != '.';
	closedir(d);
	return n;
}

static inline struct tn_undo *open_journal(const struct tree *t)
{
	struct tn_error err = {0};
	struct tn_undo *u = NULL;

	if (tn_undo_open(t->root, &u, &err))
		fail_msg("%s", err.text);
	return u;
}

typedef int (*recover_fn)(const char *state_dir, const struct tn_log *log, struct tn_error *err);

static inline void recover_by(recover_fn fn, const struct tree *t, struct heard *h)
{
	struct tn_log log = {.sink = hear, .userdata = h};
	struct tn_error err = {0};

	*h = (struct heard){0};
	if (fn(t->root, &log, &err))
		fail_msg("%s", err.text);
}

/* The journals only: other tests' trace instances are not this one's business. */
static inline void recover(const struct tree *t, struct heard *h)
{
	recover_by(tn_undo_recover_journals, t, h);
}

/* Runs @owner in a child until it has done its part, and kills it there. Returns the dead child's PID. */
static inline pid_t kill_after(void (*owner)(struct tree *t), struct tree *t)
{
	int fds[2], status;
	char done;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		owner(t);
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &done, 1), 1);
	close(fds[0]);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return pid;
}

#endif
