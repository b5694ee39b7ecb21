// SPDX-License-Identifier: GPL-2.0-or-later
/* The probe program as a whole: placement, a real window, its end, and what happens when things go wrong. */
#include "harness.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the reading side saw of the ring. */
struct seen {
	uint64_t count, sum, max, last;
};

static void check_record(const struct tn_probe_result *res, const struct tn_interruption *r, struct seen *seen)
{
	uint64_t gap = r->end - r->start;

	assert_true(r->end > r->start);
	assert_true(gap > res->threshold_ticks);
	assert_true(r->start >= res->window_open && r->start >= seen->last);
	seen->last = r->end;
	seen->count++;
	seen->sum += gap;
	if (gap > seen->max)
		seen->max = gap;
}

static struct seen drain(struct tn_probe_shm *shm)
{
	struct tn_interruption buf[100];
	struct seen seen = {0};
	size_t n;

	while ((n = tn_probe_ring_read(shm, buf, 100)) > 0)
		for (size_t i = 0; i < n; i++)
			check_record(&shm->result, &buf[i], &seen);
	return seen;
}

/* Everything that must agree in a finished window, whatever the machine did meanwhile. */
static void check_window(struct tn_probe_shm *shm, int cpu)
{
	const struct tn_probe_result *r = &shm->result;
	uint64_t length = r->window_close - r->window_open;
	struct seen seen = drain(shm);

	assert_int_equal(r->cpu_before, cpu);
	assert_int_equal(r->cpu_after, cpu);
	assert_true(r->quanta > 0 && r->quantum_passes > 0);
	assert_true(r->floor_min_ticks <= r->floor_median_ticks && r->floor_median_ticks <= r->floor_p999_ticks);
	assert_true(r->threshold_ticks > r->floor_median_ticks);
	assert_true(r->threshold_ticks >= shm->config.min_threshold_ticks);
	assert_int_equal(r->interruptions.count, seen.count + r->lost);
	assert_int_equal(r->interruptions.sum, seen.sum + r->lost_ticks);
	if (!r->lost && seen.count)
		assert_int_equal(r->interruptions.max, seen.max);
	assert_int_equal(r->stolen_ticks, r->interruptions.sum - r->interruptions.count * r->floor_median_ticks);
	assert_true(r->interruptions.sum <= length);
	assert_true(seen.last <= r->window_close);
	assert_int_equal(atomic_load(&shm->progress), r->window_close);
	/* No hole in the timeline: the quanta add up to the window. */
	assert_int_equal(r->jitter.count, r->quanta);
	assert_true(r->quanta * r->quantum_base_ticks + r->jitter.sum >= length);
	if (!r->quanta_below_base)
		assert_int_equal(r->quanta * r->quantum_base_ticks + r->jitter.sum, length);
	assert_true(r->quantum_min_ticks <= length / r->quanta);
	assert_int_equal(r->minor_faults, 0);
	assert_int_equal(r->major_faults, 0);
}

static void test_window(void **state)
{
	int cpu = highest_cpu();
	struct tn_probe_config config = test_config(cpu, 200);
	struct child c;
	struct tn_probe_shm *shm;

	(void)state;
	child_start(&c, &config);
	shm = c.handle.shm;
	assert_int_equal(child_wait_state(&c, TN_PROBE_READY), TN_PROBE_READY);
	assert_int_equal(shm->result.window_open, 0);
	assert_int_equal(shm->result.interruptions.count, 0);
	child_command(&c, TN_PROBE_GO);
	assert_int_equal(child_wait_state(&c, TN_PROBE_DONE), TN_PROBE_DONE);
	check_window(shm, cpu);
	assert_true(shm->result.window_close - shm->result.window_open >= config.duration_ticks);
	assert_true(shm->result.quantum_base_ticks > config.quantum_ticks / 2);
	assert_true(shm->result.quantum_base_ticks < config.quantum_ticks * 3 / 2);
	/* A CPU that runs tests has a tick. */
	assert_true(shm->result.interruptions.count > 0);
	assert_int_equal(child_wait_exit(&c), 0);
	child_end(&c);
}

static void test_stop_ends_early(void **state)
{
	int cpu = highest_cpu();
	struct tn_probe_config config = test_config(cpu, 3600000);
	struct child c;

	(void)state;
	child_start(&c, &config);
	child_command(&c, TN_PROBE_GO);
	assert_int_equal(child_wait_state(&c, TN_PROBE_RUNNING), TN_PROBE_RUNNING);
	child_command(&c, TN_PROBE_STOP);
	assert_int_equal(child_wait_state(&c, TN_PROBE_DONE), TN_PROBE_DONE);
	check_window(c.handle.shm, cpu);
	assert_int_equal(child_wait_exit(&c), 0);
	child_end(&c);
}

