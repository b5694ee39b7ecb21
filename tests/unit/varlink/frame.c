// SPDX-License-Identifier: GPL-2.0-or-later
/* Framing: however a byte stream is cut into pieces, the same messages come out; limits hold exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "varlink/varlink.h"

#define MAX_STREAM (1u << 20)

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Messages {"i":N,"pad":"xxx"} with pads of all sizes, and now and then one that is no message. */
static size_t make_stream(char *stream, unsigned int n, uint32_t *seed)
{
	size_t used = 0;
	unsigned int i, pad;

	for (i = 0; i < n; i++) {
		pad = next_random(seed) % (next_random(seed) % 8 ? 40 : 6000);
		if (next_random(seed) % 10 == 0)
			used += (size_t)sprintf(stream + used, "[%u]", i) + 1;
		else
			used += (size_t)sprintf(stream + used, "{\"i\":%u,\"pad\":\"%0*d\"}", i, (int)pad + 1, 0) + 1;
	}
	return used;
}

static unsigned int check_messages(struct tn_frame_buffer *b, unsigned int i)
{
	struct tn_error err;
	cJSON *message;
	int r;

	while ((r = tn_frame_next(b, &message, &err))) {
		if (r == 1) {
			assert_int_equal(cJSON_GetObjectItemCaseSensitive(message, "i")->valueint, i);
			cJSON_Delete(message);
		} else {
			assert_int_equal(r, -EBADMSG);
			assert_non_null(strstr(err.text, "is JSON, but no object"));
		}
		i++;
	}
	return i;
}

static void test_random_splits(void **state)
{
	char *stream = malloc(MAX_STREAM);
	struct tn_frame_buffer b;
	unsigned int round, seen, n;
	size_t size, at, piece;
	uint32_t seed = 1;

	(void)state;
	for (round = 0; round < 300; round++) {
		n = 1 + next_random(&seed) % 100;
		size = make_stream(stream, n, &seed);
		tn_frame_init(&b, MAX_STREAM);
		for (at = seen = 0; at < size; at += piece) {
			piece = 1 + next_random(&seed) % (round % 3 ? 5000 : 17);
			piece = piece < size - at ? piece : size - at;
			assert_int_equal(tn_frame_push(&b, stream + at, piece, NULL), 0);
			if (next_random(&seed) % 2)
				seen = check_messages(&b, seen);
			assert_true(b.size < 4 * MAX_STREAM);
		}
		assert_int_equal(check_messages(&b, seen), n);
		assert_int_equal(tn_frame_room(&b), MAX_STREAM);
		tn_frame_free(&b);
	}
	free(stream);
}

static void test_limit_is_exact(void **state)
{
	struct tn_frame_buffer b;
	struct tn_error err;
	cJSON *message;

	(void)state;
	tn_frame_init(&b, 8);
	assert_int_equal(tn_frame_push(&b, "{\"a\":1}", 8, &err), 0); /* 7 and the NUL */
	assert_int_equal(tn_frame_push(&b, "{", 1, &err), -EMSGSIZE);
	assert_string_equal(err.text, "message of more than 8 bytes");
	assert_int_equal(tn_frame_next(&b, &message, &err), 1);
	cJSON_Delete(message);
	assert_int_equal(tn_frame_push(&b, "{\"a\":12", 7, &err), 0);
	assert_int_equal(tn_frame_next(&b, &message, &err), 0);
	assert_int_equal(tn_frame_push(&b, "}", 1, &err), 0);
	assert_int_equal(tn_frame_next(&b, &message, &err), -EMSGSIZE);
	tn_frame_free(&b);
}

static void expect_bad(const char *text, const char *message)
{
	struct tn_frame_buffer b;
	struct tn_error err;
	cJSON *json;

	tn_frame_init(&b, MAX_STREAM);
	assert_int_equal(tn_frame_push(&b, text, strlen(text) + 1, &err), 0);
	assert_int_equal(tn_frame_next(&b, &json, &err), -EBADMSG);
	assert_string_equal(err.text, message);
	assert_int_equal(tn_frame_next(&b, &json, &err), 0); /* it is consumed */
	tn_frame_free(&b);
}

static void test_what_is_no_message(void **state)
{
	char deep[4096];

	(void)state;
	expect_bad("", "message of 0 bytes is no JSON near byte 1");
	expect_bad("hello", "message of 5 bytes is no JSON near byte 1");
	expect_bad("{} {}", "message of 5 bytes is no JSON near byte 4");
	expect_bad("{\"a\":", "message of 5 bytes is no JSON near byte 6");
	expect_bad("[1,2]", "message of 5 bytes is JSON, but no object");
	expect_bad("null", "message of 4 bytes is JSON, but no object");
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	deep[sizeof(deep) - 1] = 0;
	expect_bad(deep, "message of 4095 bytes is no JSON near byte 1005");
}

/* As a count of what is done, not as a time: no byte is searched for the NUL twice. */
static void test_pieces_are_not_searched_again(void **state)
{
	struct tn_frame_buffer b;
	cJSON *message;
	size_t i;

	(void)state;
	tn_frame_init(&b, MAX_STREAM);
	assert_int_equal(tn_frame_push(&b, "{\"a\":\"", 6, NULL), 0);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(tn_frame_next(&b, &message, NULL), 0);
		assert_int_equal(b.scanned, b.used);
		assert_int_equal(tn_frame_push(&b, "x", 1, NULL), 0);
	}
	assert_int_equal(tn_frame_push(&b, "\"}", 3, NULL), 0);
	assert_int_equal(tn_frame_next(&b, &message, NULL), 1);
	assert_int_equal(strlen(message->child->valuestring), 1000);
	cJSON_Delete(message);
	tn_frame_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_splits),
		cmocka_unit_test(test_limit_is_exact),
		cmocka_unit_test(test_what_is_no_message),
		cmocka_unit_test(test_pieces_are_not_searched_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
