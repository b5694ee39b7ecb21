// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The server's outside: listening sockets, how many clients there may be, and its end. It lives on the
 * caller's sd-event loop, in one thread, and never blocks. See connection.c for a client's life,
 * service.c for what is done with a call, call.c for its answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "varlink/server.h"

/**
 * tn_varlink_server_new() - make a server without any socket
 * @event: loop that it lives on
 * @opt: copied, but not the strings, the table and the log it points to: these must outlive the server
 * @ret: the server
 * @err: what was wrong
 *
 * opt->on_disconnect is called for each connection once, from the loop or tn_varlink_server_free(), while
 * the connection's call, if one is in progress, can still be read; answering it has no effect any more.
 * It must not free the server.
 *
 * Return: 0 or negative errno.
 */
int tn_varlink_server_new(sd_event *event, const struct tn_varlink_options *opt, struct tn_varlink_server **ret,
			  struct tn_error *err)
{
	struct tn_varlink_server *s = calloc(1, sizeof(*s));

	if (!s)
		return tn_error_set(err, -ENOMEM, "no memory for the server");
	s->opt = *opt;
	s->event = sd_event_ref(event);
	LIST_INIT(&s->connections);
	SLIST_INIT(&s->listeners);
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*ret = s;
	return 0;
}

/*
 * Without a free descriptor accept() fails and the socket stays readable for ever. The spare one is given
 * up for the moment that it takes to refuse the client.
 */
static void refuse_for_want_of_fds(struct tn_varlink_server *s, int listen_fd)
{
	int fd;

	tn_log(s->opt.log, LOG_WARNING, "connection refused: no file descriptor left (raise LimitNOFILE=)");
	if (s->spare_fd >= 0)
		close(s->spare_fd);
	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int on_listen(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct tn_varlink_server *s = userdata;
	struct tn_error err;
	int client;

	(void)source;
	(void)revents;
	client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client < 0) {
		if (errno == EMFILE || errno == ENFILE)
			refuse_for_want_of_fds(s, fd);
		else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			tn_log(s->opt.log, LOG_WARNING, "cannot accept a connection: %s", strerror(errno));
		return 0;
	}
	if (tn_varlink_server_add_fd(s, client, &err) < 0)
		tn_log(s->opt.log, LOG_WARNING, "connection refused: %s", err.text);
	return 0;
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

/**
 * tn_varlink_server_listen_fd() - accept clients from a listening socket
 * @s: server
 * @fd: listening stream socket, from socket activation or our own; taken, also on failure
 * @err: what was wrong
 *
 * Return: 0 or negative errno.
 */
int tn_varlink_server_listen_fd(struct tn_varlink_server *s, int fd, struct tn_error *err)
{
	struct tn_varlink_listener *l;
	int r;

	r = set_nonblocking(fd);
	l = r < 0 ? NULL : calloc(1, sizeof(*l));
	if (!l) {
		close(fd);
		r = r < 0 ? r : -ENOMEM;
		return tn_error_set(err, r, "cannot listen on descriptor %d: %s", fd, strerror(-r));
	}
	r = sd_event_add_io(s->event, &l->io, fd, EPOLLIN, on_listen, s);
	if (r < 0) {
		close(fd);
		free(l);
		return tn_error_set(err, r, "cannot watch the listening socket: %s", strerror(-r));
	}
	sd_event_source_set_description(l->io, "varlink-listen");
	l->fd = fd;
	SLIST_INSERT_HEAD(&s->listeners, l, link);
	return 0;
}

/*
 * Nobody may keep the others out: a user has a quarter of the connections at most, and an eighth is left for root and
 * for the server's own user, which have no such limit.
 */
static int make_room(const struct tn_varlink_server *s, int fd, struct tn_error *err)
{
	unsigned int max = s->opt.max_connections, n = 0;
	const struct tn_varlink_connection *c;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		peer.uid = (uid_t)-1;
	if (s->n_connections < max && (peer.uid == 0 || peer.uid == geteuid()))
		return 0;
	if (s->n_connections >= max - max / 8)
		return tn_error_set(err, -EUSERS, "%u clients are connected, the most allowed", s->n_connections);
	LIST_FOREACH(c, &s->connections, link)
	n += c->peer.uid == peer.uid;
	if (n >= (max + 3) / 4)
		return tn_error_set(err, -EUSERS, "uid %u has %u connections, the most allowed", peer.uid, n);
	return 0;
}

/**
 * tn_varlink_server_add_fd() - serve a client that is connected already
 * @s: server
 * @fd: connected stream socket, such as one end of a socketpair(); taken, also on failure
 * @err: what was wrong
 *
 * Return: 0; -EUSERS when there are max_connections, or too many of one user; another negative errno.
 */
int tn_varlink_server_add_fd(struct tn_varlink_server *s, int fd, struct tn_error *err)
{
	int r = make_room(s, fd, err);

	if (r < 0) {
		close(fd);
		return r;
	}
	r = set_nonblocking(fd);
	if (r < 0) {
		close(fd);
		return tn_error_set(err, r, "descriptor %d cannot be used: %s", fd, strerror(-r));
	}
	return tn_varlink_connection_new(s, fd, err);
}

/**
 * tn_varlink_server_idle() - whether clients have taken all replies
 * @s: server
 *
 * What the kernel has taken reaches a client also when the server has gone.
 *
 * Return: true when nothing waits to be sent.
 */
bool tn_varlink_server_idle(const struct tn_varlink_server *s)
{
	const struct tn_varlink_connection *c;

	LIST_FOREACH(c, &s->connections, link)
	if (c->out.bytes)
		return false;
	return true;
}

/**
 * tn_varlink_server_free() - close all connections and listening sockets
 * @s: server, or NULL; what was not sent yet is lost, see tn_varlink_server_idle()
 */
void tn_varlink_server_free(struct tn_varlink_server *s)
{
	struct tn_varlink_listener *l;

	if (!s)
		return;
	while ((l = SLIST_FIRST(&s->listeners))) {
		SLIST_REMOVE_HEAD(&s->listeners, link);
		sd_event_source_disable_unref(l->io);
		close(l->fd);
		free(l);
	}
	while (!LIST_EMPTY(&s->connections))
		tn_varlink_connection_free(LIST_FIRST(&s->connections));
	if (s->spare_fd >= 0)
		close(s->spare_fd);
	sd_event_unref(s->event);
	free(s);
}
