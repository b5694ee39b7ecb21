// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of the user's choice: whole, or not there. run --output FILE has the raw records beside it. The
 * copy of the records comes first, so that a document never names records that are not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

static void directory_of(const char *path, char *buf, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		snprintf(buf, size, ".");
	else
		snprintf(buf, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/**
 * cli_save_check() - can FILE be written, before a run is spent on it
 * @path: FILE
 * @err: message
 *
 * Return: 0 or a negative errno.
 */
int cli_save_check(const char *path, struct tn_error *err)
{
	struct stat st;
	char dir[512];

	if (strlen(path) + 8 >= sizeof(dir))
		return tn_error_set(err, -ENAMETOOLONG, "--output: the path is longer than %zu characters",
				    sizeof(dir) - 8);
	directory_of(path, dir, sizeof(dir));
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return tn_error_set(err, -EINVAL, "--output %s: not a regular file; --json prints the document", path);
	if (stat(dir, &st) < 0 || access(dir, W_OK) < 0)
		return tn_error_set(err, -errno, "--output %s: cannot write into %s: %s", path, dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return tn_error_set(err, -ENOTDIR, "--output %s: %s is not a directory", path, dir);
	return 0;
}

/**
 * cli_save_temporary() - a new file beside one that is to be replaced
 * @path: the file to be replaced
 * @buf: receives the name: that of @path and ".XXXXXX.tmp"
 * @size: of @buf
 * @err: message
 *
 * A killed program leaves it behind: no two may have the same name, as with a PID that comes again.
 *
 * Return: a stream, the file's mode being what the umask leaves of 0666; NULL with @err set.
 */
FILE *cli_save_temporary(const char *path, char *buf, size_t size, struct tn_error *err)
{
	mode_t mask = umask(0);
	FILE *out = NULL;
	int fd;

	umask(mask);
	snprintf(buf, size, "%s.XXXXXX.tmp", path);
	fd = mkostemps(buf, (int)strlen(".tmp"), O_CLOEXEC);
	if (fd >= 0 && fchmod(fd, 0666 & ~mask) == 0)
		out = fdopen(fd, "w");
	if (out)
		return out;
	tn_error_set(err, -errno, "cannot create a file beside %s: %s", path, strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(buf);
	}
	return NULL;
}

/**
 * cli_save_stream() - write a file that gets its name when it is whole
 * @path: the file; an old one is replaced
 * @write: writes @what to a stream
 * @what: for @write
 * @err: message
 *
 * Return: 0 or a negative errno, that of @write for one; there is no file then, or the old one.
 */
int cli_save_stream(const char *path, int (*write)(const void *what, FILE *out, struct tn_error *err), const void *what,
		    struct tn_error *err)
{
	tn_autofclose FILE *out = NULL;
	char temporary[560];
	int r;

	out = cli_save_temporary(path, temporary, sizeof(temporary), err);
	if (!out)
		return err->code;
	r = write(what, out, err);
	if (r == 0 && (fflush(out) || fsync(fileno(out)) < 0 || rename(temporary, path) < 0))
		r = tn_error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	if (r < 0)
		unlink(temporary);
	return r;
}

static int copy_data(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, 1 << 24);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 || fsync(to) < 0)
		return -errno;
	return 0;
}

/**
 * cli_save_copy() - copy the raw records of a run
 * @from: their file
 * @to: the copy, never half a file: it gets its name when it is whole
 * @err: message
 *
 * Return: 0 or a negative errno.
 */
int cli_save_copy(const char *from, const char *to, struct tn_error *err)
{
	tn_autoclose int in = open(from, O_RDONLY | O_CLOEXEC);
	tn_autofclose FILE *out = NULL;
	char temporary[560];
	int r;

	if (in < 0)
		return tn_error_set(err, -errno, "cannot read the raw records %s: %s", from, strerror(errno));
	out = cli_save_temporary(to, temporary, sizeof(temporary), err);
	if (!out)
		return err->code;
	r = copy_data(in, fileno(out));
	if (r == 0 && rename(temporary, to) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return tn_error_set(err, r, "cannot write %s: %s", to, strerror(-r));
	}
	return 0;
}

/**
 * cli_save() - write the document and its raw records
 * @run: the run; afterwards raw_file is the path of the copy: FILE without .json and with .raw
 * @path: FILE
 * @err: message
 *
 * The stored document names the copy without a directory, since both lie together and may be moved. When
 * the records cannot be copied, the document is written all the same and names those of the daemon.
 *
 * Return: 0 or a negative errno.
 */
int cli_save(struct tn_run *run, const char *path, struct tn_error *err)
{
	size_t len = strlen(path);
	char raw[sizeof(run->raw_file)] = "";
	const char *slash;
	int r, copied = 0;

	if (run->raw_file[0]) {
		if (len > 5 && !strcmp(path + len - 5, ".json"))
			len -= 5;
		snprintf(raw, sizeof(raw), "%.*s.raw", (int)len, path);
		copied = cli_save_copy(run->raw_file, raw, err);
	}
	if (raw[0] && copied == 0) {
		slash = strrchr(raw, '/');
		snprintf(run->raw_file, sizeof(run->raw_file), "%s", slash ? slash + 1 : raw);
	}
	r = tn_run_write_file(run, path, err);
	if (r < 0)
		return r;
	if (copied < 0)
		return tn_error_prefix(err, copied, "%s is written, but not its raw records", path);
	memcpy(run->raw_file, raw, sizeof(raw));
	return 0;
}
