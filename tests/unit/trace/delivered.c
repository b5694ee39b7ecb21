// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of what a tracing session delivers on the running kernel: senders and stacks, stamps, counts and losses.
 * Skipped, with the reason, where it cannot be.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/ticks.h"
#include "live.h"

#define BUFFER (1u << 20)

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
	live_or_skip();
	live_on_cpu(0);
	t = live_open(live_owner, BUFFER, true);
	y = tn_trace_symbols(t);
	assert_int_equal(live_count_instances(live_owner), 2);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 1000 && named < 5; i++) {
		live_flush_kernel_tlb(20);
		live_drain(t, &s);
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
	assert_int_equal(live_count_instances(live_owner), 0);
}

/* Sends until one of this process's sends is there; its name, as of the drain. */
static const char *name_of_sender(struct tn_trace *t)
{
	struct store s = {0};
	uint32_t name = 0;

	for (int i = 0; i < 1000 && !name; i++) {
		live_flush_kernel_tlb(20);
		s.n = 0;
		live_drain(t, &s);
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
	live_or_skip();
	live_on_cpu(0);
	assert_int_equal(prctl(PR_GET_NAME, before), 0);
	t = live_open(live_owner, BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	assert_int_equal(prctl(PR_SET_NAME, "one"), 0);
	assert_string_equal(name_of_sender(t), "one");
	live_drain(t, &s); /* nothing of "one" is left */
	assert_int_equal(prctl(PR_SET_NAME, "two"), 0);
	assert_string_equal(name_of_sender(t), "two");
	assert_int_equal(prctl(PR_SET_NAME, before), 0);
	live_release(&s);
	live_close(t);
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
	live_or_skip();
	live_on_cpu(1);
	snprintf(dir, sizeof(dir), "/sys/kernel/tracing/instances/%s.other", live_owner);
	assert_int_equal(mkdir(dir, 0750), 0);
	t = live_open(live_owner, BUFFER, true);
	y = tn_trace_symbols(t);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 100 && !local; i++) {
		live_write(dir, "events/timer/itimer_expire/enable", "1");
		live_write(dir, "events/timer/itimer_expire/enable", "0");
		s.n = 0;
		live_drain(t, &s);
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
	live_or_skip();
	live_on_cpu(1);
	area = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	madvise(area, pages * page, MADV_NOHUGEPAGE);
	memset(before, 0, sizeof(before));
	memset(after, 0, sizeof(after));
	t = live_open(live_owner, BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (size_t i = 0; i < pages; i++) {
		before[i] = tn_ticks_ordered();
		*(volatile char *)(area + i * page);
		after[i] = tn_ticks_ordered();
	}
	live_drain(t, &s);
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
	live_or_skip();
	live_on_cpu(0);
	snprintf(dir, sizeof(dir), "/sys/kernel/tracing/instances/%s.other", live_owner);
	assert_int_equal(mkdir(dir, 0750), 0);
	live_write(dir, "trace_clock", TN_TRACE_CLOCK);
	live_write(dir, "tracing_cpumask", "2");
	t = live_open(live_owner, 4 * BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (size_t i = 0; i < TN_ARRAY_SIZE(event); i++) {
		snprintf(file, sizeof(file), "events/%s/enable", event[i]);
		live_write(dir, file, "1");
	}
	from = tn_ticks_ordered();
	for (int i = 0; i < 1000 && live_count_events(&s, TN_EV_CSD_ENTRY, -1, from, UINT64_MAX) < 20; i++) {
		live_flush_kernel_tlb(20);
		live_drain(t, &s);
	}
	to = tn_ticks_ordered();
	assert_int_equal(tn_trace_disarm(t, NULL), 0);
	live_write(dir, "tracing_on", "0");
	live_drain(t, &s);
	assert_true(count_text(dir, "csd_function_entry:", from, to) >= 20);
	assert_int_equal(live_count_events(&s, TN_EV_CSD_ENTRY, -1, from, to),
			 count_text(dir, "csd_function_entry:", from, to));
	assert_int_equal(live_count_events(&s, TN_EV_SWITCH, -1, from, to), count_text(dir, "sched_switch:", from, to));
	assert_int_equal(live_count_events(&s, TN_EV_SOFTIRQ_ENTRY, -1, from, to),
			 count_text(dir, "softirq_entry:", from, to));
	assert_int_equal(live_count_events(&s, TN_EV_VECTOR_ENTRY, TN_VEC_LOCAL_TIMER, from, to),
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
	live_or_skip();
	live_on_cpu(0);
	t = live_open(live_owner, BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 300; i++) {
		complete = tn_trace_complete_before(t);
		live_flush_kernel_tlb(1);
		s.n = 0;
		live_drain(t, &s);
		for (size_t j = 0; j < s.n; j++)
			assert_true(s.event[j].ticks >= complete);
		assert_true(tn_trace_complete_before(t) >= complete &&
			    tn_trace_complete_before(t) < tn_ticks_ordered());
	}
	assert_true(complete > 0);
	assert_int_equal(tn_trace_disarm(t, NULL), 0);
	live_drain(t, &s);
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
	live_or_skip();
	live_on_cpu(1);
	area = mmap(NULL, pages * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	madvise(area, pages * page, MADV_NOHUGEPAGE);
	t = live_open(live_owner, 64 << 10, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (size_t i = 0; i < pages; i++)
		*(volatile char *)(area + i * page);
	assert_int_equal(tn_trace_disarm(t, NULL), 0);
	live_drain(t, &s);
	assert_int_equal(tn_trace_stats(t, &stats, NULL), 0);
	assert_true(stats.overrun > pages / 4);
	assert_true(stats.overrun + live_count_events(&s, TN_EV_FAULT, 1, 0, UINT64_MAX) >= pages);
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
	live_or_skip();
	live_on_cpu(0);
	t = live_open(live_owner, BUFFER, true);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0; i < 1000; i++)
		live_drain(t, &s);
	assert_true(s.n > 0);
	for (size_t i = 0; i < s.n; i++)
		assert_false(sent_by_reading(tn_trace_symbols(t), &s.event[i]));
	live_release(&s);
	live_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(finds_the_sender_of_a_kernel_flush, live_clean_up),
		cmocka_unit_test_teardown(a_sender_that_was_renamed_has_its_new_name, live_clean_up),
		cmocka_unit_test_teardown(local_calls_have_their_stack, live_clean_up),
		cmocka_unit_test_teardown(ticks_are_those_of_userspace, live_clean_up),
		cmocka_unit_test_teardown(counts_equal_those_of_an_independent_instance, live_clean_up),
		cmocka_unit_test_teardown(complete_means_complete, live_clean_up),
		cmocka_unit_test_teardown(what_does_not_fit_is_counted, live_clean_up),
		cmocka_unit_test_teardown(draining_interrupts_nobody, live_clean_up),
	};

	return cmocka_run_group_tests_name("trace/delivered", tests, live_set_owner, NULL);
}
