// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small text files of procfs, sysfs and tracefs, read and written in one go. Of use inside lib/system;
 * without error texts, since many of these files may be missing and their readers know what that means.
 */
#include "system/files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/**
 * tn_file_read() - the beginning of a text file, without blanks at its end
 * @path: the file
 * @buf: receives the text; "" on failure
 * @size: of @buf; what does not fit is cut
 *
 * Return: length of the text; negative errno.
 */
int tn_file_read(const char *path, char *buf, size_t size)
{
	tn_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < size - 1 && n > 0) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	while (len && isspace((unsigned char)buf[len - 1]))
		len--;
	buf[len] = '\0';
	return (int)len;
}

/**
 * tn_file_line() - what follows a word at the beginning of a line
 * @path: the file; lines may have any length, as "Groups:" of /proc/PID/status has with 65536 of them
 * @key: the word, such as "Cpus_allowed_list:"
 * @buf: receives the rest of the line without blanks around it; "" on failure
 * @size: of @buf
 *
 * Return: 0; -ENODATA without such a line; -E2BIG when it does not fit; another negative errno.
 */
int tn_file_line(const char *path, const char *key, char *buf, size_t size)
{
	tn_autofclose FILE *in = fopen(path, "re");
	tn_autofree char *line = NULL;
	size_t room = 0, len = strlen(key);
	const char *from;

	buf[0] = '\0';
	if (!in)
		return -errno;
	do {
		errno = 0;
		if (getline(&line, &room, in) < 0)
			return errno ? -errno : -ENODATA;
	} while (strncmp(line, key, len) != 0);
	from = line + len + strspn(line + len, " \t");
	len = strlen(from);
	while (len && isspace((unsigned char)from[len - 1]))
		len--;
	if (len >= size)
		return -E2BIG;
	memcpy(buf, from, len);
	buf[len] = '\0';
	return 0;
}

/**
 * tn_file_write() - put text into an existing file, in one write as sysfs and tracefs want it
 * @path: the file; not created
 * @text: the text
 *
 * Return: 0; negative errno.
 */
int tn_file_write(const char *path, const char *text)
{
	tn_autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		return -errno;
	return (size_t)n == strlen(text) ? 0 : -EIO;
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/**
 * tn_text_has_word() - whether @word stands in @text as a word of its own
 * @text: words of letters, digits, '-' and '_', separated by anything else
 * @word: the word; the empty one stands nowhere
 */
bool tn_text_has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = n ? strstr(text, word) : NULL; p; p = strstr(p + 1, word))
		if ((p == text || !is_word_char(p[-1])) && !is_word_char(p[n]))
			return true;
	return false;
}

/** tn_file_has_word() - tn_text_has_word() on the first 4 KiB of a file; false when it cannot be read */
bool tn_file_has_word(const char *path, const char *word)
{
	char text[4096];

	return tn_file_read(path, text, sizeof(text)) > 0 && tn_text_has_word(text, word);
}
