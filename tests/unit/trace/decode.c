// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of the decoder: formats recorded on Linux 6.18, the same with fields elsewhere, and records made by hand. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "trace/decode.h"

struct fixture {
	struct tn_symbols *symbols;
	struct tn_decoder *decoder;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(tn_symbols_new(&f->symbols, NULL), 0);
	assert_int_equal(tn_decoder_new(f->symbols, &f->decoder, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tn_decoder_free(f->decoder);
	tn_symbols_free(f->symbols);
	free(f);
	return 0;
}

static void learn_file(struct fixture *f, const char *system, const char *event)
{
	char path[512], text[8192] = "";
	struct tn_error err = {0};
	FILE *file;

	snprintf(path, sizeof(path), "%s/format/%s.%s", getenv("TN_TEST_DATA"), system, event);
	file = fopen(path, "r");
	if (!file)
		fail_msg("no %s", path);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	if (tn_decoder_learn(f->decoder, system, text, &err))
		fail_msg("%s", err.text);
}

/* Records are copied to memory of just their size, so that a sanitizer sees any read beyond their end. */
static bool decode(struct fixture *f, const void *record, size_t size, struct tn_event *ev)
{
	tn_autofree void *copy = malloc(size);
	struct tn_record head;

	assert_non_null(copy);
	memcpy(copy, record, size);
	return tn_decode_head(f->decoder, copy, size, &head) && tn_decode(f->decoder, copy, size, &head, ev);
}

struct head {
	uint16_t type;
	uint8_t flags, preempt;
	int32_t pid;
};

struct queue {
	struct head head;
	uint32_t cpu, pad;
	uint64_t callsite, func, csd;
};

static void decodes_recorded_formats(void **state)
{
	struct queue queue = {{529, 0, 1, 4711}, 3, 0, 0xa1, 0xb2, 0xc3};
	struct {
		struct head head;
		uint64_t address, ip, code;
	} fault = {{190, 0, 0, 12}, 0x7f00, 0x4000, 6};
	struct {
		struct head head;
		char prev_comm[16];
		int32_t prev_pid, prev_prio;
		int64_t prev_state;
		char next_comm[16];
		int32_t next_pid, next_prio;
	} sw = {{372, 0, 2, 100}, "probe", 100, 120, 1, "kworker/1:2", 77, 120};
	struct {
		struct head head;
		uint32_t vec;
	} softirq = {{223, 0x10, 0, 100}, 9}, timer = {{165, 0x08, 0, 100}, 236};
	struct tn_event ev;
	struct fixture *f = *state;

	learn_file(f, "csd", "csd_queue_cpu");
	learn_file(f, "exceptions", "page_fault_user");
	learn_file(f, "sched", "sched_switch");
	learn_file(f, "irq", "softirq_entry");
	learn_file(f, "irq_vectors", "local_timer_entry");

	assert_true(decode(f, &queue, sizeof(queue), &ev));
	assert_int_equal(ev.type, TN_EV_CSD_QUEUE);
	assert_int_equal(ev.pid, 4711);
	assert_int_equal(ev.target, 3);
	assert_true(ev.callsite == 0xa1 && ev.a == 0xb2 && ev.b == 0xc3 && !ev.stack && !ev.name);
	assert_true(decode(f, &fault, sizeof(fault), &ev));
	assert_true(ev.type == TN_EV_FAULT && ev.arg == 1 && ev.a == 0x7f00 && ev.b == 0x4000 && ev.pid == 12);
	assert_true(decode(f, &sw, sizeof(sw), &ev));
	assert_true(ev.type == TN_EV_SWITCH && ev.pid == 100 && ev.other == 77);
	assert_string_equal(tn_symbols_text(f->symbols, ev.name), "kworker/1:2");
	assert_true(decode(f, &softirq, sizeof(softirq), &ev));
	assert_true(ev.type == TN_EV_SOFTIRQ_ENTRY && ev.arg == 9);
	assert_true(decode(f, &timer, sizeof(timer), &ev));
	assert_true(ev.type == TN_EV_VECTOR_ENTRY && ev.arg == TN_VEC_LOCAL_TIMER);
}

/* As a kernel with PREEMPT_RT's additional common fields and 32-bit members would lay it out. */
static const char moved_queue[] = "name: csd_queue_cpu\nID: 900\nformat:\n"
				  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
				  "\tfield:unsigned char common_flags;\toffset:3;\tsize:1;\tsigned:0;\n"
				  "\tfield:unsigned char common_preempt_count;\toffset:2;\tsize:1;\tsigned:0;\n"
				  "\tfield:unsigned char common_migrate_disable;\toffset:4;\tsize:1;\tsigned:0;\n"
				  "\tfield:int common_pid;\toffset:8;\tsize:4;\tsigned:1;\n\n"
				  "\tfield:void * csd;\toffset:16;\tsize:8;\tsigned:0;\n"
				  "\tfield:void * func;\toffset:24;\tsize:8;\tsigned:0;\n"
				  "\tfield:void * callsite;\toffset:32;\tsize:8;\tsigned:0;\n"
				  "\tfield:unsigned short cpu;\toffset:40;\tsize:2;\tsigned:0;\n\n"
				  "print fmt: \"no %%such %s()\", nonsense((REC->\n";

static void goes_by_the_format_and_not_by_habit(void **state)
{
	struct {
		uint16_t type;
		uint8_t preempt, flags, migrate, pad[3];
		int32_t pid, pad2;
		uint64_t csd, func, callsite;
		uint16_t cpu;
	} __attribute__((packed)) r = {900, 1, 0x08, 0, {0}, 42, 0, 0xc3, 0xb2, 0xa1, 7};
	struct fixture *f = *state;
	struct tn_record head;
	struct tn_event ev;

	assert_int_equal(tn_decoder_learn(f->decoder, "csd", moved_queue, NULL), 0);
	assert_true(tn_decode_head(f->decoder, &r, sizeof(r), &head));
	assert_int_equal(head.context, 2);
	assert_true(decode(f, &r, sizeof(r), &ev));
	assert_true(ev.callsite == 0xa1 && ev.a == 0xb2 && ev.b == 0xc3 && ev.target == 7 && ev.pid == 42);
	assert_false(decode(f, &r, sizeof(r) - 1, &ev));
	assert_false(decode(f, &r, 11, &ev));
	r.type = 901;
	assert_false(decode(f, &r, sizeof(r), &ev));
}

static void reads_names_only_inside_the_record(void **state)
{
	struct {
		struct head head;
		int32_t irq;
		uint32_t where;
		char name[8];
	} r = {{225, 0x08, 0, 1}, 24, 5 << 16 | 16, "eth0"};
	struct fixture *f = *state;
	struct tn_event ev;

	learn_file(f, "irq", "irq_handler_entry");
	assert_true(decode(f, &r, sizeof(r), &ev));
	assert_int_equal(ev.arg, 24);
	assert_string_equal(tn_symbols_text(f->symbols, ev.name), "eth0");
	r.where = 9 << 16 | 16;
	assert_true(decode(f, &r, sizeof(r), &ev));
	assert_int_equal(ev.name, 0);
	memcpy(r.name, "noendnul", 8);
	r.where = 8 << 16 | 16;
	r.irq = 100000;
	assert_true(decode(f, &r, sizeof(r), &ev));
	assert_string_equal(tn_symbols_text(f->symbols, ev.name), "noendnul");
	assert_int_equal(ev.arg, UINT16_MAX);
}

static void refuses_events_that_are_not_as_known(void **state)
{
	struct fixture *f = *state;
	struct tn_error err = {0};
	char text[sizeof(moved_queue)];

	memcpy(text, moved_queue, sizeof(text));
	memcpy(strstr(text, "callsite"), "collsite", 8);
	assert_int_equal(tn_decoder_learn(f->decoder, "csd", text, &err), -EPROTO);
	assert_string_equal(err.text, "event csd:csd_queue_cpu of this kernel has no field 'callsite'");
	assert_int_equal(tn_decoder_learn(f->decoder, "other", moved_queue, &err), -ENOENT);
	assert_string_equal(err.text, "no use for event other:csd_queue_cpu");
	assert_int_equal(tn_decoder_learn(f->decoder, "csd", "nonsense", &err), -EPROTO);
	assert_string_equal(err.text, "cannot read the format of an event of system 'csd'");
}

struct stack {
	struct head head;
	int32_t size, pad;
	uint64_t caller[6];
};

static void check_stack(struct fixture *f, struct stack r)
{
	const struct tn_stack *stack;
	struct tn_record head;

	assert_true(tn_decode_head(f->decoder, &r, sizeof(r), &head));
	assert_true(tn_decode_is_stack(f->decoder, &head));
	stack = tn_symbols_stack(f->symbols, tn_decode_stack(f->decoder, &r, sizeof(r)));
	assert_int_equal(stack->depth, 2);
	assert_true(stack->frame[0] == 0x3004 && stack->frame[1] == 0x4008);
}

static void stacks_lose_the_tracers_frames(void **state)
{
	struct stack r = {{4, 0, 1, 9}, 4, 0, {0x1004, 0x2004, 0x3004, 0x4008, 0x5000, 0x6000}};
	struct fixture *f = *state;

	learn_file(f, "ftrace", "kernel_stack");
	tn_symbols_add(f->symbols, 0x1000, "trace_event_raw_event_csd_queue_cpu");
	tn_symbols_add(f->symbols, 0x2000, "__traceiter_csd_queue_cpu");
	tn_symbols_add(f->symbols, 0x3000, "smp_call_function_many_cond");
	tn_symbols_add(f->symbols, 0x4000, "trace_event_in_the_middle_stays");
	check_stack(f, r);
	r.size = 6; /* older kernels fill the array and end it with this */
	r.caller[4] = ULONG_MAX;
	check_stack(f, r);
	r.size = -1;
	check_stack(f, r);
	assert_int_equal(tn_decode_stack(f->decoder, &r, 16), 0);
	assert_int_equal(tn_decode_stack(f->decoder, &r, 8), 0);
}

static void knows_the_stack_without_a_fixed_array(void **state)
{
	static const char format[] = "name: kernel_stack\nID: 4\nformat:\n"
				     "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
				     "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
				     "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
				     "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
				     "\tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n"
				     "\tfield:unsigned long caller[];\toffset:16;\tsize:0;\tsigned:0;\n\n"
				     "print fmt: \"\"\n";
	struct stack r = {{4, 0, 1, 9}, 2, 0, {0x3004, 0x4008}};
	struct fixture *f = *state;
	struct tn_error err = {0};

	if (tn_decoder_learn(f->decoder, "ftrace", format, &err))
		fail_msg("%s", err.text);
	check_stack(f, r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(decodes_recorded_formats, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_by_the_format_and_not_by_habit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_names_only_inside_the_record, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_events_that_are_not_as_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stacks_lose_the_tracers_frames, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_the_stack_without_a_fixed_array, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("trace/decode", tests, NULL, NULL);
}
