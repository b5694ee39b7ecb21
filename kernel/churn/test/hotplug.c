// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that go offline under churn and injection, and come back. Nothing may hang; a thread whose
 * CPU went away ends and the session says EXDEV, all others go on; interruptions of a CPU that is
 * not there are counted as failed. Takes the last CPU offline, which no test program should do to
 * a machine in use: these tests run in virtual machines only.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>

#include "test.h"

/* Longer than anything takes that does not hang. */
#define PATIENCE_NS 20000000000

static unsigned int cpu; /* the one that goes and comes */

static int control_open(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	return open(path, O_RDWR | O_CLOEXEC);
}

static void set_online(bool online)
{
	int fd = control_open();

	check(fd >= 0);
	check(write(fd, online ? "1" : "0", 1) == 1);
	close(fd);
}

static void begin(unsigned int cpus)
{
	int fd;

	if (!in_guest())
		skip("takes CPUs offline: in virtual machines only");
	if (cpu_count() < cpus)
		skip("too few CPUs");
	cpu = cpu_count() - 1;
	fd = control_open();
	if (fd < 0)
		skip("CPUs cannot be taken offline here");
	close(fd);
	bind_to(0);
}

/* Fails unless @condition, which may name @stats, comes true in time. */
#define wait_until(fd, stats, condition)                       \
	do {                                                   \
		uint64_t end_ = now_ns() + PATIENCE_NS;        \
		while ((stats) = stats_of(fd), !(condition)) { \
			check(now_ns() < end_);                \
			usleep(1000);                          \
		}                                              \
	} while (0)

static void one_worker_goes(uint32_t pattern, uint64_t period_ns)
{
	struct tlbnoise_churn_start start = start_of(pattern, 16);
	struct tlbnoise_churn_stats stats;
	uint64_t done;
	int fd = device_open();

	start.period_ns = period_ns;
	add_cpu(&start, 0);
	add_cpu(&start, cpu);
	request(fd, TLBNOISE_CHURN_START, &start);
	wait_until(fd, stats, stats.operations >= 4);
	check_equal(stats.threads, 2);
	set_online(false);
	wait_until(fd, stats, stats.threads == 1);
	check_equal(stats.error, -EXDEV);
	check_equal(stats.errors, 0);
	done = stats.operations;
	wait_until(fd, stats, stats.operations >= done + 10);
	set_online(true);
	done = stats.operations;
	wait_until(fd, stats, stats.operations >= done + 10);
	check_equal(stats.threads, 1);
	request(fd, TLBNOISE_CHURN_STOP, NULL);
	request(fd, TLBNOISE_CHURN_START, &start);
	wait_until(fd, stats, stats.threads == 2);
	close(fd);
	wait_for_no_threads();
}

void test_worker_offline(void)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_VMALLOC, 4);
	int fd;

	begin(2);
	one_worker_goes(TLBNOISE_CHURN_UNMAP_ALIASES, 0);
	one_worker_goes(TLBNOISE_CHURN_MIXED, 0);
	one_worker_goes(TLBNOISE_CHURN_VMALLOC, 10000000);
	set_online(false);
	fd = device_open();
	add_cpu(&start, cpu);
	check_equal(refusal(fd, TLBNOISE_CHURN_START, &start), EINVAL);
	set_online(true);
	request(fd, TLBNOISE_CHURN_START, &start);
}

static struct tlbnoise_churn_inject plan_of(unsigned int target, unsigned int sender)
{
	struct tlbnoise_churn_inject plan = { .cpu = target,
					      .sender = sender,
					      .duration_min = 1000,
					      .duration_max = 5000,
					      .spacing_min_ns = 50000,
					      .spacing_max_ns = 500000 };

	return plan;
}

void test_target_offline(void)
{
	struct tlbnoise_churn_inject plan;
	struct tlbnoise_churn_stats stats;
	uint64_t shots, failed;
	int fd;

	begin(2);
	plan = plan_of(cpu, 0);
	fd = device_open();
	if (!info_of(fd).tick_khz)
		skip("no ticks of a known rate");
	request(fd, TLBNOISE_CHURN_INJECT, &plan);
	wait_until(fd, stats, stats.shots >= 10);
	check_equal(stats.shots_failed, 0);
	set_online(false);
	wait_until(fd, stats, stats.shots_failed >= 10);
	shots = stats.shots;
	failed = stats.shots_failed;
	wait_until(fd, stats, stats.shots_failed >= failed + 10);
	check_equal(stats.shots, shots);
	set_online(true);
	wait_until(fd, stats, stats.shots >= shots + 10);
	failed = stats.shots_failed;
	wait_until(fd, stats, stats.shots >= shots + 20);
	check_equal(stats.shots_failed, failed);
	check_equal(stats.error, 0);
	note("%llu shots, and %llu while the CPU was offline", (unsigned long long)stats.shots,
	     (unsigned long long)stats.shots_failed);
	request(fd, TLBNOISE_CHURN_CEASE, NULL);
}

/* Who waits for records is told. */
void test_sender_offline(void)
{
	struct tlbnoise_churn_inject plan;
	struct tlbnoise_churn_record r;
	struct tlbnoise_churn_stats stats;
	int fd;

	begin(2);
	plan = plan_of(0, cpu);
	fd = device_open();
	if (!info_of(fd).tick_khz)
		skip("no ticks of a known rate");
	request(fd, TLBNOISE_CHURN_INJECT, &plan);
	check(read(fd, &r, sizeof(r)) == sizeof(r));
	set_online(false);
	while (read(fd, &r, sizeof(r)) == sizeof(r))
		;
	check_equal(read(fd, &r, sizeof(r)), 0);
	stats = stats_of(fd);
	check_equal(stats.error, -EXDEV);
	check_equal(stats.shots_failed, 0);
	check_equal(refusal(fd, TLBNOISE_CHURN_INJECT, &plan), EINVAL);
	request(fd, TLBNOISE_CHURN_CEASE, NULL);
	set_online(true);
	request(fd, TLBNOISE_CHURN_INJECT, &plan);
	check(read(fd, &r, sizeof(r)) == sizeof(r));
	check_equal(stats_of(fd).error, -EXDEV);
}

/* Many times, while sessions come and go. */
void test_hotplug_storm(void)
{
	unsigned int rounds = amount ?: 10;
	uint64_t operations = 0;

	begin(3);
	for (unsigned int i = 0; i < rounds; i++) {
		struct tlbnoise_churn_inject plan = i % 2 ? plan_of(cpu, 0) : plan_of(0, cpu);
		struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_MIXED, 16);
		struct tlbnoise_churn_stats stats;
		int fd = device_open();

		for (unsigned int j = 1; j <= cpu; j++)
			add_cpu(&start, j);
		request(fd, TLBNOISE_CHURN_START, &start);
		if (info_of(fd).tick_khz)
			request(fd, TLBNOISE_CHURN_INJECT, &plan);
		wait_until(fd, stats, stats.operations >= 10);
		set_online(false);
		/* Every other time the session ends without having noticed, perhaps. */
		if (i % 4 < 2)
			wait_until(fd, stats, stats.threads == cpu - 1);
		operations += stats.operations;
		close(fd);
		set_online(true);
	}
	wait_for_no_threads();
	note("CPU %u went and came %u times, during %llu operations", cpu, rounds,
	     (unsigned long long)operations);
}
