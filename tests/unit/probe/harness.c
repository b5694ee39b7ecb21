// SPDX-License-Identifier: GPL-2.0-or-later
/* Starts the probe program as the daemon does and waits for what it is to do; never for a time. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/now.h"
#include "base/ticks.h"

int highest_cpu(void)
{
	struct tn_error err;
	struct tn_cpus set;

	assert_int_equal(tn_cpus_affinity_self(&set, &err), 0);
	return tn_cpus_last(&set);
}

uint64_t ticks_per_ms(void)
{
	uint64_t ns = tn_now_ns(CLOCK_MONOTONIC_RAW), ticks = tn_ticks_ordered(), passed;

	while ((passed = tn_now_ns(CLOCK_MONOTONIC_RAW) - ns) < 5000000)
		;
	return (tn_ticks_ordered() - ticks) * 1000000 / passed;
}

struct tn_probe_config test_config(int cpu, unsigned int duration_ms)
{
	uint64_t ms = ticks_per_ms();

	return (struct tn_probe_config){
		.cpu = cpu,
		.node = -1,
		.ring_records = 65536,
		.policy = SCHED_OTHER,
		.quantum_ticks = ms / 10,
		.duration_ticks = ms * duration_ms,
		.min_threshold_ticks = ms / 10000,
	};
}

static void run_child(int gate, int fd)
{
	const char *program = getenv("TN_PROBE_PROGRAM");
	char text[16], byte;

	snprintf(text, sizeof(text), "%d", fd);
	fcntl(fd, F_SETFD, 0);
	if (program && read(gate, &byte, 1) == 0)
		execl(program, "tlbnoise-probe", "--shm-fd", text, (char *)NULL);
	_exit(127);
}

/* The program waits behind a gate, so that a test can get ready for its pid. */
void child_fork(struct child *c, const struct tn_probe_config *config)
{
	struct tn_error err;
	int gate[2];

	assert_int_equal(tn_probe_shm_create(config, &c->handle, &err), 0);
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid == 0) {
		close(gate[1]);
		run_child(gate[0], c->handle.fd);
	}
	close(gate[0]);
	c->gate = gate[1];
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	assert_true(c->pidfd >= 0);
}

void child_release(struct child *c)
{
	close(c->gate);
	c->gate = -1;
}

void child_start(struct child *c, const struct tn_probe_config *config)
{
	child_fork(c, config);
	child_release(c);
}

void child_command(struct child *c, enum tn_probe_command command)
{
	atomic_store_explicit(&c->handle.shm->command, command, memory_order_release);
}

/* Returns the state once it is that far, or the last one of a probe that exited before. */
unsigned int child_wait_state(struct child *c, unsigned int at_least)
{
	struct pollfd p = {.fd = c->pidfd, .events = POLLIN};
	uint64_t limit = tn_now_ns(CLOCK_MONOTONIC_RAW) + TEST_LIMIT_MS * 1000000ull;
	unsigned int state;

	while ((state = atomic_load_explicit(&c->handle.shm->state, memory_order_acquire)) < at_least) {
		if (poll(&p, 1, 1) > 0)
			return atomic_load_explicit(&c->handle.shm->state, memory_order_acquire);
		if (tn_now_ns(CLOCK_MONOTONIC_RAW) > limit)
			fail_msg("the probe is still in state %u instead of %u", state, at_least);
	}
	return state;
}

void wait_pidfd(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, TEST_LIMIT_MS), 1);
}

int child_wait_exit(struct child *c)
{
	int status;

	wait_pidfd(c->pidfd);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	c->pid = 0;
	return status;
}

void child_end(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		child_wait_exit(c);
	}
	close(c->pidfd);
	tn_probe_shm_close(&c->handle);
}

/* A probe with this configuration fails, and says so in one line with @text in it. */
void child_expect_failure(const struct tn_probe_config *config, const char *text)
{
	struct child c;
	int status;

	child_start(&c, config);
	child_command(&c, TN_PROBE_STOP);
	assert_int_equal(child_wait_state(&c, TN_PROBE_FAILED), TN_PROBE_FAILED);
	assert_non_null(strstr(c.handle.shm->failure, text));
	assert_null(strchr(c.handle.shm->failure, '\n'));
	status = child_wait_exit(&c);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	child_end(&c);
}
