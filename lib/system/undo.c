// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal of side effects: a file STATE_DIR/undo.PID.STARTTIME, which its owner removes when it has undone
 * everything. An entry is on disk before the effect happens, so that after a crash each effect is known;
 * one that is known but did not happen is harmless, because what is not there counts as undone.
 *
 *	tlbnoise-undo 1 BOOT-ID
 *	KIND <tab> TARGET [<tab> TEXT BEFORE]
 *
 * with backslash, tab and newline written as \\, \t and \n. A last line without its newline was cut off
 * by a crash before its effect happened, and is ignored. After a reboot there is nothing left to undo:
 * the journal of another boot has no entries.
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

#include "system/files.h"
#include "system/undo-internal.h"

#define MAGIC        "tlbnoise-undo 1 "
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_TEXT 40
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define NAME_TEXT    64

struct tn_undo {
	int dir;
	int fd;
	char name[NAME_TEXT];
	struct tn_undo_list list;
};

static const char KINDS[] = {
	[TN_UNDO_TRACE_INSTANCE] = 'T',
	[TN_UNDO_UMOUNT] = 'M',
	[TN_UNDO_CPUSET] = 'C',
	[TN_UNDO_WRITE] = 'W',
};

static void undo_free(struct tn_undo *u)
{
	tn_closep(&u->fd);
	tn_closep(&u->dir);
	tn_undo_list_clear(&u->list);
	free(u);
}
TN_DEFINE_CLEANUP(struct tn_undo, undo_free);

static void put_escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\\\", f);
		else if (*text == '\t')
			fputs("\\t", f);
		else if (*text == '\n')
			fputs("\\n", f);
		else
			fputc(*text, f);
	}
}

static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != '\\' || !text[1]) {
			*to++ = *text;
			continue;
		}
		text++;
		*to++ = (char)(*text == 't' ? '\t' : *text == 'n' ? '\n' : *text);
	}
	*to = '\0';
}

static void put_entry(FILE *f, const struct tn_undo_entry *e)
{
	fprintf(f, "%c\t", KINDS[e->kind]);
	put_escaped(f, e->target);
	if (e->before) {
		fputc('\t', f);
		put_escaped(f, e->before);
	}
	fputc('\n', f);
}

