// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of the reader on pages made by hand, in the ring buffer's format (include/linux/ring_buffer.h). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../support/tree.h"
#include "trace/reader.h"

#define PAGE     4096
#define COMMIT   8
#define DATA     16
#define TASK     0x00
#define SOFTIRQ  0x10
#define HARDIRQ  0x08
#define ID_QUEUE 529
#define ID_ENTRY 528
#define ID_TIMER 165
#define ID_STACK 4

struct fixture {
	struct tn_symbols *symbols;
	struct tn_reader reader;
	struct tn_stream stream;
	_Alignas(8) uint8_t page[PAGE];
	size_t used; /* data bytes in the page */
	struct tn_event event[64];
	size_t n;
	unsigned int calls;
	int fail_with;
};

static int take(void *userdata, const struct tn_event *events, size_t n)
{
	struct fixture *f = userdata;

	f->calls++;
	if (f->fail_with)
		return f->fail_with;
	for (size_t i = 0; i < n && f->n < TN_ARRAY_SIZE(f->event); i++)
		f->event[f->n++] = events[i];
	return 0;
}

static void learn(struct fixture *f, const char *system, const char *event)
{
	char path[512], text[8192] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/format/%s.%s", getenv("TN_TEST_DATA"), system, event);
	file = fopen(path, "r");
	if (!file)
		fail_msg("no %s", path);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_int_equal(tn_decoder_learn(f->reader.decoder, system, text, NULL), 0);
}

static void page_at(struct fixture *f, uint64_t ticks)
{
	memset(f->page, 0, PAGE);
	memcpy(f->page, &ticks, sizeof(ticks));
	f->used = 0;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(tn_symbols_new(&f->symbols, NULL), 0);
	assert_int_equal(tn_reader_init(&f->reader, f->symbols, NULL), 0);
	f->reader.fn = take;
	f->reader.userdata = f;
	f->reader.tasks.proc = "/nonexistent";
	f->stream.cpu = 1;
	f->stream.sender = true;
	learn(f, "csd", "csd_queue_cpu");
	learn(f, "csd", "csd_function_entry");
	learn(f, "irq_vectors", "local_timer_entry");
	learn(f, "ftrace", "kernel_stack");
	page_at(f, 1000);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tn_reader_release(&f->reader);
	tn_symbols_free(f->symbols);
	free(f);
	return 0;
}

static void put_word(struct fixture *f, uint32_t word)
{
	memcpy(f->page + DATA + f->used, &word, sizeof(word));
	f->used += sizeof(word);
}

/* @size is a multiple of 4 below 112, so that the length is in the header word: 5 bits of it, 27 of time. */
static void put(struct fixture *f, unsigned int delta, const void *record, size_t size)
{
	put_word(f, (uint32_t)(size / 4) | delta << 5);
	memcpy(f->page + DATA + f->used, record, size);
	f->used += size;
}

struct record {
	uint16_t type;
	uint8_t flags, preempt;
	int32_t pid;
	uint64_t word[4];
};

static void put_queue(struct fixture *f, uint8_t flags, uint64_t function)
{
	struct record r = {ID_QUEUE, flags, 1, 100, {1, 0xa1, function, 0xc3}};

	put(f, 10, &r, 40);
}

static void put_entry(struct fixture *f, uint8_t flags, uint64_t csd)
{
	struct record r = {ID_ENTRY, flags, 1, 100, {0xf0, csd}};

	put(f, 10, &r, 24);
}

static void put_timer(struct fixture *f, uint8_t flags)
{
	struct record r = {ID_TIMER, flags, 1, 100, {236}};

	put(f, 10, &r, 12);
}

static void put_stack(struct fixture *f, uint8_t flags, uint64_t frame)
{
	struct record r = {ID_STACK, flags, 1, 100, {1, frame}};

	put(f, 10, &r, 24);
}

static void read_page(struct fixture *f)
{
	memcpy(f->page + COMMIT, &f->used, sizeof(f->used));
	tn_reader_page(&f->reader, &f->stream, f->page);
	tn_reader_flush(&f->reader);
}

/* The only frame of the event's stack, 0 without stack. */
static uint64_t frame_of(const struct fixture *f, size_t i)
{
	const struct tn_stack *s = tn_symbols_stack(f->symbols, f->event[i].stack);

	return s ? s->frame[0] : 0;
}

