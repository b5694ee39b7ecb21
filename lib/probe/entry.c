// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it costs to enter the kernel and come back: each call is timed on its own, so that the cost of most calls
 * and that of the few which had to catch up on something both show.
 *
 * getpid is the cheapest system call: entry, table, two loads, exit. It is called by the bare instruction, since
 * a library may have cached the answer.
 *
 * The page fault is a write to a page of a shared memfd that is there, but not mapped. The kernel finds it in
 * the page cache and maps it: a minor fault that allocates, copies and clears nothing, so that it is nearly all
 * entry, exit and page table. Writes, because the kernel maps the neighbours too when a read faults (fault-around)
 * and only one page when a shared mapping is written to. MADV_DONTNEED unmaps the pages again, outside the timed
 * stretch; it flushes the TLB of this CPU alone, as the process has one thread, and it frees no page table,
 * which since Linux 6.14 it would from 2 MiB on.
 *
 * Stamps are fenced on both sides, after Intel's "How to Benchmark Code Execution Times" (2010), with LFENCE instead
 * of CPUID, which traps in a virtual machine. What two of them cost by themselves is measured and taken off.
 */
#include "probe/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/ticks.h"

#define CLOCK_SAMPLES 4096

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Median of two stamps in a row; the first round of samples brings the code and the array in. */
static uint64_t clock_cost(void)
{
	uint64_t sample[CLOCK_SAMPLES];

	for (unsigned int round = 0; round < 2; round++) {
		for (size_t i = 0; i < CLOCK_SAMPLES; i++) {
			uint64_t from = tn_ticks_fenced();

			sample[i] = tn_ticks_fenced() - from;
		}
	}
	qsort(sample, CLOCK_SAMPLES, sizeof(*sample), compare);
	return sample[CLOCK_SAMPLES / 2];
}

static int unmap_pages(const struct tn_entry_work *w, struct tn_error *err)
{
	if (madvise((void *)w->page, w->pages * w->page_size, MADV_DONTNEED) == 0)
		return 0;
	return tn_error_set(err, -errno, "cannot unmap the pages to fault on: madvise: %m");
}

static int make_pages(struct tn_entry_work *w, struct tn_error *err)
{
	size_t size = w->pages * w->page_size;
	tn_autoclose int fd = memfd_create("tlbnoise-entry", MFD_CLOEXEC);
	void *p;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return tn_error_set(err, -errno, "cannot make %zu bytes of memory to fault on: %m", size);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return tn_error_set(err, -errno, "cannot map %zu bytes of memory to fault on: %m", size);
	w->page = p;
	for (size_t i = 0; i < w->pages; i++)
		w->page[i * w->page_size] = 1;
	/* All of the probe is locked, future mappings too; locked pages cannot be unmapped. */
	if (munlock(p, size) < 0)
		return tn_error_set(err, -errno, "cannot unlock the pages to fault on: munlock: %m");
	return unmap_pages(w, err);
}

/**
 * tn_entry_prepare() - memory to fault on, and the cost of the clock
 * @w: to fill; release with tn_entry_release(), also after a failure
 * @config: gives the number of pages
 * @err: what failed
 *
 * To be called on the CPU to be measured, with its memory policy.
 *
 * Return: 0; negative errno of memfd_create(2), ftruncate(2), mmap(2), munlock(2), madvise(2).
 */
int tn_entry_prepare(struct tn_entry_work *w, const struct tn_probe_config *config, struct tn_error *err)
{
	*w = (struct tn_entry_work){.pages = config->pages, .page_size = (size_t)sysconf(_SC_PAGESIZE)};
	w->clock_ticks = clock_cost();
	return make_pages(w, err);
}

/** tn_entry_release() - give the memory back */
void tn_entry_release(struct tn_entry_work *w)
{
	if (w->page)
		munmap((void *)w->page, w->pages * w->page_size);
	w->page = NULL;
}

static inline void note(struct tn_hist *h, uint64_t ticks, uint64_t clock_ticks)
{
	tn_hist_record(h, ticks > clock_ticks ? ticks - clock_ticks : 0);
}

static void time_getpid(const struct tn_entry_work *w, struct tn_hist *h)
{
	for (size_t i = 0; i < w->pages; i++) {
		uint64_t from = tn_ticks_fenced();

		tn_syscall_getpid();
		note(h, tn_ticks_fenced() - from, w->clock_ticks);
	}
}

static void time_faults(const struct tn_entry_work *w, struct tn_hist *h)
{
	for (size_t i = 0; i < w->pages; i++) {
		volatile char *page = w->page + i * w->page_size;
		uint64_t from = tn_ticks_fenced();

		*page = 1;
		note(h, tn_ticks_fenced() - from, w->clock_ticks);
	}
}

static uint64_t minor_faults(void)
{
	struct rusage u = {0};

	getrusage(RUSAGE_THREAD, &u);
	return (uint64_t)u.ru_minflt;
}

/* A kernel that maps several pages by one fault would make the others look free. */
static int check_faults(uint64_t faults, uint64_t timed, struct tn_error *err)
{
	if (faults >= timed)
		return 0;
	return tn_error_set(err, -EIO,
			    "%llu writes were timed, but only %llu faulted: the kernel maps several pages at once "
			    "(/sys/kernel/mm/transparent_hugepage/shmem_enabled should be never)",
			    (unsigned long long)timed, (unsigned long long)faults);
}

/**
 * tn_entry_window() - measure, from now until the time is over or the collector says stop
 * @w: prepared
 * @shm: gives the duration and the command; its state becomes TN_PROBE_RUNNING, its result is filled
 * @err: what failed
 *
 * Return: 0; -EIO when writes did not fault; negative errno of madvise(2).
 */
int tn_entry_window(const struct tn_entry_work *w, struct tn_probe_shm *shm, struct tn_error *err)
{
	struct tn_probe_result *res = &shm->result;
	uint64_t faults = minor_faults();
	int r;

	res->clock_ticks = w->clock_ticks;
	tn_hist_init(&res->getpid);
	tn_hist_init(&res->page_fault);
	res->window_open = tn_ticks();
	atomic_store_explicit(&shm->state, TN_PROBE_RUNNING, memory_order_release);
	do {
		time_getpid(w, &res->getpid);
		time_faults(w, &res->page_fault);
		r = unmap_pages(w, err);
		if (r < 0)
			return r;
		res->window_close = tn_ticks();
	} while (res->window_close - res->window_open < shm->config.duration_ticks &&
		 atomic_load_explicit(&shm->command, memory_order_relaxed) != TN_PROBE_STOP);
	return check_faults(minor_faults() - faults, res->page_fault.count, err);
}
