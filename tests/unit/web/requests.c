// SPDX-License-Identifier: GPL-2.0-or-later
/* What lib/web makes of a request before any page is made: targets, queries, headers, limits and deadlines. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/now.h"
#include "web/internal.h"

static void is_path(const char *raw, const char *path, const char *query)
{
	struct web_target target;

	if (web_target_parse(raw, &target) != 0 || strcmp(target.path, path) || strcmp(target.query, query))
		fail_msg("%s: %s %s", raw, target.path, target.query);
}

static void targets(void **state)
{
	(void)state;
	is_path("/", "/", "");
	is_path("/run/a%20b?x=%41#y", "/run/a b", "x=%41");
	is_path("/scenario/h%C3%B6st/a%2fb", "/scenario/h\u00f6st/a/b", "");
	is_path("/a+b%2B", "/a+b+", "");
	is_path("http://host:80/metrics?", "/metrics", "");
	is_path("HTTP://host/", "/", "");
	is_path("/..x/...", "/..x/...", "");
}

static void bad_targets(void **state)
{
	static const char *const bad[] = {
		"",      "x",      "*",      "?",         "http://host", "host:80", "/%",         "/%4",    "/%4g",
		"/%00",  "/a%00b", "/%0a",   "/%7f",      "/%ff",        "/%c0%ae", "/%ed%a0%80", "/..",    "/.",
		"/a/..", "/../x",  "/a/./b", "/%2e%2e/x", "/a%2f..%2fb", "/.%2e",   "//..",       "/a/../", "/\x01",
	};
	struct web_target target;
	char longest[WEB_TARGET + 2];

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++)
		if (web_target_parse(bad[i], &target) != -EINVAL)
			fail_msg("%s was taken", bad[i]);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(web_target_parse(longest, &target), -ENAMETOOLONG);
	longest[WEB_TARGET - 1] = '\0';
	assert_int_equal(web_target_parse(longest, &target), 0);
}

static void queries(void **state)
{
	char value[8];

	(void)state;
	assert_true(web_query_value("b=2&a=x%2By+z&a=3", "a", value, sizeof(value)));
	assert_string_equal(value, "x+y z");
	assert_false(web_query_value("aa=1&b", "a", value, sizeof(value)));
	assert_false(web_query_value("a=%00", "a", value, sizeof(value)));
	assert_false(web_query_value("a=12345678", "a", value, sizeof(value)));
	assert_true(web_query_value("a=1234567", "a", value, sizeof(value)));
	assert_false(web_query_value("", "a", value, sizeof(value)));
}

static void encoding(void **state)
{
	char text[12];

	(void)state;
	assert_string_equal(web_encode("a-1_~.", text, sizeof(text)), "a-1_~.");
	assert_string_equal(web_encode("/\n\xff", text, sizeof(text)), "%2F%0A%FF");
	assert_true(strlen(web_encode("////////", text, sizeof(text))) < sizeof(text));
}

static void hosts(void **state)
{
	static const char *const good[] = {"127.0.0.1", "127.0.0.1:8790",   "[::1]",    "[fe80::1]:80", "localhost:1",
					   "LocalHost", "dash.example.com", "a.lab:443"};
	static const char *const bad[] = {
		"",    "evil.example",          "localhost.evil.example", "127.0.0.1.evil.example",
		"lab", "dash.example.com.evil", "[evil.example]:80",      "\n"};

	(void)state;
	assert_true(web_host_allowed(NULL, NULL));
	for (size_t i = 0; i < TN_ARRAY_SIZE(good); i++)
		if (!web_host_allowed(good[i], "dash.example.com,*.lab"))
			fail_msg("%s was refused", good[i]);
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++)
		if (web_host_allowed(bad[i], "dash.example.com,*.lab"))
			fail_msg("%s was allowed", bad[i]);
	assert_false(web_host_allowed("dash.example.com", NULL));
}

static void accepts(void **state)
{
	static const struct {
		const char *accept;
		enum tn_exposition_format format;
	} of[] = {
		{NULL, TN_EXPOSITION_PROMETHEUS},
		{"", TN_EXPOSITION_PROMETHEUS},
		{"*/*", TN_EXPOSITION_PROMETHEUS},
		{"text/html, text/plain;q=0.1", TN_EXPOSITION_PROMETHEUS},
		{"application/openmetrics-text", TN_EXPOSITION_OPENMETRICS},
		{"Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", TN_EXPOSITION_OPENMETRICS},
		{"application/openmetrics-text;version=0.0.1", TN_EXPOSITION_PROMETHEUS},
		{"application/openmetrics-text;q=0", TN_EXPOSITION_PROMETHEUS},
		{"application/openmetrics-text;q=0.5,text/plain;q=0.75", TN_EXPOSITION_PROMETHEUS},
		{"text/plain;q=0.5 , application/openmetrics-text;version=1.0.0;q=0.75", TN_EXPOSITION_OPENMETRICS},
		{"application/openmetrics-textual", TN_EXPOSITION_PROMETHEUS},
	};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(of); i++)
		if (web_accept_metrics(of[i].accept) != of[i].format)
			fail_msg("%s", of[i].accept);
}

