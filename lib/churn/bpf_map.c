// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bpf-map: create a BPF array map and close it. Of the calls that reach vmalloc() and vfree() from user space
 * this is the one with a free choice of size and little work around it.
 *
 * BPF_F_MMAPABLE makes the kernel place the map with vmalloc() at any size; otherwise maps of up to 8 pages
 * come from kmalloc() (__bpf_map_area_alloc() in kernel/bpf/syscall.c). The area is one page for the header,
 * the values, and a guard page.
 *
 * close() only queues the freeing: bpf_map_free_deferred() runs on an unbound workqueue, on whatever CPU that
 * is allowed to use, and vfree() leaves the addresses lazily mapped until fls(online CPUs) * 32 MiB have
 * gathered; then __purge_vmap_area_lazy() flushes the TLBs of all CPUs. Creating flat out may therefore
 * outrun freeing. Available memory is looked at each time 64 MiB of maps have been made; when less than half
 * of what there was at the beginning is left, the source waits, and after a second calls it an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/now.h"
#include "churn/worker.h"

#define LOOK_BYTES (64u << 20)
#define WAIT_NS    1000000000u
#define SLICE_NS   1000000u

struct bpf_map {
	int meminfo;
	uint64_t page_size;
	uint64_t made;     /* bytes since memory was looked at */
	uint64_t floor_kb; /* 0: unknown, do not look */
};

/* File descriptor of a new map, or -errno. */
static int create_map(uint64_t pages)
{
	union bpf_attr attr = {0};
	long fd;

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.map_flags = BPF_F_MMAPABLE;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = (uint32_t)sysconf(_SC_PAGESIZE);
	attr.max_entries = (uint32_t)pages;
	strcpy(attr.map_name, "tlbnoise");
	fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	return fd < 0 ? -errno : (int)fd;
}

static int bpf_check(struct tn_error *err)
{
	int fd = create_map(1);

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	switch (fd) {
	case -EPERM:
		return tn_error_set(err, fd, "needs CAP_BPF or CAP_SYS_ADMIN (run as root)");
	case -ENOSYS:
		return tn_error_set(err, fd, "this kernel has no bpf() (CONFIG_BPF_SYSCALL is off)");
	case -EINVAL:
		return tn_error_set(err, fd, "this kernel has no BPF array maps for mmap() (it is older than 5.5)");
	default:
		return tn_error_set(err, fd, "cannot create a BPF map of one page: %s", strerror(-fd));
	}
}

/* MemAvailable in KiB, 0 if unknown. */
static uint64_t available_kb(const struct bpf_map *b)
{
	char text[512];
	const char *line;
	ssize_t n = pread(b->meminfo, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	line = strstr(text, "MemAvailable:");
	return line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) : 0;
}

static int bpf_setup(struct tn_churn_worker *w, struct tn_error *err)
{
	struct bpf_map *b = calloc(1, sizeof(*b));

	if (!b)
		return tn_error_set(err, -ENOMEM, "bpf-map: no memory for its own state");
	b->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	b->meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	b->floor_kb = available_kb(b) / 2;
	w->data = b;
	return 0;
}

/* Let the kernel free what has been closed, if memory is short. */
static int await_memory(const struct tn_churn_worker *w, const struct bpf_map *b, struct tn_error *err)
{
	uint64_t now = tn_now_ns(CLOCK_MONOTONIC), end = now + WAIT_NS;

	for (; available_kb(b) < b->floor_kb; now = tn_now_ns(CLOCK_MONOTONIC)) {
		if (now >= end)
			return tn_error_set(err, -ENOMEM,
					    "less than half of the memory that was available at the start is left, and "
					    "closed maps do not come back: lower rate= or pages=");
		if (tn_churn_pause(w, now + SLICE_NS))
			return -ECANCELED;
	}
	return 0;
}

static int bpf_operate(struct tn_churn_worker *w, struct tn_error *err)
{
	struct bpf_map *b = w->data;
	uint64_t pages = tn_churn_pages(w);
	int fd, r;

	if (b->made >= LOOK_BYTES) {
		r = await_memory(w, b, err);
		if (r < 0)
			return r;
		b->made = 0;
	}
	fd = create_map(pages);
	if (fd < 0)
		return tn_error_set(err, fd, "cannot create a BPF map of %llu pages: %s", (unsigned long long)pages,
				    strerror(-fd));
	close(fd);
	b->made += pages * b->page_size;
	return 0;
}

static void bpf_teardown(struct tn_churn_worker *w)
{
	struct bpf_map *b = w->data;

	if (b->meminfo >= 0)
		close(b->meminfo);
	free(b);
	w->data = NULL;
}

const struct tn_churn_source tn_churn_bpf_map = {
	.name = "bpf-map",
	.summary = "creates and closes BPF array maps of the given number of pages",
	.provokes = "kernel-tlb-flush: __purge_vmap_area_lazy on every CPU, once in fls(CPUs) * 32 MiB of maps; "
		    "freed from a workqueue, perhaps on another CPU than the worker's",
	.operation = "one map created and closed",
	.keys = TN_CHURN_KEY_PAGES,
	.check = bpf_check,
	.setup = bpf_setup,
	.operate = bpf_operate,
	.teardown = bpf_teardown,
};
