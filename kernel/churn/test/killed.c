// SPDX-License-Identifier: GPL-2.0-only
/*
 * Churn ends with who started it, also by kill -9, and does not wait for a file to be closed: each
 * worker ends the operation that it is in, and no other.
 */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "test.h"

#define STOP_WITHIN_NS 100000000

/* In a child: churn flat out, by threads or, on no CPUs, by itself; an injector and a remapped
 * area. */
static _Noreturn void own(uint32_t pattern, unsigned int cpus, int ready)
{
	struct tlbnoise_churn_start start = start_of(pattern, 1);
	struct tlbnoise_churn_inject inject = {
		.cpu = 1, .duration_max = 1000, .spacing_min_ns = 100000, .spacing_max_ns = 200000
	};
	struct tlbnoise_churn_remap remap = { .pages = 300 };
	int fd = device_open();

	bind_to(0);
	start.pages_max = 64;
	for (unsigned int i = 0; i < cpus; i++)
		add_cpu(&start, i);
	request(fd, TLBNOISE_CHURN_START, &start);
	if (cpu_count() > 1)
		request(fd, TLBNOISE_CHURN_INJECT, &inject);
	request(fd, TLBNOISE_CHURN_REMAP, &remap);
	while (cpus > 0 && stats_of(fd).operations < 50)
		sched_yield();
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;) {
		struct tlbnoise_churn_operate op = { 0 };

		if (cpus == 0)
			request(fd, TLBNOISE_CHURN_OPERATE, &op);
		else
			pause();
	}
}

struct stop {
	uint64_t last;	/* ns from the kill to the end of the last operation */
	uint64_t gone;	/* ns from the kill until no thread was there any more */
	uint64_t after; /* operations that ended after the kill had been sent */
};

static struct stop kill_one(uint32_t pattern, unsigned int cpus, int watch)
{
	struct tlbnoise_churn_info info;
	struct stop stop;
	uint64_t begin;
	int fds[2], status;
	char byte;
	pid_t pid;

	check(pipe(fds) == 0);
	pid = fork();
	if (pid == 0)
		own(pattern, cpus, fds[1]);
	/* Away from the churn: who waits must not keep others from ending. */
	bind_to(cpu_count() - 1);
	close(fds[1]);
	check(read(fds[0], &byte, 1) == 1);
	close(fds[0]);
	check(threads_alive() > 0 || cpus == 0);
	begin = now_ns();
	check(kill(pid, SIGKILL) == 0);
	stop.after = info_of(watch).operations;
	check(waitpid(pid, &status, 0) == pid);
	while (threads_alive() > 0)
		sched_yield();
	stop.gone = now_ns() - begin;
	info = info_of(watch);
	stop.after = info.operations - stop.after;
	stop.last = info.last_ns > begin ? info.last_ns - begin : 0;
	/* What each thread had in hand at that moment, and nothing else. */
	check(stop.after <= (cpus ?: 1));
	return stop;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct figures {
	uint64_t median, p90, worst;
};

static struct figures figures_of(const char *what, uint64_t *v, unsigned int n, const char *unit,
				 unsigned int scale)
{
	struct figures f;

	qsort(v, n, sizeof(v[0]), by_size);
	f = (struct figures){ v[n / 2], v[n * 9 / 10], v[n - 1] };
	note("  %-22s median %llu, p90 %llu, worst %llu %s of %u", what,
	     (unsigned long long)f.median / scale, (unsigned long long)f.p90 / scale,
	     (unsigned long long)f.worst / scale, unit, n);
	return f;
}

static struct figures kill_many(uint32_t pattern, unsigned int cpus)
{
	unsigned int rounds = amount ?: 20;
	uint64_t last[rounds], gone[rounds], after[rounds];
	int watch = device_open();

	for (unsigned int i = 0; i < rounds; i++) {
		struct stop stop = kill_one(pattern, cpus, watch);

		last[i] = stop.last;
		gone[i] = stop.gone;
		after[i] = stop.after;
	}
	close(watch);
	note("%s flat out %s %u CPU(s), after kill -9 of the owner:", pattern_name[pattern],
	     cpus ? "by threads on" : "by its owner, threads on", cpus);
	figures_of("operations still ended", after, rounds, "", 1);
	figures_of("threads gone after", gone, rounds, "us", 1000);
	return figures_of("last operation after", last, rounds, "us", 1000);
}

static void judge_stop(uint32_t pattern, unsigned int cpus)
{
	struct figures last = kill_many(pattern, cpus);

	check((in_guest() ? last.median : last.worst) < STOP_WITHIN_NS);
}

/*
 * Churn has stopped when the last operation has ended, and each thread may end the one it is in.
 * That must always hold. How long it takes is for real machines to show: the host of a virtual one
 * may keep it from running as long as it likes, and there is no clock here that would leave this
 * out, so in a guest only the median has to be in time.
 */
void test_killed(void)
{
	judge_stop(TLBNOISE_CHURN_UNMAP_ALIASES, 0);
	judge_stop(TLBNOISE_CHURN_UNMAP_ALIASES, 1);
	if (cpu_count() > 2)
		judge_stop(TLBNOISE_CHURN_MIXED, cpu_count() - 1);
}

/* In a child: start what runs until it is stopped, and wait to be killed. The injector first: who
 * sees operations may count on its records. */
static _Noreturn void start_and_wait(int fd)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_VMALLOC, 4);
	struct tlbnoise_churn_inject inject = {
		.cpu = 1, .duration_max = 1000, .spacing_min_ns = 100000, .spacing_max_ns = 200000
	};

	add_cpu(&start, 0);
	if (cpu_count() > 1)
		request(fd, TLBNOISE_CHURN_INJECT, &inject);
	request(fd, TLBNOISE_CHURN_START, &start);
	for (;;)
		pause();
}

/* The file stays open, and nobody asks for anything to stop. */
void test_orphaned(void)
{
	int fd = device_open(), status;
	struct tlbnoise_churn_record r;
	struct tlbnoise_churn_stats stats;
	pid_t pid = fork();

	if (pid == 0)
		start_and_wait(fd);
	while (stats_of(fd).operations < 50)
		sched_yield();
	if (cpu_count() > 1)
		check(read(fd, &r, sizeof(r)) == sizeof(r));
	check(kill(pid, SIGKILL) == 0);
	check(waitpid(pid, &status, 0) == pid);
	while ((stats = stats_of(fd)).threads)
		sched_yield();
	check_equal(stats.error, -EOWNERDEAD);
	while (cpu_count() > 1 && read(fd, &r, sizeof(r)) > 0)
		;
	check_equal(stats_of(fd).operations, stats.operations);
	request(fd, TLBNOISE_CHURN_STOP, NULL);
	check_equal(refusal(fd, TLBNOISE_CHURN_CEASE, NULL), cpu_count() > 1 ? 0 : ENOENT);
	wait_for_no_threads();
}
