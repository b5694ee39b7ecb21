// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb bridge: standard input and output become a connection to the service; this is what ssh starts on another
 * host. Bytes are passed on as they come. The end of the input is passed on as the end of the connection's, so that
 * replies still come; when nobody reads the output any more, the connection is closed at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"

#define ROOM (64u << 10)

/* One direction. */
struct flow {
	int from, to;
	size_t start, end; /* of what was read and not written */
	bool eof;
	char data[ROOM];
};

static bool is_pending(const struct flow *f)
{
	return f->start < f->end;
}

static int move_in(struct flow *f)
{
	ssize_t n = read(f->from, f->data, sizeof(f->data));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	f->eof = n == 0;
	f->start = 0;
	f->end = (size_t)n;
	return 0;
}

static int move_out(struct flow *f)
{
	ssize_t n = write(f->to, f->data + f->start, f->end - f->start);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	f->start += (size_t)n;
	return 0;
}

enum { INPUT, OUTPUT, SERVICE, ENDS };

static void want(struct pollfd p[ENDS], const struct flow *up, const struct flow *down)
{
	p[INPUT].fd = up->eof ? -1 : up->from;
	p[INPUT].events = is_pending(up) ? 0 : POLLIN;
	p[OUTPUT].fd = down->to;
	p[OUTPUT].events = is_pending(down) ? POLLOUT : 0;
	p[SERVICE].fd = down->from;
	p[SERVICE].events = (short)((is_pending(up) ? POLLOUT : 0) | (is_pending(down) ? 0 : POLLIN));
}

static int pump(struct flow *up, struct flow *down, struct tn_error *err)
{
	struct pollfd p[ENDS];
	int r = 0;

	while (r == 0 && (!down->eof || is_pending(down))) {
		want(p, up, down);
		if (poll(p, ENDS, -1) < 0) {
			if (errno == EINTR)
				continue;
			return tn_error_set(err, -errno, "cannot wait: %s", strerror(errno));
		}
		if (p[OUTPUT].revents & (POLLERR | POLLHUP | POLLNVAL))
			return 0;
		if (p[INPUT].revents && !is_pending(up))
			r = move_in(up);
		if (r == 0 && is_pending(up))
			r = move_out(up);
		if (r == 0 && up->eof && !is_pending(up))
			shutdown(up->to, SHUT_WR);
		if (r == 0 && (p[SERVICE].revents & (POLLIN | POLLHUP | POLLERR)) && !is_pending(down))
			r = move_in(down);
		if (r == 0 && is_pending(down))
			r = move_out(down);
	}
	return r == 0 || r == -EPIPE || r == -ECONNRESET
		       ? 0
		       : tn_error_set(err, r, "cannot pass on what the service or its client says: %s", strerror(-r));
}

/**
 * cli_bridge() - verb bridge
 * @cli: --socket
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_bridge(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(cli_link_close) struct cli_link link = {.fd = -1};
	tn_autofree struct flow *up = calloc(1, sizeof(*up)), *down = calloc(1, sizeof(*down));
	int r = cli_link_service(cli, &link, err);

	if (r < 0)
		return r;
	if (!up || !down)
		return tn_error_set(err, -ENOMEM, "no memory for the connection");
	if (fcntl(link.fd, F_SETFL, fcntl(link.fd, F_GETFL) | O_NONBLOCK) < 0)
		return tn_error_set(err, -errno, "cannot use the connection: %s", strerror(errno));
	up->from = STDIN_FILENO;
	up->to = link.fd;
	down->from = link.fd;
	down->to = STDOUT_FILENO;
	r = pump(up, down, err);
	return r < 0 ? r : CLI_FINE;
}
