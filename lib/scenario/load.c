// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of a scenario file. Kept apart from parsing because the client reads the file, with the user's
 * permissions, and the daemon parses the text. Pipes are welcome: nothing here needs the size beforehand.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scenario/internal.h"

/* Up to @size bytes; the count, or -errno. */
static ssize_t read_up_to(int fd, char *buf, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, buf + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* The text goes on as a string: what stands behind a NUL byte would vanish. */
static int refuse_nul(const char *path, const char *text, size_t len, struct tn_error *err)
{
	const char *nul = memchr(text, '\0', len), *line = text;
	struct tn_origin at = {.file = path, .line = 1};

	if (!nul)
		return 0;
	for (const char *p = text; p < nul; p++) {
		if (*p == '\n') {
			at.line++;
			line = p + 1;
		}
	}
	return tn_scenario_fail(&at, err, "NUL byte in column %zu: this is no text file", (size_t)(nul - line) + 1);
}

/**
 * tn_scenario_load() - the text of a scenario file
 * @path: file to read
 * @ret_text: its text, ending in NUL, to be freed; untouched on failure
 * @err: what is wrong with the file
 *
 * Return: 0; -E2BIG above TN_SCENARIO_TEXT_MAX bytes; -EINVAL for a NUL byte; -ENOENT, -EACCES, -EISDIR and
 * others of open() and read(); -ENOMEM.
 */
int tn_scenario_load(const char *path, char **ret_text, struct tn_error *err)
{
	tn_autofree char *text = malloc(TN_SCENARIO_TEXT_MAX + 2);
	tn_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;
	int rc;

	if (fd < 0)
		return tn_error_set(err, -errno,
				    "%s: cannot open: %s; name a scenario file, or one that "
				    "'tlbnoise list' shows",
				    path, strerror(errno));
	if (!text)
		return tn_error_set(err, -ENOMEM, "%s: no memory to read it", path);
	n = read_up_to(fd, text, TN_SCENARIO_TEXT_MAX + 1);
	if (n < 0)
		return tn_error_set(err, (int)n, "%s: cannot read: %s; name a scenario file", path, strerror((int)-n));
	if (n > TN_SCENARIO_TEXT_MAX)
		return tn_error_set(err, -E2BIG, "%s: longer than %d bytes, which no scenario is", path,
				    TN_SCENARIO_TEXT_MAX);
	rc = refuse_nul(path, text, (size_t)n, err);
	if (rc < 0)
		return rc;
	text[n] = '\0';
	*ret_text = tn_steal_ptr(text);
	return 0;
}
