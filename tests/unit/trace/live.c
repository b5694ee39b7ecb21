// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared by the tests that need a kernel. Kernel TLB flushes are provoked with BPF array maps: each is
 * vmalloc()ed memory, and the kernel purges freed areas with an IPI to every CPU once enough have gathered.
 */
#include "live.h"

#include <dirent.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ticks.h"

/* A test that fails leaves its function by longjmp(); its teardown closes what it had open. */
static struct tn_trace *opened[4];

const char *live_reason_to_skip(void)
{
	if (geteuid())
		return "needs root";
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return "needs two CPUs";
	if (!*TN_TRACE_CLOCK)
		return "no trace clock counts this architecture's ticks";
	if (access("/sys/kernel/tracing/events/csd", F_OK))
		return "needs tracefs with csd events (Linux 6.5)";
	return NULL;
}

void live_flush_kernel_tlb(unsigned int times)
{
	while (times--) {
		union bpf_attr attr = {
			.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4096, .max_entries = 512};
		long fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

		assert_true(fd >= 0);
		close((int)fd);
	}
}

int live_store(void *userdata, const struct tn_event *events, size_t n)
{
	struct store *s = userdata;

	if (s->n + n > s->max) {
		s->max = (s->n + n) * 2;
		s->event = realloc(s->event, s->max * sizeof(*s->event));
		assert_non_null(s->event);
	}
	memcpy(s->event + s->n, events, n * sizeof(*events));
	s->n += n;
	return 0;
}

void live_release(struct store *s)
{
	free(s->event);
	*s = (struct store){0};
}

struct tn_trace *live_open(const char *owner, uint64_t buffer_bytes, bool senders)
{
	struct tn_trace_options opt = {.owner = owner, .senders = senders, .buffer_bytes = buffer_bytes};
	struct tn_error err = {0};
	struct tn_trace *t = NULL;

	tn_cpus_add(&opt.probed, 1);
	if (tn_trace_open(&opt, &t, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < TN_ARRAY_SIZE(opened); i++)
		if (!opened[i]) {
			opened[i] = t;
			return t;
		}
	fail_msg("more sessions open at once than live.c has room for");
	return NULL;
}

void live_close(struct tn_trace *t)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(opened); i++)
		if (opened[i] == t)
			opened[i] = NULL;
	tn_trace_close(t);
}

void live_close_all(void)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(opened); i++)
		if (opened[i])
			live_close(opened[i]);
}

int live_count_instances(const char *owner)
{
	tn_autoclosedir DIR *d = opendir("/sys/kernel/tracing/instances");
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += !strncmp(e->d_name, owner, strlen(owner)) && e->d_name[strlen(owner)] == '.';
	return n;
}
