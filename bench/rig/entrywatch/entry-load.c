// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Enters the kernel in every way that a program can, on the CPU that it is bound to, between stretches of plain
 * work in userspace in which other CPUs may leave it flushes. What ends in a signal is caught and stepped over. No
 * perf events: opening one patches the scheduler's code, and QEMU 7.2 then runs an int3 that is there no more.
 *
 * Usage: entry-load CPU ROUNDS	enters, and says how often each way worked
 *	  entry-load CPU ROUNDS WAY	this way only, as often
 *	  entry-load churn MS		with the helper module, from CPU 0: leaves flushes to the others
 *	  entry-load down		ends the guest, as reboot(8) would
 */
#include "entry-load.h"

#include <asm/ldt.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK32 0x10000 /* below 4 GiB, for 32-bit code */

static sigjmp_buf back;
static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
	siglongjmp(back, 1);
}

void work(unsigned int passes)
{
	for (unsigned int i = 0; i < passes; i++)
		__asm__ volatile("");
}

/* None at all: others may interrupt this. */
static void spin(void)
{
	for (;;)
		work(1000000);
}

/* Runs one way in that ends in a signal; says whether it did. */
static int faults(void (*way)(void))
{
	int before = signals;

	if (!sigsetjmp(back, 1))
		way();
	return signals - before;
}

static void divide(void)
{
	__asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cdq; idiv %%ecx" ::: "eax", "ecx", "edx");
}

static void undefined(void)
{
	__asm__ volatile("ud2");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void privileged(void)
{
	__asm__ volatile("hlt");
}

static void single_step(void)
{
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" ::: "cc", "memory");
}

static void icebp(void)
{
	__asm__ volatile(".byte 0xf1");
}

static void no_page(void)
{
	*(volatile int *)8 = 1;
}

static void bad_stack(void)
{
	__asm__ volatile(
		"mov %%rsp, %%rbx; mov $0x8000000000000000, %%rax; mov %%rax, %%rsp; push %%rax; mov %%rbx, %%rsp" ::
			: "rax", "rbx");
}

/* An unmasked invalid operation of the x87, reported by the next instruction that waits. */
static void x87(void)
{
	unsigned short control = 0x037e;

	__asm__ volatile("fninit; fldcw %0; fldz; fldz; fdivp; fwait" ::"m"(control));
}

static void x87_reset(void)
{
	__asm__ volatile("fninit");
}

static void sse(void)
{
	unsigned int control = 0x1f00, normal = 0x1f80;
	float zero = 0.0f, result;

	__asm__ volatile("ldmxcsr %2; movss %1, %%xmm0; divss %%xmm0, %%xmm0; movss %%xmm0, %0; ldmxcsr %3"
			 : "=m"(result)
			 : "m"(zero), "m"(control), "m"(normal)
			 : "xmm0");
}

static void sse_reset(void)
{
	unsigned int normal = 0x1f80;

	__asm__ volatile("ldmxcsr %0" ::"m"(normal));
}

static char unaligned[16];

static void alignment(void)
{
	__asm__ volatile(
		"pushfq; orq $0x40000, (%%rsp); popfq; mov %0, %%eax; pushfq; andq $~0x40000, (%%rsp); popfq" ::"m"(
			*(int *)(unaligned + 1))
		: "eax", "cc", "memory");
}

static void alignment_reset(void)
{
	__asm__ volatile("pushfq; andq $~0x40000, (%%rsp); popfq" ::: "cc", "memory");
}

/* A segment of the LDT, present or not. */
static int segment(int present)
{
	struct user_desc d = {
		.entry_number = present ? 0 : 1,
		.limit = 0xfffff,
		.seg_32bit = 1,
		.limit_in_pages = 1,
		.seg_not_present = !present,
		.useable = 1,
	};

	return (int)syscall(SYS_modify_ldt, 1, &d, sizeof(d));
}

static void segment_absent(void)
{
	__asm__ volatile("mov %0, %%es" ::"r"((1 << 3) | 7));
}

static void stack_segment_absent(void)
{
	__asm__ volatile("mov %0, %%ss" ::"r"((1 << 3) | 7));
}

static void int80(void)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
}

