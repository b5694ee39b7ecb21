// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes both ends of the Varlink socket with the same bytes: as what a client sends to a server with
 * methods that use their parameters and answer at once, in several replies, later or never; and as what a
 * service answers to our client. What the server replies has to be Varlink whatever came in, and nothing
 * may be left of a client that went.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "varlink/varlink.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct service {
	struct tn_varlink_call *held;
	unsigned int connected;
};

/* Walks everything, as a method that copies its parameters does. */
static double digest(const cJSON *item)
{
	const cJSON *child;
	double sum = item->type + (cJSON_IsNumber(item) ? item->valuedouble : 0);

	sum += item->string ? (double)strlen(item->string) : 0;
	sum += cJSON_IsString(item) ? (double)strlen(item->valuestring) : 0;
	cJSON_ArrayForEach(child, item)
		sum += digest(child);
	return sum;
}

static cJSON *answer(const cJSON *parameters)
{
	cJSON *reply = cJSON_Duplicate(parameters, true);

	if (reply)
		cJSON_AddNumberToObject(reply, "digest", digest(parameters));
	return reply;
}

static void do_echo(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	(void)userdata;
	tn_varlink_reply(call, answer(parameters));
}

static void do_stream(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	(void)userdata;
	tn_varlink_notify(call, answer(parameters));
	if (tn_varlink_queued(call) > 1u << 20)
		tn_varlink_error(call, "org.fuzz.Full", answer(parameters));
	else
		tn_varlink_reply(call, NULL);
}

static void do_name(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parameters, "name"));

	(void)userdata;
	if (!name)
		tn_varlink_invalid_parameter(call, "name");
	else
		tn_varlink_error(call, "org.fuzz.Named", answer(parameters));
}

static void do_hold(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct service *s = userdata;

	(void)digest(parameters);
	CHECK(!s->held); /* one call at a time */
	s->held = call;
}

static void do_never(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	(void)call;
	(void)parameters;
	(void)userdata;
}

static const struct tn_varlink_method methods[] = {
	{"org.fuzz.Echo", do_echo, false}, {"org.fuzz.Stream", do_stream, true}, {"org.fuzz.Name", do_name, false},
	{"org.fuzz.Hold", do_hold, false}, {"org.fuzz.Never", do_never, false},  {0},
};

static void on_disconnect(struct tn_varlink_connection *c, void *userdata)
{
	struct service *s = userdata;

	if (s->held)
		CHECK(tn_varlink_connection_of(s->held) == c);
	s->held = NULL;
	s->connected--;
}

static void check_reply(const cJSON *reply)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, reply) {
		if (strcmp(item->string, "parameters") == 0)
			CHECK(cJSON_IsObject(item));
		else if (strcmp(item->string, "continues") == 0)
			CHECK(cJSON_IsTrue(item));
		else
			CHECK(strcmp(item->string, "error") == 0 && strchr(item->valuestring, '.'));
	}
}

/* Takes what has come so far; false at the end of the connection. */
static bool read_replies(int fd, struct tn_frame_buffer *in)
{
	static char data[65536];
	cJSON *reply;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) > 0) {
		CHECK(tn_frame_push(in, data, (size_t)n, NULL) == 0);
		while (in->used != in->start && tn_frame_next(in, &reply, NULL)) {
			check_reply(reply);
			cJSON_Delete(reply);
		}
	}
	return n < 0 && errno == EAGAIN;
}

static void settle(sd_event *event, struct service *s, int fd, struct tn_frame_buffer *in)
{
	do {
		while (sd_event_run(event, 0) > 0)
			read_replies(fd, in);
		if (!s->held)
			break;
		tn_varlink_reply(s->held, NULL);
		s->held = NULL;
	} while (true);
	read_replies(fd, in);
}

static void fuzz_server(const uint8_t *data, size_t size)
{
	struct service s = {.connected = 1};
	const struct tn_varlink_options opt = {
		.vendor = "v",
		.product = "p",
		.version = "1",
		.url = "u",
		.interface = "org.fuzz",
		.description = "interface org.fuzz\nmethod Planned() -> ()\n",
		.methods = methods,
		.max_connections = 1,
		.userdata = &s,
		.on_disconnect = on_disconnect,
	};
	struct tn_varlink_server *server;
	struct tn_frame_buffer in;
	static sd_event *event; /* one for all inputs: making it costs more than most of them */
	size_t half = size / 2;
	int fds[2];

	if (!event)
		CHECK(sd_event_new(&event) >= 0);
	CHECK(tn_varlink_server_new(event, &opt, &server, NULL) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	CHECK(tn_varlink_server_add_fd(server, fds[1], NULL) == 0);
	tn_frame_init(&in, TN_VARLINK_REPLY_MAX);
	send(fds[0], data, half, MSG_DONTWAIT | MSG_NOSIGNAL);
	settle(event, &s, fds[0], &in);
	send(fds[0], data + half, size - half, MSG_DONTWAIT | MSG_NOSIGNAL);
	settle(event, &s, fds[0], &in);
	CHECK(in.used == in.start); /* replies are whole */
	close(fds[0]);
	while (sd_event_run(event, 0) > 0)
		;
	CHECK(s.connected == 0);
	CHECK(tn_varlink_server_idle(server));
	tn_frame_free(&in);
	tn_varlink_server_free(server);
}

static void fuzz_client(const uint8_t *data, size_t size)
{
	struct tn_varlink_client *c;
	char name[128] = "";
	struct tn_error err;
	cJSON *reply;
	int fds[2], r;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	CHECK(tn_varlink_client_fd(fds[0], &c, NULL) == 0);
	send(fds[1], data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fds[1]);
	do {
		reply = NULL;
		r = tn_varlink_receive(c, &reply, name, &err);
		CHECK(!!reply == (r >= 0 || r == -EREMOTEIO));
		CHECK(strlen(name) < sizeof(name));
		cJSON_Delete(reply);
	} while (r != -ECONNRESET);
	tn_varlink_client_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_server(data, size);
	fuzz_client(data, size);
	return 0;
}
