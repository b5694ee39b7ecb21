// SPDX-License-Identifier: GPL-2.0-only
/* What the tests do all the time. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <time.h>

#include "test.h"

const char *const pattern_name[TLBNOISE_CHURN_PATTERNS] = {
	"vmalloc", "vmap", "vm-map-ram", "unmap-aliases", "set-memory", "huge-vmap", "mixed",
};

int device_open(void)
{
	int fd = open(TLBNOISE_CHURN_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("cannot open %s: %s", TLBNOISE_CHURN_DEVICE, strerror(errno));
	return fd;
}

int refusal(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? errno : 0;
}

void request(int fd, unsigned long request, void *arg)
{
	if (ioctl(fd, request, arg) < 0)
		fail("request %lu: %s", request & 0xff, strerror(errno));
}

struct tlbnoise_churn_stats stats_of(int fd)
{
	struct tlbnoise_churn_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	request(fd, TLBNOISE_CHURN_STATS, &stats);
	return stats;
}

struct tlbnoise_churn_info info_of(int fd)
{
	struct tlbnoise_churn_info info;

	memset(&info, 0xff, sizeof(info));
	request(fd, TLBNOISE_CHURN_INFO, &info);
	return info;
}

struct tlbnoise_churn_start start_of(uint32_t pattern, uint32_t pages)
{
	struct tlbnoise_churn_start start = { .pattern = pattern,
					      .pages_min = pages,
					      .pages_max = pages };

	return start;
}

void add_cpu(struct tlbnoise_churn_start *start, unsigned int cpu)
{
	start->cpus[cpu / 64] |= 1ULL << cpu % 64;
}

void bind_to(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fail("cannot run on CPU %u: %s", cpu, strerror(errno));
}

unsigned int cpu_count(void)
{
	return (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static bool is_ours(const char *pid)
{
	char path[300], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	return strncmp(name, "tlbnoise/", 9) == 0 || strncmp(name, "tlbnoise-inj", 12) == 0;
}

unsigned int threads_alive(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned int n = 0;

	check(proc);
	while ((entry = readdir(proc)))
		n += isdigit((unsigned char)entry->d_name[0]) && is_ours(entry->d_name);
	closedir(proc);
	return n;
}

/* A thread that has ended can be seen for a moment longer. */
void wait_for_no_threads(void)
{
	uint64_t end = now_ns() + 10000000000;

	while (threads_alive() > 0 && now_ns() < end)
		usleep(1000);
	check_equal(threads_alive(), 0);
}

unsigned long taint(void)
{
	FILE *f = fopen("/proc/sys/kernel/tainted", "re");
	unsigned long value = 0;

	if (!f || fscanf(f, "%lu", &value) != 1)
		fail("cannot read /proc/sys/kernel/tainted");
	fclose(f);
	return value;
}

bool in_guest(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[4096];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strncmp(line, "flags", 5) == 0 && strstr(line, " hypervisor");
	if (f)
		fclose(f);
	return found;
}
