// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stale-read test: CPU 0 maps another page at the same kernel address, the last CPU reads it,
 * in turns. In between the reading CPU stays in userspace, where a kernel that defers flushes
 * defers them: it waits for its turn without a system call. A kernel that forgets a flush shows the
 * page of the turn before. QEMU drops its TLB at each switch of page tables, so that in such a
 * guest only a kernel without PTI (nopti) would be caught.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "test.h"

#define ROUNDS 2000

static struct {
	int fd;
	unsigned int cpu;
	atomic_uint_fast64_t asked, done; /* turns */
	struct tlbnoise_churn_peek last;
} reader;

static void *read_in_turns(void *unused)
{
	uint64_t turn = 0;

	(void)unused;
	bind_to(reader.cpu);
	for (;;) {
		uint64_t asked;

		while ((asked = atomic_load(&reader.asked)) == turn)
			;
		if (asked == UINT64_MAX)
			return NULL;
		turn = asked;
		memset(&reader.last, 0, sizeof(reader.last));
		request(reader.fd, TLBNOISE_CHURN_PEEK, &reader.last);
		atomic_store(&reader.done, turn);
	}
}

static struct tlbnoise_churn_peek take_turn(uint64_t turn)
{
	atomic_store(&reader.asked, turn);
	while (atomic_load(&reader.done) != turn)
		;
	return reader.last;
}

/* Re-maps after which the reader saw the old page. */
static unsigned int rounds_with(unsigned int pages, unsigned int rounds, uint64_t *turn)
{
	struct tlbnoise_churn_remap remap;
	unsigned int moved = 0, stale = 0;

	reader.fd = device_open();
	for (unsigned int i = 0; i < rounds; i++) {
		struct tlbnoise_churn_peek peek;

		remap = (struct tlbnoise_churn_remap){ .pages = pages };
		request(reader.fd, TLBNOISE_CHURN_REMAP, &remap);
		check_equal(remap.generation, i + 1);
		check_equal(remap.cpu, 0);
		peek = take_turn(++*turn);
		check_equal(peek.cpu, reader.cpu);
		check_equal(peek.pages, pages);
		check_equal(peek.generation, remap.generation);
		check_equal(peek.seen != peek.generation, peek.stale > 0);
		moved += remap.moved;
		stale += peek.stale > 0;
	}
	note("%3u pages: %u stale of %u re-maps, %u of them at another address", pages, stale,
	     rounds, moved);
	/* A page at another address proves nothing. */
	check(moved <= rounds / 10);
	close(reader.fd);
	return stale;
}

void test_remap(void)
{
	unsigned int rounds = amount ?: ROUNDS, stale;
	pthread_t thread;
	uint64_t turn = 0;

	reader.cpu = cpu_count() - 1;
	if (reader.cpu == 0)
		skip("one CPU");
	bind_to(0);
	check(pthread_create(&thread, NULL, read_in_turns, NULL) == 0);
	stale = rounds_with(300, rounds - rounds / 4, &turn); /* flushes everything */
	stale += rounds_with(8, rounds / 4, &turn);	      /* flushes page by page */
	atomic_store(&reader.asked, UINT64_MAX);
	check(pthread_join(thread, NULL) == 0);
	check_equal(stale, 0);
}
