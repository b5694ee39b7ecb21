// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who owns churn and dies, stops it: kill -9 of the daemon, here a child of the test, must end the worker and
 * all processes of hackbench. The worker is a process group of its own, so that the group tells who lives.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/nobody.h"
#include "support.h"

struct owner {
	pid_t pid, worker;
	int report; /* the worker's PID comes through here; closed once the owner is dead */
};

/* In the child: start a worker, tell its PID, stay. */
static _Noreturn void own(const struct tn_churn_spec *spec, const struct tn_cpus *cpus, bool nobody, int report)
{
	struct tn_churn_process p = {0};
	struct tn_error err;

	if (nobody && !become_nobody())
		_exit(1);
	if (tn_churn_spawn(spec, cpus, 0, support_helper(), &p, &err) < 0 ||
	    tn_churn_wait_ready(&p, CAP_NS, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		_exit(1);
	}
	tn_churn_go(&p);
	if (write(report, &p.pid, sizeof(p.pid)) != sizeof(p.pid))
		_exit(1);
	for (;;)
		pause();
}

static struct owner start_owner(const struct tn_churn_spec *spec, bool nobody)
{
	struct tn_cpus cpus = support_cpus();
	struct owner o = {0};
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	o.pid = fork();
	assert_true(o.pid >= 0);
	if (o.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		own(spec, &cpus, nobody, fds[1]);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &o.worker, sizeof(o.worker)), sizeof(o.worker));
	close(fds[0]);
	return o;
}

/* Orphans come to the test, which reaps them: a zombie is not a survivor. */
static bool group_is_gone(pid_t group)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return kill(-group, 0) < 0 && errno == ESRCH;
}

static void kill_owner(const struct owner *o)
{
	assert_int_equal(kill(o->pid, SIGKILL), 0);
	wait_until(group_is_gone(o->worker));
}

static void owner_of_a_paused_worker(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct owner o;

	(void)state;
	spec.rate_per_s = 1.0 / 3600;
	o = start_owner(&spec, false);
	assert_int_equal(support_group_size(o.worker, NULL), 1);
	kill_owner(&o);
}

/*
 * Stops the whole group while it has at least @n processes of hackbench: what is stopped cannot end by itself.
 * One that is not called so yet may be about to find out by itself that its worker is gone, and does not count.
 */
static bool is_frozen(pid_t group, unsigned int n)
{
	kill(-group, SIGSTOP);
	if (support_group_size(group, "hackbench") >= n)
		return true;
	kill(-group, SIGCONT);
	return false;
}

static bool hackbench_here(void)
{
	struct tn_error err;

	if (tn_churn_find("hackbench")->check(&err) == 0)
		return true;
	print_message("%s\n", err.text);
	return false;
}

static void owner_of_hackbench(void **state)
{
	struct tn_churn_spec spec = support_spec("hackbench");
	struct owner o;

	(void)state;
	if (!hackbench_here())
		skip();
	o = start_owner(&spec, false);
	wait_until(is_frozen(o.worker, 4));
	kill_owner(&o);
}

/* Without the right to make PID namespaces: hackbench is one process of many threads. */
static void owner_of_hackbench_without_rights(void **state)
{
	struct tn_churn_spec spec = support_spec("hackbench");
	struct owner o;

	(void)state;
	if (geteuid() != 0 || !hackbench_here())
		skip();
	o = start_owner(&spec, true);
	wait_until(is_frozen(o.worker, 1));
	kill_owner(&o);
}

/* The worker alone is killed, in the middle of a run. */
static void worker_of_hackbench(void **state)
{
	struct tn_churn_spec spec = support_spec("hackbench");
	struct owner o;

	(void)state;
	if (!hackbench_here())
		skip();
	o = start_owner(&spec, false);
	wait_until(is_frozen(o.worker, 4));
	assert_int_equal(kill(o.worker, SIGKILL), 0);
	wait_until(support_group_size(o.worker, NULL) == 0);
	kill_owner(&o);
}

/* A worker whose owner is somebody else, as after the owner's death, does not begin. */
static void worker_of_another_owner(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	char script[] = "/tmp/tlbnoise-test-XXXXXX";
	int fd = mkstemp(script), status = 0;
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	assert_true(fd >= 0);
	/* A shell between owner and worker. */
	assert_true(dprintf(fd, "#!/bin/sh\n'%s' \"$@\" 2>/dev/null\nexit $?\n", support_helper()) > 0);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	assert_int_equal(tn_churn_spawn(&spec, &cpus, 0, script, &p, &err), 0);
	status = tn_churn_reap(&p, CAP_NS, &err);
	unlink(script);
	assert_int_equal(status, -EIO);
	assert_non_null(strstr(err.text, "ended with status 2 before it was done"));
	tn_churn_close(&p);
}

static int become_reaper(void **state)
{
	(void)state;
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_of_a_paused_worker),          cmocka_unit_test(owner_of_hackbench),
		cmocka_unit_test(owner_of_hackbench_without_rights), cmocka_unit_test(worker_of_hackbench),
		cmocka_unit_test(worker_of_another_owner),
	};

	if (support_main(argc, argv) < 0)
		return 1;
	return cmocka_run_group_tests(tests, become_reaper, NULL);
}
