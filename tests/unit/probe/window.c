// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop's accounts, in this process, with interruptions that the test makes. */
#include "harness.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/ticks.h"
#include "probe/calibrate.h"

#define NEVER (UINT64_MAX / 2)

static struct tn_probe_handle make(struct tn_spin *s, unsigned int duration_ms)
{
	struct tn_probe_config config = test_config(highest_cpu(), duration_ms);
	struct tn_probe_handle h;
	struct tn_error err;

	assert_int_equal(tn_probe_shm_create(&config, &h, &err), 0);
	*s = (struct tn_spin){.result = &h.shm->result, .threshold = NEVER, .passes = 1000};
	tn_ring_open(&s->ring, h.shm, config.ring_records);
	tn_spin_reset(s);
	return h;
}

static void test_quantum_without_interruption(void **state)
{
	struct tn_spin s;
	struct tn_probe_handle h = make(&s, 1);
	uint64_t before = tn_ticks(), length;

	(void)state;
	s.prev = before;
	s.base = 1;
	length = tn_spin_quantum(&s);
	assert_true(length > 0);
	assert_int_equal(s.prev, before + length);
	assert_int_equal(h.shm->result.quanta, 1);
	assert_int_equal(h.shm->result.quanta_below_base, 0);
	assert_int_equal(h.shm->result.jitter.sum, length - 1);
	assert_int_equal(h.shm->result.quantum_min_ticks, length);
	assert_int_equal(h.shm->result.interruptions.count, 0);
	tn_probe_shm_close(&h);
}

static void test_quantum_faster_than_its_base(void **state)
{
	struct tn_spin s;
	struct tn_probe_handle h = make(&s, 1);

	(void)state;
	s.prev = tn_ticks();
	s.base = NEVER;
	tn_spin_quantum(&s);
	assert_int_equal(h.shm->result.quanta_below_base, 1);
	assert_int_equal(h.shm->result.jitter.count, 1);
	assert_int_equal(h.shm->result.jitter.max, 0);
	tn_probe_shm_close(&h);
}

/* The loop last looked a while ago: that is all an interruption is. */
static void test_one_interruption(void **state)
{
	struct tn_spin s;
	struct tn_probe_handle h = make(&s, 1);
	const struct tn_probe_result *res = &h.shm->result;
	struct tn_interruption r[2];
	uint64_t start = tn_ticks() - 1000000000, length;

	(void)state;
	s.prev = start;
	s.threshold = 900000000;
	s.floor = 30;
	length = tn_spin_quantum(&s);
	assert_int_equal(tn_probe_ring_read(h.shm, r, 2), 1);
	assert_int_equal(r[0].start, start);
	assert_true(r[0].end >= start + 1000000000 && r[0].end <= s.prev);
	assert_int_equal(res->interruptions.max, r[0].end - r[0].start);
	assert_int_equal(res->stolen_ticks, r[0].end - r[0].start - 30);
	assert_int_equal(res->lost, 0);
	assert_true(length >= 1000000000);
	tn_probe_shm_close(&h);
}

/* With a threshold of 0 the records are the timeline itself: each starts where the one before ended. */
static void test_no_hole_between_stamps(void **state)
{
	struct tn_spin s;
	struct tn_probe_handle h = make(&s, 1);
	static struct tn_interruption r[4000];
	uint64_t start = tn_ticks();
	size_t n;

	(void)state;
	s.prev = start;
	s.threshold = 0;
	for (int i = 0; i < 3; i++)
		tn_spin_quantum(&s);
	n = tn_probe_ring_read(h.shm, r, 4000);
	assert_true(n > 2000 && n <= 3000);
	assert_int_equal(r[0].start, start);
	for (size_t i = 1; i < n; i++)
		assert_int_equal(r[i].start, r[i - 1].end);
	assert_int_equal(r[n - 1].end, s.prev);
	assert_int_equal(h.shm->result.interruptions.sum, s.prev - start);
	tn_probe_shm_close(&h);
}

static void test_lost_ones_are_counted(void **state)
{
	struct tn_spin s;
	struct tn_probe_handle h = make(&s, 1);
	const struct tn_probe_result *res = &h.shm->result;

	(void)state;
	tn_ring_open(&s.ring, h.shm, 0);
	s.prev = tn_ticks() - 5000000;
	s.threshold = 1000000;
	tn_spin_quantum(&s);
	assert_true(res->lost >= 1);
	assert_int_equal(res->lost, res->interruptions.count);
	assert_int_equal(res->lost_ticks, res->interruptions.sum);
	assert_int_equal(atomic_load(&h.shm->head), 0);
	tn_probe_shm_close(&h);
}

