// SPDX-License-Identifier: GPL-2.0-or-later
/* Our client and our server together over a real socket, and what connecting says when it fails. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "harness.h"

#include "../support/nobody.h"

static void test_call(void **state)
{
	struct harness *h = *state;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = NULL;
	cJSON *parameters = cJSON_Parse("{\"to\":3}"), *reply;
	char name[128];
	int i;

	assert_int_equal(tn_varlink_connect(harness_path(h), &c, NULL), 0);
	assert_int_equal(tn_varlink_send(c, TEST_INTERFACE ".Count", parameters, true, NULL), 0);
	for (i = 1; i <= 3; i++) {
		assert_int_equal(tn_varlink_receive(c, &reply, name, NULL), i < 3);
		assert_int_equal(cJSON_GetObjectItemCaseSensitive(reply, "n")->valueint, i);
		cJSON_Delete(reply);
	}
	assert_int_equal(tn_varlink_send(c, TEST_INTERFACE ".Refuse", NULL, false, NULL), 0);
	assert_int_equal(tn_varlink_receive(c, &reply, name, NULL), -EREMOTEIO);
	assert_string_equal(name, TEST_INTERFACE ".Refused");
	cJSON_Delete(reply);
	cJSON_Delete(parameters);
}

static void test_large_reply(void **state)
{
	struct harness *h = *state;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = NULL;
	cJSON *parameters = cJSON_Parse("{\"size\":50000000}"), *reply;
	char name[128];

	assert_int_equal(tn_varlink_connect(harness_path(h), &c, NULL), 0);
	assert_int_equal(tn_varlink_send(c, TEST_INTERFACE ".Big", parameters, false, NULL), 0);
	assert_int_equal(tn_varlink_receive(c, &reply, name, NULL), 0);
	assert_int_equal(strlen(cJSON_GetStringValue(reply->child)), 50000000);
	cJSON_Delete(reply);
	cJSON_Delete(parameters);
}

static void test_reply_over_limit(void **state)
{
	struct harness *h = *state;
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = NULL;
	cJSON *parameters = cJSON_Parse("{\"size\":268435456}"), *reply;
	struct tn_error err;
	char name[128];

	assert_int_equal(tn_varlink_connect(harness_path(h), &c, NULL), 0);
	assert_int_equal(tn_varlink_send(c, TEST_INTERFACE ".Big", parameters, false, NULL), 0);
	assert_int_equal(tn_varlink_receive(c, &reply, name, &err), -ECONNRESET);
	assert_string_equal(err.text, "the service closed the connection without an answer");
	harness_wait_log(h, "asked for a reply that is too large to send; connection closed");
	cJSON_Delete(parameters);
}

static void expect_connect_error(const char *path, int r, const char *fmt)
{
	tn_cleanup(tn_varlink_client_freep) struct tn_varlink_client *c = NULL;
	struct tn_error err;

	assert_int_equal(tn_varlink_connect(path, &c, &err), r);
	assert_int_equal(err.code, r);
	if (!strstr(err.text, fmt) || !strstr(err.text, path))
		fail_msg("\"%s\" has no \"%s\"", err.text, fmt);
	assert_null(c);
}

static int expect_not_allowed(void *arg)
{
	expect_connect_error(harness_path(arg), -EACCES, "not allowed: ");
	return 0;
}

static void test_connect_errors(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct harness *h = *state;
	char path[128], longer[200];
	int fd;

	expect_connect_error("/nonexistent/socket", -ENOENT,
			     "no service at /nonexistent/socket: is tlbnoised running?");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	expect_connect_error(longer, -ENAMETOOLONG, "longer than the 107 bytes");

	snprintf(path, sizeof(path), "%s.dead", harness_path(h));
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	expect_connect_error(path, -ECONNREFUSED, "nobody listens at");
	unlink(path);

	if (geteuid() != 0)
		return;
	harness_open_to_all(h);
	assert_int_equal(chmod(harness_path(h), 0600), 0);
	assert_int_equal(run_as_nobody(expect_not_allowed, h), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_large_reply),
		cmocka_unit_test(test_reply_over_limit),
		cmocka_unit_test(test_connect_errors),
	};

	return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
