// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of deferred TLB flushes on the kernel that runs, in the Test Anything Protocol. Needs root,
 * the module tlbnoise_churn, debugfs, tracefs, and two CPUs in nohz_full=. What a kernel lacks is
 * skipped. Exit status: 0 all passed or skipped, 1 one failed, 2 wrong usage.
 */
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "flushes", test_flushes },
	{ "page-tables", test_page_tables },
	{ "accounting", test_accounting },
	{ "nmi-window", test_nmi_window },
	{ "page-table-check", test_page_table_check },
};

struct options options = {
	.cpu = 2,
	.spare = 3,
	.seconds = 20,
	.flushes = 10000,
	.frees = 1000,
	.refused_max = 0.005,
};

static void print(const char *before, const char *fmt, va_list ap)
{
	fputs(before, stdout);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("# ", fmt, ap);
	va_end(ap);
}

void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("# failed: ", fmt, ap);
	va_end(ap);
	_exit(1);
}

void skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("# skipped: ", fmt, ap);
	va_end(ap);
	_exit(SKIPPED);
}

/* Whatever a test has switched, and did not get to switch back. */
static void restore(const char *printk)
{
	file_put("/proc/sys/kernel/printk", printk);
	file_put("/sys/kernel/debug/context_tracking_work_delay", "0");
	file_put("/sys/kernel/debug/kernel_tlb_defer_all", "N");
	cpu_online(options.spare, true);
	trace_remove();
}

/* The child leads a process group, so that nothing it has started outlives it. */
static int run(size_t i, unsigned int number)
{
	long taint = file_number("/proc/sys/kernel/tainted", 0);
	long level = file_number("/proc/sys/kernel/printk", 7);
	char printk[24];
	int status;
	pid_t pid;

	snprintf(printk, sizeof(printk), "%ld", level);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		tests[i].run();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = 1;
	if (pid > 0)
		kill(-pid, SIGKILL);
	restore(printk);
	if (WIFSIGNALED(status))
		note("killed by signal %d", WTERMSIG(status));
	if (file_number("/proc/sys/kernel/tainted", 0) != taint) {
		note("failed: the kernel is tainted, and was not before");
		status = 1;
	}
	printf("%s %u - %s%s\n", status && status != SKIPPED << 8 ? "not ok" : "ok", number,
	       tests[i].name, status == SKIPPED << 8 ? " # SKIP" : "");
	fflush(stdout);
	return status && status != SKIPPED << 8;
}

static bool wanted(size_t i, int argc, char **argv)
{
	for (int a = 0; a < argc; a++)
		if (strcmp(argv[a], tests[i].name) == 0)
			return true;
	return argc == 0;
}

static void usage(void)
{
	fputs("usage: work-test [-c CPU] [-o CPU] [-s SECONDS] [-n FLUSHES] [-p FREES] [-r RATIO] [TEST]...\n"
	      "  -c  isolated CPU to watch (2)\n"
	      "  -o  isolated CPU to take offline and online (3)\n"
	      "  -s  seconds of the test of the counters (20)\n"
	      "  -n  flushes to trace (10000)\n"
	      "  -p  page tables to free (1000)\n"
	      "  -r  flushes that may interrupt a CPU that stays in userspace, in each (0.005)\n"
	      "tests:",
	      stderr);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		fprintf(stderr, " %s", tests[i].name);
	fputc('\n', stderr);
	exit(2);
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:o:s:n:p:r:h")) != -1) {
		switch (c) {
		case 'c':
			options.cpu = (unsigned int)atoi(optarg);
			break;
		case 'o':
			options.spare = (unsigned int)atoi(optarg);
			break;
		case 's':
			options.seconds = (unsigned int)atoi(optarg);
			break;
		case 'n':
			options.flushes = (unsigned int)atoi(optarg);
			break;
		case 'p':
			options.frees = (unsigned int)atoi(optarg);
			break;
		case 'r':
			options.refused_max = atof(optarg);
			break;
		default:
			usage();
		}
	}
}

int main(int argc, char **argv)
{
	unsigned int number = 0;
	size_t known = 0;
	int failed = 0;

	parse(argc, argv);
	argc -= optind;
	argv += optind;
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		known += argc > 0 && wanted(i, argc, argv);
	if (known != (size_t)argc)
		usage();
	load_rounds = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (load_rounds == MAP_FAILED)
		return 2;
	printf("TAP version 13\n1..%zu\n", argc > 0 ? known : ARRAY_SIZE(tests));
	fflush(stdout);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		if (wanted(i, argc, argv))
			failed += run(i, ++number);
	return failed ? 1 : 0;
}
