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

char live_owner[32];

/* A test that fails leaves its function by longjmp(); its teardown closes what it had open. */
static struct tn_trace *opened[4];

static const char *reason_to_skip(void)
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

void live_or_skip(void)
{
	const char *reason = reason_to_skip();

	if (!reason)
		return;
	print_message("skipped: %s\n", reason);
	skip();
}

void live_on_cpu(unsigned int cpu)
{
	struct tn_cpus set = {0};

	tn_cpus_add(&set, cpu);
	assert_int_equal(tn_cpus_bind_self(&set, NULL), 0);
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

static int store_events(void *userdata, const struct tn_event *events, size_t n)
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

void live_drain(struct tn_trace *t, struct store *s)
{
	struct tn_error err = {0};

	if (tn_trace_drain(t, store_events, s, &err))
		fail_msg("%s", err.text);
}

size_t live_count_events(const struct store *s, enum tn_event_type type, int arg, uint64_t from, uint64_t to)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->event[i].type == type && (arg < 0 || s->event[i].arg == arg) && s->event[i].ticks >= from &&
		     s->event[i].ticks < to;
	return n;
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

static void close_all(void)
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

void live_write(const char *dir, const char *file, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		fail_msg("cannot write %s to %s", text, path);
}

int live_set_owner(void **state)
{
	(void)state;
	snprintf(live_owner, sizeof(live_owner), "tn-test.%d", (int)getpid());
	return 0;
}

/* A test that failed in the middle leaves its instances; they must not disturb the machine any longer. */
int live_clean_up(void **state)
{
	static const char *const suffix[] = {"target", "sender", "other", "other.target", "other.sender"};
	char path[128];

	(void)state;
	close_all();
	for (size_t i = 0; i < TN_ARRAY_SIZE(suffix); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/tracing/instances/%s%c%s", live_owner, i < 3 ? '.' : '-',
			 suffix[i]);
		tn_trace_remove_instance(path, NULL);
	}
	return 0;
}
