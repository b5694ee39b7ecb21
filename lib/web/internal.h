/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_WEB_INTERNAL_H
#define TN_WEB_INTERNAL_H

/* What the files of lib/web share. Only server.c and respond.c know libmicrohttpd. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/openmetrics.h"
#include "web/web.h"

#define WEB_TARGET     2048               /* bytes of a request target, as sent */
#define WEB_BODY_MAX   (64ull << 20)      /* bytes of one answer */
#define WEB_BODIES_MAX (4 * WEB_BODY_MAX) /* bytes of all answers that have not been sent yet */

/* target.c: what is asked for, decoded */
struct web_target {
	char path[WEB_TARGET];
	char query[WEB_TARGET]; /* as sent */
};

int web_target_parse(const char *raw, struct web_target *ret);
bool web_query_value(const char *query, const char *name, char *buf, size_t size);
const char *web_encode(const char *text, char *buf, size_t size);

/* headers.c */
bool web_host_allowed(const char *host, const char *names);
enum tn_exposition_format web_accept_metrics(const char *accept);

/* body.c: a stream into memory that ends at a limit */
struct web_body {
	char *data;
	size_t size, room, limit;
	bool full; /* it would have been more than @limit */
};

FILE *web_body_open(struct web_body *body, size_t limit);

/* answer.c: a pure function of the store and the request, but for the counts */
enum { WEB_CODES = 6 }; /* 1xx to 5xx, by their first digit */

struct web_site {
	const char *store, *names;
	pthread_mutex_t lock; /* of @metrics */
	struct tn_metrics *metrics;
	_Atomic uint64_t answers[WEB_CODES];
	_Atomic uint64_t refused, late;
	_Atomic size_t connections;
};

struct web_request {
	const char *method, *target;
	const char *host, *accept; /* NULL: no such header */
};

struct web_answer {
	unsigned int status;
	const char *type;
	const char *refusal; /* why it is one, for the log; NULL: it is none */
	struct tn_error why; /* which @refusal may point to */
	bool for_ever;       /* may be cached without asking again */
	char location[256];  /* of a redirect, relative; "" otherwise */
	char *body;
	size_t size;
};

void web_answer(struct web_site *site, const struct web_request *request, struct web_answer *ret);
int web_site_init(struct web_site *site, struct tn_error *err);
void web_site_clear(struct web_site *site);

/* metrics.c */
int web_metrics(struct web_site *site, enum tn_exposition_format format, FILE *out, struct tn_error *err);

/* connections.c: who is connected, and until when it may take */
struct web_connection {
	struct web_connection *next, **link;
	int fd;
	bool answered;     /* an answer is on its way; otherwise a request is awaited */
	uint64_t until_ns; /* CLOCK_MONOTONIC */
};

struct web_connections {
	pthread_mutex_t lock;
	struct web_connection *first;
};

#define WEB_HEADER_NS 10000000000ull  /* until a request is whole; also of how long a connection may wait for it */
#define WEB_BACKLOG   64              /* calls that wait to be accepted, as in tlbnoise-serve.socket */
#define WEB_IDLE_NS   75000000000ull  /* between two requests; longer than most scrape intervals */
#define WEB_ANSWER_NS 120000000000ull /* until the answer has been taken */

struct web_connection *web_connection_add(struct web_connections *all, int fd);
void web_connection_remove(struct web_connections *all, struct web_connection *c);
void web_connection_allow(struct web_connections *all, struct web_connection *c, uint64_t ns);
size_t web_connections_tend(struct web_connections *all);

/* say.c: a log that cannot be flooded */
struct web_log {
	pthread_mutex_t lock;
	const struct tn_log *log;
	uint64_t second; /* of which @said are */
	unsigned int said, silent;
};

void web_say(struct web_log *log, int priority, const char *fmt, ...) tn_printf(3, 4);
const char *web_printable(const char *text, char *buf, size_t size);

/* respond.c */
struct MHD_Connection;
bool web_respond(struct MHD_Connection *connection, struct web_answer *a, _Atomic size_t *bytes);

/* listen.c */
int web_listen(const char *where, int *ret_fd, struct tn_error *err);
const char *web_socket_name(int fd, char *buf, size_t size);

#endif
