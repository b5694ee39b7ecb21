// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probe processes as the daemon sees them: started with one inherited descriptor, watched through the
 * state word in shared memory, killed when in doubt. The probe dies with the daemon (PR_SET_PDEATHSIG).
 */
#include "probes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/paths.h"

#define NO_CPUSET 126 /* status of a child that could not enter it */

/* Between fork() and exec(), so that the probe itself knows nothing of cpusets. */
static void enter_cpuset(const char *enter)
{
	int fd = open(enter, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(NO_CPUSET);
	close(fd);
}

static void run_child(const char *path, int fd, const char *enter)
{
	char fd_text[16];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fcntl(fd, F_SETFD, 0);
	if (*enter)
		enter_cpuset(enter);
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	execl(path, "tlbnoise-probe", "--shm-fd", fd_text, (char *)NULL);
	_exit(127);
}

/**
 * probe_spawn() - start a probe
 * @p: the probe; @p->cpu is set from @config
 * @config: what it shall do
 * @enter: file of the cpuset that it has to be in for its CPU, "" for none
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int probe_spawn(struct probe *p, const struct tn_probe_config *config, const char *enter, struct tn_error *err)
{
	char path[512];
	int r;

	p->cpu = config->cpu;
	r = tn_path_helper("tlbnoise-probe", path, sizeof(path), err);
	if (r < 0)
		return r;
	r = tn_probe_shm_create(config, &p->handle, err);
	if (r < 0)
		return r;
	p->pid = fork();
	if (p->pid == 0)
		run_child(path, p->handle.fd, enter);
	if (p->pid < 0) {
		p->pid = 0;
		r = -errno;
		tn_probe_shm_close(&p->handle);
		return tn_error_set(err, r, "CPU %d: cannot start a probe: %s", p->cpu, strerror(-r));
	}
	return 0;
}

/**
 * probe_state() - how far a probe is
 * @p: a probe that was spawned
 *
 * Return: its state.
 */
enum tn_probe_state probe_state(const struct probe *p)
{
	return (enum tn_probe_state)atomic_load_explicit(&p->handle.shm->state, memory_order_acquire);
}

/**
 * probe_command() - tell a probe what to do
 * @p: a probe that was spawned
 * @command: TN_PROBE_GO or TN_PROBE_STOP
 */
void probe_command(struct probe *p, enum tn_probe_command command)
{
	atomic_store_explicit(&p->handle.shm->command, command, memory_order_release);
}

/**
 * probe_check() - is a probe well?
 * @p: a probe that was spawned
 * @err: what it said, or how it died
 *
 * Return: 0 while it works or is done, a negative errno when it failed.
 */
int probe_check(struct probe *p, struct tn_error *err)
{
	enum tn_probe_state state = probe_state(p);
	int status;

	if (state == TN_PROBE_FAILED)
		return tn_error_set(err, -EIO, "CPU %d: probe: %.250s", p->cpu, p->handle.shm->failure);
	if (state == TN_PROBE_DONE || waitpid(p->pid, &status, WNOHANG) != p->pid)
		return 0;
	p->pid = 0;
	state = probe_state(p); /* it may have finished between the two looks */
	if (state == TN_PROBE_DONE)
		return 0;
	if (state == TN_PROBE_FAILED)
		return tn_error_set(err, -EIO, "CPU %d: probe: %.250s", p->cpu, p->handle.shm->failure);
	if (WIFSIGNALED(status))
		return tn_error_set(err, -ECHILD, "CPU %d: the probe was killed by signal %d", p->cpu,
				    WTERMSIG(status));
	return tn_error_set(err, -ECHILD, "CPU %d: the probe ended with status %d%s", p->cpu, WEXITSTATUS(status),
			    WEXITSTATUS(status) == 127         ? " (could not be executed)"
			    : WEXITSTATUS(status) == NO_CPUSET ? " (could not enter the isolated cpuset)"
							       : "");
}

/**
 * probe_end() - end a probe and release what is shared with it
 * @p: a probe, spawned or zeroed
 */
void probe_end(struct probe *p)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL); /* also one that is done: its result is in the memory we share */
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
		p->pid = 0;
	}
	if (p->handle.shm)
		tn_probe_shm_close(&p->handle);
}
