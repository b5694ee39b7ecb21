/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_VARLINK_SERVER_H
#define TN_VARLINK_SERVER_H

/* What the files of the server share; nobody else includes it. */
#include <sys/queue.h>
#include <sys/socket.h>

#include "varlink/varlink.h"

#define TN_VARLINK_SERVICE     "org.varlink.service"
#define TN_VARLINK_QUEUE_MAX   (300u << 20) /* bytes a client may leave untaken before it is dropped */
#define TN_VARLINK_QUEUE_PAUSE (1u << 20)   /* no further call is read from a client that leaves so many */

/* Serialized replies that the socket did not take yet. */
struct tn_varlink_chunk {
	STAILQ_ENTRY(tn_varlink_chunk) link;
	char *data;
	size_t size, sent;
};

struct tn_varlink_queue {
	STAILQ_HEAD(, tn_varlink_chunk) chunks;
	size_t bytes;
};

void tn_varlink_queue_init(struct tn_varlink_queue *q);
void tn_varlink_queue_clear(struct tn_varlink_queue *q);
int tn_varlink_queue_add(struct tn_varlink_queue *q, char *data, size_t size);
int tn_varlink_queue_flush(struct tn_varlink_queue *q, int fd);

/* One a connection, as calls of one connection are answered one after the other. */
struct tn_varlink_call {
	struct tn_varlink_connection *connection;
	bool active, more, oneway;
	void *userdata;
};

struct tn_varlink_connection {
	LIST_ENTRY(tn_varlink_connection) link;
	struct tn_varlink_server *server;
	int fd;
	sd_event_source *io, *wake;
	struct ucred peer;
	struct tn_frame_buffer in;
	struct tn_varlink_queue out;
	struct tn_varlink_call call;
	bool has_input; /* the buffer may hold a complete message */
	bool eof;       /* the client sends no more, but may still read */
	bool hangup;    /* the client is gone; what it sent before is still worked off */
	bool broken;    /* to be closed by the event loop */
};

struct tn_varlink_listener {
	SLIST_ENTRY(tn_varlink_listener) link;
	int fd;
	sd_event_source *io;
};

struct tn_varlink_server {
	struct tn_varlink_options opt;
	sd_event *event;
	LIST_HEAD(, tn_varlink_connection) connections;
	SLIST_HEAD(, tn_varlink_listener) listeners;
	unsigned int n_connections;
	int spare_fd; /* given up for a moment to refuse a connection when no descriptor is left */
};

int tn_varlink_connection_new(struct tn_varlink_server *s, int fd, struct tn_error *err);
void tn_varlink_connection_free(struct tn_varlink_connection *c);
void tn_varlink_connection_wake(struct tn_varlink_connection *c);
void tn_varlink_connection_break(struct tn_varlink_connection *c, const char *why);

void tn_varlink_dispatch(struct tn_varlink_call *call, const cJSON *message);
int tn_varlink_error_about(struct tn_varlink_call *call, const char *error, const char *key, const char *value);

#endif
