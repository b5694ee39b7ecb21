// SPDX-License-Identifier: GPL-2.0-or-later
/* Which events a lane takes: rounds end at different times on different CPUs, and what follows belongs to none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/attribution.h"

#define FLUSH 0xffffffff81000000ull
#define CSD   0xffff888000001000ull
#define PROBE 77

struct fixture {
	struct tn_symbols *symbols;
	struct tn_attribution *a;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tn_attribution_options opt = {0};

	assert_non_null(f);
	assert_int_equal(tn_symbols_new(&f->symbols, NULL), 0);
	assert_int_equal(tn_symbols_add(f->symbols, FLUSH, "do_flush_tlb_all"), 0);
	opt.symbols = f->symbols;
	assert_int_equal(tn_attribution_new(&opt, &f->a, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tn_attribution_free(f->a);
	tn_symbols_free(f->symbols);
	free(f);
	return 0;
}

static void begin(struct fixture *f, int cpu, uint32_t round, uint64_t open)
{
	assert_int_equal(tn_attribution_window(f->a, cpu, round, 10, PROBE, NULL), 0);
	assert_int_equal(tn_attribution_open_at(f->a, cpu, open), 0);
}

static void advance(struct fixture *f, int cpu, uint64_t before)
{
	assert_int_equal(tn_attribution_advance(f->a, cpu, before, before, NULL), 0);
}

static void feed_send(struct fixture *f, uint16_t target, uint64_t ticks, const char *comm)
{
	struct tn_event ev = {.type = TN_EV_CSD_QUEUE, .ticks = ticks, .cpu = 0, .target = target, .pid = 500};

	ev.a = FLUSH;
	ev.b = CSD;
	ev.comm = tn_symbols_intern(f->symbols, comm);
	assert_int_equal(tn_attribution_events(f->a, &ev, 1), 0);
}

static void feed_function(struct fixture *f, uint16_t cpu, uint64_t ticks)
{
	struct tn_event ev = {.type = TN_EV_CSD_ENTRY, .ticks = ticks, .cpu = cpu, .pid = PROBE, .a = FLUSH, .b = CSD};

	assert_int_equal(tn_attribution_events(f->a, &ev, 1), 0);
}

static const struct tn_conservation *flushes(const struct fixture *f, int cpu)
{
	return &tn_attribution_tally(f->a, cpu)->conservation[TN_CLASS_KERNEL_TLB_FLUSH];
}

static void nothing_is_kept_between_rounds(void **state)
{
	struct fixture *f = *state;
	size_t memory;

	begin(f, 1, 0, 100);
	feed_send(f, 1, 190, "early");
	feed_function(f, 1, 200);
	feed_function(f, 1, 9000); /* not joined when the round ends */
	advance(f, 1, 1000);
	tn_attribution_end_round(f->a, 1);
	tn_attribution_end_round(f->a, 1);
	memory = tn_attribution_memory(f->a);
	for (uint64_t i = 0; i < 10000; i++) {
		feed_send(f, 1, 10000 + 10 * i, "between");
		feed_function(f, 1, 10005 + 10 * i);
	}
	assert_int_equal(tn_attribution_memory(f->a), memory);
	assert_int_equal(flushes(f, 1)->entries, 1);
	begin(f, 1, 1, 500000);
	feed_function(f, 1, 500100);
	advance(f, 1, UINT64_MAX);
	assert_int_equal(tn_attribution_tally(f->a, 1)->round, 1);
	assert_int_equal(flushes(f, 1)->entries, 1);
	assert_int_equal(tn_attribution_tally(f->a, 1)->senders_unknown, 1); /* none of those before */
}

static void the_end_of_a_round_drops_its_senders_only(void **state)
{
	struct fixture *f = *state;

	begin(f, 1, 0, 100);
	begin(f, 2, 0, 100);
	feed_send(f, 1, 200, "one");
	feed_send(f, 2, 210, "two");
	tn_attribution_end_round(f->a, 1);
	begin(f, 1, 1, 100);
	feed_function(f, 1, 300);
	feed_function(f, 2, 310);
	advance(f, 1, UINT64_MAX);
	advance(f, 2, UINT64_MAX);
	assert_int_equal(tn_attribution_tally(f->a, 1)->senders_unknown, 1);
	assert_int_equal(tn_attribution_tally(f->a, 2)->senders_unknown, 0);
}

