// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Undoing for owners that died: first what their journals say, then trace instances that carry a dead owner's
 * name but stand in no journal. Nothing is done for an owner that may still live.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

#include "base/mounts.h"
#include "system/undo-internal.h"

struct recovery {
	const struct tn_log *log;
	int pid;
};

static void report(void *userdata, const struct tn_undo_entry *e, int result, const char *why)
{
	const struct recovery *rec = userdata;

	if (result)
		tn_log(rec->log, LOG_WARNING, "%s, left by pid %d", why, rec->pid);
	else
		tn_log(rec->log, LOG_NOTICE, "%s %s %s, left by pid %d", e->before ? "restored" : "removed",
		       tn_undo_kind_text(e->kind), e->target, rec->pid);
}

/* Parses "PREFIX PID . STARTTIME" and returns what follows, NULL when it is something else. */
static const char *parse_owner(const char *name, const char *prefix, int *ret_pid, unsigned long long *ret_start)
{
	int n = -1;

	if (strncmp(name, prefix, strlen(prefix)))
		return NULL;
	name += strlen(prefix);
	if (strspn(name, "0123456789.") == 0 || sscanf(name, "%9d.%19llu%n", ret_pid, ret_start, &n) != 2 || n < 0)
		return NULL;
	return *ret_pid > 0 ? name + n : NULL;
}

/**
 * tn_undo_dead_owner() - does a thing with an owner's name belong to a process that is gone?
 * @name: name of the thing, such as of a directory
 * @prefix: what stands before the owner in it, such as TN_UNDO_INSTANCE
 *
 * Return: pid of the owner that is dead; 0 when it may still live, or when @name has no owner.
 */
int tn_undo_dead_owner(const char *name, const char *prefix)
{
	unsigned long long start;
	int pid;

	return parse_owner(name, prefix, &pid, &start) && !tn_undo_owner_lives(pid, start) ? pid : 0;
}

static void recover_journal(int dir, const char *name, const char *state_dir, const struct recovery *rec)
{
	tn_cleanup(tn_undo_list_clearp) struct tn_undo_list list = {0};
	tn_autoclose int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0) {
		if (errno != ENOENT)
			tn_log(rec->log, LOG_WARNING, "ignored the undo journal %s/%s: %m", state_dir, name);
		return;
	}
	r = tn_undo_file_load(fd, &list);
	if (r < 0) {
		tn_log(rec->log, LOG_WARNING, "ignored the undo journal %s/%s: %s; look at it and remove it", state_dir,
		       name, r == -EPERM ? "it is not a file of ours alone" : strerror(-r));
		return;
	}
	tn_undo_list_run(&list, report, (void *)rec);
	r = tn_undo_file_finish(dir, name, &list);
	if (r < 0)
		tn_log(rec->log, LOG_WARNING, "cannot remove the undo journal %s/%s: %s", state_dir, name,
		       strerror(-r));
}

/**
 * tn_undo_lock_open() - open a file to be locked with flock(2), made when missing
 * @dir: directory that @name is relative to, or AT_FDCWD
 * @name: of the file
 *
 * Whoever can open a file or directory can lock it, for reading alone as well, so that nobody else may: others could
 * hold up the daemon for as long as they like.
 *
 * Return: a descriptor, or -1 with errno set.
 */
int tn_undo_lock_open(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0)
		fchmod(fd, 0600); /* of a version that made it 0644 */
	return fd;
}

/**
 * tn_undo_recover_journals() - undo what the journals of dead owners say
 * @state_dir: directory of the journals; when there is none, there are no journals
 * @log: as of tn_undo_recover()
 * @err: why the directory cannot be used
 *
 * Return: 0; -EPERM when the directory cannot be trusted; another negative errno of opening it.
 */
int tn_undo_recover_journals(const char *state_dir, const struct tn_log *log, struct tn_error *err)
{
	struct recovery rec = {.log = log};
	tn_autoclosedir DIR *d = NULL;
	tn_autoclose int dir = -1, lock = -1;
	unsigned long long start;
	const char *rest;

	if (access(state_dir, F_OK) < 0 && errno == ENOENT)
		return 0;
	dir = tn_undo_dir_open(state_dir, err);
	if (dir < 0)
		return dir;
	/*
	 * One recovery at a time: the later one finds the journals gone. A file of its own is locked and not the
	 * journal, since a dead owner's lock on its journal lives on in any child that it forked.
	 */
	lock = tn_undo_lock_open(dir, "recovery.lock");
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return tn_error_set(err, -errno, "cannot lock %s/recovery.lock: %m", state_dir);
	d = opendir(state_dir);
	if (!d)
		return tn_error_set(err, -errno, "cannot read the state directory %s: %m", state_dir);
	for (struct dirent *de = readdir(d); de; de = readdir(d)) {
		rest = parse_owner(de->d_name, TN_UNDO_PREFIX, &rec.pid, &start);
		if (rest && !*rest && !tn_undo_owner_lives(rec.pid, start))
			recover_journal(dir, de->d_name, state_dir, &rec);
	}
	return 0;
}

static void recover_instances(const struct tn_log *log)
{
	char instances[PATH_MAX - NAME_MAX - 2] = "";
	tn_autoclosedir DIR *d = NULL;
	struct recovery rec = {.log = log};

	if (!tn_mount_point("tracefs", instances, sizeof(instances) - sizeof("/instances")))
		return;
	strcat(instances, "/instances");
	d = opendir(instances);

	for (struct dirent *de = d ? readdir(d) : NULL; de; de = readdir(d)) {
		char path[PATH_MAX];
		struct tn_undo_entry e = {.kind = TN_UNDO_TRACE_INSTANCE, .target = path};
		struct tn_error why = {0};
		int r;

		rec.pid = tn_undo_dead_owner(de->d_name, TN_UNDO_INSTANCE);
		if (!rec.pid)
			continue;
		snprintf(path, sizeof(path), "%s/%s", instances, de->d_name);
		r = tn_undo_effect(&e, &why);
		report(&rec, &e, r, why.text);
	}
}

/**
 * tn_undo_recover() - undo what owners that died have left
 * @state_dir: directory of the journals; when there is none, there are no journals
 * @log: hears at LOG_NOTICE of each thing undone, at LOG_WARNING of what could not be, or is not believed
 * @err: why the directory cannot be used
 *
 * A single thing that cannot be undone is no failure: it stays in its journal and is tried again next time.
 *
 * Return: 0; -EPERM when the directory cannot be trusted; another negative errno of opening it.
 */
int tn_undo_recover(const char *state_dir, const struct tn_log *log, struct tn_error *err)
{
	int r = tn_undo_recover_journals(state_dir, log, err);

	recover_instances(log);
	return r;
}
