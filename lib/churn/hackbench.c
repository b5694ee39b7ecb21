// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hackbench: the scheduler load of rt-tests, in a loop. One run is short, so that STOP and the accounts of
 * operations do not wait for it.
 *
 * No process of a run may outlive the worker, whatever kills that. Each run is the first process of a PID
 * namespace of its own: when it dies, the kernel kills all others of the namespace, and it dies with the
 * worker (PR_SET_PDEATHSIG, which reaches the first process since it comes from an outer namespace). Who may
 * not make PID namespaces gets hackbench -T: threads instead of processes, which die with their process.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "churn/worker.h"

#define LOOPS    "20" /* messages per pair of sender and receiver; 400 pairs a group */
#define LOOK_MS  10   /* how often STOP is looked for during a run */
#define NOT_EXEC 127

struct hackbench {
	char path[PATH_MAX];
	char groups[16];
	bool namespace;
	int self; /* pidfd of the worker */
	int null;
};

/* Looks through $PATH, as a shell would. */
static int find_program(char *path, size_t size)
{
	const char *dirs = getenv("PATH");
	size_t len;

	for (dirs = dirs ? dirs : "/usr/bin:/bin"; *dirs; dirs += len + (dirs[len] == ':')) {
		len = strcspn(dirs, ":");
		if (len == 0 || snprintf(path, size, "%.*s/hackbench", (int)len, dirs) >= (int)size)
			continue;
		if (access(path, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

static int hackbench_check(struct tn_error *err)
{
	char path[PATH_MAX];

	if (find_program(path, sizeof(path)) == 0)
		return 0;
	return tn_error_set(err, -ENOENT, "hackbench is not installed: apt-get install rt-tests");
}

/* fork() into a PID namespace of its own if @namespace. Returns 0 in the child, else its PID or -errno. */
static int fork_contained(bool namespace, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | (namespace ? CLONE_NEWPID : 0),
		.pidfd = (uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : (int)pid;
}

static bool can_make_namespace(void)
{
	siginfo_t info;
	int pidfd, pid = fork_contained(true, &pidfd);

	if (pid < 0)
		return false;
	if (pid == 0)
		_exit(0);
	waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
	close(pidfd);
	return true;
}

static void hackbench_teardown(struct tn_churn_worker *w)
{
	struct hackbench *h = w->data;

	if (h->self >= 0)
		close(h->self);
	if (h->null >= 0)
		close(h->null);
	free(h);
	w->data = NULL;
}

static int hackbench_setup(struct tn_churn_worker *w, struct tn_error *err)
{
	struct hackbench *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return tn_error_set(err, -ENOMEM, "hackbench: no memory for its own state");
	w->data = h;
	h->self = pidfd_open(getpid(), 0);
	h->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	r = h->self < 0 || h->null < 0 ? -errno : find_program(h->path, sizeof(h->path));
	if (r < 0) {
		hackbench_teardown(w);
		return tn_error_set(err, r, "hackbench cannot be prepared: %s", strerror(-r));
	}
	snprintf(h->groups, sizeof(h->groups), "%u", w->spec->groups ? w->spec->groups : 1);
	h->namespace = can_make_namespace();
	return 0;
}

/*
 * In the child: only what is safe after fork(). The worker may have died before PR_SET_PDEATHSIG; getppid()
 * cannot tell, it is always 0 in the namespace. The pidfd can: it is readable once the worker has ended.
 */
static _Noreturn void become_hackbench(const struct hackbench *h)
{
	struct pollfd worker = {.fd = h->self, .events = POLLIN};
	char *const argv[] = {"hackbench", "-g", (char *)h->groups, "-l", LOOPS, h->namespace ? NULL : "-T", NULL};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0); /* the daemon's, and no part of this load */
	if (poll(&worker, 1, 0) != 0)
		_exit(NOT_EXEC);
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(h->null, fd) < 0)
			_exit(NOT_EXEC);
	execv(h->path, argv);
	_exit(NOT_EXEC);
}

/* -ECANCELED if it was killed because the worker shall stop. Killing the first process kills them all. */
static int await_end(const struct tn_churn_worker *w, int pidfd, siginfo_t *ret)
{
	struct pollfd run = {.fd = pidfd, .events = POLLIN};
	bool stop = false;

	while (!stop && poll(&run, 1, LOOK_MS) <= 0)
		stop = tn_churn_stopped(w);
	if (stop)
		pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)pidfd, ret, WEXITED) < 0)
		if (errno != EINTR)
			return -errno;
	return stop ? -ECANCELED : 0;
}

static int judge(const siginfo_t *info, struct tn_error *err)
{
	if (info->si_code != CLD_EXITED)
		return tn_error_set(err, -EIO, "hackbench was killed by signal %d", info->si_status);
	if (info->si_status == NOT_EXEC)
		return tn_error_set(err, -ENOEXEC, "hackbench could not be executed");
	if (info->si_status != 0)
		return tn_error_set(err, -EIO,
				    "hackbench ended with status %d: lower groups=, or raise ulimit -n and -u",
				    info->si_status);
	return 0;
}

static int hackbench_operate(struct tn_churn_worker *w, struct tn_error *err)
{
	struct hackbench *h = w->data;
	tn_autoclose int pidfd = -1;
	siginfo_t info = {0};
	int r = fork_contained(h->namespace, &pidfd);

	if (r < 0)
		return tn_error_set(err, r, "cannot create a process for hackbench: %s", strerror(-r));
	if (r == 0)
		become_hackbench(h);
	r = await_end(w, pidfd, &info);
	if (r < 0)
		return tn_error_set(err, r, "cannot wait for hackbench: %s", strerror(-r));
	return judge(&info, err);
}

const struct tn_churn_source tn_churn_hackbench = {
	.name = "hackbench",
	.summary = "runs hackbench of rt-tests over and over: many processes that pass messages",
	.provokes = "task creation and exit, wake-ups: rcu, reschedule and kernel-tlb-flush (kernel stacks); "
		    "threads instead of processes where PID namespaces are not allowed",
	.operation = "one run of hackbench -l " LOOPS,
	.keys = TN_CHURN_KEY_GROUPS,
	.check = hackbench_check,
	.setup = hackbench_setup,
	.operate = hackbench_operate,
	.teardown = hackbench_teardown,
};
