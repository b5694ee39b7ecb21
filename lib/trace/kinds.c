// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel events that tlbnoise knows: where they are recorded, and which of their fields goes where
 * in struct tn_event. A kernel that lacks one of them is fine; a new kind is one row here.
 *
 * ipi:ipi_send_cpumask is left out on purpose. Its one caller, smp_call_function_many_cond(), always
 * passes a callback and has recorded csd_queue_cpu for each target before it; reschedule IPIs go
 * through ipi_send_cpu only (kernel/smp.c, include/linux/smp.h).
 */
#include "base/cleanup.h"
#include "trace/decode.h"

#define ENTRY(name, vector) "irq_vectors", name "_entry", TN_EV_VECTOR_ENTRY, TN_SIDE_TARGET, vector
#define EXIT(name, vector)  "irq_vectors", name "_exit", TN_EV_VECTOR_EXIT, TN_SIDE_TARGET, vector

/* One row a kind, which clang-format would break up. */
// clang-format off
const struct tn_kind tn_kinds[] = {
	{ENTRY("local_timer", TN_VEC_LOCAL_TIMER), {0}},
	{EXIT("local_timer", TN_VEC_LOCAL_TIMER), {0}},
	{ENTRY("reschedule", TN_VEC_RESCHEDULE), {0}},
	{EXIT("reschedule", TN_VEC_RESCHEDULE), {0}},
	{ENTRY("call_function", TN_VEC_CALL_FUNCTION), {0}},
	{EXIT("call_function", TN_VEC_CALL_FUNCTION), {0}},
	{ENTRY("call_function_single", TN_VEC_CALL_FUNCTION_SINGLE), {0}},
	{EXIT("call_function_single", TN_VEC_CALL_FUNCTION_SINGLE), {0}},
	{ENTRY("irq_work", TN_VEC_IRQ_WORK), {0}},
	{EXIT("irq_work", TN_VEC_IRQ_WORK), {0}},
	{ENTRY("x86_platform_ipi", TN_VEC_PLATFORM_IPI), {0}},
	{EXIT("x86_platform_ipi", TN_VEC_PLATFORM_IPI), {0}},
	{ENTRY("thermal_apic", TN_VEC_THERMAL), {0}},
	{EXIT("thermal_apic", TN_VEC_THERMAL), {0}},
	{ENTRY("error_apic", TN_VEC_ERROR), {0}},
	{EXIT("error_apic", TN_VEC_ERROR), {0}},
	{ENTRY("spurious_apic", TN_VEC_SPURIOUS), {0}},
	{EXIT("spurious_apic", TN_VEC_SPURIOUS), {0}},
	{"irq", "irq_handler_entry", TN_EV_IRQ_ENTRY, TN_SIDE_TARGET, 0,
		{[TN_SLOT_ARG] = "irq", [TN_SLOT_NAME] = "name"}},
	{"irq", "irq_handler_exit", TN_EV_IRQ_EXIT, TN_SIDE_TARGET, 0, {[TN_SLOT_ARG] = "irq"}},
	{"irq", "softirq_entry", TN_EV_SOFTIRQ_ENTRY, TN_SIDE_TARGET, 0, {[TN_SLOT_ARG] = "vec"}},
	{"irq", "softirq_exit", TN_EV_SOFTIRQ_EXIT, TN_SIDE_TARGET, 0, {[TN_SLOT_ARG] = "vec"}},
	{"sched", "sched_switch", TN_EV_SWITCH, TN_SIDE_TARGET, 0,
		{[TN_SLOT_OTHER] = "next_pid", [TN_SLOT_NAME] = "next_comm"}},
	{"exceptions", "page_fault_user", TN_EV_FAULT, TN_SIDE_TARGET, 1,
		{[TN_SLOT_A] = "address", [TN_SLOT_B] = "ip"}},
	{"exceptions", "page_fault_kernel", TN_EV_FAULT, TN_SIDE_TARGET, 0,
		{[TN_SLOT_A] = "address", [TN_SLOT_B] = "ip"}},
	{"nmi", "nmi_handler", TN_EV_NMI, TN_SIDE_TARGET, 0, {[TN_SLOT_A] = "handler"}},
	{"timer", "hrtimer_expire_entry", TN_EV_HRTIMER, TN_SIDE_TARGET, 0, {[TN_SLOT_A] = "function"}},
	{"csd", "csd_function_entry", TN_EV_CSD_ENTRY, TN_SIDE_TARGET_FULL, 0,
		{[TN_SLOT_A] = "func", [TN_SLOT_B] = "csd"}},
	{"csd", "csd_function_exit", TN_EV_CSD_EXIT, TN_SIDE_TARGET_FULL, 0,
		{[TN_SLOT_A] = "func", [TN_SLOT_B] = "csd"}},
	{"csd", "csd_queue_cpu", TN_EV_CSD_QUEUE, TN_SIDE_SENDER, 0,
		{[TN_SLOT_A] = "func", [TN_SLOT_B] = "csd", [TN_SLOT_CALLSITE] = "callsite", [TN_SLOT_TARGET] = "cpu"}},
	{"ipi", "ipi_send_cpu", TN_EV_IPI_RESCHEDULE, TN_SIDE_SENDER_RESCHED, 0,
		{[TN_SLOT_CALLSITE] = "callsite", [TN_SLOT_TARGET] = "cpu"}},
};
// clang-format on
const size_t tn_kinds_count = TN_ARRAY_SIZE(tn_kinds);
