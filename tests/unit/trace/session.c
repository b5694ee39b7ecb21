// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of a tracing session on the running kernel; skipped, with the reason, where it cannot be. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/ticks.h"
#include "live.h"
#include "trace/session.h"

#define BUFFER (1u << 20)

static char owner[32]; /* of this process's instances */

static void skip_unless_live(void)
{
	const char *reason = live_reason_to_skip();

	if (!reason)
		return;
	print_message("skipped: %s\n", reason);
	skip();
}

static void on_cpu(unsigned int cpu)
{
	struct tn_cpus set = {0};

	tn_cpus_add(&set, cpu);
	assert_int_equal(tn_cpus_bind_self(&set, NULL), 0);
}

static void drain(struct tn_trace *t, struct store *s)
{
	struct tn_error err = {0};

	if (tn_trace_drain(t, live_store, s, &err))
		fail_msg("%s", err.text);
}

static const struct tn_event *find_queue(const struct store *s, const struct tn_event *entry)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct tn_event *e = &s->event[i];

		if (e->type == TN_EV_CSD_QUEUE && e->b == entry->b && e->target == entry->cpu &&
		    e->ticks < entry->ticks && e->a == entry->a)
			return e;
	}
	return NULL;
}

static bool stack_has(struct tn_symbols *y, uint32_t id, const char *function)
{
	const struct tn_stack *stack = tn_symbols_stack(y, id);

	for (uint32_t i = 0; stack && i < stack->depth; i++)
		if (!strcmp(tn_symbols_name(y, stack->frame[i]), function))
			return true;
	return false;
}

static bool stack_has_address(struct tn_symbols *y, uint32_t id, uint64_t address)
{
	const struct tn_stack *stack = tn_symbols_stack(y, id);

	for (uint32_t i = 0; stack && i < stack->depth; i++)
		if (stack->frame[i] == address)
			return true;
	return false;
}

static bool is_kernel_flush(struct tn_symbols *y, const struct tn_event *e)
{
	const char *name = tn_symbols_name(y, e->a);

	return e->type == TN_EV_CSD_ENTRY && e->cpu == 1 &&
	       (!strcmp(name, "do_flush_tlb_all") || !strcmp(name, "do_kernel_range_flush"));
}

/* The chain that attribution builds on: function on CPU 1, its sender on CPU 0 by the same csd, the culprit's stack. */
static void finds_the_sender_of_a_kernel_flush(void **state)
{
	struct store s = {0};
	struct tn_trace *t;
	struct tn_symbols *y;
	unsigned int flushes = 0, named = 0;

	(void)state;
	skip_unless_live();
	on_cpu(0);
	t = live_open(owner, BUFFER, true);
	y = tn_trace_symbols(t);
	assert_int_equal(live_count_instances(owner), 2);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 1000 && named < 5; i++) {
		live_flush_kernel_tlb(20);
		drain(t, &s);
		for (size_t j = 0; j < s.n; j++) {
			const struct tn_event *q;

			if (!is_kernel_flush(y, &s.event[j]) || !s.event[j].b)
				continue;
			flushes++;
			q = find_queue(&s, &s.event[j]);
			if (!q)
				continue;
			assert_int_equal(q->cpu, 0);
			assert_string_not_equal(tn_symbols_text(y, q->comm), "");
			assert_true(stack_has_address(y, q->stack, q->callsite));
			named += stack_has(y, q->stack, "__purge_vmap_area_lazy");
		}
	}
	assert_true(flushes >= 5);
	assert_true(named >= 5);
	live_release(&s);
	live_close(t);
	assert_int_equal(live_count_instances(owner), 0);
}

/* Sends until one of this process's sends is there; its name, as of the drain. */
static const char *name_of_sender(struct tn_trace *t)
{
	struct store s = {0};
	uint32_t name = 0;

	for (int i = 0; i < 1000 && !name; i++) {
		live_flush_kernel_tlb(20);
		s.n = 0;
		drain(t, &s);
		for (size_t j = 0; j < s.n; j++)
			if (s.event[j].type == TN_EV_CSD_QUEUE && s.event[j].pid == getpid())
				name = s.event[j].comm;
	}
	live_release(&s);
	return tn_symbols_text(tn_trace_symbols(t), name);
}