static void test_stop_before_go(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 1000);
	struct child c;

	(void)state;
	child_start(&c, &config);
	child_command(&c, TN_PROBE_STOP);
	assert_int_equal(child_wait_exit(&c), 0);
	assert_int_equal(child_wait_state(&c, TN_PROBE_DONE), TN_PROBE_DONE);
	assert_int_equal(c.handle.shm->result.quanta, 0);
	assert_int_equal(c.handle.shm->result.window_close, 0);
	child_end(&c);
}

static void test_full_ring_is_counted(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 100);
	struct tn_probe_result *r;
	struct child c;

	(void)state;
	/* Every second pass or so is an interruption, and nobody reads. */
	config.ring_records = TN_RING_RECORDS_MIN;
	child_start(&c, &config);
	assert_int_equal(child_wait_state(&c, TN_PROBE_READY), TN_PROBE_READY);
	config.threshold_ticks = c.handle.shm->result.floor_median_ticks + 1;
	config.min_threshold_ticks = 0;
	child_end(&c);

	child_start(&c, &config);
	child_command(&c, TN_PROBE_GO);
	assert_int_equal(child_wait_state(&c, TN_PROBE_DONE), TN_PROBE_DONE);
	r = &c.handle.shm->result;
	assert_true(r->lost > 0 && r->lost_ticks > r->lost * config.threshold_ticks);
	assert_int_equal(r->interruptions.count, TN_RING_RECORDS_MIN + r->lost);
	check_window(c.handle.shm, config.cpu);
	child_end(&c);
}

static void test_bad_cpu(void **state)
{
	struct tn_probe_config config = test_config(4095, 100);

	(void)state;
	child_expect_failure(&config, "cannot bind to CPUs 4095");
}

static void test_threshold_below_floor(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 100);

	(void)state;
	config.threshold_ticks = 1;
	child_expect_failure(&config, "a threshold of 1 ticks is below the loop's own pass");
}

static void doomed_parent(int report)
{
	struct tn_probe_config config = test_config(highest_cpu(), 3600000);
	struct child c;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail before it kills this */
	child_start(&c, &config);
	child_command(&c, TN_PROBE_GO);
	if (child_wait_state(&c, TN_PROBE_RUNNING) != TN_PROBE_RUNNING ||
	    write(report, &c.pid, sizeof(c.pid)) != sizeof(c.pid))
		_exit(1);
	for (;;)
		pause();
}

/* The parent of the probe is a child of this test, so that it can be killed. */
static void test_dies_with_its_parent(void **state)
{
	struct pollfd wait = {.events = POLLIN};
	int report[2], died;
	pid_t parent, probe;

	(void)state;
	assert_int_equal(pipe(report), 0);
	parent = fork();
	if (parent == 0)
		doomed_parent(report[1]);
	close(report[1]);
	assert_int_equal(read(report[0], &probe, sizeof(probe)), sizeof(probe));
	wait.fd = (int)syscall(SYS_pidfd_open, probe, 0);
	assert_true(wait.fd >= 0);
	kill(parent, SIGKILL);
	died = poll(&wait, 1, TEST_LIMIT_MS);
	kill(probe, SIGKILL); /* it would spin for an hour if it did not */
	assert_int_equal(died, 1);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	close(wait.fd);
	close(report[0]);
}

static void test_orphan_refuses(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 100);
	struct child c;

	(void)state;
	child_fork(&c, &config);
	c.handle.shm->config.collector = 1; /* as if the parent had died before the probe could ask */
	child_release(&c);
	assert_int_equal(child_wait_state(&c, TN_PROBE_FAILED), TN_PROBE_FAILED);
	assert_non_null(strstr(c.handle.shm->failure, "not its collector 1"));
	child_wait_exit(&c);
	child_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_stop_ends_early),
		cmocka_unit_test(test_stop_before_go),
		cmocka_unit_test(test_full_ring_is_counted),
		cmocka_unit_test(test_bad_cpu),
		cmocka_unit_test(test_threshold_below_floor),
		cmocka_unit_test(test_dies_with_its_parent),
		cmocka_unit_test(test_orphan_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
