// SPDX-License-Identifier: GPL-2.0-or-later
/* Workers of the real program: from spawn to reap, paced and flat out, and whatever may go wrong on the way. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static bool can_run(const struct tn_churn_source *s, struct tn_error *err)
{
	if (s->check(err) == 0)
		return true;
	print_message("%s cannot run here: %s\n", s->name, err->text);
	return false;
}

static void no_children_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void run_some(const char *source)
{
	struct tn_churn_spec spec = support_spec(source);
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading last;
	struct tn_churn_process p;
	struct tn_error err = {0};
	uint64_t begin, span;

	support_start(&spec, &cpus, 0, &p);
	tn_churn_read(&p, &last);
	assert_int_equal(last.state, TN_CHURN_READY);
	assert_int_equal(last.operations, 0);
	begin = support_now_ns();
	tn_churn_go(&p);
	wait_until(support_operations(&p) >= 3);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	span = support_now_ns() - begin;
	tn_churn_read(&p, &last);
	assert_int_equal(last.state, TN_CHURN_DONE);
	assert_true(last.operations >= 3);
	assert_int_equal(last.missed, 0);
	assert_int_equal(last.errors, 0);
	assert_string_equal(last.failure, "");
	assert_in_range(last.busy_ns, 1, span);
	tn_churn_close(&p);
	no_children_left();
}

static void each_source_operates(void **state)
{
	struct tn_error err;

	(void)state;
	for (size_t i = 0; tn_churn_at(i); i++)
		if (can_run(tn_churn_at(i), &err))
			run_some(tn_churn_at(i)->name);
}

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
	no_children_left();
}

/*
 * However loaded the machine is: no more operations than periods have begun. How many fewer is for the count
 * of missed ones to say.
 */
static void pacing_keeps_the_rate(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading last;
	struct tn_churn_process p;
	struct tn_error err;
	uint64_t begin;
	double span;

	(void)state;
	spec.rate_per_s = 200;
	spec.burst = 2;
	support_start(&spec, &cpus, 0, &p);
	begin = support_now_ns();
	tn_churn_go(&p);
	wait_until(support_operations(&p) >= 40);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	span = (double)(support_now_ns() - begin) / 1e9;
	tn_churn_read(&p, &last);
	assert_true((double)(last.operations + last.missed) <= span * 200 + 1);
	tn_churn_close(&p);
}

/* An operation that takes many periods: they are missed, and the worker does not make up for them. */
static void what_is_too_fast_is_missed(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading last;
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	spec.rate_per_s = 1e6;
	support_start(&spec, &cpus, 0, &p);
	tn_churn_go(&p);
	wait_until(support_operations(&p) >= 3);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	tn_churn_read(&p, &last);
	assert_true(last.missed > 100 * last.operations);
	tn_churn_close(&p);
}

/* STOP is heard in a pause of an hour. */
static void stop_ends_a_pause(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	spec.rate_per_s = 1.0 / 3600;
	support_start(&spec, &cpus, 0, &p);
	tn_churn_go(&p);
	wait_until(support_operations(&p) == 1);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	assert_int_equal(support_operations(&p), 1);
	tn_churn_close(&p);
}

static void stop_before_go(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading last;
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	support_start(&spec, &cpus, 0, &p);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	tn_churn_read(&p, &last);
	assert_int_equal(last.state, TN_CHURN_DONE);
	assert_int_equal(last.operations, 0);
	tn_churn_close(&p);
	tn_churn_close(&p);
}

static struct tn_cpus affinity_of(pid_t pid)
{
	struct tn_cpus set = {{0}};
	cpu_set_t mask;

	assert_int_equal(sched_getaffinity(pid, sizeof(mask), &mask), 0);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &mask))
			tn_cpus_add(&set, cpu);
	return set;
}

static void several_workers_have_a_cpu_each(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus all, place;
	struct tn_churn_process p;
	struct tn_error err;
	int cpu;

	(void)state;
	assert_int_equal(tn_cpus_affinity_self(&all, &err), 0);
	support_start(&spec, &all, 0, &p);
	place = affinity_of(p.pid);
	assert_true(tn_cpus_equal(&place, &all));
	tn_churn_close(&p);

	spec.workers = tn_cpus_count(&all) + 1;
	cpu = tn_cpus_first(&all);
	for (unsigned int i = 0; i < spec.workers; i++) {
		support_start(&spec, &all, i, &p);
		place = affinity_of(p.pid);
		assert_int_equal(tn_cpus_count(&place), 1);
		assert_int_equal(tn_cpus_first(&place), cpu);
		tn_churn_close(&p);
		cpu = tn_cpus_next(&all, cpu);
		cpu = cpu < 0 ? tn_cpus_first(&all) : cpu;
	}
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
	no_children_left();
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
	no_children_left();
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
		cmocka_unit_test(each_source_operates),
		cmocka_unit_test(a_source_that_cannot_run_says_so),
		cmocka_unit_test(pacing_keeps_the_rate),
		cmocka_unit_test(what_is_too_fast_is_missed),
		cmocka_unit_test(stop_ends_a_pause),
		cmocka_unit_test(stop_before_go),
		cmocka_unit_test(several_workers_have_a_cpu_each),
		cmocka_unit_test(a_cpu_that_is_not_there),
		cmocka_unit_test(nothing_is_inherited),
		cmocka_unit_test(no_such_program),
		cmocka_unit_test(a_program_that_ends_without_a_word),
		cmocka_unit_test(a_program_that_hangs),
		cmocka_unit_test(a_worker_that_is_killed),
	};

	if (support_main(argc, argv) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
