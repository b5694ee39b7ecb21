// SPDX-License-Identifier: GPL-2.0-or-later
/* The probe program doing other work than spinning: entering the kernel, and sleeping until a programmed time. */
#include "harness.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/now.h"

#define INTERVAL_NS 1000000

static struct tn_probe_config entry_config(unsigned int duration_ms)
{
	struct tn_probe_config c = test_config(highest_cpu(), duration_ms);

	c.work = TN_WORK_ENTRY;
	c.quantum_ticks = 0; /* has no meaning here */
	c.pages = 64;
	return c;
}

static struct tn_probe_config timer_config(unsigned int duration_ms)
{
	struct tn_probe_config c = test_config(highest_cpu(), duration_ms);

	c.work = TN_WORK_TIMER;
	c.quantum_ticks = 0;
	c.interval_ns = INTERVAL_NS;
	c.ticks_per_ns = (double)ticks_per_ms() / 1e6;
	return c;
}

static void go(struct child *c, const struct tn_probe_config *config)
{
	child_start(c, config);
	if (child_wait_state(c, TN_PROBE_READY) != TN_PROBE_READY)
		fail_msg("%s", c->handle.shm->failure);
	child_command(c, TN_PROBE_GO);
}

static const struct tn_probe_result *done(struct child *c)
{
	if (child_wait_state(c, TN_PROBE_DONE) != TN_PROBE_DONE)
		fail_msg("%s", c->handle.shm->failure);
	return &c->handle.shm->result;
}

/* getpid in a plain loop, as anyone would measure it: the best of some batches, ns per call. */
static double plain_getpid_ns(void)
{
	double best = 1e9;

	for (unsigned int batch = 0; batch < 50; batch++) {
		uint64_t from = tn_now_ns(CLOCK_MONOTONIC_RAW);

		for (unsigned int i = 0; i < 2000; i++)
			syscall(SYS_getpid);
		from = tn_now_ns(CLOCK_MONOTONIC_RAW) - from;
		best = (double)from / 2000 < best ? (double)from / 2000 : best;
	}
	return best;
}

/* The stamps keep calls from overlapping with what is around them, so one may take longer than in a plain loop. */
static void test_entry_agrees_with_a_plain_loop(void **state)
{
	struct tn_probe_config config = entry_config(300);
	const struct tn_probe_result *res;
	double plain, probe, fault;
	struct child c;

	(void)state;
	go(&c, &config);
	res = done(&c);
	plain = plain_getpid_ns();
	probe = (double)tn_hist_percentile(&res->getpid, 50) * 1e6 / (double)ticks_per_ms();
	fault = (double)tn_hist_percentile(&res->page_fault, 50) * 1e6 / (double)ticks_per_ms();
	print_message("getpid: probe %.1f ns, plain loop %.1f ns; page fault: %.1f ns; clock: %llu ticks\n", probe,
		      plain, fault, (unsigned long long)res->clock_ticks);
	assert_true(probe > plain / 2 && probe < plain * 3);
	assert_true(fault > probe); /* which it does, and more */
	child_end(&c);
}

static void test_entry_accounts(void **state)
{
	struct tn_probe_config config = entry_config(100);
	const struct tn_probe_result *res;
	struct child c;

	(void)state;
	go(&c, &config);
	res = done(&c);
	assert_int_equal(res->cpu_before, config.cpu);
	assert_int_equal(res->cpu_after, config.cpu);
	assert_true(res->window_close - res->window_open >= config.duration_ticks);
	assert_true(res->getpid.count >= config.pages);
	assert_int_equal(res->getpid.count, res->page_fault.count);
	assert_int_equal(res->getpid.count % config.pages, 0);
	assert_true(res->minor_faults >= res->page_fault.count); /* each write that was timed did fault */
	assert_int_equal(res->major_faults, 0);
	assert_true(res->clock_ticks > 0);
	assert_true(res->getpid.sum + res->page_fault.sum < res->window_close - res->window_open);
	child_end(&c);
}

