// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents on disk. A reader sees the old file, no file or the whole new one, never a part: the text goes
 * to a temporary file in the same directory, to the disk, and under its name by rename. Whatever fails on
 * the way takes the temporary file with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "result/run.h"

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

#define READ_STEP (1u << 20)

static int write_all(int fd, const char *data, size_t n)
{
	ssize_t done;

	while (n) {
		done = write(fd, data, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Opens the directory of @path; @ret_name: what follows it. */
static int open_directory(const char *path, const char **ret_name, struct tn_error *err)
{
	const char *slash = strrchr(path, '/');
	tn_autofree char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd;

	if (!dir)
		return tn_error_set(err, -ENOMEM, "no memory to write %s", path);
	*ret_name = slash ? slash + 1 : path;
	if (!**ret_name)
		return tn_error_set(err, -EISDIR, "cannot write %s: it is a directory; give a file name", path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? tn_error_set(err, -errno, "cannot write into the directory of %s: %m", path) : fd;
}

/* A new file beside @name. The umask decides who may read it, as for any file that a program writes. */
static int create_temporary(int dir, const char *name, char *temporary, size_t size)
{
	int fd = -1;

	for (unsigned int i = 0; i < 64; i++) {
		if (snprintf(temporary, size, ".%s.%d.%u", name, (int)getpid(), i) >= (int)size)
			return -ENAMETOOLONG;
		fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd < 0 ? -errno : fd;
}

static int fill_and_rename(int dir, int fd, const char *temporary, const char *name, const char *text, size_t n)
{
	int r;

	r = write_all(fd, text, n);
	if (!r && fsync(fd) < 0)
		r = -errno;
	if (!r && renameat(dir, temporary, dir, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, temporary, 0);
	else if (fsync(dir) < 0)
		r = -errno;
	return r;
}

static int write_atomically(const char *path, const char *text, size_t n, struct tn_error *err)
{
	tn_autoclose int dir = -1, fd = -1;
	char temporary[NAME_MAX + 1];
	const char *name = NULL;
	int r;

	dir = open_directory(path, &name, err);
	if (dir < 0)
		return dir;
	fd = create_temporary(dir, name, temporary, sizeof(temporary));
	r = fd < 0 ? fd : fill_and_rename(dir, fd, temporary, name, text, n);
	if (r == -ENOSPC || r == -EDQUOT)
		return tn_error_set(err, r,
				    "cannot write %s: no space for %zu bytes; free some or name another directory",
				    path, n);
	return r < 0 ? tn_error_set(err, r, "cannot write %s: %s", path, strerror(-r)) : 0;
}

/**
 * tn_run_write_file() - write a run document, whole or not at all
 * @run: the run
 * @path: the file; an old one is replaced
 * @err: what failed
 *
 * Return: 0; an error of tn_run_to_json(); -E2BIG above TN_RUN_FILE_MAX; else a negative errno.
 */
int tn_run_write_file(const struct tn_run *run, const char *path, struct tn_error *err)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;
	tn_autofree char *text = NULL;
	size_t n;
	int r;

	r = tn_run_to_json(run, &json, err);
	if (r < 0)
		return tn_error_prefix(err, r, "%s", path);
	text = cJSON_Print(json);
	if (!text)
		return tn_error_set(err, -ENOMEM, "no memory to write %s", path);
	n = strlen(text);
	if (n >= TN_RUN_FILE_MAX)
		return tn_error_set(err, -E2BIG,
				    "%s would have %zu bytes, at most %d can be read back: measure fewer CPUs", path, n,
				    TN_RUN_FILE_MAX);
	text[n] = '\n'; /* in place of the NUL */
	return write_atomically(path, text, n + 1, err);
}

/* Reads to the end, also from a pipe. */
static int read_all(int fd, char **ret, size_t *ret_n, const char *path, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	size_t n = 0, room = 0;
	ssize_t got;
	char *larger;

	for (;;) {
		if (n == room) {
			room += room < READ_STEP ? READ_STEP : room;
			larger = realloc(text, room);
			if (!larger)
				return tn_error_set(err, -ENOMEM, "no memory to read %s", path);
			text = larger;
		}
		got = read(fd, text + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return tn_error_set(err, -errno, "cannot read %s: %m", path);
		if (!got)
			break;
		n += (size_t)got;
		if (n > TN_RUN_FILE_MAX)
			return tn_error_set(err, -EFBIG, "%s has more than %d bytes: it is no run document", path,
					    TN_RUN_FILE_MAX);
	}
	*ret = tn_steal_ptr(text);
	*ret_n = n;
	return 0;
}

static int not_json(const char *path, const char *text, size_t n, const char *at, struct tn_error *err)
{
	size_t line = 1, end = at >= text && at <= text + n ? (size_t)(at - text) : 0;

	if (!n)
		return tn_error_set(err, -EINVAL, "%s is empty: no run document", path);
	if (n >= 6 && !memcmp(text, "TNRAW", 6))
		return tn_error_set(err, -EINVAL,
				    "%s holds raw interruptions: give the run document that lies beside it", path);
	for (size_t i = 0; i < end; i++)
		line += text[i] == '\n';
	return tn_error_set(err, -EINVAL, "%s:%zu: no JSON from here on; give a file that tlbnoise run wrote", path,
			    line);
}

/**
 * tn_run_parse() - a run document from its text
 * @name: of the text, for messages
 * @text: the JSON, not necessarily terminated
 * @n: its bytes
 * @ret: the run; free with tn_run_free()
 * @err: the name, the place in the text and what is wrong
 *
 * Return: 0; -EINVAL for what is no JSON; an error of tn_run_from_json().
 */
int tn_run_parse(const char *name, const char *text, size_t n, struct tn_run **ret, struct tn_error *err)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;
	const char *end = NULL;
	int r;

	json = cJSON_ParseWithLengthOpts(text, n, &end, false);
	if (!json)
		return not_json(name, text, n, end, err);
	r = tn_run_from_json(json, ret, err);
	return r < 0 ? tn_error_prefix(err, r, "%s", name) : 0;
}

/**
 * tn_run_read_text() - the text of a run document, unread
 * @path: the file, or /dev/stdin
 * @ret: the bytes, not terminated; to be freed by the caller
 * @ret_n: how many
 * @err: what failed
 *
 * Return: 0; -EFBIG above TN_RUN_FILE_MAX; else a negative errno of open(2) or read(2).
 */
int tn_run_read_text(const char *path, char **ret, size_t *ret_n, struct tn_error *err)
{
	/* Opened by name, standard input would be refused when it is a socket, or another user's. */
	tn_autoclose int fd =
		strcmp(path, "/dev/stdin") ? open(path, O_RDONLY | O_CLOEXEC) : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return tn_error_set(err, -errno, "cannot open %s: %m", path);
	return read_all(fd, ret, ret_n, path, err);
}

/**
 * tn_run_read_file() - read a run document
 * @path: the file, or /dev/stdin
 * @ret: the run; free with tn_run_free()
 * @err: the file, the place in it and what is wrong
 *
 * Return: 0; an error of tn_run_read_text() or of tn_run_parse().
 */
int tn_run_read_file(const char *path, struct tn_run **ret, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	size_t n = 0;
	int r;

	r = tn_run_read_text(path, &text, &n, err);
	return r < 0 ? r : tn_run_parse(path, text, n, ret, err);
}
