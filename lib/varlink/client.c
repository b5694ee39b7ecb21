// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The blocking client. It waits only in poll(), which a signal always interrupts, so that ctrl-C works
 * however long a run takes; the socket itself is read and written without blocking.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "varlink/varlink.h"

#define READ_SIZE (256u << 10)

struct tn_varlink_client {
	int fd;
	struct tn_frame_buffer in;
	char data[READ_SIZE];
};

static int connect_error(int r, const char *path, struct tn_error *err)
{
	switch (r) {
	case -ENOENT:
		return tn_error_set(err, r, "no service at %s: is tlbnoised running?", path);
	case -EACCES:
	case -EPERM:
		return tn_error_set(err, r, "not allowed: %s needs write permission; be root or in the socket's group",
				    path);
	case -ECONNREFUSED:
		return tn_error_set(err, r, "nobody listens at %s: the service is gone; start tlbnoised again", path);
	default:
		return tn_error_set(err, r, "cannot connect to %s: %s", path, strerror(-r));
	}
}

/**
 * tn_varlink_connect() - connect to a service
 * @path: its Unix socket
 * @ret: the client
 * @err: what was wrong and what to do
 *
 * Return: 0; -ENOENT when there is no socket, -EACCES when it may not be used, -ECONNREFUSED when nobody
 * listens; -ENAMETOOLONG, -EINTR or another negative errno.
 */
int tn_varlink_connect(const char *path, struct tn_varlink_client **ret, struct tn_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	tn_autoclose int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return tn_error_set(err, -ENAMETOOLONG, "%s: longer than the %zu bytes that a socket's path may have",
				    path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return connect_error(-errno, path, err);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return connect_error(-errno, path, err);
	return tn_varlink_client_fd(tn_steal_fd(&fd), ret, err);
}

/**
 * tn_varlink_client_fd() - talk over a connected socket
 * @fd: stream socket; taken, also on failure
 * @ret: the client
 * @err: what was wrong
 *
 * Return: 0 or -ENOMEM.
 */
int tn_varlink_client_fd(int fd, struct tn_varlink_client **ret, struct tn_error *err)
{
	struct tn_varlink_client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return tn_error_set(err, -ENOMEM, "no memory for the connection");
	}
	c->fd = fd;
	tn_frame_init(&c->in, TN_VARLINK_REPLY_MAX);
	*ret = c;
	return 0;
}

/**
 * tn_varlink_client_free() - close the connection
 * @c: client, or NULL
 */
void tn_varlink_client_free(struct tn_varlink_client *c)
{
	if (!c)
		return;
	tn_frame_free(&c->in);
	close(c->fd);
	free(c);
}

static int wait_for(int fd, short events, struct tn_error *err)
{
	struct pollfd p = {.fd = fd, .events = events};

	if (poll(&p, 1, -1) >= 0)
		return 0;
	if (errno == EINTR)
		return tn_error_set(err, -EINTR, "interrupted by a signal");
	return tn_error_set(err, -errno, "cannot wait for the service: %s", strerror(errno));
}

