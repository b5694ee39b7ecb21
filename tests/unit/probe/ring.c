// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring: order across the wrap, a full ring, and a producer that runs while the ring is read. */
#include "harness.h"

#include <pthread.h>
#include <sched.h>

#include "probe/ring.h"

#define SIZE TN_RING_RECORDS_MIN

static struct tn_probe_handle make(void)
{
	struct tn_probe_config config = {
		.cpu = 0, .ring_records = SIZE, .policy = SCHED_OTHER, .quantum_ticks = 1, .duration_ticks = 1};
	struct tn_probe_handle h;
	struct tn_error err;

	assert_int_equal(tn_probe_shm_create(&config, &h, &err), 0);
	return h;
}

static void expect(const struct tn_interruption *r, uint64_t i)
{
	assert_int_equal(r->start, 2 * i);
	assert_int_equal(r->end, 2 * i + 1);
}

static void test_order_across_the_wrap(void **state)
{
	struct tn_probe_handle h = make();
	struct tn_interruption buf[SIZE];
	uint64_t written = 0, read = 0;
	struct tn_ring ring;

	(void)state;
	tn_ring_open(&ring, h.shm, SIZE);
	assert_int_equal(tn_probe_ring_read(h.shm, buf, SIZE), 0);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 700; i++, written++)
			assert_true(tn_ring_push(&ring, 2 * written, 2 * written + 1));
		for (size_t n; (n = tn_probe_ring_read(h.shm, buf, 300)) > 0;)
			for (size_t i = 0; i < n; i++)
				expect(&buf[i], read++);
		assert_int_equal(read, written);
	}
	tn_probe_shm_close(&h);
}

static void test_full_ring_takes_nothing(void **state)
{
	struct tn_probe_handle h = make();
	struct tn_interruption buf[SIZE + 1];
	struct tn_ring ring;
	uint64_t lost = 0;

	(void)state;
	tn_ring_open(&ring, h.shm, SIZE);
	for (uint64_t i = 0; i < SIZE + 5; i++)
		lost += !tn_ring_push(&ring, 2 * i, 2 * i + 1);
	assert_int_equal(lost, 5);
	/* What was lost are the newest; one place given back is one record taken. */
	assert_int_equal(tn_probe_ring_read(h.shm, buf, 1), 1);
	expect(&buf[0], 0);
	assert_true(tn_ring_push(&ring, 2 * SIZE, 2 * SIZE + 1));
	assert_false(tn_ring_push(&ring, 0, 0));
	assert_int_equal(tn_probe_ring_read(h.shm, buf, SIZE + 1), SIZE);
	for (uint64_t i = 0; i < SIZE; i++)
		expect(&buf[i], i + 1);
	tn_probe_shm_close(&h);
}

static void test_ring_of_nothing(void **state)
{
	struct tn_probe_handle h = make();
	struct tn_interruption r;
	struct tn_ring ring;

	(void)state;
	tn_ring_open(&ring, h.shm, 0);
	assert_false(tn_ring_push(&ring, 0, 1));
	assert_int_equal(tn_probe_ring_read(h.shm, &r, 1), 0);
	tn_probe_shm_close(&h);
}

/* A broken probe may claim anything; the reader stays within the memory. */
static void test_impossible_head(void **state)
{
	struct tn_probe_handle h = make();
	struct tn_interruption buf[SIZE + 1];

	(void)state;
	atomic_store(&h.shm->head, UINT64_MAX / 2);
	assert_int_equal(tn_probe_ring_read(h.shm, buf, SIZE + 1), SIZE);
	tn_probe_shm_close(&h);
}

struct producer {
	struct tn_probe_shm *shm;
	uint64_t pushed, lost;
};

static void *produce(void *arg)
{
	struct producer *p = arg;
	struct tn_ring ring;

	tn_ring_open(&ring, p->shm, SIZE);
	for (uint64_t i = 0; i < 2000000; i++) {
		if (tn_ring_push(&ring, 2 * i, 2 * i + 1))
			p->pushed++;
		else
			p->lost++;
	}
	atomic_store_explicit(&p->shm->state, TN_PROBE_DONE, memory_order_release);
	return NULL;
}

/* Every record is read once, whole and in order; what is missing is what the producer counted. */
static void test_concurrent(void **state)
{
	struct tn_probe_handle h = make();
	struct producer p = {.shm = h.shm};
	struct tn_interruption buf[64];
	uint64_t read = 0, last = 0;
	pthread_t thread;
	bool done;
	size_t n;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
	do {
		done = atomic_load_explicit(&h.shm->state, memory_order_acquire) == TN_PROBE_DONE;
		while ((n = tn_probe_ring_read(h.shm, buf, 64)) > 0)
			for (size_t i = 0; i < n; i++, read++) {
				assert_true(read == 0 || buf[i].start > last);
				assert_int_equal(buf[i].end, buf[i].start + 1);
				last = buf[i].start;
			}
	} while (!done);
	pthread_join(thread, NULL);
	assert_int_equal(read, p.pushed);
	assert_int_equal(p.pushed + p.lost, 2000000);
	tn_probe_shm_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_across_the_wrap),
		cmocka_unit_test(test_full_ring_takes_nothing),
		cmocka_unit_test(test_ring_of_nothing),
		cmocka_unit_test(test_impossible_head),
		cmocka_unit_test(test_concurrent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
