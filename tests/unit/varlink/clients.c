// SPDX-License-Identifier: GPL-2.0-or-later
/* Many clients at once, more than allowed, who they are, and what is left when the server goes. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "harness.h"

#include "../support/nobody.h"

#define MANY 200

static void test_many_at_once(void **state)
{
	struct harness *h = harness_start(MANY + 1); /* one for the question how many calls are held */
	int fds[MANY], releaser, i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		fds[i] = raw_connect(h);
		raw_call(fds[i], "{\"method\":\"org.example.test.Hold\"}");
	}
	harness_wait_number(h, "held", MANY);
	for (i = 0; i < MANY; i += 2)
		close(fds[i]);
	while (harness_number(h, "held") != MANY / 2)
		;
	releaser = raw_connect(h);
	raw_call(releaser, "{\"method\":\"org.example.test.Release\"}");
	raw_expect(releaser, "{\"parameters\":{}}");
	for (i = 1; i < MANY; i += 2) {
		raw_expect(fds[i], "{\"parameters\":{}}");
		close(fds[i]);
	}
	close(releaser);
	assert_int_equal(harness_log_lines(h), 0);
	harness_stop(h);
}

static void test_too_many(void **state)
{
	struct harness *h = harness_start(2);
	int one = raw_connect(h), two = raw_connect(h), three;

	(void)state;
	raw_call(one, "{\"method\":\"org.example.test.Echo\"}");
	raw_expect(one, "{\"parameters\":{}}");
	three = raw_connect(h);
	raw_expect_end(three);
	close(three);
	harness_wait_log(h, "connection refused: 2 clients are connected, the most allowed");
	raw_call(two, "{\"method\":\"org.example.test.Echo\"}");
	raw_expect(two, "{\"parameters\":{}}");
	close(two);
	harness_stop(h); /* with one connected: its end comes, not a hang */
	raw_expect_end(one);
	close(one);
}

static void check_peer(int fd, uid_t uid, pid_t pid)
{
	char expected[128];

	raw_call(fd, "{\"method\":\"org.example.test.Who\"}");
	snprintf(expected, sizeof(expected), "{\"parameters\":{\"uid\":%d,\"pid\":%d}}", (int)uid, (int)pid);
	raw_expect(fd, expected);
	close(fd);
}

static int check_nobody(void *arg)
{
	check_peer(raw_connect(arg), NOBODY, getpid());
	return 0;
}

static void test_peer(void **state)
{
	struct harness *h = harness_start(4);

	(void)state;
	check_peer(raw_connect(h), geteuid(), getpid());
	check_peer(harness_pair(h), geteuid(), getpid());
	if (geteuid() == 0) { /* another user, in a process of its own: the socket is told who it is */
		harness_open_to_all(h);
		assert_int_equal(run_as_nobody(check_nobody, h), 0);
	}
	harness_stop(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