static void test_stop_ends_a_window(void **state)
{
	const struct tn_probe_config configs[] = {entry_config(3600 * 1000), timer_config(3600 * 1000)};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct tn_probe_result *res;
		struct child c;

		go(&c, &configs[i]);
		assert_int_equal(child_wait_state(&c, TN_PROBE_RUNNING), TN_PROBE_RUNNING);
		child_command(&c, TN_PROBE_STOP);
		res = done(&c);
		assert_true(res->getpid.count + res->latency.count > 0);
		child_end(&c);
	}
}

/* Every period of the window was either slept to its end or counted as missed. */
static void assert_periods(const struct tn_probe_config *c, const struct tn_probe_result *res)
{
	double periods = (double)(res->window_close - res->window_open) / c->ticks_per_ns / INTERVAL_NS;
	double seen = (double)(res->latency.count + res->missed);

	if (seen < periods - 2 || seen > periods + 1)
		fail_msg("%.0f periods seen, %.2f have passed", seen, periods);
}

static void test_timer_accounts(void **state)
{
	struct tn_probe_config config = timer_config(200);
	const struct tn_probe_result *res;
	struct child c;

	(void)state;
	go(&c, &config);
	res = done(&c);
	assert_true(res->latency.count > 0);
	assert_true(res->voluntary_switches > 0); /* it did sleep */
	assert_true(res->latency.max < res->window_close - res->window_open);
	assert_periods(&config, res);
	child_end(&c);
}

/* A process that is stopped wakes up late, by as long as it was stopped. */
static void test_late_wakeups_are_seen(void **state)
{
	struct tn_probe_config config = timer_config(300);
	const struct tn_probe_result *res;
	uint64_t from;
	struct child c;
	int status;

	(void)state;
	go(&c, &config);
	assert_int_equal(child_wait_state(&c, TN_PROBE_RUNNING), TN_PROBE_RUNNING);
	assert_int_equal(kill(c.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(c.pid, &status, WUNTRACED), c.pid);
	assert_true(WIFSTOPPED(status));
	from = tn_now_ns(CLOCK_MONOTONIC);
	while (tn_now_ns(CLOCK_MONOTONIC) - from < 40 * INTERVAL_NS)
		;
	assert_int_equal(kill(c.pid, SIGCONT), 0);
	res = done(&c);
	assert_true(res->missed >= 38);
	assert_true((double)res->latency.max / config.ticks_per_ns >= 38 * INTERVAL_NS);
	assert_periods(&config, res);
	child_end(&c);
}

static void test_bad_orders_are_refused(void **state)
{
	struct tn_probe_config entry = entry_config(10), timer = timer_config(10);
	struct tn_error err;

	(void)state;
	entry.pages = TN_CPUS_MAX;
	assert_true(tn_probe_shm_create(&entry, &(struct tn_probe_handle){0}, &err) < 0);
	assert_string_equal(err.text, "4096 pages to fault on are out of range: 1 to 256");
	timer.interval_ns = 999;
	assert_true(tn_probe_shm_create(&timer, &(struct tn_probe_handle){0}, &err) < 0);
	assert_string_equal(err.text, "an interval of 999 ns is out of range: 1000 to 1000000000");
	timer = timer_config(10);
	timer.ticks_per_ns = 0;
	assert_true(tn_probe_shm_create(&timer, &(struct tn_probe_handle){0}, &err) < 0);
	assert_string_equal(err.text, "a clock of 0 ticks per ns is none");
	timer.work = 3;
	assert_true(tn_probe_shm_create(&timer, &(struct tn_probe_handle){0}, &err) < 0);
	assert_string_equal(err.text, "work 3 is unknown to this probe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry_agrees_with_a_plain_loop),
		cmocka_unit_test(test_entry_accounts),
		cmocka_unit_test(test_stop_ends_a_window),
		cmocka_unit_test(test_timer_accounts),
		cmocka_unit_test(test_late_wakeups_are_seen),
		cmocka_unit_test(test_bad_orders_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
