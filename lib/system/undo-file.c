// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file of a journal:
 *
 *	tlbnoise-undo 1 BOOT-ID
 *	KIND <tab> TARGET [<tab> TEXT BEFORE [<tab> TEXT DURING]]
 *
 * with backslash, tab and newline written as \\, \t and \n. A last line without its newline was cut off
 * by a crash before its effect happened, and is ignored. After a reboot there is nothing left to undo:
 * the journal of another boot has no entries.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "system/files.h"
#include "system/undo-internal.h"

#define MAGIC        "tlbnoise-undo 1 "
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_TEXT 40

static const char KINDS[] = {
	[TN_UNDO_TRACE_INSTANCE] = 'T', [TN_UNDO_UMOUNT] = 'M',     [TN_UNDO_CPUSET] = 'C',
	[TN_UNDO_WRITE] = 'W',          [TN_UNDO_CONTROLLER] = 'S', [TN_UNDO_AFFINITY] = 'A',
};

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
	if (e->during) {
		fputc('\t', f);
		put_escaped(f, e->during);
	}
	fputc('\n', f);
}

/* All of it or nothing: half a line would spoil the entry after it. */
static int write_durably(int fd, const char *text, size_t len)
{
	struct stat st;
	ssize_t n;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0 || (size_t)n < len)
		r = n < 0 ? -errno : -ENOSPC;
	else if (fsync(fd) < 0)
		r = -errno;
	if (r < 0 && ftruncate(fd, st.st_size) < 0)
		return -errno;
	return r;
}

/**
 * tn_undo_file_append() - put entries at the end of a journal, on disk before it returns
 * @fd: the file
 * @header: whether the header comes before them
 * @entries: the entries
 * @n: how many, may be 0
 *
 * One write, so that a crash leaves whole lines, but for the last.
 *
 * Return: 0; negative errno.
 */
int tn_undo_file_append(int fd, bool header, const struct tn_undo_entry *entries, size_t n)
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
 * tn_undo_file_finish() - end a journal: remove it, or rewrite it with what is left
 * @dir: state directory
 * @name: of the journal
 * @left: entries that could not be undone
 *
 * Return: 0; negative errno.
 */
int tn_undo_file_finish(int dir, const char *name, const struct tn_undo_list *left)
{
	char temp[TN_UNDO_NAME_TEXT + 8];
	int r;

	if (!left->n)
		return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	snprintf(temp, sizeof(temp), "new.%s", name);
	unlinkat(dir, temp, 0);
	tn_autoclose int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = tn_undo_file_append(fd, true, left->entries, left->n);
	if (!r && renameat(dir, temp, dir, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, temp, 0);
	return r;
}

static int load_line(char *line, struct tn_undo_list *list)
{
	char *target = strchr(line, '\t'), *before, *during = NULL;
	const char *kind = memchr(KINDS, line[0], sizeof(KINDS));

	if (!target || target != line + 1 || !kind)
		return -EBADMSG;
	*target++ = '\0';
	before = strchr(target, '\t');
	if (before)
		*before++ = '\0';
	if (before)
		during = strchr(before, '\t');
	if (during)
		*during++ = '\0';
	unescape(target);
	if (before)
		unescape(before);
	if (during)
		unescape(during);
	if (target[0] != '/')
		return -EBADMSG;
	return tn_undo_list_add(list, (enum tn_undo_kind)(kind - KINDS), target, before, during);
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
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1 || (st.st_mode & TN_UNDO_OTHERS_WRITE))
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