/* Programs may not raise these, unless entry_vectors has opened the gates. */
static void coprocessor_overrun(void)
{
	__asm__ volatile("int $9");
}

static void spurious_bug(void)
{
	__asm__ volatile("int $15");
}

static void simd(void)
{
	__asm__ volatile("int $19");
}

static void machine_check(void)
{
	__asm__ volatile("int $18");
}

/* Has the module entry_vectors do something on this CPU; what it answers EAGAIN to, again after some work. */
static void tell(const char *parameter)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/module/entry_vectors/parameters/%s", parameter);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	while (write(fd, "1", 1) != 1) {
		if (errno != EAGAIN)
			abort();
		work(10000000);
	}
	close(fd);
}

/* The next instruction of the FPU traps, and the kernel complains. */
static void no_fpu(void)
{
	tell("no_fpu");
	__asm__ volatile("fninit");
}

/* Until a spurious interrupt has come, which keeps all others from this CPU as long as nobody acknowledges it. */
static void spurious(void)
{
	tell("acknowledge");
}

static void interrupt(void)
{
	__asm__ volatile("int $0x20");
}

/*
 * 32-bit code: reached by a far jump to the compatibility code segment (0x23), left by one to 0x33. QEMU reads what a
 * far return takes from the stack with the kernel's rights, and then SMAP forbids it: hence jumps.
 */
static unsigned char *low;

static void run32(const unsigned char *code, size_t len)
{
	/* Static, since it is read after the stack pointer has changed. */
	static struct {
		uint32_t offset;
		uint16_t segment;
	} __attribute__((packed)) to;
	uint32_t tail = (uint32_t)(uintptr_t)(low + 512);
	unsigned char *p = low;

	to.offset = (uint32_t)(uintptr_t)low;
	to.segment = 0x23;
	memcpy(p, code, len);
	p += len;
	*p++ = 0xea; /* ljmp 0x33:tail */
	memcpy(p, &tail, 4);
	p[4] = 0x33;
	p[5] = 0;
	low[512] = 0xc3; /* ret, in 64-bit mode */
	__asm__ volatile("mov %%rsp, %%r12\n\t"
			 "mov %1, %%rsp\n\t"
			 "lea 1f(%%rip), %%rax\n\t"
			 "push %%rax\n\t"
			 "ljmpl *%0\n"
			 "1:\n\t"
			 "mov %%r12, %%rsp\n\t" ::"m"(to),
			 "r"((uint64_t)(uintptr_t)low + STACK32 - 64)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "rbp", "memory",
			   "cc");
}

static const unsigned char into[] = {0xb0, 0x7f, 0x04, 0x01, 0xce}; /* add overflow; into */
static const unsigned char bound[] = {0x31, 0xc0, 0x48, 0x6a, 0x05, 0x6a, 0x01, 0x62, 0x04, 0x24}; /* bound */
static const unsigned char syscall32[] = {0xb8, 20, 0, 0, 0, 0x55, 0x0f, 0x05, 0x5d};              /* syscall */
static const unsigned char int80_32[] = {0xb8, 20, 0, 0, 0, 0xcd, 0x80};

static void do_into(void)
{
	run32(into, sizeof(into));
}

static void do_bound(void)
{
	run32(bound, sizeof(bound));
}

static void do_syscall32(void)
{
	run32(syscall32, sizeof(syscall32));
}

static void do_int80_32(void)
{
	run32(int80_32, sizeof(int80_32));
}

