// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The server runs on a thread with its own event loop; all state of its methods is touched there only, and
 * tests learn of it through the method Counters.
 */
#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/now.h"

struct harness {
	char dir[64], path[96];
	int listen_fd, stop_fd;
	pthread_t thread;
	pthread_mutex_t lock; /* of log and add_fd */
	pthread_cond_t changed;
	char *log;
	size_t log_size;
	unsigned int log_lines;
	int add_fd;
	bool running;
	unsigned int max_connections;

	/* Of the server's thread only. */
	struct tn_varlink_server *server;
	struct tn_varlink_call *held[256];
	unsigned int n_held, connections_gone, oneways, flood_sent, flood_skipped;
	struct tn_varlink_call *flooded;
	sd_event_source *flood;
};

static const char description[] = "interface org.example.test\n"
				  "method Echo() -> ()\n"
				  "method Planned() -> ()\n"
				  "error Refused (message: string)\n";

static void echo(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	(void)userdata;
	tn_varlink_reply(call, cJSON_Duplicate(parameters, true));
}

static void add_number(cJSON *object, const char *key, double value)
{
	assert_non_null(cJSON_AddNumberToObject(object, key, value));
}

static void count_to(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	const cJSON *to = cJSON_GetObjectItemCaseSensitive(parameters, "to");
	cJSON *reply;
	int i;

	(void)userdata;
	if (!cJSON_IsNumber(to) || to->valuedouble < 1 || to->valuedouble > 10000) {
		tn_varlink_invalid_parameter(call, "to");
		return;
	}
	for (i = 1; i <= to->valueint; i++) {
		reply = cJSON_CreateObject();
		add_number(reply, "n", i);
		if (i == to->valueint)
			tn_varlink_reply(call, reply);
		else
			tn_varlink_notify(call, reply);
	}
}

static void more_or_not(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	cJSON *reply = cJSON_CreateObject();

	(void)parameters;
	(void)userdata;
	cJSON_AddBoolToObject(reply, "more", tn_varlink_wants_more(call));
	add_number(reply, "notify", tn_varlink_notify(call, NULL));
	tn_varlink_reply(call, reply);
}

static void hold(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct harness *h = userdata;

	(void)parameters;
	tn_varlink_set_userdata(call, h);
	h->held[h->n_held++] = call;
}

static void release(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct harness *h = userdata;
	unsigned int i;

	(void)parameters;
	for (i = 0; i < h->n_held; i++) {
		assert_ptr_equal(tn_varlink_userdata(h->held[i]), h);
		tn_varlink_reply(h->held[i], NULL);
	}
	h->n_held = 0;
	tn_varlink_reply(call, NULL);
}

static void big(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	size_t size = (size_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(parameters, "size"));
	char *text = malloc(size + 1);
	cJSON *reply = cJSON_CreateObject();

	(void)userdata;
	memset(text, 'x', size);
	text[size] = 0;
	cJSON_AddItemToObject(reply, "text", cJSON_CreateStringReference(text));
	tn_varlink_reply(call, reply);
	free(text);
}

/* What a daemon does that streams progress: an event again and again, skipped when the client is behind. */
static int on_flood(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct harness *h = userdata;
	static const char text[8192] = {[0 ... 8190] = 'p'};
	cJSON *reply;

	(void)usec;
	sd_event_source_set_time_relative(source, 0);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	if (tn_varlink_queued(h->flooded) > 1u << 20) {
		h->flood_skipped++;
		return 0;
	}
	reply = cJSON_CreateObject();
	cJSON_AddStringToObject(reply, "text", text);
	tn_varlink_notify(h->flooded, reply);
	h->flood_sent++;
	return 0;
}

static void flood(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct harness *h = userdata;

	(void)parameters;
	h->flooded = call;
	sd_event_source_set_enabled(h->flood, SD_EVENT_ONESHOT);
}

/* Sends without looking at the queue until the server gives the client up. */
static void drown(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	size_t size = 4u << 20;
	char *text = malloc(size + 1);
	cJSON *reply;
	int r;

	(void)parameters;
	(void)userdata;
	memset(text, 'x', size);
	text[size] = 0;
	do {
		reply = cJSON_CreateObject();
		cJSON_AddItemToObject(reply, "text", cJSON_CreateStringReference(text));
		r = tn_varlink_notify(call, reply);
	} while (r == 0);
	free(text);
	assert_int_equal(r, -ENOBUFS);
}

