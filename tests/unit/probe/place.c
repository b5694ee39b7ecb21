// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel says about a probe that is ready, and what the program says when it cannot be one. */
#include "harness.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../support/nobody.h"

#define CANNOT_EXEC 77

static void ready(struct child *c, const struct tn_probe_config *config)
{
	child_start(c, config);
	if (child_wait_state(c, TN_PROBE_READY) != TN_PROBE_READY)
		fail_msg("no probe: %s", c->handle.shm->failure);
}

/* Value of a line of /proc/PID/status, "" if there is none. */
static const char *status_of(pid_t pid, const char *key, char *value, size_t size)
{
	char path[64], line[256];
	size_t n = strlen(key);
	FILE *f;

	value[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, key, n) && line[n] == ':')
			snprintf(value, size, "%s", line + n + 1 + strspn(line + n + 1, "\t "));
	}
	if (f)
		fclose(f);
	return value;
}

static unsigned int open_descriptors(pid_t pid)
{
	unsigned int n = 0;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.' && atoi(e->d_name) > 2;
	closedir(d);
	return n;
}

static void test_ready_probe_is_placed(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 100);
	char value[128], cpu[16];
	struct child c;

	(void)state;
	ready(&c, &config);
	snprintf(cpu, sizeof(cpu), "%d", config.cpu);
	assert_string_equal(status_of(c.pid, "Cpus_allowed_list", value, sizeof(value)), cpu);
	assert_string_equal(status_of(c.pid, "Threads", value, sizeof(value)), "1");
	assert_string_equal(status_of(c.pid, "THP_enabled", value, sizeof(value)), "0");
	assert_true(strtoul(status_of(c.pid, "VmLck", value, sizeof(value)), NULL, 10) * 1024 >= c.handle.size);
	assert_int_equal(open_descriptors(c.pid), 0);
	assert_int_equal(sched_getscheduler(c.pid), SCHED_OTHER);
	child_end(&c);
}

static void test_fifo(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 20);
	struct sched_param param;
	struct child c;

	(void)state;
	if (geteuid() != 0)
		skip();
	config.policy = SCHED_FIFO;
	config.priority = 3;
	ready(&c, &config);
	assert_int_equal(sched_getscheduler(c.pid), SCHED_FIFO);
	assert_int_equal(sched_getparam(c.pid, &param), 0);
	assert_int_equal(param.sched_priority, 3);
	child_command(&c, TN_PROBE_GO);
	assert_int_equal(child_wait_state(&c, TN_PROBE_DONE), TN_PROBE_DONE);
	child_end(&c);
}

/* Ctrl-C reaches the whole process group, and only the collector may act on it. */
static void test_signals_do_not_end_it(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 20);
	struct child c;

	(void)state;
	ready(&c, &config);
	assert_int_equal(kill(c.pid, SIGINT), 0);
	assert_int_equal(kill(c.pid, SIGTERM), 0);
	child_command(&c, TN_PROBE_GO);
	assert_int_equal(child_wait_state(&c, TN_PROBE_DONE), TN_PROBE_DONE);
	assert_int_equal(child_wait_exit(&c), 0);
	child_end(&c);
}

struct failure {
	const struct tn_probe_config *config;
	const char *text;
};

static int expect_failure(void *arg)
{
	const struct failure *f = arg;

	if (access(getenv("TN_PROBE_PROGRAM"), X_OK) < 0)
		return CANNOT_EXEC;
	if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){65536, 65536}) < 0)
		return 1;
	child_expect_failure(f->config, f->text);
	return 0;
}

static void expect_failure_as_nobody(const struct tn_probe_config *config, const char *text)
{
	struct failure f = {config, text};
	int status;

	if (geteuid() != 0)
		skip();
	status = run_as_nobody(expect_failure, &f);
	if (status == CANNOT_EXEC)
		skip();
	assert_int_equal(status, 0);
}

static void test_memlock_limit(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 100);

	(void)state;
	expect_failure_as_nobody(&config, "RLIMIT_MEMLOCK is 64 KiB, at least");
}

static void test_no_right_to_fifo(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 100);

	(void)state;
	config.policy = SCHED_FIFO;
	config.priority = 1;
	expect_failure_as_nobody(&config, "cannot take SCHED_FIFO priority 1");
}

static void expect_usage_error(const char *args, const char *text)
{
	char command[512], line[512] = "";
	int status;
	FILE *f;

	snprintf(command, sizeof(command), "'%s' %s 2>&1", getenv("TN_PROBE_PROGRAM"), args);
	f = popen(command, "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	status = pclose(f);
	assert_int_equal(WEXITSTATUS(status), 2);
	if (!strstr(line, text))
		fail_msg("'%s' does not say '%s'", line, text);
}

static void test_arguments(void **state)
{
	(void)state;
	expect_usage_error("", "usage: tlbnoise-probe --shm-fd N");
	expect_usage_error("--shm-fd", "usage: tlbnoise-probe --shm-fd N");
	expect_usage_error("--shm-fd 5 more", "usage: tlbnoise-probe --shm-fd N");
	expect_usage_error("--shm-fd five", "--shm-fd: 'five'");
	expect_usage_error("--shm-fd 0", "--shm-fd: '0'");
	expect_usage_error("--shm-fd 999", "descriptor 999 is no memory from tlbnoised");
	expect_usage_error("--shm-fd 9 9</dev/null", "descriptor 9 is no memory from tlbnoised");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ready_probe_is_placed), cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_signals_do_not_end_it), cmocka_unit_test(test_memlock_limit),
		cmocka_unit_test(test_no_right_to_fifo),      cmocka_unit_test(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
