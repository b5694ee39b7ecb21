// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that enters and leaves the kernel in every way that a program has: system calls of all
 * sorts with arguments at random, also those of 32 bits and such as do not exist; page faults that
 * are resolved and that are not; exceptions; signals from itself and from a timer; sleeps; forks.
 * The calls are such that no arguments can do harm, to the machine or to the test.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define PAGE 4096

static sigjmp_buf back;
static uint64_t state;
static char *page;
static unsigned int rounds;

static unsigned int draw(unsigned int n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)(state >> 33) % n;
}

static long argument(void)
{
	switch (draw(5)) {
	case 0:
		return (long)(page + draw(2 * PAGE)); /* the second page is not there */
	case 1:
		return -1;
	case 2:
		return 0;
	case 3:
		return (long)state; /* not canonical, mostly */
	default:
		return draw(64);
	}
}

static void system_call(void)
{
	static const int numbers[] = {
		SYS_getpid,
		SYS_getppid,
		SYS_gettid,
		SYS_getuid,
		SYS_getpgrp,
		SYS_times,
		SYS_getrusage,
		SYS_clock_gettime,
		SYS_clock_getres,
		SYS_uname,
		SYS_sysinfo,
		SYS_getcpu,
		SYS_getrlimit,
		SYS_getcwd,
		SYS_access,
		SYS_stat,
		SYS_readlink,
		SYS_mincore,
		SYS_fstat,
		SYS_lseek,
		SYS_getgroups,
		SYS_sched_yield,
		SYS_getrandom,
		SYS_statfs,
		SYS_sched_getaffinity,
		SYS_rt_sigpending,
		SYS_getsockname,
		100000,
	};

	syscall(numbers[draw(ARRAY_SIZE(numbers))], argument(), argument(), argument(), argument());
}

static void system_call_32(void)
{
	long r = 20; /* getpid */

	asm volatile("int $0x80" : "+a"(r) : : "memory", "r8", "r9", "r10", "r11");
}

static void page_fault(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	p[0] = p[2 * PAGE] = 1;
	munmap(p, 4 * PAGE);
}

static void segmentation_fault(void)
{
	*(volatile char *)(page + PAGE) = 1;
}

static void breakpoint(void)
{
	asm volatile("int3");
}

static void invalid_opcode(void)
{
	asm volatile("ud2");
}

static void division(void)
{
	asm volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\txor %%ecx, %%ecx\n\tdiv %%ecx" ::
			     : "eax", "ecx", "edx", "cc");
}

static void protection(void)
{
	asm volatile("hlt");
}

static void single_step(void)
{
	asm volatile("pushf\n\torq $0x100, (%%rsp)\n\tpopf\n\tnop" ::: "memory", "cc");
}

static void signal_self(void)
{
	kill(getpid(), SIGUSR1);
}

static void sleep_a_little(void)
{
	struct timespec t = { 0, draw(20000) };

	nanosleep(&t, NULL);
}

static void fork_and_wait(void)
{
	pid_t pid = draw(8) ? -1 : fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void stay(void)
{
	for (volatile unsigned int i = draw(200000); i; i--)
		;
}

static void (*const ways[])(void) = {
	system_call, system_call, system_call, system_call_32, page_fault,     segmentation_fault,
	breakpoint,  division,	  protection,  invalid_opcode, single_step,    signal_self,
	stay,	     stay,	  stay,	       fork_and_wait,  sleep_a_little,
};

static void fault(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

static void nothing(int signal)
{
	(void)signal;
}

static void handle_signals(void)
{
	static const int faults[] = { SIGSEGV, SIGTRAP, SIGILL, SIGFPE, SIGBUS };
	struct itimerval timer = { { 0, 7000 }, { 0, 7000 } };

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		signal(faults[i], fault);
	signal(SIGUSR1, nothing);
	signal(SIGALRM, nothing);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* No arguments shall write into the test's output. */
static void close_output(void)
{
	int fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3 && fd >= 0; i++)
		dup2(fd, i);
}

static void storm(unsigned int cpu)
{
	close_output();
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || munmap(page + PAGE, PAGE) < 0)
		_exit(1);
	state = cpu * 7919 + 1;
	handle_signals();
	for (;;) {
		load_rounds[cpu]++;
		if (sigsetjmp(back, 1) == 0)
			ways[draw(ARRAY_SIZE(ways))]();
		/* Comes back to a CPU that was offline. */
		if (++rounds % 64 == 0)
			bind_to(cpu);
	}
}

pid_t load_storm(unsigned int cpu)
{
	return load_child(cpu, storm);
}
