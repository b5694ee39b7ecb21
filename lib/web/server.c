// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libmicrohttpd's side. A few threads share the listening socket, and each serves many connections. Parsing the target
 * is ours (target.c): libmicrohttpd is told to decode nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "web/internal.h"

#define THREADS 4
/* Of one connection: the request with all its headers has to fit. More is answered with 431 or 414. */
#define CONNECTION_BYTES (16u * 1024)

struct tn_web {
	struct web_site site;
	struct web_connections connections;
	struct web_log log;
	_Atomic size_t body_bytes; /* of answers that have not been sent yet */
	char *store, *names;       /* own copies */
	char address[80];
	struct MHD_Daemon *mhd;
	int lent; /* the service manager's socket, or -1 */
};

/* A request from its first line on. */
struct request {
	char *target; /* NULL: it is too long, or there was no memory for it */
	bool begun;   /* its headers are there */
};

static void *on_target(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct request *q = calloc(1, sizeof(*q));

	(void)cls;
	(void)connection;
	if (q && strlen(uri) < WEB_TARGET)
		q->target = strdup(uri);
	return q;
}

static size_t decode_nothing(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls;
	(void)connection;
	return strlen(text);
}

static const char *peer_name(struct MHD_Connection *connection, char *buf, size_t size)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	socklen_t n = info && info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								       : sizeof(struct sockaddr_in);

	if (!info || getnameinfo(info->client_addr, n, buf, (socklen_t)size, NULL, 0, NI_NUMERICHOST))
		snprintf(buf, size, "?");
	return buf;
}

static void log_answer(struct tn_web *w, struct MHD_Connection *connection, const struct web_request *request,
		       const struct web_answer *a)
{
	char peer[64], method[24], target[160];

	if (a->refusal)
		web_say(&w->log, LOG_NOTICE, "%u to %s: %s: %s %s", a->status,
			peer_name(connection, peer, sizeof(peer)), a->refusal,
			web_printable(request->method, method, sizeof(method)),
			request->target ? web_printable(request->target, target, sizeof(target)) : "(too long)");
}

static struct web_connection *connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void answer_it(struct tn_web *w, struct MHD_Connection *connection, const struct web_request *request,
		      struct web_answer *answer)
{
	struct web_connection *c = connection_of(connection);

	web_answer(&w->site, request, answer);
	if (c) /* only now: making the answer is our time */
		web_connection_allow(&w->connections, c, WEB_ANSWER_NS);
	log_answer(w, connection, request, answer);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/*
 * Called when the headers are there, and again when the body is. An answer at the first call ends the connection after
 * it, which is right for a request with a body: no such request has one worth reading.
 */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **context)
{
	struct tn_web *w = cls;
	struct request *q = *context;
	bool body = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH) ||
		    header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	struct web_request request = {
		.method = method,
		.target = q ? q->target : NULL,
		.host = header(connection, MHD_HTTP_HEADER_HOST),
		.accept = header(connection, MHD_HTTP_HEADER_ACCEPT),
	};
	struct web_answer answer = {0};
	enum MHD_Result r;

	(void)url;
	(void)version;
	(void)upload;
	(void)upload_size;
	if (q && !q->begun && !body) {
		q->begun = true;
		return MHD_YES;
	}
	answer_it(w, connection, &request, &answer);
	r = web_respond(connection, &answer, &w->body_bytes) ? MHD_YES : MHD_NO; /* which ends the connection */
	free(answer.body);
	return r;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode how)
{
	struct tn_web *w = cls;
	struct web_connection *c = connection_of(connection);
	struct request *q = *context;

	(void)how;
	if (c)
		web_connection_allow(&w->connections, c, WEB_IDLE_NS);
	if (q)
		free(q->target);
	free(q);
	*context = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct tn_web *w = cls;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		*context = info ? web_connection_add(&w->connections, info->connect_fd) : NULL;
		atomic_fetch_add(&w->site.connections, 1);
		return;
	}
	if (*context)
		web_connection_remove(&w->connections, *context);
	*context = NULL;
	atomic_fetch_sub(&w->site.connections, 1);
}

/* What libmicrohttpd says is mostly about clients that misbehave. */
static __attribute__((format(printf, 2, 0))) void on_message(void *cls, const char *fmt, va_list args)
{
	struct tn_web *w = cls;
	char text[300], shown[300];

	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	web_say(&w->log, LOG_INFO, "%s", web_printable(text, shown, sizeof(shown)));
}

