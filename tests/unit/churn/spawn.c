// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker inherits, and what the daemon is told when one does not come up, hangs or dies. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

/* The worker's own words come back through the shared page. */
static void a_source_that_cannot_run_says_so(void **state)
{
	struct tn_churn_spec spec = support_spec("hackbench");
	struct tn_cpus cpus = support_cpus();
	tn_autofree char *path = strdup(getenv("PATH"));
	struct tn_churn_process p;
	struct tn_error err;
	char text[200];

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(tn_churn_spawn(&spec, &cpus, 0, support_helper(), &p, &err), 0);
	setenv("PATH", path, 1);
	assert_int_equal(tn_churn_wait_ready(&p, CAP_NS, &err), -ECHILD);
	snprintf(text, sizeof(text), "churn worker %d: hackbench is not installed: apt-get install rt-tests",
		 (int)p.pid);
	assert_string_equal(err.text, text);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), -EIO);
	assert_string_equal(err.text, text);
	tn_churn_close(&p);
	support_no_children_left();
}

static void a_cpu_that_is_not_there(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_churn_process p;
	struct tn_cpus cpus = {{0}};
	struct tn_error err;

	(void)state;
	tn_cpus_add(&cpus, TN_CPUS_MAX - 1);
	assert_int_equal(tn_churn_spawn(&spec, &cpus, 0, support_helper(), &p, &err), 0);
	assert_int_equal(tn_churn_wait_ready(&p, CAP_NS, &err), -ECHILD);
	assert_non_null(strstr(err.text, "4095"));
	tn_churn_close(&p);
}

static void status_line(pid_t pid, const char *key, char *buf, size_t size)
{
	char path[64], line[256];
	tn_autofclose FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0) {
			snprintf(buf, size, "%s", line + strlen(key) + 1);
			buf[strcspn(buf, "\n")] = '\0';
			return;
		}
	fail_msg("no %s in %s", key, path);
}

/* Neither descriptors nor signal dispositions of the daemon get into a worker. */
static void nothing_is_inherited(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_process p;
	char blocked[64], ignored[64];
	sigset_t term, before;
	struct pollfd end;
	int fds[2];

	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	signal(SIGINT, SIG_IGN);
	assert_int_equal(pipe(fds), 0); /* not close-on-exec, as some library might do it */
	support_start(&spec, &cpus, 0, &p);
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);

	close(fds[1]);
	end = (struct pollfd){.fd = fds[0], .events = POLLIN};
	assert_int_equal(poll(&end, 1, 0), 1);
	assert_int_equal(end.revents & POLLHUP, POLLHUP);
	close(fds[0]);
	status_line(p.pid, "SigBlk:", blocked, sizeof(blocked));
	status_line(p.pid, "SigIgn:", ignored, sizeof(ignored));
	assert_string_equal(blocked, "0000000000000000");
	assert_int_equal(strtoull(ignored, NULL, 16) & (1ull << (SIGINT - 1)), 0);
	assert_int_equal(getpgid(p.pid), p.pid);
	tn_churn_close(&p);
}

static void no_such_program(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_process p = {.pid = 42};
	struct tn_error err;

	(void)state;
	assert_int_equal(tn_churn_spawn(&spec, &cpus, 0, "/nonexistent/tlbnoise-churn", &p, &err), -ENOENT);
	assert_string_equal(err.text,
			    "[churn threads]: cannot execute /nonexistent/tlbnoise-churn: No such file or directory");
	assert_int_equal(p.pid, 42);
	support_no_children_left();
}

static void a_program_that_ends_without_a_word(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	assert_int_equal(tn_churn_spawn(&spec, &cpus, 0, "/bin/true", &p, &err), 0);
	assert_int_equal(tn_churn_wait_ready(&p, CAP_NS, &err), -ECHILD);
	assert_non_null(strstr(err.text, "ended without a word"));
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), -EIO);
	assert_non_null(strstr(err.text, "ended with status 0 before it was done"));
	tn_churn_close(&p);
}

/* A program that never gets ready, and that only SIGKILL ends. */
static void a_program_that_hangs(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	char path[] = "/tmp/tlbnoise-test-XXXXXX";
	struct tn_churn_process p;
	struct tn_error err;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#!/bin/sh\nexec sleep 1000\n") > 0);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	assert_int_equal(tn_churn_spawn(&spec, &cpus, 0, path, &p, &err), 0);
	assert_int_equal(tn_churn_wait_ready(&p, 20000000, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "is not ready after 20 ms"));
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, 5000000, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "did not stop within 5 ms and was killed"));
	tn_churn_close(&p);
	unlink(path);
	support_no_children_left();
}

#define HANGS_NS 5000000000u /* KILL_NS of lib/churn/process.c */
#define FREEZER  "/sys/fs/cgroup/freezer/tlbnoise-test"

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static bool is_frozen(void)
{
	char text[16] = "";
	FILE *f = fopen(FREEZER "/freezer.state", "r");

	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	return !strcmp(text, "FROZEN\n");
}

/* Frozen in a legacy hierarchy, not even SIGKILL ends them before they thaw. All of them share the patience of one. */
static void workers_that_do_not_die(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_process p[3];
	pid_t pid[TN_ARRAY_SIZE(p)];
	struct tn_error err;
	uint64_t start;
	char text[32];

	(void)state;
	if (mkdir(FREEZER, 0700) < 0 && errno != EEXIST)
		skip();
	for (size_t i = 0; i < TN_ARRAY_SIZE(p); i++) {
		support_start(&spec, &cpus, 0, &p[i]);
		pid[i] = p[i].pid;
		snprintf(text, sizeof(text), "%d", (int)pid[i]);
		write_text(FREEZER "/cgroup.procs", text);
	}
	write_text(FREEZER "/freezer.state", "FROZEN");
	wait_until(is_frozen());
	start = tn_now_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < TN_ARRAY_SIZE(p); i++)
		tn_churn_kill(&p[i]);
	for (size_t i = 0; i < TN_ARRAY_SIZE(p); i++) {
		assert_int_equal(tn_churn_reap(&p[i], 0, &err), -EBUSY);
		assert_non_null(strstr(err.text, "does not die"));
		tn_churn_close(&p[i]);
	}
	assert_true(tn_now_ns(CLOCK_MONOTONIC) - start < 2 * HANGS_NS);
	write_text(FREEZER "/freezer.state", "THAWED");
	for (size_t i = 0; i < TN_ARRAY_SIZE(p); i++)
		assert_int_equal(waitpid(pid[i], NULL, 0), pid[i]);
	assert_int_equal(rmdir(FREEZER), 0);
}

static void a_worker_that_is_killed(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	support_start(&spec, &cpus, 0, &p);
	tn_churn_go(&p);
	wait_until(support_operations(&p) >= 1);
	kill(p.pid, SIGKILL);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), -EIO);
	assert_non_null(strstr(err.text, "was killed by signal 9"));
	assert_true(support_operations(&p) >= 1);
	tn_churn_close(&p);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_that_cannot_run_says_so),
		cmocka_unit_test(a_cpu_that_is_not_there),
		cmocka_unit_test(nothing_is_inherited),
		cmocka_unit_test(no_such_program),
		cmocka_unit_test(a_program_that_ends_without_a_word),
		cmocka_unit_test(a_program_that_hangs),
		cmocka_unit_test(workers_that_do_not_die),
		cmocka_unit_test(a_worker_that_is_killed),
	};

	if (support_main(argc, argv) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
