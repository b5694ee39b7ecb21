// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Undoing one side effect. What is gone already counts as undone. The kernel may say "busy" for a moment
 * while a reader of the dead owner is still being torn down: then it is tried again for up to two seconds, a cpuset for
 * up to six.
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
#define CPUSET_TRIES  300 /* a worker of io_uring, which cannot be moved, lives for 5 s after its work */
#define BUSY_PAUSE_NS 20000000

/* Calls @try on @target until it is not busy any more. */
static int while_busy(int (*try)(const char *target), const char *target, int tries)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_NS};
	int r;

	for (int i = 0; (r = try(target)) == -EBUSY && i < tries; i++)
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
	return while_busy(try_rmdir, target, BUSY_TRIES);
}

/*
 * A value is put back if it is what we made of it: a later change is somebody else's. It may also never have become
 * that, since the entry is written first.
 */
static int undo_write(const struct tn_undo_entry *e, struct tn_error *err)
{
	char now[TN_UNDO_TEXT];
	int r;

	if (e->during) {
		r = tn_file_read(e->target, now, sizeof(now));
		if (r < 0 || strcmp(now, e->before) == 0)
			return r < 0 ? r : 0;
		if (strcmp(now, e->during) != 0) {
			tn_error_set(err, -EBUSY,
				     "%s: '%.100s' now, '%.100s' before the run, which made it '%.100s': "
				     "left as it is",
				     e->target, now, e->before, e->during);
			return TN_UNDO_KEPT;
		}
	}
	return tn_file_write(e->target, e->before ? e->before : "");
}

/**
 * tn_undo_effect() - undo one side effect
 * @e: the entry
 * @err: what could not be undone, and what to do by hand; or what somebody else has made of it
 *
 * Return: 0, also when it was gone already; TN_UNDO_KEPT when it was left as somebody else wants it; negative errno.
 */
int tn_undo_effect(const struct tn_undo_entry *e, struct tn_error *err)
{
	int r = -EINVAL;

	switch (e->kind) {
	case TN_UNDO_TRACE_INSTANCE:
		r = undo_trace_instance(e->target);
		break;
	case TN_UNDO_UMOUNT:
		r = while_busy(try_umount, e->target, BUSY_TRIES);
		break;
	case TN_UNDO_CPUSET:
		r = while_busy(tn_undo_cpuset, e->target, CPUSET_TRIES);
		break;
	case TN_UNDO_WRITE:
		r = undo_write(e, err);
		break;
	case TN_UNDO_CONTROLLER:
		r = tn_undo_controller(e->target, err);
		break;
	case TN_UNDO_AFFINITY:
		r = tn_undo_affinity(e, err);
		break;
	}
	if (r > 0)
		return r;
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
		[TN_UNDO_CONTROLLER] = "controller in",
		[TN_UNDO_AFFINITY] = "affinity of",
	};

	return (size_t)kind < TN_ARRAY_SIZE(texts) ? texts[kind] : "?";
}