static void who(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	cJSON *reply = cJSON_CreateObject();

	(void)parameters;
	(void)userdata;
	add_number(reply, "uid", tn_varlink_peer_uid(call));
	add_number(reply, "pid", tn_varlink_peer_pid(call));
	tn_varlink_reply(call, reply);
}

static void refuse(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	cJSON *why = cJSON_CreateObject();

	(void)parameters;
	(void)userdata;
	cJSON_AddStringToObject(why, "message", "not today");
	tn_varlink_error(call, TEST_INTERFACE ".Refused", why);
}

static void twice(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	(void)parameters;
	(void)userdata;
	tn_varlink_reply(call, NULL);
	assert_int_equal(tn_varlink_reply(call, NULL), -EINVAL);
	assert_int_equal(tn_varlink_notify(call, NULL), -EINVAL);
}

static void count_oneway(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct harness *h = userdata;

	(void)parameters;
	h->oneways++;
	tn_varlink_notify(call, NULL);
	tn_varlink_reply(call, NULL);
}

static void counters(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct harness *h = userdata;
	cJSON *reply = cJSON_CreateObject();

	(void)parameters;
	add_number(reply, "held", h->n_held);
	add_number(reply, "gone", h->connections_gone);
	add_number(reply, "oneways", h->oneways);
	add_number(reply, "flood_sent", h->flood_sent);
	add_number(reply, "flood_skipped", h->flood_skipped);
	add_number(reply, "flood_queued", h->flooded ? (double)tn_varlink_queued(h->flooded) : 0);
	add_number(reply, "idle", tn_varlink_server_idle(h->server)); /* never: this call is in progress */
	tn_varlink_reply(call, reply);
}

static const struct tn_varlink_method methods[] = {
	{TEST_INTERFACE ".Echo", echo, false},
	{TEST_INTERFACE ".Count", count_to, true},
	{TEST_INTERFACE ".MoreOrNot", more_or_not, false},
	{TEST_INTERFACE ".Hold", hold, false},
	{TEST_INTERFACE ".Release", release, false},
	{TEST_INTERFACE ".Big", big, false},
	{TEST_INTERFACE ".Flood", flood, true},
	{TEST_INTERFACE ".Drown", drown, true},
	{TEST_INTERFACE ".Who", who, false},
	{TEST_INTERFACE ".Refuse", refuse, false},
	{TEST_INTERFACE ".Twice", twice, false},
	{TEST_INTERFACE ".CountOneway", count_oneway, false},
	{TEST_INTERFACE ".Counters", counters, false},
	{0},
};

static void on_disconnect(struct tn_varlink_connection *c, void *userdata)
{
	struct harness *h = userdata;
	unsigned int i, kept = 0;

	for (i = 0; i < h->n_held; i++) {
		if (tn_varlink_connection_of(h->held[i]) == c)
			assert_int_equal(tn_varlink_reply(h->held[i], NULL), -EPIPE);
		else
			h->held[kept++] = h->held[i];
	}
	h->n_held = kept;
	if (h->flooded && tn_varlink_connection_of(h->flooded) == c) {
		h->flooded = NULL;
		sd_event_source_set_enabled(h->flood, SD_EVENT_OFF);
	}
	h->connections_gone++;
}

