// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls over time on one connection: several replies, none, in order, much later, and never read. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "harness.h"

#define ECHO(n) "{\"method\":\"org.example.test.Echo\",\"parameters\":{\"n\":" #n "}}"

static void test_more(void **state)
{
	int fd = raw_connect(*state);

	raw_call(fd, "{\"method\":\"org.example.test.Count\",\"more\":true,\"parameters\":{\"to\":3}}");
	raw_expect(fd, "{\"parameters\":{\"n\":1},\"continues\":true}");
	raw_expect(fd, "{\"parameters\":{\"n\":2},\"continues\":true}");
	raw_expect(fd, "{\"parameters\":{\"n\":3}}");
	raw_call(fd, "{\"method\":\"org.example.test.MoreOrNot\",\"more\":true}");
	raw_expect(fd, "{\"parameters\":{},\"continues\":true}");
	raw_expect(fd, "{\"parameters\":{\"more\":true,\"notify\":0}}");
	close(fd);
}

/* Nothing comes back for oneway, not even an error, and the next call's reply is the next one. */
static void test_oneway(void **state)
{
	struct harness *h = *state;
	int fd = raw_connect(h), before = harness_number(h, "oneways");

	raw_call(fd, "{\"method\":\"org.example.test.CountOneway\",\"oneway\":true}");
	raw_call(fd, "{\"method\":\"org.example.test.CountOneway\",\"oneway\":true,\"more\":true}");
	raw_call(fd, "{\"method\":\"org.example.test.Nope\",\"oneway\":true}");
	raw_call(fd, "{\"method\":\"org.example.test.Count\",\"oneway\":true}");
	raw_call(fd, "{\"oneway\":true}");
	raw_call(fd, ECHO(1));
	raw_expect(fd, "{\"parameters\":{\"n\":1}}");
	assert_int_equal(harness_number(h, "oneways"), before + 2);
	close(fd);
}

/* Who sends oneway calls and closes at once has still sent them. */
static void test_oneway_then_close(void **state)
{
	struct harness *h = *state;
	int fd = raw_connect(h), i, before = harness_number(h, "oneways");

	raw_call(fd, ECHO(1)); /* its reply meets a closed socket */
	for (i = 0; i < 1000; i++)
		raw_call(fd, "{\"method\":\"org.example.test.CountOneway\",\"oneway\":true}");
	close(fd);
	harness_wait_number(h, "oneways", before + 1000);
}

static void test_pipelining(void **state)
{
	int fd = raw_connect(*state), i;
	char text[128];

	raw_call(fd, "{\"method\":\"org.example.test.Count\",\"more\":true,\"parameters\":{\"to\":2}}");
	for (i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "{\"method\":\"org.example.test.Echo\",\"parameters\":{\"i\":%d}}", i);
		raw_call(fd, text);
	}
	raw_expect(fd, "{\"parameters\":{\"n\":1},\"continues\":true}");
	raw_expect(fd, "{\"parameters\":{\"n\":2}}");
	for (i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "{\"parameters\":{\"i\":%d}}", i);
		raw_expect(fd, text);
	}
	close(fd);
}

/* What follows a call that is held waits for it, whether it came in the same packet or later. */
static void test_later_answer(void **state)
{
	static const char both[] = "{\"method\":\"org.example.test.Hold\"}\0" ECHO(1);
	struct harness *h = *state;
	int fd = raw_connect(h), other = raw_connect(h);
	char byte;

	raw_send(fd, both, sizeof(both));
	harness_wait_number(h, "held", 1);
	raw_call(fd, ECHO(2));
	raw_call(other, ECHO(3)); /* others go on */
	raw_expect(other, "{\"parameters\":{\"n\":3}}");
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	raw_call(other, "{\"method\":\"org.example.test.Release\"}");
	raw_expect(fd, "{\"parameters\":{}}");
	raw_expect(fd, "{\"parameters\":{\"n\":1}}");
	raw_expect(fd, "{\"parameters\":{\"n\":2}}");
	raw_expect(other, "{\"parameters\":{}}");
	close(fd);
	close(other);
}