static int write_durably(int fd, const char *text, size_t len)
{
	ssize_t n = write(fd, text, len);

	if (n < 0 || fsync(fd) < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOSPC;
}

/* The header, or the header and entries, in one write. */
static int write_entries(int fd, bool header, const struct tn_undo_entry *entries, size_t n)
{
	tn_autofree char *text = NULL;
	char boot[BOOT_ID_TEXT];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	if (header) {
		tn_file_read(BOOT_ID_FILE, boot, sizeof(boot));
		fprintf(f, MAGIC "%s\n", boot);
	}
	for (size_t i = 0; i < n; i++)
		put_entry(f, &entries[i]);
	if (fclose(f))
		return -ENOMEM;
	return write_durably(fd, text, len);
}

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
	if (st.st_uid != geteuid() || (st.st_mode & OTHERS_WRITE))
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
	r = write_entries(u->fd, true, NULL, 0);
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

/**
 * tn_undo_add() - record a side effect that is about to happen
 * @u: the journal
 * @kind: what kind of effect
 * @target: on what, an absolute path
 * @before: TN_UNDO_WRITE: the text to put back; otherwise NULL
 * @err: why it cannot be recorded; then the effect must not happen
 *
 * Return: 0 once the entry is on disk; -EINVAL for a target that is no absolute path; another negative errno.
 */
int tn_undo_add(struct tn_undo *u, enum tn_undo_kind kind, const char *target, const char *before, struct tn_error *err)
{
	int r;

	if (target[0] != '/' || (kind == TN_UNDO_WRITE) != (before != NULL))
		return tn_error_set(err, -EINVAL, "cannot record %s %s for undoing: it needs an absolute path%s",
				    tn_undo_kind_text(kind), target, kind == TN_UNDO_WRITE ? " and the old text" : "");
	r = tn_undo_list_add(&u->list, kind, target, before);
	if (!r)
		r = write_entries(u->fd, false, &u->list.entries[u->list.n - 1], 1);
	if (r < 0)
		return tn_error_set(err, r, "cannot record %s %s for undoing: %s", tn_undo_kind_text(kind), target,
				    strerror(-r));
	return 0;
}

static void keep_first_error(void *userdata, const struct tn_undo_entry *e, int result, const char *why)
{
	struct tn_error *err = userdata;

	(void)e;
	if (result < 0 && err && !err->code)
		tn_error_set(err, result, "%s", why);
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
	struct tn_error first = {0};
	int r, f;

	if (!owned)
		return 0;
	r = tn_undo_list_run(&owned->list, keep_first_error, &first);
	f = tn_undo_file_finish(owned->dir, owned->name, &owned->list);
	if (r < 0)
		return tn_error_set(err, r, "%s", first.text);
	if (f < 0)
		return tn_error_set(err, f, "cannot remove the undo journal %s: %s", owned->name, strerror(-f));
	return 0;
}

/**
 * tn_undo_file_finish() - end a journal: remove it, or rewrite it with what is left
 * @dir: state directory
 * @name: of the journal
 * @left: entries that could not be undone
 *
 * Return: 0; negative errno.
 */
int tn_undo_file_finish(int dir, const char *name, const struct tn_undo_list *left)
{
	char temp[NAME_TEXT + 8];
	int r;

	if (!left->n)
		return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	snprintf(temp, sizeof(temp), "new.%s", name);
	unlinkat(dir, temp, 0);
	tn_autoclose int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_entries(fd, true, left->entries, left->n);
	if (!r && renameat(dir, temp, dir, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, temp, 0);
	return r;
}

static int load_line(char *line, struct tn_undo_list *list)
{
	char *target = strchr(line, '\t'), *before;
	const char *kind = memchr(KINDS, line[0], sizeof(KINDS));

	if (!target || target != line + 1 || !kind)
		return -EBADMSG;
	*target++ = '\0';
	before = strchr(target, '\t');
	if (before)
		*before++ = '\0';
	unescape(target);
	if (before)
		unescape(before);
	if (target[0] != '/')
		return -EBADMSG;
	return tn_undo_list_add(list, (enum tn_undo_kind)(kind - KINDS), target, before);
}

static bool is_of_this_boot(const char *line)
{
	char boot[BOOT_ID_TEXT];

	tn_file_read(BOOT_ID_FILE, boot, sizeof(boot));
	return !strncmp(line, MAGIC, strlen(MAGIC)) && !strcmp(line + strlen(MAGIC), boot);
}

/**
 * tn_undo_file_load() - the entries of a journal
 * @fd: the file; its position is moved
 * @ret: receives the entries; empty for a journal of another boot, or one cut off before its header
 *
 * Return: 0; -EPERM when the file is not ours alone; -EBADMSG when it is no journal; another negative errno.
 */
int tn_undo_file_load(int fd, struct tn_undo_list *ret)
{
	tn_cleanup(tn_undo_list_clearp) struct tn_undo_list list = {0};
	tn_autofclose FILE *f = NULL;
	tn_autofree char *line = NULL;
	bool first = true;
	size_t size = 0;
	struct stat st;
	ssize_t n;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1 || (st.st_mode & OTHERS_WRITE))
		return -EPERM;
	f = fdopen(dup(fd), "re");
	if (!f)
		return -errno;
	while (!r && (n = getline(&line, &size, f)) > 0 && line[n - 1] == '\n') {
		line[n - 1] = '\0';
		if (first && !is_of_this_boot(line))
			break;
		if (!first)
			r = load_line(line, &list);
		first = false;
	}
	if (r < 0)
		return r;
	*ret = list;
	list = (struct tn_undo_list){0};
	return 0;
}
