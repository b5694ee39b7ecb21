// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replies on their way to a client. Each is kept as it was serialized, so that a large document is not
 * copied again, and sent as far as the socket takes it. Nothing here waits.
 */
#include <errno.h>

#include "varlink/server.h"

/* A client that reads as fast as we write must not keep the event loop from the others. */
#define FLUSH_AT_ONCE (1u << 20)

void tn_varlink_queue_init(struct tn_varlink_queue *q)
{
	STAILQ_INIT(&q->chunks);
	q->bytes = 0;
}

static void drop_first(struct tn_varlink_queue *q)
{
	struct tn_varlink_chunk *chunk = STAILQ_FIRST(&q->chunks);

	STAILQ_REMOVE_HEAD(&q->chunks, link);
	q->bytes -= chunk->size - chunk->sent;
	cJSON_free(chunk->data);
	free(chunk);
}

void tn_varlink_queue_clear(struct tn_varlink_queue *q)
{
	while (!STAILQ_EMPTY(&q->chunks))
		drop_first(q);
}

/**
 * tn_varlink_queue_add() - append a serialized message
 * @q: queue
 * @data: from cJSON's allocator; taken, also on failure
 * @size: its bytes with the NUL
 *
 * Return: 0; -ENOBUFS when the queue would exceed TN_VARLINK_QUEUE_MAX; -ENOMEM.
 */
int tn_varlink_queue_add(struct tn_varlink_queue *q, char *data, size_t size)
{
	struct tn_varlink_chunk *chunk = NULL;
	int r = -ENOBUFS;

	if (size <= TN_VARLINK_QUEUE_MAX - q->bytes) {
		chunk = calloc(1, sizeof(*chunk));
		r = -ENOMEM;
	}
	if (!chunk) {
		cJSON_free(data);
		return r;
	}
	chunk->data = data;
	chunk->size = size;
	STAILQ_INSERT_TAIL(&q->chunks, chunk, link);
	q->bytes += size;
	return 0;
}

/**
 * tn_varlink_queue_flush() - send what the socket takes
 * @q: queue
 * @fd: stream socket
 *
 * Return: 0, also when the socket takes no more now; the errno of send() otherwise, such as -EPIPE.
 */
int tn_varlink_queue_flush(struct tn_varlink_queue *q, int fd)
{
	struct tn_varlink_chunk *chunk;
	size_t total = 0;
	ssize_t n;

	while (total < FLUSH_AT_ONCE && (chunk = STAILQ_FIRST(&q->chunks))) {
		n = send(fd, chunk->data + chunk->sent, chunk->size - chunk->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		chunk->sent += (size_t)n;
		q->bytes -= (size_t)n;
		total += (size_t)n;
		if (chunk->sent == chunk->size)
			drop_first(q);
	}
	return 0;
}
