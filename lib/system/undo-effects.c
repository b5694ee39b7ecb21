// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Undoing one side effect. What is gone already counts as undone. The kernel may say "busy" for a moment
 * while a reader of the dead owner is still being torn down: then it is tried again for up to two seconds.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>

#include "system/files.h"
#include "system/undo-internal.h"

#define BUSY_TRIES    100
#define BUSY_PAUSE_NS 20000000

/* Calls @try on @target until it is not busy any more. */
static int while_busy(int (*try)(const char *target), const char *target)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_NS};
	int r;

	for (int i = 0; (r = try(target)) == -EBUSY && i < BUSY_TRIES; i++)
		nanosleep(&pause, NULL);
	return r;
}

static int try_rmdir(const char *target)
{
	return rmdir(target) < 0 ? -errno : 0;
}

/* EINVAL: not a mount point. */
static int try_umount(const char *target)
{
	if (!umount2(target, UMOUNT_NOFOLLOW) || errno == EINVAL)
		return 0;
	return -errno;
}

/* Events are disabled first, so that removing the instance has little left to wait for. */
static int undo_trace_instance(const char *target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tracing_on", target);
	tn_file_write(path, "0");
	snprintf(path, sizeof(path), "%s/events/enable", target);
	tn_file_write(path, "0");
	return while_busy(try_rmdir, target);
}

/* One task a write, as the kernel wants it. A task that ends meanwhile, or a kernel thread, is no failure. */
static void move_tasks(const char *from, const char *to)
{
	tn_autofclose FILE *f = fopen(from, "re");
	char line[32];

	while (f && fgets(line, sizeof(line), f))
		tn_file_write(to, line);
}

/* The legacy hierarchy lists threads in "tasks"; in cgroup v2 there are only processes to move. */
static int try_remove_cpuset(const char *target)
{
	static const char *const lists[] = {"tasks", "cgroup.procs"};
	char from[PATH_MAX], to[PATH_MAX];

	for (size_t i = 0; i < TN_ARRAY_SIZE(lists); i++) {
		snprintf(from, sizeof(from), "%s/%s", target, lists[i]);
		snprintf(to, sizeof(to), "%s/../%s", target, lists[i]);
		if (!access(from, F_OK)) {
			move_tasks(from, to);
			break;
		}
	}
	return try_rmdir(target);
}

/**
 * tn_undo_effect() - undo one side effect
 * @e: the entry
 * @err: what could not be undone, and what to do by hand
 *
 * Return: 0, also when it was gone already; negative errno.
 */
int tn_undo_effect(const struct tn_undo_entry *e, struct tn_error *err)
{
	int r = -EINVAL;

	switch (e->kind) {
	case TN_UNDO_TRACE_INSTANCE:
		r = undo_trace_instance(e->target);
		break;
	case TN_UNDO_UMOUNT:
		r = while_busy(try_umount, e->target);
		break;
	case TN_UNDO_CPUSET:
		r = while_busy(try_remove_cpuset, e->target);
		break;
	case TN_UNDO_WRITE:
		r = tn_file_write(e->target, e->before ? e->before : "");
		break;
	}
	if (!r || r == -ENOENT || r == -ENODEV)
		return 0;
	return tn_error_set(err, r, "cannot undo %s %s: %s", tn_undo_kind_text(e->kind), e->target, strerror(-r));
}

/** tn_undo_kind_text() - what a kind of side effect is called in messages */
const char *tn_undo_kind_text(enum tn_undo_kind kind)
{
	static const char *const texts[] = {
		[TN_UNDO_TRACE_INSTANCE] = "tracefs instance",
		[TN_UNDO_UMOUNT] = "mount",
		[TN_UNDO_CPUSET] = "cpuset",
		[TN_UNDO_WRITE] = "value of",
	};

	return (size_t)kind < TN_ARRAY_SIZE(texts) ? texts[kind] : "?";
}
