// SPDX-License-Identifier: GPL-2.0-or-later
/* The listening socket: of an address in numbers, so that what it is reachable by is what was written. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "web/internal.h"

/* Splits at the last colon; brackets around an IPv6 address go. */
static int split(const char *where, char *host, size_t size, const char **ret_port)
{
	const char *colon = strrchr(where, ':');
	size_t n = colon ? (size_t)(colon - where) : 0;

	if (n >= 2 && where[0] == '[' && where[n - 1] == ']') {
		where++;
		n -= 2;
	} else if (memchr(where, ':', n)) {
		return -EINVAL; /* an IPv6 address without brackets */
	}
	if (!n || n >= size || !colon[1])
		return -EINVAL;
	memcpy(host, where, n);
	host[n] = '\0';
	*ret_port = colon + 1;
	return 0;
}

static int open_socket(const struct addrinfo *a, int *ret_fd)
{
	tn_autoclose int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    (a->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0) ||
	    bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, WEB_BACKLOG) < 0)
		return -errno;
	*ret_fd = tn_steal_fd(&fd);
	return 0;
}

/*
 * web_listen() - open the socket
 * @where: "ADDRESS:PORT" or "[ADDRESS]:PORT", in numbers
 * @ret_fd: the socket
 * @err: message
 *
 * Return: 0; -EINVAL for another form; -EADDRINUSE; -EACCES; another negative errno.
 */
int web_listen(const char *where, int *ret_fd, struct tn_error *err)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	const char *port = NULL;
	char host[64];
	int r = split(where, host, sizeof(host), &port);

	if (r == 0)
		r = getaddrinfo(host, port, &hints, &found) ? -EINVAL : 0;
	if (r < 0)
		return tn_error_set(err, r,
				    "--listen %s: give an address and a port in numbers, such as 127.0.0.1:8790 or "
				    "[::1]:8790",
				    where);
	r = open_socket(found, ret_fd);
	freeaddrinfo(found);
	return r < 0 ? tn_error_set(err, r, "cannot listen on %s: %s", where, strerror(-r)) : 0;
}

/* web_socket_name() - the address and port of a socket's own end, or of its peer's for a name without port */
const char *web_socket_name(int fd, char *buf, size_t size)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof(address);
	char host[64], port[16];

	snprintf(buf, size, "?");
	if (getsockname(fd, (struct sockaddr *)&address, &n) == 0 &&
	    getnameinfo((struct sockaddr *)&address, n, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(buf, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	return buf;
}
