// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of a tracing session on the running kernel; skipped, with the reason, where it cannot be. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/ticks.h"
#include "live.h"

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

static void on_cpu_0(void)
{
	struct tn_cpus set = {0};

	tn_cpus_add(&set, 0);
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
	on_cpu_0();
	t = live_open(owner, BUFFER);
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
			assert_string_not_equal(tn_symbols_comm(y, q->pid), "");
			assert_true(stack_has_address(y, q->stack, q->callsite));
			named += stack_has(y, q->stack, "__purge_vmap_area_lazy");
		}
	}
	assert_true(flushes >= 5);
	assert_true(named >= 5);
	live_release(&s);
	tn_trace_close(t);
	assert_int_equal(live_count_instances(owner), 0);
}

static int set_owner(void **state)
{
	(void)state;
	snprintf(owner, sizeof(owner), "tn-test.%d", (int)getpid());
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_sender_of_a_kernel_flush),
	};

	return cmocka_run_group_tests_name("trace/session", tests, set_owner, NULL);
}
