// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a method does with its call: answer it, now or later. These functions only serialize, queue and
 * try to send; they never close a connection and never call back. What they find broken is closed by the
 * event loop, so that a method's own data cannot vanish under it.
 */
#include <errno.h>
#include <string.h>

#include "varlink/server.h"

static int give_up(struct tn_varlink_connection *c, int r)
{
	if (r == -ENOBUFS)
		tn_varlink_connection_break(c, "does not read its replies: too many wait");
	else if (r == -EMSGSIZE)
		tn_varlink_connection_break(c, "asked for a reply that is too large to send");
	else if (r == -ENOMEM)
		tn_varlink_connection_break(c, "no memory for a reply");
	else
		c->hangup = true;
	return r;
}

static int serialize(const cJSON *message, char **ret, size_t *ret_size)
{
	char *text = cJSON_PrintUnformatted(message);
	size_t size;

	if (!text)
		return -ENOMEM;
	size = strlen(text) + 1;
	if (size > TN_VARLINK_REPLY_MAX) {
		cJSON_free(text);
		return -EMSGSIZE;
	}
	*ret = text;
	*ret_size = size;
	return 0;
}

static int enqueue(struct tn_varlink_connection *c, const cJSON *message)
{
	bool was_empty = !c->out.bytes;
	size_t size;
	char *text;
	int r;

	r = serialize(message, &text, &size);
	if (r < 0)
		return give_up(c, r);
	r = tn_varlink_queue_add(&c->out, text, size);
	if (r < 0)
		return give_up(c, r);
	if (was_empty) {
		r = tn_varlink_queue_flush(&c->out, c->fd);
		if (r < 0)
			return give_up(c, r);
	}
	return 0;
}

/* Takes @parameters. Nothing is sent for a oneway call, nor to a client that has gone. */
static int send_message(struct tn_varlink_call *call, const char *error, bool continues, cJSON *parameters)
{
	struct tn_varlink_connection *c = call->connection;
	cJSON *message = NULL;
	int r = 0;

	if (c->broken || c->hangup) {
		r = -EPIPE;
	} else if (!call->oneway) {
		message = cJSON_CreateObject();
		if (!message || (error && !cJSON_AddStringToObject(message, "error", error)) ||
		    (!parameters && !(parameters = cJSON_CreateObject())) ||
		    !cJSON_AddItemToObject(message, "parameters", parameters)) {
			r = give_up(c, -ENOMEM);
		} else {
			parameters = NULL;
			r = continues && !cJSON_AddTrueToObject(message, "continues") ? give_up(c, -ENOMEM)
										      : enqueue(c, message);
		}
	}
	cJSON_Delete(message);
	cJSON_Delete(parameters);
	return r;
}

static int finish(struct tn_varlink_call *call, const char *error, cJSON *parameters)
{
	int r;

	if (!call->active) {
		cJSON_Delete(parameters);
		return -EINVAL;
	}
	r = send_message(call, error, false, parameters);
	call->active = false;
	call->userdata = NULL;
	tn_varlink_connection_wake(call->connection);
	return r;
}

/**
 * tn_varlink_reply() - answer a call
 * @call: call; invalid afterwards, whatever is returned
 * @parameters: object, or NULL for an empty one; taken
 *
 * Return: 0, also for a oneway call, whose reply is not sent; -EPIPE when the client has gone;
 * -EMSGSIZE over TN_VARLINK_REPLY_MAX, -ENOBUFS when the client leaves too much unread, -ENOMEM: these
 * three end the connection after a log line; -EINVAL when the call was answered already.
 */
int tn_varlink_reply(struct tn_varlink_call *call, cJSON *parameters)
{
	return finish(call, NULL, parameters);
}

/**
 * tn_varlink_notify() - send one of several replies
 * @call: call; stays valid, whatever is returned, until on_disconnect
 * @parameters: object, or NULL for an empty one; taken
 *
 * Who sends without being asked for each message looks at tn_varlink_queued() first: a client that does
 * not read is dropped at 300 MiB.
 *
 * Return: as tn_varlink_reply(), and -EPROTO, nothing being sent, when the client did not ask for more.
 */
int tn_varlink_notify(struct tn_varlink_call *call, cJSON *parameters)
{
	int r;

	if (!call->active || (!call->more && !call->oneway)) {
		cJSON_Delete(parameters);
		return call->active ? -EPROTO : -EINVAL;
	}
	r = send_message(call, NULL, true, parameters);
	tn_varlink_connection_wake(call->connection);
	return r;
}

/**
 * tn_varlink_error() - answer a call with an error
 * @call: call; invalid afterwards, whatever is returned
 * @error: full name, such as "io.tlbnoise.Busy"
 * @parameters: object, or NULL for an empty one; taken
 *
 * Return: as tn_varlink_reply().
 */
int tn_varlink_error(struct tn_varlink_call *call, const char *error, cJSON *parameters)
{
	return finish(call, error, parameters);
}

/* An error with one string parameter, the form of all errors of org.varlink.service. */
int tn_varlink_error_about(struct tn_varlink_call *call, const char *error, const char *key, const char *value)
{
	cJSON *parameters = cJSON_CreateObject();

	cJSON_AddStringToObject(parameters, key, value);
	return tn_varlink_error(call, error, parameters);
}

/**
 * tn_varlink_invalid_parameter() - answer a call with org.varlink.service.InvalidParameter
 * @call: call; invalid afterwards, whatever is returned
 * @name: the parameter that is missing, of the wrong type or out of range
 *
 * Return: as tn_varlink_reply().
 */
int tn_varlink_invalid_parameter(struct tn_varlink_call *call, const char *name)
{
	return tn_varlink_error_about(call, TN_VARLINK_SERVICE ".InvalidParameter", "parameter", name);
}

/**
 * tn_varlink_wants_more() - whether the client asked for several replies
 * @call: call
 */
bool tn_varlink_wants_more(const struct tn_varlink_call *call)
{
	return call->more;
}

/**
 * tn_varlink_queued() - what the client has not taken yet
 * @call: call
 *
 * Return: bytes that wait in this process; what lies in the socket's own buffer is not counted.
 */
size_t tn_varlink_queued(const struct tn_varlink_call *call)
{
	return call->connection->out.bytes;
}

/**
 * tn_varlink_connection_of() - to compare with what on_disconnect is called with
 * @call: call
 */
struct tn_varlink_connection *tn_varlink_connection_of(const struct tn_varlink_call *call)
{
	return call->connection;
}

/**
 * tn_varlink_set_userdata() - attach the method's own data
 * @call: call
 * @userdata: not owned
 */
void tn_varlink_set_userdata(struct tn_varlink_call *call, void *userdata)
{
	call->userdata = userdata;
}

/**
 * tn_varlink_userdata() - what tn_varlink_set_userdata() attached
 * @call: call
 *
 * Return: the pointer, or NULL when there was none. The options' userdata is the method's argument.
 */
void *tn_varlink_userdata(const struct tn_varlink_call *call)
{
	return call->userdata;
}
