// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One call, one answer, byte for byte as a stock client sees it: the service interface, the standard
 * errors, what is malformed but answered, and what ends the connection.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "harness.h"

#define NAME                            "org.example.test"
#define OK(parameters)                  "{\"parameters\":" parameters "}"
#define SERVICE_ERROR(name, parameters) "{\"error\":\"org.varlink.service." name "\",\"parameters\":" parameters "}"
#define INVALID(name)                   SERVICE_ERROR("InvalidParameter", "{\"parameter\":\"" name "\"}")

static const struct {
	const char *call, *answer;
} answered[] = {
	/* What is right, so that the rest proves something. */
	{"{\"method\":\"" NAME ".Echo\",\"parameters\":{\"a\":[1,{\"b\":null}]}}", OK("{\"a\":[1,{\"b\":null}]}")},
	{"{\"method\":\"" NAME ".Echo\"}", OK("{}")},
	{" { \"method\" : \"" NAME ".Echo\" , \"parameters\" : { } } \n", OK("{}")},
	{"{\"method\":\"" NAME ".Echo\",\"parameters\":null,\"more\":null,\"oneway\":null,\"upgrade\":null}", OK("{}")},
	{"{\"method\":\"" NAME ".Echo\",\"more\":true}", OK("{}")},
	{"{\"method\":\"" NAME ".Echo\",\"com.example.vendor\":{\"a\":1}}", OK("{}")},
	{"{\"method\":\"" NAME ".Refuse\"}",
	 "{\"error\":\"org.example.test.Refused\",\"parameters\":{\"message\":\"not today\"}}"},
	{"{\"method\":\"" NAME ".MoreOrNot\"}", OK("{\"more\":false,\"notify\":-71}")},
	{"{\"method\":\"" NAME ".Twice\"}", OK("{}")},
	/* Duplicate keys: the first one counts. */
	{"{\"method\":\"" NAME ".Echo\",\"method\":\"x.Y\",\"parameters\":{\"a\":1},\"parameters\":7}",
	 OK("{\"a\":1}")},
	{"{\"method\":\"" NAME ".Echo\",\"parameters\":{\"a\":1,\"a\":2}}", OK("{\"a\":1,\"a\":2}")},
	/* Malformed, and answered. */
	{"{}", INVALID("method")},
	{"{\"parameters\":{}}", INVALID("method")},
	{"{\"method\":null}", INVALID("method")},
	{"{\"method\":7}", INVALID("method")},
	{"{\"method\":[\"" NAME ".Echo\"]}", INVALID("method")},
	{"{\"Method\":\"" NAME ".Echo\"}", INVALID("method")},
	{"{\"method\":\"\"}", INVALID("method")},
	{"{\"method\":\"Echo\"}", INVALID("method")},
	{"{\"method\":\".Echo\"}", INVALID("method")},
	{"{\"method\":\"" NAME ".\"}", INVALID("method")},
	{"{\"method\":\"" NAME ".Echo\",\"parameters\":[]}", INVALID("parameters")},
	{"{\"method\":\"" NAME ".Echo\",\"parameters\":\"a\"}", INVALID("parameters")},
	{"{\"method\":\"" NAME ".Echo\",\"parameters\":false}", INVALID("parameters")},
	{"{\"method\":\"" NAME ".Echo\",\"more\":1}", INVALID("more")},
	{"{\"method\":\"" NAME ".Echo\",\"oneway\":\"true\"}", INVALID("oneway")},
	{"{\"method\":\"" NAME ".Echo\",\"upgrade\":true}", INVALID("upgrade")},
	{"{\"method\":\"" NAME ".Count\",\"more\":true}", INVALID("to")},
	{"{\"method\":\"" NAME ".Count\",\"more\":true,\"parameters\":{\"to\":\"3\"}}", INVALID("to")},
	{"{\"method\":\"" NAME ".Count\",\"more\":true,\"parameters\":{\"to\":-1e300}}", INVALID("to")},
	{"{\"method\":\"" NAME ".Count\",\"parameters\":{\"to\":3}}", SERVICE_ERROR("ExpectedMore", "{}")},
	{"{\"method\":\"" NAME ".Count\",\"more\":false,\"parameters\":{\"to\":3}}",
	 SERVICE_ERROR("ExpectedMore", "{}")},
	{"{\"method\":\"" NAME ".Nope\"}", SERVICE_ERROR("MethodNotFound", "{\"method\":\"" NAME ".Nope\"}")},
	{"{\"method\":\"" NAME ".echo\"}", SERVICE_ERROR("MethodNotFound", "{\"method\":\"" NAME ".echo\"}")},
	{"{\"method\":\"" NAME ".Plan\"}", SERVICE_ERROR("MethodNotFound", "{\"method\":\"" NAME ".Plan\"}")},
	{"{\"method\":\"" NAME ".Planned\"}",
	 SERVICE_ERROR("MethodNotImplemented", "{\"method\":\"" NAME ".Planned\"}")},
	{"{\"method\":\"org.example.other.Echo\"}",
	 SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"org.example.other\"}")},
	{"{\"method\":\"" NAME ".sub.Echo\"}", SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"" NAME ".sub\"}")},
	{"{\"method\":\"org.Echo\"}", SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"org\"}")},
	{"{\"method\":\"a\\u0001.\\\"\\n\"}", SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"a\\u0001\"}")},
	{"{\"method\":\"org.varlink.service.Nope\"}",
	 SERVICE_ERROR("MethodNotFound", "{\"method\":\"org.varlink.service.Nope\"}")},
	{"{\"method\":\"org.varlink.service.GetInterfaceDescription\"}", INVALID("interface")},
	{"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":{}}}",
	 INVALID("interface")},
	{"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"x.y\"}}",
	 SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"x.y\"}")},
	/* The service interface. */
	{"{\"method\":\"org.varlink.service.GetInfo\"}",
	 OK("{\"vendor\":\"Example\",\"product\":\"Test \\\"quoted\\\"\",\"version\":\"1\","
	    "\"url\":\"https://example.org/\",\"interfaces\":[\"org.varlink.service\",\"" NAME "\"]}")},
	{"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"" NAME "\"}}",
	 OK("{\"description\":\"interface org.example.test\\nmethod Echo() -> ()\\nmethod Planned() -> ()\\n"
	    "error Refused (message: string)\\n\"}")},
};