static void log_sink(void *userdata, int priority, const char *text)
{
	struct harness *h = userdata;
	size_t n = strlen(text);

	(void)priority;
	assert_null(strchr(text, '\n'));
	pthread_mutex_lock(&h->lock);
	h->log = realloc(h->log, h->log_size + n + 2);
	memcpy(h->log + h->log_size, text, n);
	memcpy(h->log + h->log_size + n, "\n", 2);
	h->log_size += n + 1;
	h->log_lines++;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

static int on_stop(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct harness *h = userdata;
	struct tn_error err;
	uint64_t n;

	(void)revents;
	assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
	pthread_mutex_lock(&h->lock);
	if (h->add_fd >= 0) {
		assert_int_equal(tn_varlink_server_add_fd(h->server, h->add_fd, &err), 0);
		h->add_fd = -1;
		pthread_cond_broadcast(&h->changed);
		n = 0;
	}
	pthread_mutex_unlock(&h->lock);
	return n ? sd_event_exit(sd_event_source_get_event(source), 0) : 0;
}

static void *serve(void *userdata)
{
	struct harness *h = userdata;
	const struct tn_log log = {log_sink, h};
	const struct tn_varlink_options opt = {
		.vendor = "Example",
		.product = "Test \"quoted\"",
		.version = "1",
		.url = "https://example.org/",
		.interface = TEST_INTERFACE,
		.description = description,
		.methods = methods,
		.max_connections = h->max_connections,
		.log = &log,
		.userdata = h,
		.on_disconnect = on_disconnect,
	};
	struct tn_error err;
	sd_event *event = NULL;

	assert_int_equal(sd_event_new(&event), 0);
	assert_int_equal(tn_varlink_server_new(event, &opt, &h->server, &err), 0);
	assert_int_equal(tn_varlink_server_listen_fd(h->server, h->listen_fd, &err), 0);
	assert_true(sd_event_add_io(event, NULL, h->stop_fd, EPOLLIN, on_stop, h) >= 0);
	assert_true(sd_event_add_time_relative(event, &h->flood, CLOCK_MONOTONIC, 0, 0, on_flood, h) >= 0);
	sd_event_source_set_enabled(h->flood, SD_EVENT_OFF);
	assert_true(sd_event_loop(event) >= 0);
	tn_varlink_server_free(h->server);
	sd_event_source_disable_unref(h->flood);
	sd_event_unref(event);
	return NULL;
}

struct harness *harness_start(unsigned int max_connections)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct harness *h = calloc(1, sizeof(*h));

	h->max_connections = max_connections;
	h->add_fd = -1;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	strcpy(h->dir, "/tmp/test-varlink-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	snprintf(h->path, sizeof(h->path), "%s/socket", h->dir);
	strcpy(address.sun_path, h->path);
	h->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(h->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(h->listen_fd, 256), 0);
	h->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(h->stop_fd >= 0);
	assert_int_equal(pthread_create(&h->thread, NULL, serve, h), 0);
	return h;
}

static void poke(struct harness *h)
{
	const uint64_t one = 1;

	assert_int_equal(write(h->stop_fd, &one, sizeof(one)), sizeof(one));
}

void harness_stop(struct harness *h)
{
	poke(h);
	pthread_join(h->thread, NULL);
	close(h->stop_fd);
	unlink(h->path);
	rmdir(h->dir);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h->log);
	free(h);
}

int harness_setup(void **state)
{
	*state = harness_start(16);
	return 0;
}

int harness_teardown(void **state)
{
	harness_stop(*state);
	return 0;
}

const char *harness_path(const struct harness *h)
{
	return h->path;
}

void harness_open_to_all(const struct harness *h)
{
	assert_int_equal(chmod(h->dir, 0755), 0);
	assert_int_equal(chmod(h->path, 0666), 0);
}

int harness_pair(struct harness *h)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pthread_mutex_lock(&h->lock);
	h->add_fd = fds[1];
	poke(h);
	while (h->add_fd >= 0)
		pthread_cond_wait(&h->changed, &h->lock);
	pthread_mutex_unlock(&h->lock);
	return fds[0];
}

bool harness_logged(struct harness *h, const char *text)
{
	bool found;

	pthread_mutex_lock(&h->lock);
	found = h->log && strstr(h->log, text);
	pthread_mutex_unlock(&h->lock);
	return found;
}

void harness_wait_log(struct harness *h, const char *text)
{
	struct timespec deadline;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&h->lock);
	while (!r && !(h->log && strstr(h->log, text)))
		r = pthread_cond_timedwait(&h->changed, &h->lock, &deadline);
	if (r)
		print_error("no line with \"%s\" in:\n%s\n", text, h->log ? h->log : "");
	pthread_mutex_unlock(&h->lock);
	assert_int_equal(r, 0);
}

unsigned int harness_log_lines(struct harness *h)
{
	unsigned int n;

	pthread_mutex_lock(&h->lock);
	n = h->log_lines;
	pthread_mutex_unlock(&h->lock);
	return n;
}

int harness_number(struct harness *h, const char *key)
{
	int fd = raw_connect(h), value;
	const cJSON *item;
	char *text;
	cJSON *reply;

	raw_call(fd, "{\"method\":\"org.example.test.Counters\"}");
	text = raw_receive(fd);
	reply = cJSON_Parse(text);
	item = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(reply, "parameters"), key);
	assert_true(cJSON_IsNumber(item));
	value = item->valueint;
	cJSON_Delete(reply);
	free(text);
	close(fd);
	return value;
}

void harness_wait_number(struct harness *h, const char *key, int at_least)
{
	uint64_t limit = tn_now_ns(CLOCK_MONOTONIC) + WAIT_MS * 1000000ull;

	do {
		if (harness_number(h, key) >= at_least)
			return;
	} while (tn_now_ns(CLOCK_MONOTONIC) < limit);
	fail_msg("%s never became %d", key, at_least);
}