static int send_all(int fd, const char *data, size_t size, struct tn_error *err)
{
	ssize_t n;
	int r;

	while (size) {
		n = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			r = wait_for(fd, POLLOUT, err);
			if (r < 0)
				return r;
			continue;
		}
		if (n < 0 && errno == EINTR)
			return tn_error_set(err, -EINTR, "interrupted by a signal");
		if (n < 0)
			return tn_error_set(err, -errno, "the service went away before it took the call: %s",
					    strerror(errno));
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int make_call(const char *method, const cJSON *parameters, bool more, char **ret)
{
	cJSON *message = cJSON_CreateObject();
	char *text = NULL;

	/* The reference is only read and not released with the message, hence the lost const. */
	if (message && cJSON_AddStringToObject(message, "method", method) &&
	    (!parameters || cJSON_AddItemReferenceToObject(message, "parameters", (cJSON *)(uintptr_t)parameters)) &&
	    (!more || cJSON_AddTrueToObject(message, "more")))
		text = cJSON_PrintUnformatted(message);
	cJSON_Delete(message);
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

/**
 * tn_varlink_send() - send a call
 * @c: client
 * @method: full name, such as "io.tlbnoise.Run"
 * @parameters: object, or NULL for none; stays the caller's
 * @more: whether several replies are wanted
 * @err: what was wrong
 *
 * Several calls may be sent before the first reply is received; replies come in the same order.
 *
 * Return: 0; -EMSGSIZE over TN_VARLINK_CALL_MAX, nothing being sent; -EINTR when a signal came; -EPIPE or
 * -ECONNRESET when the service has gone. After an error other than -EMSGSIZE part of the call may have
 * been sent, and the connection is good for nothing but tn_varlink_client_free().
 */
int tn_varlink_send(struct tn_varlink_client *c, const char *method, const cJSON *parameters, bool more,
		    struct tn_error *err)
{
	char *text = NULL;
	size_t size;
	int r;

	r = make_call(method, parameters, more, &text);
	if (r < 0)
		return tn_error_set(err, r, "no memory for the call %s", method);
	size = strlen(text) + 1;
	if (size > TN_VARLINK_CALL_MAX)
		r = tn_error_set(err, -EMSGSIZE, "%s: the call has %zu bytes, the service takes %u", method, size,
				 TN_VARLINK_CALL_MAX);
	else
		r = send_all(c->fd, text, size, err);
	cJSON_free(text);
	return r;
}

static int receive_some(struct tn_varlink_client *c, struct tn_error *err)
{
	size_t room = tn_frame_room(&c->in), pending = c->in.used - c->in.start;
	ssize_t n;

	n = recv(c->fd, c->data, room < sizeof(c->data) ? room : sizeof(c->data), MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return wait_for(c->fd, POLLIN, err);
	if (n < 0 && errno == EINTR)
		return tn_error_set(err, -EINTR, "interrupted by a signal");
	if (n < 0)
		return tn_error_set(err, -errno, "the service went away: %s", strerror(errno));
	if (n == 0 && pending)
		return tn_error_set(err, -ECONNRESET, "the service went away in mid-reply, after %zu bytes of it",
				    pending);
	if (n == 0)
		return tn_error_set(err, -ECONNRESET, "the service closed the connection without an answer");
	return tn_frame_push(&c->in, c->data, (size_t)n, err);
}

/* For the user: the error's message where it has one, its name otherwise. */
static int describe_error(const char *name, const cJSON *parameters, struct tn_error *err)
{
	const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parameters, "message"));
	const cJSON *first = parameters->child;

	if (message)
		return tn_error_set(err, -EREMOTEIO, "%s", message);
	if (cJSON_IsString(first))
		return tn_error_set(err, -EREMOTEIO, "the service answered %s (%s: %s)", name, first->string,
				    first->valuestring);
	return tn_error_set(err, -EREMOTEIO, "the service answered %s", name);
}

static int read_reply(cJSON *reply, cJSON **ret, char ret_error[128], struct tn_error *err)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(reply, "error");
	const cJSON *continues = cJSON_GetObjectItemCaseSensitive(reply, "continues");
	cJSON *parameters = cJSON_GetObjectItemCaseSensitive(reply, "parameters");
	bool failed = error && !cJSON_IsNull(error);

	if (failed && (!cJSON_IsString(error) || !*error->valuestring || strlen(error->valuestring) >= 128))
		return tn_error_set(err, -EPROTO, "the service's reply has no proper error name");
	if (continues && !cJSON_IsBool(continues) && !cJSON_IsNull(continues))
		return tn_error_set(err, -EPROTO,
				    "the service's reply has \"continues\" that is neither true nor false");
	if (parameters && !cJSON_IsNull(parameters) && !cJSON_IsObject(parameters))
		return tn_error_set(err, -EPROTO, "the service's reply has \"parameters\" that is no object");
	parameters = cJSON_IsObject(parameters) ? cJSON_DetachItemViaPointer(reply, parameters) : cJSON_CreateObject();
	if (!parameters)
		return tn_error_set(err, -ENOMEM, "no memory for a reply");
	*ret = parameters;
	if (!failed)
		return cJSON_IsTrue(continues);
	memcpy(ret_error, error->valuestring, strlen(error->valuestring) + 1);
	return describe_error(ret_error, parameters, err);
}

/**
 * tn_varlink_receive() - wait for one reply
 * @c: client
 * @ret: its parameters, an object, the caller's to delete; set for 1, 0 and -EREMOTEIO
 * @ret_error: full name of the error, for -EREMOTEIO
 * @err: what was wrong, for the user: of -EREMOTEIO the error's message
 *
 * What was received of a reply when a signal comes is kept: after -EINTR the call can be repeated.
 *
 * Return: 1 when more replies follow, 0 for the last one, -EREMOTEIO for a Varlink error, -EINTR when a
 * signal came, -ECONNRESET when the service went away, -EMSGSIZE over TN_VARLINK_REPLY_MAX, -EBADMSG or
 * -EPROTO for what is no Varlink.
 */
int tn_varlink_receive(struct tn_varlink_client *c, cJSON **ret, char ret_error[128], struct tn_error *err)
{
	cJSON *reply = NULL;
	int r;

	for (;;) {
		r = tn_frame_next(&c->in, &reply, err);
		if (r < 0)
			return tn_error_prefix(err, r, "the service's reply");
		if (r > 0)
			break;
		r = receive_some(c, err);
		if (r < 0)
			return r;
	}
	r = read_reply(reply, ret, ret_error, err);
	cJSON_Delete(reply);
	return r;
}
