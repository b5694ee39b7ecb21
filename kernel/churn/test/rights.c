// SPDX-License-Identifier: GPL-2.0-only
/* Who may open the device, and what is refused with which error. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test.h"

#define NOBODY 65534

void test_info(void)
{
	int fd = device_open();
	struct tlbnoise_churn_info info = info_of(fd);

	check_equal(info.version, TLBNOISE_CHURN_VERSION);
	for (unsigned int i = 0; i < TLBNOISE_CHURN_PATTERNS; i++) {
		note("%-13s up to %u pages", pattern_name[i], info.pages_max[i]);
		check_equal(!!(info.patterns & 1u << i), info.pages_max[i] > 0);
	}
	check_equal(info.patterns >> TLBNOISE_CHURN_PATTERNS, 0);
	check_equal(info.pages_max[TLBNOISE_CHURN_PATTERNS], 0);
	note("memory up to %llu MiB, ticks at %u kHz", (unsigned long long)info.memory_max >> 20,
	     info.tick_khz);
	check(info.memory_max > 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(info.reserved); i++)
		check_equal(info.reserved[i], 0);
}

/* The mode of the file must not be all that keeps others out. */
void test_capability(void)
{
	struct stat st;
	int status;
	pid_t pid;

	check(stat(TLBNOISE_CHURN_DEVICE, &st) == 0);
	check_equal(st.st_mode & 0777, 0600);
	check(chmod(TLBNOISE_CHURN_DEVICE, 0666) == 0);
	pid = fork();
	if (pid == 0) {
		if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(2);
		_exit(open(TLBNOISE_CHURN_DEVICE, O_RDWR) >= 0 || errno != EPERM);
	}
	check(waitpid(pid, &status, 0) == pid);
	check(chmod(TLBNOISE_CHURN_DEVICE, 0600) == 0);
	check_equal(status, 0);
}

static void start_refusals(int fd, unsigned int pages_max)
{
	struct tlbnoise_churn_start good = start_of(TLBNOISE_CHURN_VMALLOC, 1), bad;

#define refused(expected, ...)                                                  \
	do {                                                                    \
		bad = good;                                                     \
		__VA_ARGS__;                                                    \
		check_equal(refusal(fd, TLBNOISE_CHURN_START, &bad), expected); \
	} while (0)
	refused(EINVAL, bad.pattern = TLBNOISE_CHURN_PATTERNS);
	refused(EINVAL, bad.pattern = UINT32_MAX);
	refused(EINVAL, bad.flags = 1);
	refused(EINVAL, bad.pages_min = 0);
	refused(EINVAL, bad.pages_min = 2);
	refused(EINVAL, bad.pages_max = 0);
	refused(E2BIG, bad.pages_max = pages_max + 1);
	refused(E2BIG, bad.pages_max = UINT32_MAX);
	refused(EINVAL, bad.period_ns = UINT64_MAX);
	refused(EINVAL, bad.period_ns = 3600000000001ULL);
	refused(E2BIG, bad.memory_max = 1);
	refused(E2BIG, bad.pages_max = 1024; bad.memory_max = 1024 * 4096 - 1);
	refused(EINVAL, bad.reserved[0] = 1);
	refused(EINVAL, bad.reserved[2] = 1ULL << 63);
	refused(EINVAL, add_cpu(&bad, TLBNOISE_CHURN_CPUS - 1));
	refused(EINVAL, add_cpu(&bad, 0);
		add_cpu(&bad, (unsigned int)sysconf(_SC_NPROCESSORS_CONF)));
#undef refused
}

static void inject_refusals(int fd)
{
	struct tlbnoise_churn_inject good = { .cpu = 1,
					      .duration_min = 1000,
					      .duration_max = 2000,
					      .spacing_min_ns = 100000,
					      .spacing_max_ns = 100000,
					      .count = 1 };
	struct tlbnoise_churn_inject bad;

#define refused(expected, ...)                                                   \
	do {                                                                     \
		bad = good;                                                      \
		__VA_ARGS__;                                                     \
		check_equal(refusal(fd, TLBNOISE_CHURN_INJECT, &bad), expected); \
	} while (0)
	refused(EINVAL, bad.cpu = 0);
	refused(EINVAL, bad.cpu = UINT32_MAX);
	refused(EINVAL, bad.sender = UINT32_MAX);
	refused(EINVAL, bad.duration_min = 2001);
	refused(EINVAL, bad.duration_max = 10000001;
		bad.spacing_min_ns = bad.spacing_max_ns = 1000000000);
	refused(EINVAL, bad.duration_max = UINT64_MAX);
	refused(EINVAL, bad.flags = TLBNOISE_CHURN_TICKS; bad.duration_max = UINT64_MAX);
	refused(EINVAL, bad.spacing_min_ns = 9999);
	refused(EINVAL, bad.spacing_min_ns = 0);
	refused(EINVAL, bad.duration_max = 100001);
	refused(EINVAL, bad.spacing_max_ns = 99999);
	refused(EINVAL, bad.spacing_max_ns = UINT64_MAX);
	refused(EINVAL, bad.flags = 2);
	refused(EINVAL, bad.reserved[1] = 1);
	refused(E2BIG, bad.records = info_of(fd).records_max + 1);
#undef refused
}

void test_refusals(void)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_VMALLOC, 4);
	struct tlbnoise_churn_operate op = { 0 };
	struct tlbnoise_churn_remap remap = { .pages = 513 };
	struct tlbnoise_churn_peek peek = { 0 };
	struct tlbnoise_churn_record record;
	int fd = device_open();

	start_refusals(fd, info_of(fd).pages_max[TLBNOISE_CHURN_VMALLOC]);
	if (cpu_count() > 1)
		inject_refusals(fd);
	check_equal(refusal(fd, TLBNOISE_CHURN_STOP, NULL), ENOENT);
	check_equal(refusal(fd, TLBNOISE_CHURN_CEASE, NULL), ENOENT);
	check_equal(refusal(fd, TLBNOISE_CHURN_OPERATE, &op), ENOENT);
	request(fd, TLBNOISE_CHURN_START, &start);
	check_equal(refusal(fd, TLBNOISE_CHURN_START, &start), EBUSY);
	op.pages = 5;
	check_equal(refusal(fd, TLBNOISE_CHURN_OPERATE, &op), E2BIG);
	op = (struct tlbnoise_churn_operate){ .reserved = { 0, 1 } };
	check_equal(refusal(fd, TLBNOISE_CHURN_OPERATE, &op), EINVAL);
	check_equal(refusal(fd, TLBNOISE_CHURN_OPERATE, NULL), EFAULT);
	check_equal(refusal(fd, TLBNOISE_CHURN_REMAP, &remap), E2BIG);
	remap.pages = 0;
	check_equal(refusal(fd, TLBNOISE_CHURN_REMAP, &remap), EINVAL);
	check_equal(refusal(fd, TLBNOISE_CHURN_PEEK, &peek), ENOENT);
	check_equal(refusal(fd, _IO(TLBNOISE_CHURN_MAGIC, 9), NULL), ENOTTY);
	check_equal(refusal(fd, _IO(TLBNOISE_CHURN_MAGIC, 0), NULL), ENOTTY);
	check_equal(refusal(fd, _IOR(TLBNOISE_CHURN_MAGIC, 0, uint64_t), NULL), ENOTTY);
	check(read(fd, &record, sizeof(record) - 1) < 0 && errno == EINVAL);
	check(read(fd, &record, sizeof(record)) == 0);
	check(write(fd, &record, sizeof(record)) < 0 && errno == EINVAL);
}