static void a_stack_joins_its_event(void **state)
{
	struct fixture *f = *state;

	put_queue(f, TASK, 0xf1);
	put_stack(f, TASK, 0x51);
	put_queue(f, TASK, 0xf2);
	put_stack(f, TASK, 0x52);
	read_page(f);
	assert_int_equal(f->n, 2);
	assert_true(f->event[0].ticks == 1010 && f->event[1].ticks == 1030);
	assert_int_equal(f->event[0].cpu, 1);
	assert_true(frame_of(f, 0) == 0x51 && frame_of(f, 1) == 0x52);
	assert_true(f->reader.stats.events == 2 && f->reader.stats.undecoded == 0);
}

static void a_stack_may_come_with_the_next_page(void **state)
{
	struct fixture *f = *state;

	put_queue(f, TASK, 0xf1);
	read_page(f);
	assert_int_equal(f->n, 0);
	page_at(f, 2000);
	put_stack(f, TASK, 0x51);
	put_queue(f, TASK, 0xf2);
	read_page(f);
	assert_int_equal(f->n, 1);
	assert_true(f->event[0].ticks == 1010 && frame_of(f, 0) == 0x51);
	tn_reader_settle(&f->reader, &f->stream);
	tn_reader_flush(&f->reader);
	assert_int_equal(f->n, 2);
	assert_true(frame_of(f, 1) == 0);
}

static void an_interrupt_in_between_keeps_order_and_stacks(void **state)
{
	struct fixture *f = *state;

	put_queue(f, TASK, 0xf1);
	put_queue(f, SOFTIRQ, 0xf2);
	put_queue(f, HARDIRQ, 0xf3);
	put_stack(f, HARDIRQ, 0x53);
	put_stack(f, SOFTIRQ, 0x52);
	read_page(f);
	assert_int_equal(f->n, 0);
	page_at(f, 2000);
	put_stack(f, TASK, 0x51);
	read_page(f);
	assert_int_equal(f->n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(f->event[i].a == 0xf1 + i);
		assert_true(frame_of(f, i) == 0x51 + i);
	}
}

static void a_lost_stack_is_not_taken_from_the_next(void **state)
{
	struct fixture *f = *state;

	put_queue(f, TASK, 0xf1);
	put_queue(f, HARDIRQ, 0xf2);
	put_queue(f, TASK, 0xf3);
	put_stack(f, TASK, 0x53);
	put_stack(f, TASK, 0x54); /* of an event that is not here */
	read_page(f);
	assert_int_equal(f->n, 3);
	assert_true(frame_of(f, 0) == 0 && frame_of(f, 1) == 0 && frame_of(f, 2) == 0x53);
	assert_int_equal(f->reader.stats.undecoded, 1);
}

static void a_stack_does_not_go_to_a_deeper_context(void **state)
{
	struct fixture *f = *state;

	put_queue(f, TASK, 0xf1);
	put_queue(f, HARDIRQ, 0xf2);
	put_stack(f, TASK, 0x51);
	read_page(f);
	assert_int_equal(f->n, 2);
	assert_true(frame_of(f, 0) == 0x51 && frame_of(f, 1) == 0);
}

/* The name is that of the time of reading, also when the stack comes later. */
static void senders_and_local_calls_have_a_name(void **state)
{
	struct fixture *f = *state;
	struct tree *tree;

	tree_setup((void **)&tree);
	tree_write(tree, "/100/comm", "one\n");
	f->reader.tasks.proc = tree->root;
	put_queue(f, TASK, 0xf1);
	read_page(f);
	tree_write(tree, "/100/comm", "two\n");
	tn_tasks_forget(&f->reader.tasks);
	page_at(f, 2000);
	put_stack(f, TASK, 0x51);
	put_queue(f, TASK, 0xf2);
	put_stack(f, TASK, 0x52);
	read_page(f);
	f->stream.sender = false;
	page_at(f, 3000);
	put_entry(f, HARDIRQ, 0xc1);
	put_entry(f, TASK, 0);
	put_stack(f, TASK, 0x53);
	read_page(f);
	tree_teardown((void **)&tree);
	assert_int_equal(f->n, 4);
	assert_string_equal(tn_symbols_text(f->symbols, f->event[0].comm), "one");
	assert_string_equal(tn_symbols_text(f->symbols, f->event[1].comm), "two");
	assert_int_equal(f->event[2].comm, 0); /* who is interrupted does not matter */
	assert_string_equal(tn_symbols_text(f->symbols, f->event[3].comm), "two");
}

