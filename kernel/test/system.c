// SPDX-License-Identifier: GPL-2.0-only
/* What the tests ask of the kernel: files, CPUs, NMIs, its log, and churn. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

bool file_put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return done;
}

static bool file_get(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	return n > 0;
}

long file_number(const char *path, long otherwise)
{
	char text[64];

	return file_get(path, text, sizeof(text)) ? strtol(text, NULL, 0) : otherwise;
}

void test_file_put(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s", name);
	if (access(path, W_OK) < 0)
		skip("no %s in debugfs: kernel without CONFIG_CONTEXT_TRACKING_WORK_TEST%s", name,
		     strstr(name, "defer_all") ? " and CONFIG_DEBUG_VM" : "");
	if (!file_put(path, value))
		fail("cannot write %s to %s: %s", value, path, strerror(errno));
}

bool isolated_cpu(unsigned int cpu)
{
	char text[256];

	if (!file_get("/sys/devices/system/cpu/nohz_full", text, sizeof(text)))
		return false;
	for (char *word = strtok(text, ",\n"); word; word = strtok(NULL, ",\n")) {
		unsigned int first, last;
		int n = sscanf(word, "%u-%u", &first, &last);

		if ((n == 1 && cpu == first) || (n == 2 && cpu >= first && cpu <= last))
			return true;
	}
	return false;
}

bool cpu_online(unsigned int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	return file_number(path, 1) == online || file_put(path, online ? "1" : "0");
}

bool bind_to(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

void sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A backtrace of all CPUs but this one is taken by NMI. */
void nmi_to_all(void)
{
	if (!file_put("/proc/sysrq-trigger", "l"))
		skip("no /proc/sysrq-trigger to send NMIs with");
}

long nmis_of(unsigned int cpu)
{
	FILE *f = fopen("/proc/interrupts", "re");
	char line[4096];
	long n = -1;

	while (f && fgets(line, sizeof(line), f)) {
		char *p = strstr(line, "NMI:");

		if (!p)
			continue;
		p += 4;
		for (unsigned int i = 0; i <= cpu; i++)
			n = strtol(p, &p, 10);
	}
	if (f)
		fclose(f);
	if (n < 0)
		fail("/proc/interrupts has no NMI line");
	return n;
}

static int log_fd = -1;

/* Backtraces would flood the console; what is read here need not show up there. */
void log_follow(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd < 0 || lseek(log_fd, 0, SEEK_END) < 0)
		fail("cannot read /dev/kmsg: %s", strerror(errno));
	file_put("/proc/sys/kernel/printk", "1");
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool complaint(const char *text)
{
	static const char *const words[] = { "BUG",	      "WARNING",
					     "Oops",	      "INFO",
					     "rcu: INFO",     "general protection",
					     "KASAN",	      "UBSAN",
					     "unchecked MSR", "DEBUG_LOCKS_WARN" };

	/* Backtraces of all CPUs do, on an emulated machine. */
	if (starts(text, "INFO: NMI handler"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (starts(text, words[i]))
			return true;
	return false;
}

/* Whether the kernel has a function of that name. */
bool kernel_has(const char *function)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[512], wanted[128];
	bool found = false;

	if (!f)
		fail("cannot read /proc/kallsyms");
	snprintf(wanted, sizeof(wanted), " %s\n", function);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, wanted);
	fclose(f);
	return found;
}

bool log_has(const char *phrase)
{
	bool found = false;
	char record[8192];
	ssize_t n;

	while ((n = read(log_fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		char *text;

		if (n < 0)
			fail("the kernel's log ran over: complaints may be lost");
		record[n] = 0;
		text = strchr(record, ';');
		if (text && complaint(text + 1))
			fail("the kernel complains: %s", text + 1);
		found = found || (phrase && text && strstr(text, phrase));
	}
	return found;
}

/* With a CPU, by a thread there until the descriptor is closed; with -1, by churn_operate(). */
int churn_start(uint32_t pattern, uint32_t pages, int cpu, uint64_t period_ns)
{
	static struct tlbnoise_churn_start start;
	int fd = open(TLBNOISE_CHURN_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("cannot open %s (is tlbnoise_churn loaded?): %s", TLBNOISE_CHURN_DEVICE,
		     strerror(errno));
	memset(&start, 0, sizeof(start));
	start.pattern = pattern;
	start.pages_min = 1;
	start.pages_max = pages;
	start.period_ns = period_ns;
	if (cpu >= 0)
		start.cpus[cpu / 64] |= 1ull << (cpu % 64);
	else
		start.pages_min = pages;
	if (ioctl(fd, TLBNOISE_CHURN_START, &start) == 0)
		return fd;
	if (errno == EOPNOTSUPP)
		skip("this kernel lacks what pattern %u of tlbnoise_churn needs", pattern);
	fail("cannot start pattern %u of tlbnoise_churn: %s", pattern, strerror(errno));
}

unsigned int churn_operate(int fd)
{
	struct tlbnoise_churn_operate operate = { 0 };

	if (ioctl(fd, TLBNOISE_CHURN_OPERATE, &operate) < 0)
		fail("an operation of tlbnoise_churn failed: %s", strerror(errno));
	return operate.tables_freed;
}
