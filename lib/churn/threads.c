// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threads: a burst of threads that live at the same time and then all exit, as a thread pool or a container
 * does when it goes down. With CONFIG_VMAP_STACK the kernel stack of each is vmalloc memory. The kernel
 * keeps two stacks a CPU for reuse (NR_CACHED_STACKS in kernel/fork.c), so that threads created one after
 * another never touch vmalloc; only a burst beyond that does. Stacks are freed after an RCU grace period.
 *
 * What the worker does to its own address space must not matter: user stacks lie in one mapping made at
 * setup and are used again by each burst, so that no operation maps or unmaps anything. TLB flushes for
 * this mm go only to CPUs that run the worker. Threads inherit its affinity.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "churn/worker.h"

#define BURST_DEFAULT 64
#define STACK_ROOM    (64u << 10) /* above the C library's minimum; touched only where it is used */

struct burst {
	unsigned int n;
	size_t stack_size, size;
	char *stacks;
	pthread_t *threads;
	atomic_uint gate; /* a futex: threads stay while it is 0 */
};

static void *thread_main(void *arg)
{
	struct burst *b = arg;

	while (atomic_load(&b->gate) == 0)
		tn_churn_futex_wait(&b->gate, 0, 0);
	return NULL;
}

static int threads_check(struct tn_error *err)
{
	(void)err;
	return 0;
}

static void threads_teardown(struct tn_churn_worker *w)
{
	struct burst *b = w->data;

	if (b->stacks != MAP_FAILED)
		munmap(b->stacks, b->size);
	free(b->threads);
	free(b);
	w->data = NULL;
}

static int threads_setup(struct tn_churn_worker *w, struct tn_error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct burst *b = calloc(1, sizeof(*b));

	if (!b)
		return tn_error_set(err, -ENOMEM, "threads: no memory for its own state");
	b->n = w->spec->burst ? w->spec->burst : BURST_DEFAULT;
	b->stack_size = ((size_t)sysconf(_SC_THREAD_STACK_MIN) + STACK_ROOM + page - 1) / page * page;
	b->size = b->n * b->stack_size;
	b->threads = calloc(b->n, sizeof(*b->threads));
	b->stacks = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	w->data = b;
	if (b->threads && b->stacks != MAP_FAILED)
		return 0;
	tn_error_set(err, -ENOMEM, "no memory for the user stacks of %u threads: lower burst=", b->n);
	threads_teardown(w);
	return -ENOMEM;
}

static int create_one(struct burst *b, unsigned int i)
{
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	r = pthread_attr_setstack(&attr, b->stacks + i * b->stack_size, b->stack_size);
	if (r == 0)
		r = pthread_create(&b->threads[i], &attr, thread_main, b);
	pthread_attr_destroy(&attr);
	return -r;
}

static int threads_operate(struct tn_churn_worker *w, struct tn_error *err)
{
	struct burst *b = w->data;
	unsigned int created = 0;
	int r = 0;

	atomic_store(&b->gate, 0);
	while (created < b->n && r == 0) {
		r = create_one(b, created);
		created += r == 0;
	}
	atomic_store(&b->gate, 1);
	tn_churn_futex_wake(&b->gate);
	for (unsigned int i = 0; i < created; i++)
		pthread_join(b->threads[i], NULL);
	if (r < 0)
		return tn_error_set(err, r,
				    "only %u of %u threads could be created: %s (lower burst=, or raise ulimit -u, "
				    "TasksMax or pids.max)",
				    created, b->n, strerror(-r));
	return 0;
}

const struct tn_churn_source tn_churn_threads = {
	.name = "threads",
	.summary = "creates bursts of threads that live at the same time and exit",
	.provokes = "kernel-tlb-flush: __purge_vmap_area_lazy on every CPU once enough kernel stacks have been freed "
		    "(with CONFIG_VMAP_STACK); rcu",
	.operation = "one burst created and gone",
	.keys = TN_CHURN_KEY_BURST,
	.check = threads_check,
	.setup = threads_setup,
	.operate = threads_operate,
	.teardown = threads_teardown,
};