static void limited(void **state)
{
	struct web_body body = {0};
	FILE *f = web_body_open(&body, 100000);

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_int_equal(putc('x', f), 'x');
	assert_int_equal(fflush(f), 0);
	assert_int_equal(body.size, 100000);
	assert_false(body.full);
	putc('x', f);
	assert_int_equal(fclose(f), EOF);
	assert_true(body.full);
	assert_int_equal(body.size, 100000);
	free(body.data);
}

/* The late one is shut down, once; the other is not. */
static void deadlines(void **state)
{
	struct web_connections all = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct web_connection *late, *other;
	int a[2], b[2];
	char c;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	other = web_connection_add(&all, b[0]);
	late = web_connection_add(&all, a[0]);
	assert_int_equal(web_connections_tend(&all), 0);
	web_connection_allow(&all, late, 0);
	assert_int_equal(write(a[1], "x", 1), 1); /* it has sent something that was not read yet */
	assert_int_equal(web_connections_tend(&all), 0);
	assert_int_equal(read(a[0], &c, 1), 1);
	assert_int_equal(web_connections_tend(&all), 1);
	assert_int_equal(read(a[1], &c, 1), 0);
	assert_int_equal(recv(b[1], &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(web_connections_tend(&all), 0);
	web_connection_remove(&all, other);
	assert_ptr_equal(all.first, late);
	web_connection_remove(&all, late);
	assert_null(all.first);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void count_line(void *userdata, int priority, const char *text)
{
	unsigned int *n = userdata;

	(void)priority;
	*n += !strstr(text, "left out");
}

static void flood(void **state)
{
	unsigned int lines = 0;
	const struct tn_log sink = {.sink = count_line, .userdata = &lines};
	struct web_log log = {.lock = PTHREAD_MUTEX_INITIALIZER, .log = &sink};
	uint64_t begin = tn_now_ns(CLOCK_MONOTONIC);
	char text[16];

	(void)state;
	for (int i = 0; i < 1000; i++)
		web_say(&log, LOG_NOTICE, "%d", i);
	assert_in_range(lines, 10, 10 * (2 + (tn_now_ns(CLOCK_MONOTONIC) - begin) / 1000000000));
	assert_string_equal(web_printable("a\x1b[2J\xff\u00e9", text, sizeof(text)), "a?[2J?\u00e9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets),  cmocka_unit_test(bad_targets), cmocka_unit_test(queries),
		cmocka_unit_test(encoding), cmocka_unit_test(hosts),       cmocka_unit_test(accepts),
		cmocka_unit_test(limited),  cmocka_unit_test(deadlines),   cmocka_unit_test(flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
