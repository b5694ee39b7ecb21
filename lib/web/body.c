// SPDX-License-Identifier: GPL-2.0-or-later
/* A stream into memory, as open_memstream() has it, that refuses to grow beyond a limit. */
#include <errno.h>
#include <string.h>

#include "web/internal.h"

static ssize_t body_write(void *cookie, const char *data, size_t n)
{
	struct web_body *b = cookie;
	size_t room = b->room ? b->room : 65536;
	char *larger;

	if (n > b->limit - b->size) {
		b->full = true;
		errno = EFBIG;
		return 0;
	}
	while (room < b->size + n)
		room *= 2;
	if (room > b->room) {
		larger = realloc(b->data, room);
		if (!larger)
			return 0; /* errno is ENOMEM */
		b->data = larger;
		b->room = room;
	}
	memcpy(b->data + b->size, data, n);
	b->size += n;
	return (ssize_t)n;
}

/*
 * web_body_open() - a stream to write an answer to
 * @body: zeroed; @data is to be freed by the caller, after the stream was closed
 * @limit: bytes
 *
 * Return: the stream, NULL without memory.
 */
FILE *web_body_open(struct web_body *body, size_t limit)
{
	FILE *f;

	body->limit = limit;
	f = fopencookie(body, "w", (cookie_io_functions_t){.write = body_write});
	if (f)
		setvbuf(f, NULL, _IOFBF, 65536);
	return f;
}