static void a_round_that_ended_takes_nothing(void **state)
{
	struct fixture *f = *state;
	struct tn_interruption in = {100, 200};
	struct tn_error err = {0};

	tn_attribution_end_round(f->a, 1); /* no window ever: nothing happens */
	assert_null(tn_attribution_tally(f->a, 1));
	begin(f, 1, 0, 100);
	tn_attribution_end_round(f->a, 1);
	assert_int_equal(tn_attribution_interruptions(f->a, 1, &in, 1), -EINVAL);
	assert_int_equal(tn_attribution_open_at(f->a, 1, 1), -EINVAL);
	assert_int_equal(tn_attribution_close_at(f->a, 1, 1), -EINVAL);
	assert_int_equal(tn_attribution_advance(f->a, 1, 1, 1, &err), -EINVAL);
	assert_string_equal(err.text, "attribution: CPU 1 has no window");
	assert_int_equal(tn_attribution_tally(f->a, 1)->round, 0);
}

/* CPU 1 is done at 1000 while CPU 2 goes on to 2000: what CPU 1 gets then is outside, not too short. */
static void windows_end_each_at_its_own_time(void **state)
{
	struct fixture *f = *state;

	begin(f, 1, 0, 100);
	begin(f, 2, 0, 100);
	for (uint16_t cpu = 1; cpu <= 2; cpu++)
		feed_function(f, cpu, 500);
	advance(f, 1, 800);
	advance(f, 2, 800);
	assert_int_equal(tn_attribution_close_at(f->a, 1, 1000), 0);
	for (uint16_t cpu = 1; cpu <= 2; cpu++) {
		feed_function(f, cpu, 1000);
		feed_function(f, cpu, 1001);
		feed_function(f, cpu, 1500);
	}
	assert_int_equal(tn_attribution_advance(f->a, 1, 1800, UINT64_MAX, NULL), 0);
	advance(f, 2, 1800);
	assert_int_equal(tn_attribution_close_at(f->a, 2, 2000), 0);
	feed_function(f, 1, 2001);
	feed_function(f, 2, 2001);
	advance(f, 1, UINT64_MAX);
	advance(f, 2, UINT64_MAX);
	assert_int_equal(flushes(f, 1)->too_short, 2);
	assert_int_equal(flushes(f, 1)->entries, 2);
	assert_int_equal(tn_attribution_tally(f->a, 1)->outside_window, 3);
	assert_int_equal(flushes(f, 2)->too_short, 4);
	assert_int_equal(tn_attribution_tally(f->a, 2)->outside_window, 1);
}

/* The same thread id, before and after exec() or after its reuse: each send keeps the name it was sent under. */
static void a_sender_has_the_name_it_had(void **state)
{
	struct tn_interruption in[] = {{190, 250}, {390, 450}};
	struct fixture *f = *state;
	const struct tn_cause *cause;
	const struct tn_worst *worst;
	size_t n;

	begin(f, 1, 0, 100);
	feed_send(f, 1, 150, "one");
	feed_function(f, 1, 200);
	feed_send(f, 1, 350, "two");
	feed_function(f, 1, 400);
	assert_int_equal(tn_attribution_interruptions(f->a, 1, in, 2), 0);
	advance(f, 1, UINT64_MAX);
	cause = tn_attribution_causes(f->a, &n);
	assert_int_equal(n, 2);
	assert_string_equal(cause[0].sender_comm, "one");
	assert_string_equal(cause[1].sender_comm, "two");
	n = tn_attribution_worst(f->a, &worst);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(tn_symbols_text(f->symbols, worst[i].entry[0].sender_name),
				    worst[i].start == 190 ? "one" : "two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_kept_between_rounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_a_round_drops_its_senders_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_round_that_ended_takes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(windows_end_each_at_its_own_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_sender_has_the_name_it_had, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("analysis/lanes", tests, NULL, NULL);
}
