// SPDX-License-Identifier: GPL-2.0-or-later
/* The error object and the log: one line each, whatever gets into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"

static void test_error_is_one_line(void **state)
{
	struct tn_error err = {0};

	(void)state;
	assert_int_equal(tn_error_set(&err, -EIO, "line %d\nand\tanother", 1), -EIO);
	assert_int_equal(err.code, -EIO);
	assert_string_equal(err.text, "line 1 and another");
	assert_int_equal(tn_error_prefix(&err, -EINVAL, "file:%d", 7), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(err.text, "file:7: line 1 and another");
	assert_int_equal(tn_error_set(NULL, -EIO, "nobody listens"), -EIO);
	assert_int_equal(tn_error_prefix(NULL, -EIO, "nobody listens"), -EIO);
}

/* Long text is cut at the end and never runs over. */
static void test_error_is_cut(void **state)
{
	struct {
		struct tn_error err;
		char guard;
	} e = {.guard = 'G'};
	char text[2 * TN_ERROR_TEXT];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tn_error_set(&e.err, -EIO, "%s", text);
	assert_int_equal(strlen(e.err.text), TN_ERROR_TEXT - 1);
	tn_error_prefix(&e.err, -EIO, "CPU %d", 3);
	assert_int_equal(strlen(e.err.text), TN_ERROR_TEXT - 1);
	assert_memory_equal(e.err.text, "CPU 3: aaa", 10);
	tn_error_prefix(&e.err, -EIO, "%s", text);
	assert_int_equal(e.err.text[TN_ERROR_TEXT - 1], '\0');
	assert_int_equal(e.guard, 'G');
}

/* A document may be wrong in any way; what is missing to all of them is known by name. */
static void test_error_of_machine(void **state)
{
	static const int of_machine[] = {ENOMEM, EIO, EBUSY, ENOSPC, EROFS, EACCES, EMFILE, EPIPE};
	static const int of_one[] = {0, ERANGE, E2BIG, EBADMSG, EINVAL, EPROTONOSUPPORT, ENOENT, ENODATA, EFBIG};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(of_machine); i++)
		assert_true(tn_error_of_machine(-of_machine[i]));
	for (size_t i = 0; i < TN_ARRAY_SIZE(of_one); i++)
		assert_false(tn_error_of_machine(-of_one[i]));
}

struct heard {
	int calls, priority;
	char text[2048];
};

static void hear(void *userdata, int priority, const char *text)
{
	struct heard *h = userdata;

	h->calls++;
	h->priority = priority;
	snprintf(h->text, sizeof(h->text), "%s", text);
	errno = EBADF;
}

static void test_log_reaches_its_sink(void **state)
{
	struct heard h = {0};
	struct tn_log log = {.sink = hear, .userdata = &h}, deaf = {0};
	char text[4000];

	(void)state;
	errno = EPERM;
	tn_log(&log, LOG_NOTICE, "removed %s: %m", "it");
	assert_int_equal(errno, EPERM);
	assert_int_equal(h.calls, 1);
	assert_int_equal(h.priority, LOG_NOTICE);
	assert_string_equal(h.text, "removed it: Operation not permitted");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tn_log(&log, LOG_ERR, "%s", text);
	assert_in_range(strlen(h.text), 500, 1023);
	tn_log(&deaf, LOG_ERR, "nobody listens");
	tn_log(NULL, LOG_ERR, "nobody listens");
	assert_int_equal(h.calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_is_one_line),
		cmocka_unit_test(test_error_is_cut),
		cmocka_unit_test(test_error_of_machine),
		cmocka_unit_test(test_log_reaches_its_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
