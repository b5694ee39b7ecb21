// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal of side effects: a file STATE_DIR/undo.PID.STARTTIME, which its owner removes when it has undone
 * everything. An entry is on disk before the effect happens, so that after a crash each effect is known;
 * one that is known but did not happen is harmless, because what is not there counts as undone. undo-file.c has
 * the format.
 *
 * The journal tells root what to remove and write. It is believed only if it is a regular file of our own,
 * in a directory of our own, which nobody else can write to.
 */
#include "system/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "system/undo-internal.h"

struct tn_undo {
	int dir;
	int fd;
	char name[TN_UNDO_NAME_TEXT];
	struct tn_undo_list list;
	void (*kept)(void *userdata, const char *target, const char *why);
	void *userdata;
};

static void undo_free(struct tn_undo *u)
{
	tn_closep(&u->fd);
	tn_closep(&u->dir);
	tn_undo_list_clear(&u->list);
	free(u);
}
TN_DEFINE_CLEANUP(struct tn_undo, undo_free);

/**
 * tn_undo_dir_open() - open the state directory, if it can be trusted
 * @state_dir: the directory
 * @err: why it cannot be used
 *
 * Return: file descriptor; -EPERM when it belongs to or can be written by others; negative errno of open(2).
 */
int tn_undo_dir_open(const char *state_dir, struct tn_error *err)
{
	tn_autoclose int dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir < 0 || fstat(dir, &st) < 0)
		return tn_error_set(err, -errno, "cannot open the state directory %s: %m", state_dir);
	if (st.st_uid != geteuid() || (st.st_mode & TN_UNDO_OTHERS_WRITE))
		return tn_error_set(err, -EPERM,
				    "the state directory %s is not ours alone: chown and chmod it to uid %u, mode 0755",
				    state_dir, geteuid());
	return tn_steal_fd(&dir);
}

/*
 * The lock says whether the journal is open in this process. One that is not is what an earlier close could not
 * undo: it is taken up again. A new one gets its header, and its name has to be on disk too.
 */