static void a_sender_that_was_renamed_has_its_new_name(void **state)
{
	char before[TN_COMM] = "";
	struct store s = {0};
	struct tn_trace *t;

	(void)state;
	skip_unless_live();
	on_cpu(0);
	assert_int_equal(prctl(PR_GET_NAME, before), 0);
	t = live_open(owner, BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	assert_int_equal(prctl(PR_SET_NAME, "one"), 0);
	assert_string_equal(name_of_sender(t), "one");
	drain(t, &s); /* nothing of "one" is left */
	assert_int_equal(prctl(PR_SET_NAME, "two"), 0);
	assert_string_equal(name_of_sender(t), "two");
	assert_int_equal(prctl(PR_SET_NAME, before), 0);
	live_release(&s);
	live_close(t);
}

static void write_to(const char *dir, const char *file, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		fail_msg("cannot write %s to %s", text, path);
}

/*
 * A function that a task on the probed CPU runs itself has no sender: its stack comes with the entry. Enabling an event
 * patches kernel code, for which every CPU, our own too, runs do_sync_core().
 */
static void local_calls_have_their_stack(void **state)
{
	struct store s = {0};
	struct tn_trace *t;
	struct tn_symbols *y;
	unsigned int local = 0;
	char dir[128];

	(void)state;
	skip_unless_live();
	on_cpu(1);
	snprintf(dir, sizeof(dir), "/sys/kernel/tracing/instances/%s.other", owner);
	assert_int_equal(mkdir(dir, 0750), 0);
	t = live_open(owner, BUFFER, true);
	y = tn_trace_symbols(t);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 100 && !local; i++) {
		write_to(dir, "events/timer/itimer_expire/enable", "1");
		write_to(dir, "events/timer/itimer_expire/enable", "0");
		s.n = 0;
		drain(t, &s);
		for (size_t j = 0; j < s.n; j++)
			local += s.event[j].type == TN_EV_CSD_ENTRY && !s.event[j].b && s.event[j].cpu == 1 &&
				 s.event[j].pid == getpid() && stack_has(y, s.event[j].stack, "vfs_write") &&
				 s.event[j].comm;
	}
	assert_true(local > 0);
	assert_int_equal(tn_trace_remove_instance(dir, NULL), 0);
	live_release(&s);
	live_close(t);
}

/* Rule 6: the kernel's stamps and the probe's are the same counter. A fault tells its address, so it is surely ours. */
static void ticks_are_those_of_userspace(void **state)
{
	const size_t pages = 256, page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t before[256], after[256];
	struct store s = {0};
	struct tn_trace *t;
	size_t found = 0;
	char *area;

	(void)state;
	skip_unless_live();
	on_cpu(1);
	area = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	madvise(area, pages * page, MADV_NOHUGEPAGE);
	memset(before, 0, sizeof(before));
	memset(after, 0, sizeof(after));
	t = live_open(owner, BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (size_t i = 0; i < pages; i++) {
		before[i] = tn_ticks_ordered();
		*(volatile char *)(area + i * page);
		after[i] = tn_ticks_ordered();
	}
	drain(t, &s);
	for (size_t i = 0; i < s.n; i++) {
		const struct tn_event *e = &s.event[i];
		size_t at = (size_t)(e->a - (uintptr_t)area) / page;

		if (e->type != TN_EV_FAULT || e->a < (uintptr_t)area || at >= pages)
			continue;
		assert_true(e->arg == 1 && e->pid == getpid() && e->cpu == 1);
		assert_true(before[at] < e->ticks && e->ticks < after[at]);
		found++;
	}
	assert_int_equal(found, pages);
	munmap(area, pages * page);
	live_release(&s);
	live_close(t);
}

/* What the kernel itself prints of an instance between two stamps. */
static size_t count_text(const char *dir, const char *event, uint64_t from, uint64_t to)
{
	char path[512], line[1024];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", dir);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *name = strstr(line, event), *stamp = name;
		uint64_t ticks;

		if (*line == '#' || !name)
			continue;
		while (stamp > line && stamp[-1] != ']') /* "TASK-PID [CPU] FLAGS TICKS: EVENT:" */
			stamp--;
		assert_int_equal(sscanf(stamp, " %*s %" SCNu64, &ticks), 1);
		n += ticks >= from && ticks < to;
	}
	fclose(f);
	return n;
}