static void test_calibration(void **state)
{
	struct tn_spin s;
	struct tn_probe_handle h = make(&s, 1);
	const struct tn_probe_config *c = &h.shm->config;
	const struct tn_probe_result *res = &h.shm->result;
	struct tn_error err;

	(void)state;
	assert_int_equal(tn_spin_calibrate(&s, h.shm, &err), 0);
	assert_in_range(s.base, c->quantum_ticks * 3 / 4, c->quantum_ticks * 5 / 4);
	assert_int_equal(res->quantum_base_ticks, s.base);
	assert_int_equal(res->quantum_passes, s.passes);
	assert_int_equal(res->threshold_ticks, s.threshold);
	assert_true(s.threshold >= c->min_threshold_ticks && s.threshold >= 5 * res->floor_median_ticks);
	/* Nothing of the calibration is left in the result or the ring. */
	assert_int_equal(res->quanta, 0);
	assert_int_equal(res->jitter.count, 0);
	assert_int_equal(res->interruptions.count, 0);
	assert_int_equal(res->stolen_ticks, 0);
	assert_int_equal(res->lost, 0);
	assert_int_equal(atomic_load(&h.shm->head), 0);
	tn_probe_shm_close(&h);
}

/* For the signal handler, which gets no argument. */
static struct tn_probe_shm *swallowed;

static void alarm_soon(void)
{
	struct itimerval timer = {.it_value.tv_usec = 10000};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void swallow_the_end(int sig)
{
	const struct tn_probe_config *c = &swallowed->config;
	uint64_t end = swallowed->result.window_open + c->duration_ticks + c->duration_ticks / 4;

	(void)sig;
	if (atomic_load(&swallowed->state) != TN_PROBE_RUNNING)
		alarm_soon();
	while (tn_ticks() < end)
		;
}

static void test_interruption_across_the_end(void **state)
{
	struct tn_interruption r = {0}, next;
	const struct tn_probe_result *res;
	struct tn_probe_handle h;
	struct tn_error err;
	struct tn_spin s;

	(void)state;
	h = make(&s, 200);
	res = &h.shm->result;
	assert_int_equal(tn_spin_calibrate(&s, h.shm, &err), 0);
	swallowed = h.shm;
	assert_true(signal(SIGALRM, swallow_the_end) != SIG_ERR);
	alarm_soon();
	tn_spin_window(&s, h.shm);
	while (tn_probe_ring_read(h.shm, &next, 1))
		if (next.end - next.start > r.end - r.start)
			r = next;
	assert_true(r.start < res->window_open + h.shm->config.duration_ticks);
	assert_true(r.end >= res->window_open + h.shm->config.duration_ticks * 5 / 4);
	assert_true(r.end <= res->window_close);
	assert_true(res->jitter.max >= r.end - r.start - s.base);
	assert_int_equal(res->interruptions.max, r.end - r.start);
	tn_probe_shm_close(&h);
}

static void test_stop_after_one_quantum(void **state)
{
	struct tn_spin s;
	struct tn_probe_handle h = make(&s, 2000);

	(void)state;
	atomic_store(&h.shm->command, TN_PROBE_STOP);
	tn_spin_window(&s, h.shm);
	assert_int_equal(h.shm->result.quanta, 1);
	assert_int_equal(atomic_load(&h.shm->state), TN_PROBE_RUNNING);
	assert_int_equal(atomic_load(&h.shm->progress), h.shm->result.window_close);
	assert_int_equal(h.shm->result.window_close - h.shm->result.window_open, h.shm->result.jitter.sum);
	tn_probe_shm_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantum_without_interruption),
		cmocka_unit_test(test_quantum_faster_than_its_base),
		cmocka_unit_test(test_one_interruption),
		cmocka_unit_test(test_no_hole_between_stamps),
		cmocka_unit_test(test_lost_ones_are_counted),
		cmocka_unit_test(test_calibration),
		cmocka_unit_test(test_interruption_across_the_end),
		cmocka_unit_test(test_stop_after_one_quantum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