static int start_journal(struct tn_undo *u)
{
	struct stat st;
	int r;

	u->fd = openat(u->dir, u->name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (u->fd < 0 || flock(u->fd, LOCK_EX | LOCK_NB) < 0 || fstat(u->fd, &st) < 0)
		return -errno;
	if (st.st_size)
		return tn_undo_file_load(u->fd, &u->list);
	r = tn_undo_file_append(u->fd, true, NULL, 0);
	if (!r && fsync(u->dir) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(u->dir, u->name, 0);
	return r;
}

/**
 * tn_undo_open() - start this process's journal
 * @state_dir: directory for it, which exists, is ours, and is not writable by others
 * @ret: the journal; untouched on failure. It belongs to this process: a forked child leaves it alone
 * @err: why there is no journal
 *
 * Return: 0; -EWOULDBLOCK when this process has one open already; -EPERM when the directory cannot be trusted;
 * another negative errno.
 */
int tn_undo_open(const char *state_dir, struct tn_undo **ret, struct tn_error *err)
{
	tn_cleanup(undo_freep) struct tn_undo *u = calloc(1, sizeof(*u));
	char owner[TN_UNDO_OWNER];
	int r;

	if (!u)
		return tn_error_set(err, -ENOMEM, "no memory for the undo journal");
	u->fd = -1;
	u->dir = tn_undo_dir_open(state_dir, err);
	if (u->dir < 0)
		return u->dir;
	snprintf(u->name, sizeof(u->name), TN_UNDO_PREFIX "%s", tn_undo_owner(owner, sizeof(owner)));
	r = start_journal(u);
	if (r < 0)
		return tn_error_set(err, r, "cannot start the undo journal %s/%s: %s", state_dir, u->name,
				    r == -EWOULDBLOCK ? "this process has it open already" : strerror(-r));
	*ret = tn_steal_ptr(u);
	return 0;
}

static bool has_text(enum tn_undo_kind kind)
{
	return kind == TN_UNDO_WRITE || kind == TN_UNDO_AFFINITY;
}

/**
 * tn_undo_add_change() - record a value that is about to change
 * @u: the journal
 * @kind: what kind of effect
 * @target: on what, an absolute path
 * @before: TN_UNDO_WRITE: the text to put back; TN_UNDO_AFFINITY: start time of the task, blank, its CPUs; otherwise
 * NULL
 * @during: the text that will be read there after the change: it is put back only if it still is; NULL: in any case
 * @err: why it cannot be recorded; then the effect must not happen
 *
 * Return: 0 once the entry is on disk; -EINVAL for a target that is no absolute path; another negative errno.
 */
int tn_undo_add_change(struct tn_undo *u, enum tn_undo_kind kind, const char *target, const char *before,
		       const char *during, struct tn_error *err)
{
	int r;

	if (target[0] != '/' || has_text(kind) != (before != NULL))
		return tn_error_set(err, -EINVAL, "cannot record %s %s for undoing: it needs an absolute path%s",
				    tn_undo_kind_text(kind), target, has_text(kind) ? " and the old text" : "");
	r = tn_undo_list_add(&u->list, kind, target, before, during);
	if (!r)
		r = tn_undo_file_append(u->fd, false, &u->list.entries[u->list.n - 1], 1);
	if (r < 0)
		return tn_error_set(err, r, "cannot record %s %s for undoing: %s", tn_undo_kind_text(kind), target,
				    strerror(-r));
	return 0;
}

/**
 * tn_undo_add() - record a side effect that is about to happen
 * @u: the journal
 * @kind: what kind of effect
 * @target: on what, an absolute path
 * @before: as of tn_undo_add_change()
 * @err: why it cannot be recorded; then the effect must not happen
 *
 * Return: as tn_undo_add_change().
 */
int tn_undo_add(struct tn_undo *u, enum tn_undo_kind kind, const char *target, const char *before, struct tn_error *err)
{
	return tn_undo_add_change(u, kind, target, before, NULL, err);
}

/**
 * tn_undo_on_kept() - hear of what is left as somebody else wants it
 * @u: the journal
 * @kept: called by tn_undo_close() for each such effect
 * @userdata: for @kept
 */
void tn_undo_on_kept(struct tn_undo *u, void (*kept)(void *userdata, const char *target, const char *why),
		     void *userdata)
{
	u->kept = kept;
	u->userdata = userdata;
}

struct closing {
	const struct tn_undo *journal;
	struct tn_error first;
};

static void on_undone(void *userdata, const struct tn_undo_entry *e, int result, const char *why)
{
	struct closing *c = userdata;

	if (result < 0 && !c->first.code)
		tn_error_set(&c->first, result, "%s", why);
	if (result > 0 && c->journal->kept)
		c->journal->kept(c->journal->userdata, e->target, why);
}

/**
 * tn_undo_close() - undo everything, the latest first, and end the journal
 * @u: the journal, freed in any case; NULL is allowed
 * @err: the first thing that could not be undone
 *
 * What cannot be undone stays in the journal: for this process's next one, or, when it has ended, for
 * tn_undo_recover().
 *
 * Return: 0; the first failure's negative errno.
 */
int tn_undo_close(struct tn_undo *u, struct tn_error *err)
{
	tn_cleanup(undo_freep) struct tn_undo *owned = u;
	struct closing closing = {.journal = owned};
	int r, f;

	if (!owned)
		return 0;
	r = tn_undo_list_run(&owned->list, on_undone, &closing);
	f = tn_undo_file_finish(owned->dir, owned->name, &owned->list);
	if (r < 0)
		return tn_error_set(err, r, "%s", closing.first.text);
	if (f < 0)
		return tn_error_set(err, f, "cannot remove the undo journal %s: %s", owned->name, strerror(-f));
	return 0;
}
