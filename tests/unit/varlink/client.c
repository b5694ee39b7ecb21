// SPDX-License-Identifier: GPL-2.0-or-later
/* The client against a server that the test plays byte by byte, on the other end of a socket pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "varlink/varlink.h"

static struct tn_varlink_client *make_client(int *peer)
{
	struct tn_varlink_client *c;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(tn_varlink_client_fd(fds[0], &c, NULL), 0);
	*peer = fds[1];
	return c;
}

static void expect_bytes(int fd, const char *text)
{
	char data[512];
	size_t size = strlen(text) + 1;

	assert_int_equal(recv(fd, data, size, MSG_WAITALL), size);
	assert_string_equal(data, text);
}

static void test_send(void **state)
{
	int peer;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = make_client(&peer);
	cJSON *parameters = cJSON_Parse("{\"a\":[1,2]}");

	(void)state;
	assert_int_equal(tn_varlink_send(c, "a.B", NULL, false, NULL), 0);
	expect_bytes(peer, "{\"method\":\"a.B\"}");
	assert_int_equal(tn_varlink_send(c, "a.C", parameters, true, NULL), 0);
	expect_bytes(peer, "{\"method\":\"a.C\",\"parameters\":{\"a\":[1,2]},\"more\":true}");
	assert_int_equal(cJSON_GetArraySize(parameters), 1); /* still ours */
	cJSON_Delete(parameters);
	close(peer);
}

static void test_send_limits(void **state)
{
	int peer;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = make_client(&peer);
	char *text = malloc(TN_VARLINK_CALL_MAX + 1);
	cJSON *parameters = cJSON_CreateObject();
	struct tn_error err;
	char byte;

	(void)state;
	memset(text, 'x', TN_VARLINK_CALL_MAX);
	text[TN_VARLINK_CALL_MAX] = 0;
	cJSON_AddStringToObject(parameters, "t", text);
	assert_int_equal(tn_varlink_send(c, "a.B", parameters, false, &err), -EMSGSIZE);
	assert_string_equal(err.text, "a.B: the call has 1048615 bytes, the service takes 1048576");
	assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
	close(peer);
	assert_int_equal(tn_varlink_send(c, "a.B", NULL, false, &err), -EPIPE); /* and no SIGPIPE */
	assert_string_equal(err.text, "the service went away before it took the call: Broken pipe");
	cJSON_Delete(parameters);
	free(text);
}

static const struct {
	const char *reply;
	int r;
	const char *parameters, *error, *text;
} replies[] = {
	{"{\"parameters\":{\"a\":1}}", 0, "{\"a\":1}", NULL, NULL},
	{"{}", 0, "{}", NULL, NULL},
	{"{\"parameters\":null,\"continues\":null,\"error\":null}", 0, "{}", NULL, NULL},
	{"{\"parameters\":{\"a\":1},\"continues\":true}", 1, "{\"a\":1}", NULL, NULL},
	{"{\"parameters\":{},\"continues\":false}", 0, "{}", NULL, NULL},
	{"{\"parameters\":{\"a\":1},\"parameters\":{\"a\":2}}", 0, "{\"a\":1}", NULL, NULL},
	{"{\"error\":\"io.tlbnoise.Busy\",\"parameters\":{\"message\":\"CPU 3 is probed by run 7\"}}", -EREMOTEIO,
	 "{\"message\":\"CPU 3 is probed by run 7\"}", "io.tlbnoise.Busy", "CPU 3 is probed by run 7"},
	{"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"text\"}}", -EREMOTEIO,
	 "{\"parameter\":\"text\"}", "org.varlink.service.InvalidParameter",
	 "the service answered org.varlink.service.InvalidParameter (parameter: text)"},
	{"{\"error\":\"org.varlink.service.ExpectedMore\"}", -EREMOTEIO, "{}", "org.varlink.service.ExpectedMore",
	 "the service answered org.varlink.service.ExpectedMore"},
	{"{\"error\":7}", -EPROTO, NULL, NULL, "the service's reply has no proper error name"},
	{"{\"error\":\"\"}", -EPROTO, NULL, NULL, "the service's reply has no proper error name"},
	{"{\"error\":\"a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
	 -EPROTO, NULL, NULL, "the service's reply has no proper error name"},
	{"{\"continues\":1}", -EPROTO, NULL, NULL,
	 "the service's reply has \"continues\" that is neither true nor false"},
	{"{\"parameters\":[]}", -EPROTO, NULL, NULL, "the service's reply has \"parameters\" that is no object"},
	{"SSH-2.0-OpenSSH", -EBADMSG, NULL, NULL, "the service's reply: message of 15 bytes is no JSON near byte 1"},
	{"7", -EBADMSG, NULL, NULL, "the service's reply: message of 1 bytes is JSON, but no object"},
};

