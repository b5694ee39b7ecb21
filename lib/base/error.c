// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One error object that carries status and message through all layers. The function that knows best
 * sets it; those above may prefix where it happened. Nothing in the library prints or exits.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* A message is one line whatever got into it: control characters become spaces. */
static void make_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			*text = ' ';
}

/**
 * tn_error_set() - record what failed
 * @err: object to fill, or NULL when the caller does not want the text
 * @code: negative errno
 * @fmt: message: what failed, on what, what to do
 *
 * Return: @code, so that "return tn_error_set(...)" is the usual form.
 */
int tn_error_set(struct tn_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	make_one_line(err->text);
	return code;
}

/**
 * tn_error_prefix() - put "PREFIX: " before the recorded message
 * @err: object to change, or NULL
 * @code: negative errno to return and record
 * @fmt: the prefix, such as a file name or "CPU 3"
 *
 * Return: @code.
 */
int tn_error_prefix(struct tn_error *err, int code, const char *fmt, ...)
{
	char old[TN_ERROR_TEXT];
	va_list ap;
	int n;

	if (!err)
		return code;
	memcpy(old, err->text, sizeof(old));
	err->code = code;
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n + 3 < sizeof(err->text)) {
		size_t room = sizeof(err->text) - (size_t)n - 3, len = strnlen(old, room);

		memcpy(err->text + n, ": ", 2);
		memcpy(err->text + n + 2, old, len);
		err->text[(size_t)n + 2 + len] = '\0';
	}
	make_one_line(err->text);
	return code;
}

/**
 * tn_error_of_machine() - does an error concern more than the one thing that was worked on
 * @code: negative errno, or 0
 *
 * What goes through many documents leaves out one that is damaged, too large or gone, in whatever way it is; it ends
 * when memory, the disk or the rights that all others need as well are missing. So these are named, and not the many
 * ways in which a document can be wrong.
 *
 * Return: true for an error of the machine or the store, which the next document would meet again.
 */
bool tn_error_of_machine(int code)
{
	static const int of_machine[] = {ENOMEM, EIO,    EBUSY,  ENOSPC, EDQUOT, EROFS,  EACCES,
					 EPERM,  EMFILE, ENFILE, EAGAIN, EINTR,  ENODEV, EPIPE};

	for (size_t i = 0; i < TN_ARRAY_SIZE(of_machine); i++)
		if (code == -of_machine[i])
			return true;
	return false;
}
