/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_CAUSE_H
#define TN_ANALYSIS_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/event.h"
#include "trace/symbols.h"

/*
 * Classes of causes, in the order in which reports list them. Their numbers are those of raw records: a new class
 * goes to the end.
 */
enum tn_class {
	TN_CLASS_KERNEL_TLB_FLUSH,
	TN_CLASS_USER_TLB_FLUSH,
	TN_CLASS_SYNC_CORE,
	TN_CLASS_RESCHEDULE,
	TN_CLASS_RCU,
	TN_CLASS_TICK,
	TN_CLASS_TIMER,
	TN_CLASS_IRQ,
	TN_CLASS_SOFTIRQ,
	TN_CLASS_TASK_SWITCH,
	TN_CLASS_FAULT,
	TN_CLASS_NMI,
	TN_CLASS_OTHER_IPI,
	TN_CLASS_UNEXPLAINED, /* no kernel event inside: hardware or hypervisor */
	TN_CLASS_PAGE_TABLE_FLUSH,
	TN_CLASS_INJECTED, /* on purpose, by the helper module */
	TN_CLASS_COUNT,
	TN_CLASS_NONE = 255, /* not attributed: the trace level knows no events */
};

const char *tn_class_name(enum tn_class class);
int tn_class_parse(const char *text, enum tn_class *ret);
enum tn_class tn_class_of_function(const char *function);
bool tn_function_is_silent(const char *function);
bool tn_function_frees_tables(const char *function);
uint64_t tn_culprit(const struct tn_symbols *symbols, const struct tn_stack *stack);

#endif
