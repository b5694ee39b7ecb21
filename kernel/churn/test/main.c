// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the module tlbnoise_churn on the kernel that runs, in the Test Anything Protocol. Needs
 * root and the module. `churn-test` runs all, `churn-test NAME [ROUNDS]` one. As init of a virtual
 * machine it mounts what it needs, loads /tlbnoise_churn.ko, runs what the kernel command line says
 * after "--", and reboots.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test.h"

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "info", test_info },
	{ "capability", test_capability },
	{ "refusals", test_refusals },
	{ "patterns", test_patterns },
	{ "page-tables", test_page_tables },
	{ "paced", test_paced },
	{ "flat-out", test_flat_out },
	{ "memory", test_memory },
	{ "killed", test_killed },
	{ "orphaned", test_orphaned },
	{ "shared", test_shared },
	{ "durations", test_durations },
	{ "ticks", test_ticks },
	{ "overrun", test_overrun },
	{ "cease", test_cease },
	{ "remap", test_remap },
	{ "worker-offline", test_worker_offline },
	{ "target-offline", test_target_offline },
	{ "sender-offline", test_sender_offline },
	{ "hotplug-storm", test_hotplug_storm },
	{ "malformed", test_malformed },
	{ "unload", test_unload },
};

long amount;

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

void skip(const char *why)
{
	note("skipped: %s", why);
	_exit(SKIPPED);
}

/* In a group of its own: a test that fails leaves children behind, and with them churn that other
 * tests would find. Returns the status as waitpid() has it. */
static int run_alone(size_t i)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		tests[i].run();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	kill(-pid, SIGKILL);
	return status;
}

/* 0 if the test passed or was skipped. */
static int run(size_t i)
{
	unsigned long before = taint();
	int status = run_alone(i);

	if (taint() != before) {
		note("failed: the kernel is tainted: %lu, and was %lu before", taint(), before);
		status = 1;
	}
	if (WIFSIGNALED(status))
		note("killed by signal %d", WTERMSIG(status));
	printf("%s %zu - %s%s\n", status && status != SKIPPED << 8 ? "not ok" : "ok", i + 1,
	       tests[i].name, status == SKIPPED << 8 ? " # SKIP" : "");
	fflush(stdout);
	return status && status != SKIPPED << 8;
}

static int run_all(const char *only)
{
	int failed = 0;
	bool found = false;

	printf("1..%zu\n", only ? 1 : ARRAY_SIZE(tests));
	fflush(stdout);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		if (only && strcmp(only, tests[i].name) != 0)
			continue;
		found = true;
		failed += run(i);
	}
	if (!found)
		note("there is no test '%s'", only);
	return failed || !found;
}

static bool prepare_guest(void)
{
	int fd;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	fd = open("/dev/console", O_RDWR);
	for (int i = 0; i < 3 && fd >= 0; i++)
		dup2(fd, i);
	fd = open("/tlbnoise_churn.ko", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0) {
		note("cannot load the module: %s", strerror(errno));
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	bool guest = getpid() == 1;
	int r = 1;

	if (!guest || prepare_guest()) {
		amount = argc > 2 ? atol(argv[2]) : 0;
		r = run_all(argc > 1 ? argv[1] : NULL);
	}
	if (!guest)
		return r;
	printf("# all of it: %s\n", r ? "failed" : "passed");
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT);
	return r;
}
