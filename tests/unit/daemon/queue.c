// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs that wait: who goes first, and what is left when one goes away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/queue.h"

static struct job *add(struct queue *q, const char *id, int priority)
{
	struct job *job = calloc(1, sizeof(*job));

	assert_non_null(job);
	assert_int_equal(tn_run_new(&job->doc, NULL), 0);
	strcpy(job->id, id);
	job->priority = priority;
	queue_add(q, job);
	return job;
}

static void take(struct queue *q, const char *id)
{
	tn_cleanup(job_freep) struct job *job = queue_take(q);

	assert_non_null(job);
	assert_string_equal(job->id, id);
}

static void test_order(void **state)
{
	struct queue q;

	(void)state;
	queue_init(&q);
	assert_null(queue_take(&q));
	add(&q, "a", 50);
	add(&q, "b", 50);
	add(&q, "low", 0);
	add(&q, "c", 50);
	add(&q, "high", 100);
	add(&q, "high-too", 100);
	assert_int_equal(q.n, 6);
	take(&q, "high");
	take(&q, "high-too");
	take(&q, "a");
	add(&q, "d", 50);
	take(&q, "b");
	take(&q, "c");
	take(&q, "d");
	take(&q, "low");
	assert_null(queue_take(&q));
	assert_int_equal(q.n, 0);
}

static void test_places(void **state)
{
	struct job *a, *b;
	struct queue q;

	(void)state;
	queue_init(&q);
	a = add(&q, "a", 1);
	b = add(&q, "b", 2);
	assert_int_equal(queue_position(&q, b), 1);
	assert_int_equal(queue_position(&q, a), 2);
	assert_ptr_equal(queue_find(&q, "a"), a);
	assert_null(queue_find(&q, "c"));
	queue_remove(&q, b);
	job_free(b);
	assert_null(queue_find(&q, "b"));
	assert_int_equal(queue_position(&q, a), 1);
	take(&q, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
