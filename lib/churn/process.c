// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's end of a worker: a process of its own, since a thread in the daemon would turn every munmap
 * there into TLB shootdowns on the worker's CPUs and back, and since a process can be killed.
 *
 * The memfd is sealed before the worker gets it, so that nobody can make the daemon fault by cutting it.
 * The worker inherits descriptor 3 and nothing else but the null device and stderr, no blocked or ignored
 * signals, and a process group of its own: Ctrl-C on the terminal is the daemon's to handle.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>

#include "base/now.h"
#include "churn/worker.h"

#define SHM_FD    3
#define SLICE_NS  10000000 /* how often wait_ready looks whether the worker lives */
#define ARGS_MAX  24
#define CPUS_TEXT 20480       /* no CPU may get lost: TN_CPUS_MAX single ones are 19 KiB */
#define KILL_NS   5000000000u /* that a killed process may take to end, from the kill on */

extern char **environ;

/* Arguments of the helper program, and the memory in which their texts lie. */
struct arguments {
	char *argv[ARGS_MAX];
	size_t n;
	char cpus[CPUS_TEXT];
	char text[ARGS_MAX][48];
};

static int create_shm(struct tn_churn_shm **ret, int *ret_fd, struct tn_error *err)
{
	tn_autoclose int fd = memfd_create("tlbnoise-churn", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct tn_churn_shm *shm;

	if (fd < 0 || ftruncate(fd, sizeof(*shm)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return tn_error_set(err, -errno, "cannot make the memory shared with a churn worker: %m");
	shm = mmap(NULL, sizeof(*shm), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shm == MAP_FAILED)
		return tn_error_set(err, -errno, "cannot map the memory shared with a churn worker: %m");
	shm->magic = TN_CHURN_MAGIC;
	shm->abi = TN_CHURN_ABI;
	shm->owner = getpid();
	*ret = shm;
	*ret_fd = tn_steal_fd(&fd);
	return 0;
}

static void push(struct arguments *a, const char *option, char *value)
{
	a->argv[a->n++] = (char *)option;
	a->argv[a->n++] = value;
}

static void tn_printf(3, 4) push_format(struct arguments *a, const char *option, const char *fmt, ...)
{
	char *text = a->text[a->n];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(a->text[0]), fmt, ap);
	va_end(ap);
	push(a, option, text);
}

static void fill_arguments(struct arguments *a, const struct tn_churn_spec *spec, const struct tn_cpus *cpus,
			   unsigned int index)
{
	a->argv[a->n++] = "tlbnoise-churn";
	push_format(a, "--source", "%s", spec->source);
	push_format(a, "--name", "%s", spec->name);
	tn_cpus_format(cpus, a->cpus, sizeof(a->cpus));
	push(a, "--cpus", a->cpus);
	push_format(a, "--index", "%u", index);
	push_format(a, "--workers", "%u", spec->workers);
	push_format(a, "--rate", "%.17g", spec->rate_per_s / spec->workers);
	if (spec->pages_set)
		push_format(a, "--pages", "%llu-%llu", (unsigned long long)spec->pages.min,
			    (unsigned long long)spec->pages.max);
	if (spec->burst)
		push_format(a, "--burst", "%u", spec->burst);
	if (spec->groups)
		push_format(a, "--groups", "%u", spec->groups);
	push_format(a, "--shm-fd", "%d", SHM_FD);
}

static int start(const char *path, struct arguments *a, int shm_fd, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&files);
	/* dup2 of a descriptor onto itself clears its close-on-exec flag here (POSIX.1-2024). */
	r = posix_spawn_file_actions_adddup2(&files, shm_fd, SHM_FD);
	r = r ? r : posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	r = r ? r : posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	r = r ? r : posix_spawn_file_actions_addclosefrom_np(&files, SHM_FD + 1);
	r = r ? r : posix_spawn(ret, path, &files, &attr, a->argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return -r;
}

/**
 * tn_churn_spawn() - start a worker process
 * @spec: a valid [churn] section; its rate is that of all its workers
 * @cpus: the CPUs of the section, resolved
 * @index: which of the workers this is, from 0
 * @helper_path: the program tlbnoise-churn
 * @ret: the worker, not necessarily ready yet; end it with tn_churn_close()
 * @err: names the section
 *
 * The worker dies with the calling thread (PR_SET_PDEATHSIG goes by thread, prctl(2)).
 *
 * Return: 0, or a negative errno from making the memory or executing the program.
 */
int tn_churn_spawn(const struct tn_churn_spec *spec, const struct tn_cpus *cpus, unsigned int index,
		   const char *helper_path, struct tn_churn_process *ret, struct tn_error *err)
{
	tn_cleanup(tn_churn_close) struct tn_churn_process p = {.pidfd = -1};
	struct arguments args = {0};
	tn_autoclose int fd = -1;
	int r;

	r = tn_churn_validate(spec, err);
	if (r == 0)
		r = create_shm(&p.shm, &fd, err);
	if (r < 0)
		return r;
	fill_arguments(&args, spec, cpus, index);
	r = start(helper_path, &args, fd, &p.pid);
	if (r < 0)
		return tn_error_set(err, r, "[churn %s]: cannot execute %s: %s", spec->name, helper_path, strerror(-r));
	p.pidfd = pidfd_open(p.pid, 0);
	if (p.pidfd < 0) {
		r = tn_error_set(err, -errno, "[churn %s]: cannot watch its worker: %m", spec->name);
		kill(p.pid, SIGKILL);
		waitpid(p.pid, NULL, 0);
		p.pid = 0;
		return r;
	}
	*ret = p;
	p = (struct tn_churn_process){.pidfd = -1};
	return 0;
}

/* Whether the process has ended, waiting up to @timeout_ns for it. */
static bool has_ended(const struct tn_churn_process *p, uint64_t timeout_ns)
{
	uint64_t now = tn_now_ns(CLOCK_MONOTONIC), end = now + timeout_ns;
	struct pollfd fd = {.fd = p->pidfd, .events = POLLIN};
	struct timespec left;
	int n;

	do {
		left.tv_sec = (time_t)((end - now) / 1000000000);
		left.tv_nsec = (long)((end - now) % 1000000000);
		n = ppoll(&fd, 1, &left, NULL);
		now = tn_now_ns(CLOCK_MONOTONIC);
	} while (n < 0 && errno == EINTR && now < end);
	return n > 0;
}

static int ended_early(const struct tn_churn_process *p, struct tn_error *err)
{
	struct tn_churn_reading now;

	tn_churn_read(p, &now);
	if (now.failure[0])
		return tn_error_set(err, -ECHILD, "churn worker %d: %s", (int)p->pid, now.failure);
	return tn_error_set(err, -ECHILD, "churn worker %d ended without a word", (int)p->pid);
}

/**
 * tn_churn_wait_ready() - wait until a worker can begin
 * @timeout_ns: how long at most; 0 looks once
 * @err: the worker's own words if it has failed
 *
 * Return: 0, -ETIMEDOUT, or -ECHILD if the worker has failed or ended.
 */
int tn_churn_wait_ready(const struct tn_churn_process *p, uint64_t timeout_ns, struct tn_error *err)
{
	uint64_t now = tn_now_ns(CLOCK_MONOTONIC), end = now + timeout_ns;

	for (;; now = tn_now_ns(CLOCK_MONOTONIC)) {
		/* In this order: a worker that has ended changes its state no more. */
		bool ended = has_ended(p, 0);
		unsigned int state = atomic_load(&p->shm->state);

		if (state == TN_CHURN_FAILED || (ended && state != TN_CHURN_READY))
			return ended_early(p, err);
		if (state != TN_CHURN_START)
			return ended ? ended_early(p, err) : 0;
		if (now >= end)
			return tn_error_set(err, -ETIMEDOUT, "churn worker %d is not ready after %llu ms", (int)p->pid,
					    (unsigned long long)(timeout_ns / 1000000));
		tn_churn_futex_wait(&p->shm->state, state, end - now < SLICE_NS ? end : now + SLICE_NS);
	}
}

static void command(const struct tn_churn_process *p, enum tn_churn_command c)
{
	atomic_store(&p->shm->command, c);
	tn_churn_futex_wake(&p->shm->command);
}

/** tn_churn_go() - let a worker that is ready begin; returns at once */
void tn_churn_go(const struct tn_churn_process *p)
{
	command(p, TN_CHURN_GO);
}

/** tn_churn_stop() - tell a worker to end, in whatever state it is; returns at once, p->pidfd tells when it has */
void tn_churn_stop(const struct tn_churn_process *p)
{
	command(p, TN_CHURN_STOP);
}

static int judge(const struct tn_churn_process *p, const siginfo_t *info, struct tn_error *err)
{
	struct tn_churn_reading last;

	tn_churn_read(p, &last);
	if (last.state == TN_CHURN_FAILED)
		return tn_error_set(err, -EIO, "churn worker %d: %s", (int)info->si_pid, last.failure);
	if (info->si_code != CLD_EXITED)
		return tn_error_set(err, -EIO, "churn worker %d was killed by signal %d", (int)info->si_pid,
				    info->si_status);
	if (info->si_status != 0 || last.state != TN_CHURN_DONE)
		return tn_error_set(err, -EIO, "churn worker %d ended with status %d before it was done",
				    (int)info->si_pid, info->si_status);
	return 0;
}

/**
 * tn_churn_kill() - kill a worker that has not ended; returns at once
 * @p: may be without process
 *
 * Who has several to end kills all of them first: tn_churn_reap() waits from here on, so they share its patience.
 */
void tn_churn_kill(struct tn_churn_process *p)
{
	if (p->pid == 0 || p->killed_ns || has_ended(p, 0))
		return;
	pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
	p->killed_ns = tn_now_ns(CLOCK_MONOTONIC);
}

static uint64_t patience_ns(const struct tn_churn_process *p)
{
	uint64_t since = tn_now_ns(CLOCK_MONOTONIC) - p->killed_ns;

	return since < KILL_NS ? KILL_NS - since : 0;
}

/**
 * tn_churn_reap() - collect a worker that was told to stop
 * @p: afterwards without process; its counters can still be read
 * @timeout_ns: how long it may still take; then it is killed
 *
 * Return: 0 if it ended in order, -EIO if it failed or was killed by somebody else, -ETIMEDOUT if it had to be
 * killed here, -EBUSY if even that has not ended it (then @p still has its process).
 */
int tn_churn_reap(struct tn_churn_process *p, uint64_t timeout_ns, struct tn_error *err)
{
	siginfo_t info = {0};
	int r;

	if (p->pid == 0)
		return 0;
	if (!p->killed_ns && !has_ended(p, timeout_ns))
		tn_churn_kill(p);
	if (p->killed_ns && !has_ended(p, patience_ns(p)))
		return tn_error_set(err, -EBUSY, "churn worker %d does not die: it hangs inside the kernel",
				    (int)p->pid);
	if (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED) < 0)
		r = tn_error_set(err, -errno, "cannot reap churn worker %d: %m", (int)p->pid);
	else if (p->killed_ns)
		r = tn_error_set(err, -ETIMEDOUT, "churn worker %d did not stop within %llu ms and was killed",
				 (int)p->pid, (unsigned long long)(timeout_ns / 1000000));
	else
		r = judge(p, &info, err);
	close(p->pidfd);
	p->pidfd = -1;
	p->pid = 0;
	return r;
}

/** tn_churn_read() - what a worker has counted so far, or had when it ended; any time until tn_churn_close() */
void tn_churn_read(const struct tn_churn_process *p, struct tn_churn_reading *ret)
{
	const struct tn_churn_shm *shm = p->shm;

	*ret = (struct tn_churn_reading){
		.state = atomic_load(&shm->state),
		.operations = atomic_load(&shm->operations),
		.missed = atomic_load(&shm->missed),
		.errors = atomic_load(&shm->errors),
		.busy_ns = atomic_load(&shm->busy_ns),
	};
	/* Both are written once, before the state or the count that announces them. */
	if (ret->state != TN_CHURN_START)
		snprintf(ret->mechanism, sizeof(ret->mechanism), "%.*s", TN_CHURN_MECHANISM - 1, shm->mechanism);
	if (ret->errors > 0 || ret->state == TN_CHURN_FAILED)
		snprintf(ret->failure, sizeof(ret->failure), "%.*s", TN_CHURN_FAILURE - 1, shm->failure);
}

/** tn_churn_close() - kill the worker if it lives, and release everything; safe on a closed or zeroed one */
void tn_churn_close(struct tn_churn_process *p)
{
	tn_churn_reap(p, 0, NULL);
	if (p->pid)
		close(p->pidfd);
	if (p->shm)
		munmap(p->shm, sizeof(*p->shm));
	*p = (struct tn_churn_process){.pidfd = -1};
}