/* SYSENTER returns through the vDSO's landing pad, so that a 64-bit program cannot come back: in a child. */
static void do_sysenter(void)
{
	static const unsigned char code[] = {0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0x89, 0xe5, 0x0f, 0x34};
	pid_t pid = fork();

	if (!pid) {
		signal(SIGILL, SIG_DFL); /* AMD's CPUs have no SYSENTER here */
		signal(SIGSEGV, SIG_DFL);
		run32(code, sizeof(code));
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static const struct way {
	const char *name;
	void (*run)(void);
	void (*reset)(void);
	int quiet; /* comes back without a signal */
	int rare;  /* only when it is asked for */
} ways[] = {
	{.name = "divide-error", .run = divide},
	{.name = "invalid-op", .run = undefined},
	{.name = "int3", .run = breakpoint},
	{.name = "general-protection", .run = privileged},
	{.name = "single-step", .run = single_step},
	{.name = "icebp", .run = icebp},
	{.name = "page-fault", .run = no_page},
	{.name = "stack-fault", .run = bad_stack},
	{.name = "x87", .run = x87, .reset = x87_reset},
	{.name = "sse", .run = sse, .reset = sse_reset},
	{.name = "alignment-check", .run = alignment, .reset = alignment_reset},
	{.name = "segment-not-present", .run = segment_absent},
	{.name = "stack-segment", .run = stack_segment_absent},
	{.name = "software-interrupt", .run = interrupt},
	{.name = "int9", .run = coprocessor_overrun},
	{.name = "int15", .run = spurious_bug, .quiet = 1},
	{.name = "int18", .run = machine_check, .quiet = 1},
	{.name = "int19", .run = simd, .quiet = 1},
	{.name = "int80", .run = int80, .quiet = 1},
	{.name = "overflow", .run = do_into},
	{.name = "bound", .run = do_bound},
	{.name = "syscall32", .run = do_syscall32, .quiet = 1},
	{.name = "int80-32", .run = do_int80_32, .quiet = 1},
	{.name = "sysenter", .run = do_sysenter, .quiet = 1},
	{.name = "no-fpu", .run = no_fpu, .quiet = 1, .rare = 1},
	{.name = "spin", .run = spin, .quiet = 1, .rare = 1},
	{.name = "spurious", .run = spurious, .quiet = 1, .rare = 1},
};
#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

static int bind_to(const char *cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((unsigned int)atoi(cpu), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) == 0)
		return 0;
	fprintf(stderr, "entry-load: CPU %s: %s\n", cpu, strerror(errno));
	return -1;
}

static void prepare(void)
{
	static const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_NODEFER | SA_ONSTACK};
	static char stack[65536];
	stack_t alt = {.ss_sp = stack, .ss_size = sizeof(stack)};

	low = mmap(NULL, STACK32, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	sigaltstack(&alt, NULL);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaction(caught[i], &sa, NULL);
	segment(1);
	segment(0);
}

/* Whether it worked. */
static int go(const struct way *way)
{
	int n;

	work(20000);
	n = faults(way->run);
	if (way->reset)
		way->reset();
	return n > 0 || way->quiet;
}

static void go_all(int rounds)
{
	unsigned int seen[N_WAYS] = {0};

	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < N_WAYS; i++)
			if (!ways[i].rare)
				seen[i] += (unsigned int)go(&ways[i]);
		for (int i = 0; i < 10; i++) {
			work(20000);
			system_calls();
		}
		touch_pages(20);
		if (round % 10 == 0) {
			single_step_a_child();
			under_seccomp();
		}
	}
	for (size_t i = 0; i < N_WAYS; i++)
		if (!ways[i].rare)
			printf("%-22s %u of %d\n", ways[i].name, seen[i], rounds);
}

static int go_only(const char *name, int rounds)
{
	for (size_t i = 0; i < N_WAYS; i++) {
		if (strcmp(ways[i].name, name) != 0)
			continue;
		while (rounds-- > 0)
			go(&ways[i]);
		return 0;
	}
	fprintf(stderr, "entry-load: no way '%s'\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "down") == 0)
		return reboot(RB_AUTOBOOT);
	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: entry-load CPU ROUNDS [WAY] | churn MILLISECONDS | down\n");
		return 2;
	}
	if (strcmp(argv[1], "churn") == 0)
		return churn(argv[2]);
	if (bind_to(argv[1]) < 0)
		return 2;
	prepare();
	if (argc == 4)
		return go_only(argv[3], atoi(argv[2]));
	go_all(atoi(argv[2]));
	return 0;
}