static void test_disconnect_while_pending(void **state)
{
	struct harness *h = *state;
	int fd = raw_connect(h), gone = harness_number(h, "gone");

	raw_call(fd, "{\"method\":\"org.example.test.Hold\"}");
	raw_call(fd, ECHO(1)); /* unread by the server, and must not hide the hangup */
	harness_wait_number(h, "held", 1);
	close(fd);
	/* Of the connections that go, those of Counters itself are many: the held call tells. */
	while (harness_number(h, "held"))
		;
	assert_true(harness_number(h, "gone") > gone);
	fd = raw_connect(h);
	raw_call(fd, "{\"method\":\"org.example.test.Release\"}");
	raw_expect(fd, "{\"parameters\":{}}");
	close(fd);
}

/* As `printf ... | socat - UNIX:...` does: no more to say, but still listening. */
static void test_half_close(void **state)
{
	struct harness *h = *state;
	int fd = raw_connect(h), other = raw_connect(h);

	raw_call(fd, "{\"method\":\"org.example.test.Hold\"}");
	raw_call(fd, ECHO(1));
	shutdown(fd, SHUT_WR);
	harness_wait_number(h, "held", 1);
	raw_call(other, "{\"method\":\"org.example.test.Release\"}");
	raw_expect(other, "{\"parameters\":{}}");
	raw_expect(fd, "{\"parameters\":{}}");
	raw_expect(fd, "{\"parameters\":{\"n\":1}}");
	raw_expect_end(fd);
	close(fd);
	close(other);
}

/* A client that asks for a stream and never reads: the server skips what does not fit and serves others. */
static void test_stuck_client(void **state)
{
	struct harness *h = *state;
	int fd = raw_connect(h), other = raw_connect(h), queued;

	raw_call(fd, "{\"method\":\"org.example.test.Flood\",\"more\":true}");
	harness_wait_number(h, "flood_skipped", 100);
	queued = harness_number(h, "flood_queued");
	assert_in_range(queued, 1u << 20, (1u << 20) + 10000);
	raw_call(other, ECHO(1));
	raw_expect(other, "{\"parameters\":{\"n\":1}}");
	close(fd);
	while (harness_number(h, "flood_queued"))
		;
	close(other);
}

/* A client that pipelines calls with large replies and reads none is not read from any more. */
static void test_replies_pile_up(void **state)
{
	struct harness *h = *state;
	int fd = raw_connect(h), i, oneways = harness_number(h, "oneways");
	char *text;

	for (i = 0; i < 3; i++)
		raw_call(fd, "{\"method\":\"org.example.test.Big\",\"parameters\":{\"size\":2000000}}");
	raw_call(fd, "{\"method\":\"org.example.test.CountOneway\",\"oneway\":true}");
	raw_call(fd, ECHO(1));
	for (i = 0; i < 3; i++) {
		assert_int_equal(harness_number(h, "oneways"), oneways);
		text = raw_receive(fd);
		assert_int_equal(strlen(text), 2000000 + strlen("{\"parameters\":{\"text\":\"\"}}"));
		free(text);
	}
	raw_expect(fd, "{\"parameters\":{\"n\":1}}");
	assert_int_equal(harness_number(h, "oneways"), oneways + 1);
	close(fd);
}

static void test_queue_has_a_limit(void **state)
{
	struct harness *h = *state;
	int fd = raw_connect(h);

	raw_call(fd, "{\"method\":\"org.example.test.Drown\",\"more\":true}");
	harness_wait_log(h, "does not read its replies: too many wait; connection closed");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_oneway),
		cmocka_unit_test(test_oneway_then_close),
		cmocka_unit_test(test_pipelining),
		cmocka_unit_test(test_later_answer),
		cmocka_unit_test(test_disconnect_while_pending),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_stuck_client),
		cmocka_unit_test(test_replies_pile_up),
		cmocka_unit_test(test_queue_has_a_limit),
	};

	return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
