// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One client of the server. The event loop is the only one that reads, dispatches and closes, in
 * advance(). While a call is in progress, or replies pile up, nothing is read: the client's further calls
 * wait in the socket, whose buffer is what it pays for. epoll reports a hangup even then.
 *
 * sd-event prefers a deferred source to sockets of the same priority. A client thus gets all calls of one
 * read dispatched before others have their turn, and READ_SIZE is the bound of that.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "varlink/server.h"

#define READ_SIZE (16u << 10)

/* Has the event loop look at the connection; cheap to call again. */
void tn_varlink_connection_wake(struct tn_varlink_connection *c)
{
	if (c->wake)
		sd_event_source_set_enabled(c->wake, SD_EVENT_ONESHOT);
}

/* Marks the connection for closing; the first reason given is logged. */
void tn_varlink_connection_break(struct tn_varlink_connection *c, const char *why)
{
	if (!c->broken)
		tn_log(c->server->opt.log, LOG_WARNING, "client (uid %d, pid %d): %s; connection closed",
		       (int)c->peer.uid, (int)c->peer.pid, why);
	c->broken = true;
	tn_varlink_connection_wake(c);
}

static void read_some(struct tn_varlink_connection *c)
{
	char data[READ_SIZE];
	size_t room = tn_frame_room(&c->in);
	struct tn_error err;
	ssize_t n;

	n = recv(c->fd, data, room < sizeof(data) ? room : sizeof(data), MSG_DONTWAIT);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			c->hangup = c->eof = true;
		return;
	}
	if (!n) {
		c->eof = true;
		return;
	}
	if (tn_frame_push(&c->in, data, (size_t)n, &err) < 0)
		tn_varlink_connection_break(c, err.text);
	c->has_input = true;
}

static bool is_ready_for_call(const struct tn_varlink_connection *c)
{
	return !c->broken && !c->call.active && c->out.bytes < TN_VARLINK_QUEUE_PAUSE;
}

static void dispatch_one(struct tn_varlink_connection *c)
{
	cJSON *message = NULL;
	struct tn_error err;
	int r;

	r = tn_frame_next(&c->in, &message, &err);
	if (r < 0)
		tn_varlink_connection_break(c, err.text);
	else if (r == 0)
		c->has_input = false;
	else
		tn_varlink_dispatch(&c->call, message);
	cJSON_Delete(message);
}

static bool is_over(const struct tn_varlink_connection *c)
{
	if (c->broken)
		return true;
	if (c->call.active)
		return c->hangup;
	return c->eof && !c->has_input && !c->out.bytes;
}

static void update_events(struct tn_varlink_connection *c)
{
	uint32_t events = 0;

	if (is_ready_for_call(c) && c->has_input)
		tn_varlink_connection_wake(c);
	else if (is_ready_for_call(c) && !c->eof)
		events |= EPOLLIN;
	if (c->out.bytes)
		events |= EPOLLOUT;
	if (sd_event_source_set_io_events(c->io, events) < 0)
		tn_varlink_connection_break(c, "epoll refuses its socket");
}

static void advance(struct tn_varlink_connection *c)
{
	if (c->hangup)
		tn_varlink_queue_clear(&c->out);
	if (c->has_input && is_ready_for_call(c))
		dispatch_one(c);
	if (is_over(c)) {
		if (c->in.used != c->in.start && !c->broken && !c->call.active)
			tn_log(c->server->opt.log, LOG_INFO,
			       "client (uid %d, pid %d): went away in the middle of a message", (int)c->peer.uid,
			       (int)c->peer.pid);
		tn_varlink_connection_free(c);
		return;
	}
	update_events(c);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct tn_varlink_connection *c = userdata;

	(void)source;
	if (revents & (EPOLLHUP | EPOLLERR))
		c->hangup = true;
	else if ((revents & EPOLLOUT) && tn_varlink_queue_flush(&c->out, fd) < 0)
		c->hangup = true;
	if (revents & EPOLLIN)
		read_some(c);
	advance(c);
	return 0;
}

static int on_wake(sd_event_source *source, void *userdata)
{
	(void)source;
	advance(userdata);
	return 0;
}

static int watch(struct tn_varlink_connection *c)
{
	int r;

	r = sd_event_add_io(c->server->event, &c->io, c->fd, EPOLLIN, on_io, c);
	if (r < 0)
		return r;
	r = sd_event_add_defer(c->server->event, &c->wake, on_wake, c);
	if (r < 0)
		return r;
	sd_event_source_set_description(c->io, "varlink-connection");
	sd_event_source_set_description(c->wake, "varlink-connection-wake");
	return sd_event_source_set_enabled(c->wake, SD_EVENT_OFF);
}

static void learn_peer(struct tn_varlink_connection *c)
{
	socklen_t size = sizeof(c->peer);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &c->peer, &size) < 0)
		c->peer = (struct ucred){.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
}

/* Takes @fd, also on failure. */
int tn_varlink_connection_new(struct tn_varlink_server *s, int fd, struct tn_error *err)
{
	struct tn_varlink_connection *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		close(fd);
		return tn_error_set(err, -ENOMEM, "no memory for a connection");
	}
	c->server = s;
	c->fd = fd;
	c->call.connection = c;
	tn_frame_init(&c->in, TN_VARLINK_CALL_MAX);
	tn_varlink_queue_init(&c->out);
	LIST_INSERT_HEAD(&s->connections, c, link);
	s->n_connections++;
	learn_peer(c);
	r = watch(c);
	if (r < 0) {
		tn_varlink_connection_free(c);
		return tn_error_set(err, r, "cannot watch a connection: %s", strerror(-r));
	}
	return 0;
}

/* Tells the server's user, then releases; only from the event loop or when the server goes. */
void tn_varlink_connection_free(struct tn_varlink_connection *c)
{
	struct tn_varlink_server *s = c->server;

	c->broken = true;
	if (s->opt.on_disconnect)
		s->opt.on_disconnect(c, s->opt.userdata);
	LIST_REMOVE(c, link);
	s->n_connections--;
	c->io = sd_event_source_disable_unref(c->io);
	c->wake = sd_event_source_disable_unref(c->wake);
	tn_varlink_queue_clear(&c->out);
	tn_frame_free(&c->in);
	close(c->fd);
	free(c);
}