static size_t count_events(const struct store *s, enum tn_event_type type, int arg, uint64_t from, uint64_t to)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->event[i].type == type && (arg < 0 || s->event[i].arg == arg) && s->event[i].ticks >= from &&
		     s->event[i].ticks < to;
	return n;
}

static void counts_equal_those_of_an_independent_instance(void **state)
{
	static const char *const event[] = {"csd/csd_function_entry", "sched/sched_switch", "irq/softirq_entry",
					    "irq_vectors/local_timer_entry"};
	char dir[128], file[128];
	struct store s = {0};
	struct tn_trace_stats stats, live;
	struct tn_trace *t;
	uint64_t from, to;
	size_t sent = 0, bare = 0;

	(void)state;
	skip_unless_live();
	on_cpu(0);
	snprintf(dir, sizeof(dir), "/sys/kernel/tracing/instances/%s.other", owner);
	assert_int_equal(mkdir(dir, 0750), 0);
	write_to(dir, "trace_clock", TN_TRACE_CLOCK);
	write_to(dir, "tracing_cpumask", "2");
	t = live_open(owner, 4 * BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (size_t i = 0; i < TN_ARRAY_SIZE(event); i++) {
		snprintf(file, sizeof(file), "events/%s/enable", event[i]);
		write_to(dir, file, "1");
	}
	from = tn_ticks_ordered();
	for (int i = 0; i < 1000 && count_events(&s, TN_EV_CSD_ENTRY, -1, from, UINT64_MAX) < 20; i++) {
		live_flush_kernel_tlb(20);
		drain(t, &s);
	}
	to = tn_ticks_ordered();
	assert_int_equal(tn_trace_disarm(t, NULL), 0);
	write_to(dir, "tracing_on", "0");
	drain(t, &s);
	assert_true(count_text(dir, "csd_function_entry:", from, to) >= 20);
	assert_int_equal(count_events(&s, TN_EV_CSD_ENTRY, -1, from, to),
			 count_text(dir, "csd_function_entry:", from, to));
	assert_int_equal(count_events(&s, TN_EV_SWITCH, -1, from, to), count_text(dir, "sched_switch:", from, to));
	assert_int_equal(count_events(&s, TN_EV_SOFTIRQ_ENTRY, -1, from, to),
			 count_text(dir, "softirq_entry:", from, to));
	assert_int_equal(count_events(&s, TN_EV_VECTOR_ENTRY, TN_VEC_LOCAL_TIMER, from, to),
			 count_text(dir, "local_timer_entry:", from, to));
	assert_int_equal(tn_trace_stats(t, &stats, NULL), 0);
	assert_true(stats.events == s.n && !stats.overrun && !stats.missed && !stats.undecoded);
	tn_trace_counts(t, &live);
	assert_memory_equal(&live, &stats, sizeof(live));
	for (size_t i = 0; i < s.n; i++)
		if (s.event[i].type == TN_EV_CSD_QUEUE || s.event[i].type == TN_EV_IPI_RESCHEDULE) {
			assert_int_equal(s.event[i].target, 1);
			sent++;
			bare += !s.event[i].stack;
		}
	assert_true(bare <= 1 + sent / 100); /* the kernel cannot unwind every place */
	assert_int_equal(tn_trace_remove_instance(dir, NULL), 0);
	live_release(&s);
	live_close(t);
}

/* Whatever a drain delivers is not older than what was called complete before it. */
static void complete_means_complete(void **state)
{
	struct store s = {0};
	struct tn_trace *t;
	uint64_t complete;

	(void)state;
	skip_unless_live();
	on_cpu(0);
	t = live_open(owner, BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 300; i++) {
		complete = tn_trace_complete_before(t);
		live_flush_kernel_tlb(1);
		s.n = 0;
		drain(t, &s);
		for (size_t j = 0; j < s.n; j++)
			assert_true(s.event[j].ticks >= complete);
		assert_true(tn_trace_complete_before(t) >= complete &&
			    tn_trace_complete_before(t) < tn_ticks_ordered());
	}
	assert_true(complete > 0);
	assert_int_equal(tn_trace_disarm(t, NULL), 0);
	drain(t, &s);
	assert_true(tn_trace_complete_before(t) == UINT64_MAX);
	live_release(&s);
	live_close(t);
}

static void what_does_not_fit_is_counted(void **state)
{
	const size_t pages = 4096, page = (size_t)sysconf(_SC_PAGESIZE);
	struct tn_trace_stats stats;
	struct store s = {0};
	struct tn_trace *t;
	char *area;

	(void)state;
	skip_unless_live();
	on_cpu(1);
	area = mmap(NULL, pages * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	madvise(area, pages * page, MADV_NOHUGEPAGE);
	t = live_open(owner, 64 << 10, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (size_t i = 0; i < pages; i++)
		*(volatile char *)(area + i * page);
	assert_int_equal(tn_trace_disarm(t, NULL), 0);
	drain(t, &s);
	assert_int_equal(tn_trace_stats(t, &stats, NULL), 0);
	assert_true(stats.overrun > pages / 4);
	assert_true(stats.overrun + count_events(&s, TN_EV_FAULT, 1, 0, UINT64_MAX) >= pages);
	munmap(area, pages * page);
	live_release(&s);
	live_close(t);
}

/* Interrupts that hit while we read send IPIs too, with our pid: their stacks show the entry into the interrupt. */
static bool sent_by_reading(struct tn_symbols *y, const struct tn_event *e)
{
	const struct tn_stack *stack = tn_symbols_stack(y, e->stack);

	if ((e->type != TN_EV_CSD_QUEUE && e->type != TN_EV_IPI_RESCHEDULE) || e->pid != getpid())
		return false;
	for (uint32_t i = 0; stack && i < stack->depth; i++)
		if (!strncmp(tn_symbols_name(y, stack->frame[i]), "asm_", 4))
			return false;
	return stack_has(y, e->stack, "tracing_buffers_read");
}

/* Rule 1: reading the buffer of a probed CPU sends nothing there. */
static void draining_interrupts_nobody(void **state)
{
	struct store s = {0};
	struct tn_trace *t;

	(void)state;
	skip_unless_live();
	on_cpu(0);
	t = live_open(owner, BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 1000; i++)
		drain(t, &s);
	assert_true(s.n > 0);
	for (size_t i = 0; i < s.n; i++)
		assert_false(sent_by_reading(tn_trace_symbols(t), &s.event[i]));
	live_release(&s);
	live_close(t);
}

/* What kernels before 6.6 get; this one must take it too. */
static void filters_for_older_kernels(void **state)
{
	struct tn_cpus cpus = {0};
	char dir[128], buf[256];

	(void)state;
	tn_cpus_add(&cpus, 1);
	assert_int_equal(tn_instance_old_filter(&cpus, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "(cpu == 1)");
	tn_cpus_add(&cpus, TN_CPUS_MAX - 1);
	for (unsigned int cpu = 4; cpu < 8; cpu++)
		tn_cpus_add(&cpus, cpu);
	assert_int_equal(tn_instance_old_filter(&cpus, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "(cpu == 1 || (cpu >= 4 && cpu <= 7) || cpu == 4095)");
	for (size_t size = 1; size <= strlen(buf); size++)
		assert_int_equal(tn_instance_old_filter(&cpus, buf, size), -E2BIG);
	assert_int_equal(tn_instance_old_filter(&cpus, buf, sizeof(buf)), 0);
	skip_unless_live();
	snprintf(dir, sizeof(dir), "/sys/kernel/tracing/instances/%s.other", owner);
	assert_int_equal(mkdir(dir, 0750), 0);
	strcat(buf, " && callback == 0");
	write_to(dir, "events/ipi/ipi_send_cpu/filter", buf);
	assert_int_equal(tn_trace_remove_instance(dir, NULL), 0);
}

static void two_sessions_do_not_mix(void **state)
{
	struct tn_trace_options same = {.owner = owner, .buffer_bytes = BUFFER};
	struct store one = {0}, two = {0};
	char other[64];
	struct tn_error err = {0};
	struct tn_trace *a, *b, *c = NULL;

	(void)state;
	skip_unless_live();
	on_cpu(0);
	snprintf(other, sizeof(other), "%s-other", owner);
	a = live_open(owner, BUFFER, true);
	b = live_open(other, BUFFER, true);
	tn_cpus_add(&same.probed, 1);
	assert_int_equal(tn_trace_open(&same, &c, &err), -EEXIST);
	assert_non_null(strstr(err.text, "another session uses this owner"));
	assert_null(c);
	assert_int_equal(tn_trace_arm(a, NULL), 0);
	for (int i = 0; i < 1000 && !one.n; i++) {
		live_flush_kernel_tlb(20);
		drain(a, &one);
		drain(b, &two);
	}
	assert_true(one.n > 0);
	assert_int_equal(two.n, 0);
	live_close(a);
	assert_int_equal(live_count_instances(owner), 0);
	assert_int_equal(live_count_instances(other), 2);
	live_close(b);
	assert_int_equal(live_count_instances(other), 0);
	live_release(&one);
	live_release(&two);
}

static void without_senders_there_is_one_instance(void **state)
{
	struct store s = {0};
	struct tn_trace *t;

	(void)state;
	skip_unless_live();
	on_cpu(0);
	t = live_open(owner, BUFFER, false);
	assert_int_equal(live_count_instances(owner), 1);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 1000 && !count_events(&s, TN_EV_VECTOR_ENTRY, TN_VEC_CALL_FUNCTION_SINGLE, 0, UINT64_MAX) &&
			!count_events(&s, TN_EV_VECTOR_ENTRY, TN_VEC_CALL_FUNCTION, 0, UINT64_MAX);
	     i++) {
		live_flush_kernel_tlb(20);
		drain(t, &s);
	}
	assert_true(count_events(&s, TN_EV_VECTOR_ENTRY, -1, 0, UINT64_MAX) > 0);
	assert_int_equal(count_events(&s, TN_EV_CSD_ENTRY, -1, 0, UINT64_MAX), 0);
	live_release(&s);
	live_close(t);
}

static void options_are_checked(void **state)
{
	static const char *const bad[] = {NULL, "", "a/b", "..", ".hidden"};
	struct tn_trace_options opt = {.buffer_bytes = BUFFER};
	struct tn_error err = {0};
	struct tn_trace *t = NULL;

	(void)state;
	tn_cpus_add(&opt.probed, 1);
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++) {
		opt.owner = bad[i];
		assert_int_equal(tn_trace_open(&opt, &t, &err), -EINVAL);
		assert_non_null(strstr(err.text, "cannot name a trace instance"));
	}
	opt.owner = owner;
	opt.buffer_bytes = 0;
	assert_int_equal(tn_trace_open(&opt, &t, &err), -EINVAL);
	assert_non_null(strstr(err.text, "0 bytes"));
	opt.buffer_bytes = BUFFER;
	opt.probed = (struct tn_cpus){0};
	assert_int_equal(tn_trace_open(&opt, &t, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no CPU to trace"));
	assert_null(t);
}

static void only_instances_are_removed(void **state)
{
	static const char *const bad[] = {"",
					  "/",
					  "/tmp",
					  "/tmp/tn-test",
					  "/sys/kernel/tracing/instances/",
					  "/sys/kernel/tracing/instances/..",
					  "/sys/kernel/tracing/instances"};
	struct tn_error err = {0};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++) {
		assert_int_equal(tn_trace_remove_instance(bad[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "nothing removed"));
	}
	assert_int_equal(tn_trace_remove_instance("/sys/kernel/tracing/instances/tn-test.nobody", &err), 0);
}

struct effects {
	int refuse, mounts, instances;
};

static int note_effect(void *userdata, const char *what, const char *target, struct tn_error *err)
{
	struct effects *e = userdata;

	if (!strcmp(what, "mount"))
		e->mounts += !strcmp(target, "/sys/kernel/tracing");
	else if (!strcmp(what, "tracefs-instance"))
		e->instances += !!access(target, F_OK); /* announced before it is there */
	return e->refuse ? tn_error_set(err, e->refuse, "journal is full") : 0;
}

static void effects_are_announced_and_can_be_refused(void **state)
{
	struct effects e = {.refuse = -ENOSPC};
	struct tn_trace_options opt = {
		.owner = owner, .senders = true, .buffer_bytes = BUFFER, .before_effect = note_effect, .userdata = &e};
	struct tn_error err = {0};
	struct tn_trace *t = NULL;

	(void)state;
	skip_unless_live();
	tn_cpus_add(&opt.probed, 1);
	assert_int_equal(tn_trace_open(&opt, &t, &err), -ENOSPC);
	assert_string_equal(err.text, "journal is full");
	assert_int_equal(live_count_instances(owner), 0);
	e = (struct effects){0};
	assert_int_equal(tn_trace_open(&opt, &t, &err), 0);
	assert_int_equal(e.instances, 2);
	assert_int_equal(e.mounts, 0);
	tn_trace_close(t);
}

/* In a mount namespace of its own, where tracefs can be taken away. The status says which step failed. */
static int mount_and_unmount(void)
{
	struct effects e = {0};
	struct tn_trace_options opt = {
		.owner = owner, .senders = true, .buffer_bytes = BUFFER, .before_effect = note_effect, .userdata = &e};
	struct tn_trace *t = NULL;

	tn_cpus_add(&opt.probed, 1);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 77;
	while (!access("/sys/kernel/tracing/instances", F_OK))
		if (umount2("/sys/kernel/tracing", MNT_DETACH))
			return 1;
	if (tn_trace_open(&opt, &t, NULL))
		return 2;
	if (e.mounts != 1 || e.instances != 2 || access("/sys/kernel/tracing/instances", F_OK))
		return 3;
	tn_trace_close(t);
	return access("/sys/kernel/tracing/instances", F_OK) ? 0 : 4;
}

static void tracefs_is_mounted_for_as_long_as_needed(void **state)
{
	int status;
	pid_t child;

	(void)state;
	skip_unless_live();
	child = fork();
	if (!child)
		_exit(mount_and_unmount());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("skipped: no mount namespaces here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(live_count_instances(owner), 0);
}

static int set_owner(void **state)
{
	(void)state;
	snprintf(owner, sizeof(owner), "tn-test.%d", (int)getpid());
	return 0;
}

/* A test that failed in the middle leaves its instances; they must not disturb the machine any longer. */
static int clean_up(void **state)
{
	static const char *const suffix[] = {"target", "sender", "other", "other.target", "other.sender"};
	char path[128];

	(void)state;
	live_close_all();
	for (size_t i = 0; i < TN_ARRAY_SIZE(suffix); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/tracing/instances/%s%c%s", owner, i < 3 ? '.' : '-',
			 suffix[i]);
		tn_trace_remove_instance(path, NULL);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(finds_the_sender_of_a_kernel_flush, clean_up),
		cmocka_unit_test_teardown(a_sender_that_was_renamed_has_its_new_name, clean_up),
		cmocka_unit_test_teardown(local_calls_have_their_stack, clean_up),
		cmocka_unit_test_teardown(ticks_are_those_of_userspace, clean_up),
		cmocka_unit_test_teardown(counts_equal_those_of_an_independent_instance, clean_up),
		cmocka_unit_test_teardown(complete_means_complete, clean_up),
		cmocka_unit_test_teardown(what_does_not_fit_is_counted, clean_up),
		cmocka_unit_test_teardown(draining_interrupts_nobody, clean_up),
		cmocka_unit_test_teardown(filters_for_older_kernels, clean_up),
		cmocka_unit_test_teardown(two_sessions_do_not_mix, clean_up),
		cmocka_unit_test_teardown(without_senders_there_is_one_instance, clean_up),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(only_instances_are_removed),
		cmocka_unit_test_teardown(effects_are_announced_and_can_be_refused, clean_up),
		cmocka_unit_test_teardown(tracefs_is_mounted_for_as_long_as_needed, clean_up),
	};

	return cmocka_run_group_tests_name("trace/session", tests, set_owner, NULL);
}
