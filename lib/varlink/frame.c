// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Varlink's framing: JSON objects, each ended by one NUL byte. Bytes go in as they arrive, messages come
 * out. Each byte is looked at once for the NUL and moved a bounded number of times, so that a document of
 * many megabytes and a burst of many small calls both take time in proportion to their size.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "varlink/varlink.h"

#define FIRST_SIZE 4096

/**
 * tn_frame_init() - make an empty buffer
 * @b: buffer
 * @max: bytes that it holds at most, and so the size of the longest message with its NUL
 */
void tn_frame_init(struct tn_frame_buffer *b, size_t max)
{
	*b = (struct tn_frame_buffer){.max = max};
}

/**
 * tn_frame_free() - release what the buffer holds
 * @b: buffer; empty afterwards, with the same limit
 */
void tn_frame_free(struct tn_frame_buffer *b)
{
	free(b->data);
	tn_frame_init(b, b->max);
}

/**
 * tn_frame_room() - how much fits
 * @b: buffer
 *
 * Who reads from a socket reads at most this much, and only after tn_frame_next() said that there is no
 * complete message: then -EMSGSIZE means that one message is too long, never that several came together.
 *
 * Return: bytes that tn_frame_push() takes now.
 */
size_t tn_frame_room(const struct tn_frame_buffer *b)
{
	return b->max - (b->used - b->start);
}

/* Moving costs as many bytes as are pending; it is done only when at least as many were consumed since. */
static int make_space(struct tn_frame_buffer *b, size_t n)
{
	size_t pending = b->used - b->start, size = b->size ? b->size : FIRST_SIZE;
	char *data;

	if (n <= b->size - b->used)
		return 0;
	if (b->start && pending <= b->start) {
		memmove(b->data, b->data + b->start, pending);
		b->scanned -= b->start;
		b->used = pending;
		b->start = 0;
	}
	while (size - b->used < n)
		size *= 2;
	if (size == b->size)
		return 0;
	data = realloc(b->data, size);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->size = size;
	return 0;
}

/**
 * tn_frame_push() - append bytes as they came
 * @b: buffer
 * @data: bytes
 * @n: how many
 * @err: what was wrong
 *
 * Return: 0; -EMSGSIZE when @n is more than tn_frame_room(), the buffer being unchanged; -ENOMEM.
 */
int tn_frame_push(struct tn_frame_buffer *b, const char *data, size_t n, struct tn_error *err)
{
	int r;

	if (n > tn_frame_room(b))
		return tn_error_set(err, -EMSGSIZE, "message of more than %zu bytes", b->max);
	if (!n)
		return 0;
	r = make_space(b, n);
	if (r < 0)
		return tn_error_set(err, r, "no memory for a message of %zu bytes", b->used - b->start + n);
	memcpy(b->data + b->used, data, n);
	b->used += n;
	return 0;
}

static int parse(const char *text, size_t length, cJSON **ret, struct tn_error *err)
{
	const char *end = text;
	cJSON *message = cJSON_ParseWithOpts(text, &end, true);

	if (!message)
		return tn_error_set(err, -EBADMSG, "message of %zu bytes is no JSON near byte %zu", length,
				    (size_t)(end - text) + 1);
	if (!cJSON_IsObject(message)) {
		cJSON_Delete(message);
		return tn_error_set(err, -EBADMSG, "message of %zu bytes is JSON, but no object", length);
	}
	*ret = message;
	return 1;
}

/**
 * tn_frame_next() - take the first complete message out
 * @b: buffer
 * @ret: the message, a JSON object; the caller's to delete
 * @err: what was wrong
 *
 * Nesting is limited by cJSON (1,000 levels). Of a key that occurs twice cJSON's look-up finds the first.
 *
 * Return: 1 with a message; 0 when none is complete; -EBADMSG for what is not a JSON object, which is
 * consumed; -EMSGSIZE when the buffer is full and holds no complete message.
 */
int tn_frame_next(struct tn_frame_buffer *b, cJSON **ret, struct tn_error *err)
{
	const char *text, *nul;

	if (b->used == b->start)
		return 0;
	nul = memchr(b->data + b->scanned, 0, b->used - b->scanned);
	if (!nul) {
		b->scanned = b->used;
		if (!tn_frame_room(b))
			return tn_error_set(err, -EMSGSIZE, "message of more than %zu bytes", b->max);
		return 0;
	}
	text = b->data + b->start;
	b->start = b->scanned = (size_t)(nul - b->data) + 1;
	if (b->start == b->used)
		b->start = b->scanned = b->used = 0;
	return parse(text, (size_t)(nul - text), ret, err);
}
