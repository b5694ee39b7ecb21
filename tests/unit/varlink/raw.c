// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The raw client. It waits in poll() with a deadline, so that a missing answer fails the test instead of
 * hanging it.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "harness.h"

int raw_connect(const struct harness *h)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, harness_path(h));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void raw_send(int fd, const char *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = send(fd, data, size, MSG_NOSIGNAL);
		if (n < 0)
			fail_msg("send: %s", strerror(errno));
		data += n;
		size -= (size_t)n;
	}
}

void raw_call(int fd, const char *json)
{
	raw_send(fd, json, strlen(json) + 1);
}

static ssize_t receive_some(int fd, char *data, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	n = recv(fd, data, size, 0);
	return n < 0 && errno == ECONNRESET ? 0 : n;
}

/* Peeks first, so that what follows the NUL stays in the socket. */
char *raw_receive(int fd)
{
	char chunk[65536], *text = NULL, *more;
	size_t used = 0;
	const char *nul;
	ssize_t n;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		n = recv(fd, chunk, sizeof(chunk), MSG_PEEK);
		if (n <= 0) {
			assert_int_equal(used, 0);
			return NULL;
		}
		nul = memchr(chunk, 0, (size_t)n);
		if (nul)
			n = nul + 1 - chunk;
		more = realloc(text, used + (size_t)n);
		assert_non_null(more);
		text = more;
		assert_int_equal(recv(fd, text + used, (size_t)n, MSG_WAITALL), n);
		used += (size_t)n;
		if (nul)
			return text;
	}
}

void raw_expect(int fd, const char *json)
{
	char *text = raw_receive(fd);

	assert_non_null(text);
	assert_string_equal(text, json);
	free(text);
}

void raw_expect_end(int fd)
{
	char byte;

	assert_int_equal(receive_some(fd, &byte, 1), 0);
}
