// SPDX-License-Identifier: GPL-2.0-only
/* A session that several threads use at once, and the module, which lives as long as sessions. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "test.h"

static int shared_fd;

static void *hammer(void *seed)
{
	uint64_t random = (uintptr_t)seed;

	for (long i = 0; i < (amount ?: 500); i++) {
		struct tlbnoise_churn_start start =
			start_of(random_next(&random) % TLBNOISE_CHURN_PATTERNS, 16);
		struct tlbnoise_churn_inject inject = { .cpu = 1,
							.duration_max = 1000,
							.spacing_min_ns = 20000,
							.spacing_max_ns = 20000,
							.records = 64 };
		struct tlbnoise_churn_operate op = { 0 };
		struct tlbnoise_churn_remap remap = { .pages = 40 };
		struct tlbnoise_churn_peek peek = { 0 };
		struct tlbnoise_churn_record records[64];

		switch (random_next(&random) % 9) {
		case 0:
			add_cpu(&start, 0);
			add_cpu(&start, 1);
			/* fall through */
		case 1:
			refusal(shared_fd, TLBNOISE_CHURN_START, &start);
			break;
		case 2:
			refusal(shared_fd, TLBNOISE_CHURN_STOP, NULL);
			break;
		case 3:
			refusal(shared_fd, TLBNOISE_CHURN_OPERATE, &op);
			break;
		case 4:
			refusal(shared_fd, TLBNOISE_CHURN_INJECT, &inject);
			break;
		case 5:
			refusal(shared_fd, TLBNOISE_CHURN_CEASE, NULL);
			break;
		case 6:
			request(shared_fd, TLBNOISE_CHURN_REMAP, &remap);
			break;
		case 7:
			if (!refusal(shared_fd, TLBNOISE_CHURN_PEEK, &peek))
				check_equal(peek.stale, 0);
			break;
		default:
			if (read(shared_fd, records, sizeof(records)) < 0)
				check_equal(errno, EAGAIN);
		}
	}
	return NULL;
}

/* Several threads use one session at once, each request at any time. */
void test_shared(void)
{
	pthread_t thread[4];

	if (cpu_count() < 2)
		skip("one CPU");
	shared_fd = open(TLBNOISE_CHURN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	check(shared_fd >= 0);
	for (uintptr_t i = 0; i < ARRAY_SIZE(thread); i++)
		check(pthread_create(&thread[i], NULL, hammer, (void *)(i + 1)) == 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(thread); i++)
		check(pthread_join(thread[i], NULL) == 0);
	check_equal(stats_of(shared_fd).errors, 0);
}

/* Last of all: the module is gone afterwards. */
void test_unload(void)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_VMAP, 4);
	int fd = device_open();

	add_cpu(&start, 0);
	request(fd, TLBNOISE_CHURN_START, &start);
	check(syscall(SYS_delete_module, "tlbnoise_churn", O_NONBLOCK) < 0);
	if (errno == ENOSYS || errno == EPERM)
		skip("no unloading of modules here");
	check_equal(errno, EWOULDBLOCK);
	close(fd);
	check(syscall(SYS_delete_module, "tlbnoise_churn", O_NONBLOCK) == 0);
	check(access(TLBNOISE_CHURN_DEVICE, F_OK) < 0);
	wait_for_no_threads();
}