static void test_replies(void **state)
{
	int peer;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = make_client(&peer);
	char name[128], *text;
	struct tn_error err;
	cJSON *reply;
	size_t i;

	(void)state;
	for (i = 0; i < TN_ARRAY_SIZE(replies); i++) { /* all in the socket before the first is read */
		size_t size = strlen(replies[i].reply) + 1;

		assert_int_equal(send(peer, replies[i].reply, size, 0), size);
	}
	for (i = 0; i < TN_ARRAY_SIZE(replies); i++) {
		reply = NULL;
		name[0] = 0;
		assert_int_equal(tn_varlink_receive(c, &reply, name, &err), replies[i].r);
		if (replies[i].text)
			assert_string_equal(err.text, replies[i].text);
		assert_string_equal(name, replies[i].error ? replies[i].error : "");
		if (!replies[i].parameters) {
			assert_null(reply);
			continue;
		}
		text = cJSON_PrintUnformatted(reply);
		assert_string_equal(text, replies[i].parameters);
		cJSON_free(text);
		cJSON_Delete(reply);
	}
	close(peer);
}

static void expect_end(const char *sent, const char *expected)
{
	int peer;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = make_client(&peer);
	struct tn_error err;
	char name[128];
	cJSON *reply;

	assert_int_equal(send(peer, sent, strlen(sent), 0), strlen(sent));
	close(peer);
	assert_int_equal(tn_varlink_receive(c, &reply, name, &err), -ECONNRESET);
	assert_string_equal(err.text, expected);
}

static void test_service_vanishes(void **state)
{
	(void)state;
	expect_end("", "the service closed the connection without an answer");
	expect_end("{\"parameters\":{\"a", "the service went away in mid-reply, after 17 bytes of it");
}

static void on_alarm(int signal)
{
	(void)signal;
}

/*
 * A signal that arrives again and again, so that none is lost between its handler and poll(). SA_RESTART
 * is on purpose: the client must notice all the same.
 */
static void test_signal_interrupts(void **state)
{
	const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	int peer, r;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = make_client(&peer);
	struct tn_error err;
	char name[128];
	cJSON *reply;

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	assert_int_equal(send(peer, "{\"parameters\":", 14, 0), 14);
	setitimer(ITIMER_REAL, &often, NULL);
	r = tn_varlink_receive(c, &reply, name, &err);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(r, -EINTR);
	assert_string_equal(err.text, "interrupted by a signal");
	assert_int_equal(send(peer, "{}}", 4, 0), 4); /* what came before the signal is not lost */
	assert_int_equal(tn_varlink_receive(c, &reply, name, &err), 0);
	cJSON_Delete(reply);
	close(peer);
}

#define DOCUMENT (50u << 20)

static void *send_document(void *userdata)
{
	static const char head[] = "{\"parameters\":{\"document\":\"", tail[] = "\"}}";
	const int *fd = userdata;
	char *text = malloc(DOCUMENT);
	size_t at;

	memset(text, 'x', DOCUMENT);
	memcpy(text, head, strlen(head));
	memcpy(text + DOCUMENT - sizeof(tail), tail, sizeof(tail));
	for (at = 0; at < DOCUMENT; at += 1000) /* small pieces, as many as a slow service would make of it */
		send(*fd, text + at, DOCUMENT - at < 1000 ? DOCUMENT - at : 1000, MSG_NOSIGNAL);
	free(text);
	return NULL;
}

static void test_large_document(void **state)
{
	int peer;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = make_client(&peer);
	pthread_t thread;
	char name[128];
	cJSON *reply;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, send_document, &peer), 0);
	assert_int_equal(tn_varlink_receive(c, &reply, name, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(strlen(cJSON_GetStringValue(reply->child)), DOCUMENT - 31);
	cJSON_Delete(reply);
	close(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_send_limits),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_service_vanishes),
		cmocka_unit_test(test_signal_interrupts),
		cmocka_unit_test(test_large_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