/* Each on one connection, one after the other: whatever is answered leaves the connection usable. */
static void test_answers(void **state)
{
	struct harness *h = *state;
	unsigned int i, lines = harness_log_lines(h);
	int fd = raw_connect(h);

	for (i = 0; i < TN_ARRAY_SIZE(answered); i++) {
		raw_call(fd, answered[i].call);
		raw_expect(fd, answered[i].answer);
	}
	close(fd);
	assert_int_equal(harness_log_lines(h), lines);
}

static void test_own_description(void **state)
{
	int fd = raw_connect(*state);
	char *text;

	raw_call(fd, "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
		     "{\"interface\":\"org.varlink.service\"}}");
	text = raw_receive(fd);
	assert_non_null(strstr(text, "interface org.varlink.service\\n"));
	assert_non_null(strstr(text, "error ExpectedMore ()"));
	free(text);
	close(fd);
}

static const struct {
	const char *bytes;
	size_t size;
	const char *log;
} fatal[] = {
#define FATAL(bytes, log)                 \
	{                                 \
		bytes, sizeof(bytes), log \
	}
	FATAL("", "message of 0 bytes is no JSON near byte 1"),
	FATAL("GET / HTTP/1.1\r\n\r\n", "message of 18 bytes is no JSON near byte 1"),
	FATAL("{\"method\":\"org.example.test.Echo\"", "message of 33 bytes is no JSON near byte 34"),
	FATAL("{\"method\":\"org.example.test.Echo\"}{}", "message of 36 bytes is no JSON near byte 35"),
	FATAL("{'method':'org.example.test.Echo'}", "message of 34 bytes is no JSON near byte 3"),
	FATAL("[{\"method\":\"org.example.test.Echo\"}]", "message of 36 bytes is JSON, but no object"),
	FATAL("\"org.example.test.Echo\"", "message of 23 bytes is JSON, but no object"),
	FATAL("\xff\xfe\x80", "message of 3 bytes is no JSON near byte 1"),
};

static void test_what_ends_the_connection(void **state)
{
	struct harness *h = *state;
	unsigned int i, lines;
	int fd;

	for (i = 0; i < TN_ARRAY_SIZE(fatal); i++) {
		fd = raw_connect(h);
		lines = harness_log_lines(h);
		raw_send(fd, fatal[i].bytes, fatal[i].size);
		raw_expect_end(fd);
		close(fd);
		harness_wait_log(h, fatal[i].log);
		assert_int_equal(harness_log_lines(h), lines + 1);
	}
	assert_true(harness_logged(h, "; connection closed"));
}

/* The longest message that is taken, and one byte more. */
static void test_size_limit(void **state)
{
	static const char head[] = "{\"method\":\"org.example.test.CountOneway\",\"oneway\":true,\"a\":\"";
	char *text = malloc(TN_VARLINK_CALL_MAX + 1);
	struct harness *h = *state;
	int fd = raw_connect(h), oneways = harness_number(h, "oneways");

	memset(text, 'x', TN_VARLINK_CALL_MAX);
	memcpy(text, head, strlen(head));
	memcpy(text + TN_VARLINK_CALL_MAX - 3, "\"}", 3);
	raw_send(fd, text, TN_VARLINK_CALL_MAX);
	raw_call(fd, "{\"method\":\"org.example.test.Echo\"}");
	raw_expect(fd, "{\"parameters\":{}}");
	assert_int_equal(harness_number(h, "oneways"), oneways + 1);

	memcpy(text + TN_VARLINK_CALL_MAX - 2, "\"}", 3);
	text[TN_VARLINK_CALL_MAX - 3] = 'x';
	raw_send(fd, text, TN_VARLINK_CALL_MAX);
	raw_expect_end(fd);
	harness_wait_log(h, "message of more than 1048576 bytes; connection closed");
	close(fd);
	free(text);
}

static void test_half_a_message(void **state)
{
	struct harness *h = *state;
	int fd = raw_connect(h), gone = harness_number(h, "gone");

	raw_send(fd, "{\"method\":\"org.exam", 19);
	close(fd);
	harness_wait_log(h, "went away in the middle of a message");
	harness_wait_number(h, "gone", gone + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_own_description),
		cmocka_unit_test(test_what_ends_the_connection),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_half_a_message),
	};

	return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
