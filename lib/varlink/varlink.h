/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_VARLINK_VARLINK_H
#define TN_VARLINK_VARLINK_H

/*
 * Varlink over a stream socket: NUL-terminated JSON objects, calls with "method" and "parameters",
 * flags "more" and "oneway", replies with "parameters", "continues" or "error". The service interface
 * org.varlink.service is answered here, so that stock clients can look around.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include "base/error.h"
#include "base/log.h"

#define TN_VARLINK_CALL_MAX  (1u << 20)   /* a client's message: longer ones end the connection */
#define TN_VARLINK_REPLY_MAX (256u << 20) /* a server's, as the client accepts it */

/* --- framing: pure functions over a growing buffer; also the fuzz target --- */
struct tn_frame_buffer {
	char *data;
	size_t size, start, used, scanned, max; /* unconsumed: start..used; no NUL in start..scanned */
};
void tn_frame_init(struct tn_frame_buffer *b, size_t max);
void tn_frame_free(struct tn_frame_buffer *b);
size_t tn_frame_room(const struct tn_frame_buffer *b); /* bytes that tn_frame_push() still takes */
int tn_frame_push(struct tn_frame_buffer *b, const char *data, size_t n, struct tn_error *err); /* -EMSGSIZE over max */
int tn_frame_next(struct tn_frame_buffer *b, cJSON **ret, struct tn_error *err); /* 1: a message, 0: none yet, <0 */

/* --- server --- */
struct tn_varlink_server;
struct tn_varlink_connection;
struct tn_varlink_call;

/* @parameters is always an object, and valid until the function returns. */
typedef void (*tn_varlink_method_fn)(struct tn_varlink_call *call, const cJSON *parameters, void *userdata);

struct tn_varlink_method {
	const char *name; /* "io.tlbnoise.Run" */
	tn_varlink_method_fn fn;
	bool needs_more; /* answered with org.varlink.service.ExpectedMore otherwise */
};

struct tn_varlink_options {
	const char *vendor, *product, *version, *url;
	const char *interface;                   /* "io.tlbnoise" */
	const char *description;                 /* its text in Varlink's interface language */
	const struct tn_varlink_method *methods; /* ends with name NULL */
	unsigned int max_connections;
	const struct tn_log *log;
	void *userdata;
	void (*on_disconnect)(struct tn_varlink_connection *c, void *userdata); /* may be NULL */
	/* Asked before each call, those of org.varlink.service too; false: it has answered. NULL: all are allowed. */
	bool (*allow)(struct tn_varlink_call *call, const char *method, void *userdata);
};

int tn_varlink_server_new(sd_event *event, const struct tn_varlink_options *opt, struct tn_varlink_server **ret,
			  struct tn_error *err);
int tn_varlink_server_listen_fd(struct tn_varlink_server *s, int fd, struct tn_error *err); /* takes the fd */
int tn_varlink_server_add_fd(struct tn_varlink_server *s, int fd, struct tn_error *err); /* a connected one; takes it */
void tn_varlink_server_free(struct tn_varlink_server *s);
TN_DEFINE_CLEANUP(struct tn_varlink_server, tn_varlink_server_free);
bool tn_varlink_server_idle(const struct tn_varlink_server *s); /* no call in progress, every reply delivered */

/* A call stays valid until its final reply, its error, or on_disconnect of its connection. */
int tn_varlink_reply(struct tn_varlink_call *call, cJSON *parameters);  /* final; takes @parameters */
int tn_varlink_notify(struct tn_varlink_call *call, cJSON *parameters); /* continues: true; takes @parameters */
int tn_varlink_error(struct tn_varlink_call *call, const char *error, cJSON *parameters);
int tn_varlink_invalid_parameter(struct tn_varlink_call *call, const char *name);
bool tn_varlink_wants_more(const struct tn_varlink_call *call);
uid_t tn_varlink_peer_uid(const struct tn_varlink_call *call);
pid_t tn_varlink_peer_pid(const struct tn_varlink_call *call);
bool tn_varlink_peer_in_group(const struct tn_varlink_call *call, gid_t gid);
size_t tn_varlink_queued(const struct tn_varlink_call *call); /* bytes not yet taken by the client */
struct tn_varlink_connection *tn_varlink_connection_of(const struct tn_varlink_call *call);
void tn_varlink_set_userdata(struct tn_varlink_call *call, void *userdata);
void *tn_varlink_userdata(const struct tn_varlink_call *call);

/* --- client: blocking --- */
struct tn_varlink_client;
int tn_varlink_connect(const char *path, struct tn_varlink_client **ret, struct tn_error *err);
int tn_varlink_client_fd(int fd, struct tn_varlink_client **ret, struct tn_error *err); /* takes the fd */
void tn_varlink_client_free(struct tn_varlink_client *c);
TN_DEFINE_CLEANUP(struct tn_varlink_client, tn_varlink_client_free);
int tn_varlink_send(struct tn_varlink_client *c, const char *method, const cJSON *parameters, bool more,
		    struct tn_error *err);
/*
 * One reply. 1: more follow, 0: the last one, negative errno: transport or protocol trouble. A Varlink
 * error is -EREMOTEIO with ret_error set and its parameters in *ret. -EINTR when a signal came.
 */
int tn_varlink_receive(struct tn_varlink_client *c, cJSON **ret, char ret_error[128], struct tn_error *err);

#endif