static void on_targets_only_local_calls_wait(void **state)
{
	struct fixture *f = *state;

	f->stream.sender = false;
	put_entry(f, HARDIRQ, 0xc1);
	read_page(f);
	assert_int_equal(f->n, 1);
	page_at(f, 2000);
	put_entry(f, TASK, 0);
	put_timer(f, HARDIRQ);
	read_page(f);
	assert_int_equal(f->n, 1);
	page_at(f, 3000);
	put_stack(f, TASK, 0x51);
	read_page(f);
	assert_int_equal(f->n, 3);
	assert_true(f->event[1].type == TN_EV_CSD_ENTRY && frame_of(f, 1) == 0x51);
	assert_true(f->event[2].type == TN_EV_VECTOR_ENTRY && f->event[2].ticks == 2020);
}

static void waiting_is_bounded(void **state)
{
	struct fixture *f = *state;

	f->stream.sender = false;
	put_entry(f, TASK, 0);
	for (int i = 0; i < TN_WAITING; i++)
		put_timer(f, HARDIRQ);
	read_page(f);
	assert_int_equal(f->n, TN_WAITING + 1);
	for (size_t i = 1; i < f->n; i++)
		assert_true(f->event[i].ticks > f->event[i - 1].ticks);
}

static void time_extends_and_absolute_stamps_count(void **state)
{
	struct fixture *f = *state;
	uint64_t stamp = (UINT64_C(1) << 45) + 5;

	put_word(f, 30 | 3 << 5); /* 3 ticks and 2 << 27 of them */
	put_word(f, 2);
	put_queue(f, TASK, 0xf1);
	put_word(f, 31 | (uint32_t)(stamp & ((1 << 27) - 1)) << 5);
	put_word(f, (uint32_t)(stamp >> 27));
	put_queue(f, TASK, 0xf2);
	put_stack(f, TASK, 0x52);
	read_page(f);
	assert_int_equal(f->n, 2);
	assert_true(f->event[0].ticks == 1000 + 3 + (UINT64_C(2) << 27) + 10);
	assert_true(f->event[1].ticks == stamp + 10);
}

/* Bits 31 and 30 of the commit word: events are missing before this page, and their number follows the data. */
static void missed_events_are_counted(void **state)
{
	struct fixture *f = *state;
	uint64_t missed = 7, commit;

	put_queue(f, TASK, 0xf1);
	read_page(f);
	page_at(f, 2000);
	put_stack(f, TASK, 0x59);
	memcpy(f->page + DATA + f->used, &missed, sizeof(missed));
	commit = f->used | UINT64_C(3) << 30;
	memcpy(f->page + COMMIT, &commit, sizeof(commit));
	tn_reader_page(&f->reader, &f->stream, f->page);
	tn_reader_flush(&f->reader);
	assert_int_equal(f->reader.stats.missed, 7);
	assert_int_equal(f->n, 1);
	assert_true(frame_of(f, 0) == 0);
	assert_int_equal(f->reader.stats.undecoded, 1);
}

static void unknown_records_are_counted(void **state)
{
	struct record r = {999, 0, 0, 1, {0}};
	struct fixture *f = *state;

	put(f, 0, &r, 16);
	put(f, 0, &r, 4);
	r.type = ID_QUEUE;
	put(f, 0, &r, 32);
	read_page(f);
	assert_int_equal(f->n, 0);
	assert_int_equal(f->reader.stats.undecoded, 3);
	assert_int_equal(f->reader.stats.bytes, 52);
}

static void a_failing_consumer_is_not_asked_again(void **state)
{
	struct fixture *f = *state;

	f->fail_with = -ENOSPC;
	put_queue(f, TASK, 0xf1);
	put_stack(f, TASK, 0x51);
	read_page(f);
	assert_int_equal(tn_reader_flush(&f->reader), -ENOSPC);
	f->fail_with = 0;
	read_page(f);
	assert_int_equal(tn_reader_flush(&f->reader), -ENOSPC);
	assert_int_equal(f->calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stack_joins_its_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stack_may_come_with_the_next_page, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_interrupt_in_between_keeps_order_and_stacks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_lost_stack_is_not_taken_from_the_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stack_does_not_go_to_a_deeper_context, set_up, tear_down),
		cmocka_unit_test_setup_teardown(senders_and_local_calls_have_a_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(on_targets_only_local_calls_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiting_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(time_extends_and_absolute_stamps_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missed_events_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_records_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failing_consumer_is_not_asked_again, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("trace/reader", tests, NULL, NULL);
}
