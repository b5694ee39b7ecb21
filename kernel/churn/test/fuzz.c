// SPDX-License-Identifier: GPL-2.0-only
/*
 * Malformed requests: numbers, sizes and directions that there are not, structures in which some
 * fields are nonsense, pointers into nowhere. What matters is that the kernel survives (main.c
 * looks at its taint), that the session still works afterwards and that its memory comes back. Half
 * of the structures begin as good ones, since pure noise would never get past the first check.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "test.h"

#define SIZE_MAX_OF_ALL 4096

static const unsigned long good[] = {
	TLBNOISE_CHURN_INFO,	TLBNOISE_CHURN_START, TLBNOISE_CHURN_STOP,
	TLBNOISE_CHURN_OPERATE, TLBNOISE_CHURN_STATS, TLBNOISE_CHURN_INJECT,
	TLBNOISE_CHURN_CEASE,	TLBNOISE_CHURN_REMAP, TLBNOISE_CHURN_PEEK,
};

/* Two pages, of which only the first can be touched: what lies at its end stops in the middle. */
static char *edge;

static unsigned long any_request(uint64_t *random)
{
	unsigned long request = good[random_next(random) % ARRAY_SIZE(good)];

	switch (random_next(random) % 8) {
	case 0:
		return request ^ 1ul << random_next(random) % 32;
	case 1:
		return random_next(random);
	default:
		return request;
	}
}

static void make_good(unsigned long request, void *arg)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_MIXED, 16);
	struct tlbnoise_churn_inject inject = { .cpu = 1,
						.duration_max = 1000,
						.spacing_min_ns = 10000,
						.spacing_max_ns = 20000,
						.count = 5,
						.records = 8 };
	struct tlbnoise_churn_remap remap = { .pages = 8 };

	memset(arg, 0, SIZE_MAX_OF_ALL);
	if (request == TLBNOISE_CHURN_START)
		memcpy(arg, &start, sizeof(start));
	if (request == TLBNOISE_CHURN_INJECT)
		memcpy(arg, &inject, sizeof(inject));
	if (request == TLBNOISE_CHURN_REMAP)
		memcpy(arg, &remap, sizeof(remap));
}

/* Values that break things more often than others. */
static uint32_t odd_value(uint64_t *random)
{
	static const uint32_t odd[] = { 0,     1,     2,	  63,	      64,
					65,    511,   512,	  513,	      4096,
					65536, 65537, 0x7fffffff, 0x80000000, 0xffffffff };
	uint64_t r = random_next(random);

	return r % 4 ? odd[r / 4 % ARRAY_SIZE(odd)] : (uint32_t)(r >> 32);
}

static void spoil(uint64_t *random, void *arg, size_t size)
{
	uint32_t *word = arg;
	unsigned int n = random_next(random) % 4;

	while (n-- && size >= 4) {
		/* The first words are the ones with a meaning. */
		size_t at = random_next(random) %
			    (random_next(random) % 2 || size < 64 ? size / 4 : 16);

		word[at] = odd_value(random);
	}
}

static void *any_argument(uint64_t *random, unsigned long request)
{
	static char buffer[SIZE_MAX_OF_ALL] __attribute__((aligned(8)));
	size_t size = request >> 16 & 0x3fff;

	if (size > sizeof(buffer))
		size = sizeof(buffer);
	switch (random_next(random) % 16) {
	case 0:
		return NULL;
	case 1:
		return (void *)random_next(random);
	case 2:
		return edge + 4096 - random_next(random) % 64;
	case 3:
		return (void *)(0xffff888000000000ul + random_next(random) % (1ul << 30));
	case 4:
		for (size_t i = 0; i + 8 <= sizeof(buffer); i += 8)
			*(uint64_t *)(buffer + i) = random_next(random);
		return buffer;
	default:
		make_good(request, buffer);
		spoil(random, buffer, size);
		return buffer;
	}
}

static void still_works(void)
{
	struct tlbnoise_churn_start start = start_of(TLBNOISE_CHURN_MIXED, 64);
	struct tlbnoise_churn_operate op;
	int fd = device_open();

	request(fd, TLBNOISE_CHURN_START, &start);
	for (unsigned int i = 0; i < 20; i++) {
		op = (struct tlbnoise_churn_operate){ 0 };
		request(fd, TLBNOISE_CHURN_OPERATE, &op);
	}
	request(fd, TLBNOISE_CHURN_STOP, NULL);
	/* All memory set aside by the sessions that were is back. */
	start.pages_max = info_of(fd).pages_max[TLBNOISE_CHURN_VMALLOC];
	start.pattern = TLBNOISE_CHURN_VMALLOC;
	while (start.pages_max * 4096ull + 65536 > info_of(fd).memory_max)
		start.pages_max /= 2;
	request(fd, TLBNOISE_CHURN_START, &start);
	close(fd);
}

void test_malformed(void)
{
	unsigned int rounds = amount ?: 20000, accepted = 0, failed[134] = { 0 };
	uint64_t random = 20240229;
	char record[96];
	int fd = -1;

	edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(edge != MAP_FAILED);
	check(mprotect(edge + 4096, 4096, PROT_NONE) == 0);
	for (unsigned int i = 0; i < rounds; i++) {
		unsigned long request = any_request(&random);
		int r;

		if (i % 100 == 0) {
			close(fd);
			fd = open(TLBNOISE_CHURN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
			check(fd >= 0);
		}
		r = refusal(fd, request, any_argument(&random, request));
		accepted += r == 0;
		if (r > 0 && r < (int)ARRAY_SIZE(failed))
			failed[r]++;
		if (i % 16 == 0 && read(fd, i % 32 ? record : (char *)16, sizeof(record)) < 0)
			check(errno == EAGAIN || errno == EFAULT);
	}
	close(fd);
	note("%u requests: %u accepted, refused with", rounds, accepted);
	for (unsigned int i = 0; i < ARRAY_SIZE(failed); i++)
		if (failed[i])
			note("  %-28s %u", strerror((int)i), failed[i]);
	check(accepted < rounds && failed[EINVAL] && failed[EFAULT] && failed[ENOTTY]);
	wait_for_no_threads();
	still_works();
}