static int start_mhd(struct tn_web *w, int fd, struct tn_error *err)
{
	w->mhd = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, w,
		MHD_OPTION_EXTERNAL_LOGGER, on_message, w, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
		(unsigned int)THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)TN_WEB_CONNECTIONS,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)TN_WEB_PER_ADDRESS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)(WEB_IDLE_NS / 1000000000), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, w,
		MHD_OPTION_UNESCAPE_CALLBACK, decode_nothing, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, w,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, w, MHD_OPTION_END);
	return w->mhd ? 0
		      : tn_error_set(err, errno ? -errno : -EIO, "cannot start to serve %s: %s", w->address,
				     strerror(errno ? errno : EIO));
}

static int set_up(struct tn_web *w, const struct tn_web_options *opt, struct tn_error *err)
{
	pthread_mutex_init(&w->connections.lock, NULL);
	pthread_mutex_init(&w->log.lock, NULL);
	w->lent = -1;
	w->log.log = opt->log;
	w->store = strdup(opt->store);
	w->names = opt->names ? strdup(opt->names) : NULL;
	if (!w->store || (opt->names && !w->names))
		return tn_error_set(err, -ENOMEM, "no memory for the server");
	w->site.store = w->store;
	w->site.names = w->names;
	return web_site_init(&w->site, err);
}

/**
 * tn_web_start() - serve the pages of a store, from threads of their own
 * @opt: what and where
 * @ret: the server; release with tn_web_stop()
 * @err: what failed
 *
 * The store need not be there yet: until it is, pages say so.
 *
 * Return: 0; -EINVAL for a bad address; -EADDRINUSE; -EACCES; another negative errno.
 */
int tn_web_start(const struct tn_web_options *opt, struct tn_web **ret, struct tn_error *err)
{
	tn_cleanup(tn_web_stopp) struct tn_web *w = calloc(1, sizeof(*w));
	tn_autoclose int fd = opt->fd;
	int r = w ? set_up(w, opt, err) : tn_error_set(err, -ENOMEM, "no memory for the server");

	if (r == 0 && fd < 0)
		r = web_listen(opt->listen ? opt->listen : TN_WEB_LISTEN, &fd, err);
	else if (r == 0 && (w->lent = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
		r = tn_error_set(err, -errno, "cannot keep the socket: %s", strerror(errno));
	if (r < 0)
		return r;
	web_socket_name(fd, w->address, sizeof(w->address));
	r = start_mhd(w, fd, err);
	if (r < 0)
		return r;
	tn_steal_fd(&fd);
	*ret = tn_steal_ptr(w);
	return 0;
}

/** tn_web_address() - where it listens, with the port that it got */
const char *tn_web_address(const struct tn_web *w)
{
	return w->address;
}

/**
 * tn_web_tend() - end connections that take too long
 * @w: the server
 *
 * To be called each second or so, by one thread.
 */
void tn_web_tend(struct tn_web *w)
{
	size_t late = web_connections_tend(&w->connections);

	if (!late)
		return;
	atomic_fetch_add(&w->site.late, late);
	web_say(&w->log, LOG_INFO, "ended %zu connection%s that took too long", late, late == 1 ? "" : "s");
}

/*
 * libmicrohttpd shuts the socket down that it listened at, and with it the service manager's, which is the same: that
 * would call its unit failed, and not start us again. Linux lets a socket that was shut down listen once more, at the
 * same address. Not so MHD_quiesce_daemon(), which is made for this: in 0.9.75 it races with its own threads for the
 * socket's removal from epoll, and aborts.
 */
static void return_socket(int fd)
{
	tn_autoclose int lent = fd;

	if (lent >= 0)
		listen(lent, WEB_BACKLOG);
}

/**
 * tn_web_stop() - end all connections and the server
 * @w: the server
 */
void tn_web_stop(struct tn_web *w)
{
	if (w->mhd)
		MHD_stop_daemon(w->mhd);
	return_socket(w->lent);
	web_site_clear(&w->site);
	pthread_mutex_destroy(&w->connections.lock);
	pthread_mutex_destroy(&w->log.lock);
	free(w->store);
	free(w->names);
	free(w);
}
