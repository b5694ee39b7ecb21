// SPDX-License-Identifier: GPL-2.0-only
/* What runs on isolated CPUs: a process for each, killed when the test ends. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

volatile uint64_t *load_rounds;

/* Returns once the child has been round its loop. */
pid_t load_child(unsigned int cpu, void (*run)(unsigned int cpu))
{
	pid_t pid;

	load_rounds[cpu] = 0;
	pid = fork();
	if (pid < 0)
		fail("cannot fork a load for CPU %u", cpu);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!bind_to(cpu))
			fail("cannot bind a load to CPU %u", cpu);
		run(cpu);
		_exit(0);
	}
	while (load_rounds[cpu] == 0) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			fail("the load of CPU %u ended at once", cpu);
		sleep_ms(1);
	}
	return pid;
}

void load_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void spin(unsigned int cpu)
{
	mlockall(MCL_CURRENT | MCL_FUTURE);
	for (;;)
		load_rounds[cpu]++;
}

/* Stays in userspace. */
pid_t load_spin(unsigned int cpu)
{
	return load_child(cpu, spin);
}

static void visit(unsigned int cpu)
{
	mlockall(MCL_CURRENT | MCL_FUTURE);
	for (;;) {
		load_rounds[cpu]++;
		for (volatile unsigned int i = 0; i < 20000; i++)
			;
		syscall(SYS_getppid);
	}
}

/* Enters the kernel now and then, which makes it run what is pending. */
pid_t load_visit(unsigned int cpu)
{
	return load_child(cpu, visit);
}
