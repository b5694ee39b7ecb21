// SPDX-License-Identifier: GPL-2.0-or-later
/* What entry-load does between the exceptions: system calls, page faults, children, and flushes for the others. */
#include "entry-load.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tlbnoise_churn.h"

void system_calls(void)
{
	struct timespec t;
	char buf[64];
	int p[2];

	syscall(SYS_getpid);
	syscall(SYS_gettid);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	if (pipe(p) == 0) {
		if (write(p[1], "x", 1) == 1 && read(p[0], buf, 1) != 1)
			abort();
		close(p[0]);
		close(p[1]);
	}
	sched_yield();
	syscall(9999);
}

void touch_pages(unsigned int n)
{
	char *p = mmap(NULL, n * 4096ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	for (unsigned int i = 0; i < n; i++) {
		p[i * 4096ul] = 1;
		work(200);
	}
	munmap(p, n * 4096ul);
}

void single_step_a_child(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		work(50);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return;
	for (int i = 0; i < 50 && !WIFEXITED(status); i++)
		if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0 || waitpid(pid, &status, 0) != pid)
			break;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

void under_seccomp(void)
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {.len = 1, .filter = allow};
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
		system_calls();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int churn(const char *ms)
{
	struct tlbnoise_churn_start start = {
		.pattern = TLBNOISE_CHURN_UNMAP_ALIASES,
		.pages_min = 1,
		.pages_max = 64,      /* ranges, and above the ceiling everything */
		.period_ns = 4000000, /* CPU 0 has the rest of the load to do as well */
		.cpus = {1},
	};
	int fd = open(TLBNOISE_CHURN_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, TLBNOISE_CHURN_START, &start) < 0) {
		fprintf(stderr, "entry-load: %s: %s\n", TLBNOISE_CHURN_DEVICE, strerror(errno));
		return 2;
	}
	usleep((useconds_t)atoi(ms) * 1000);
	return 0;
}
