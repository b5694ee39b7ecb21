// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The culprit: who wanted the IPI, as opposed to who knows how to send one. It is the first frame of the
 * sender's stack above the cross-call, flush, text-patching and wake-up machinery. When nothing but the
 * plumbing of threads and system calls is left above, the outermost frame of the machinery is the best
 * name there is.
 */
#include <string.h>

#include "analysis/cause.h"

/* Function name prefixes. A trailing '$' wants the whole name, but for what a compiler adds (".constprop.0"). */
static const char *const machinery[] = {
	/* tracing itself */
	"trace_event_raw_event_",
	"trace_event_buffer_",
	"__traceiter_",
	"__do_trace_",
	/* the events of this analysis where they are functions of their own, as with KASAN */
	"trace_csd_",
	"trace_ipi_",
	/* kernel/smp.c, arch/x86/kernel/smp.c, arch/x86/kernel/apic */
	"smp_call_function",
	"on_each_cpu",
	"generic_exec_single$",
	"__smp_call_single_queue$",
	"smp_call_on_cpu$",
	"send_call_function_",
	"native_send_call_func_",
	"native_smp_send_reschedule$",
	"arch_smp_send_reschedule",
	"stop_one_cpu",
	"irq_work_queue_on$",
	/* arch/x86/mm/tlb.c, set_memory.c, mm/mmu_gather.c */
	"flush_tlb_",
	"__flush_tlb_",
	"native_flush_tlb_",
	"kernel_tlb_flush_",
	"do_flush_tlb_all$",
	"do_kernel_range_flush$",
	"arch_tlbbatch_flush$",
	"try_to_unmap_flush",
	"invlpgb_",
	"cpa_flush",
	"__cpa_flush_",
	"tlb_flush_mmu",
	"tlb_finish_mmu$",
	"tlb_remove_table",
	"tlb_batch_",
	"tlb_table_flush$",
	/* text patching */
	"text_poke_",
	"smp_text_poke_",
	"__text_poke$",
	"arch_jump_label_transform",
	"__jump_label_",
	"jump_label_",
	"static_key_",
	"__static_key_",
	"__static_call_",
	"arch_static_call_",
	/* expedited grace periods and wake-ups */
	"__sync_rcu_exp_",
	"sync_rcu_exp_",
	"synchronize_rcu_expedited$",
	"resched_curr",
	"__resched_curr",
	"wakeup_preempt",
	"check_preempt_curr$",
	"ttwu_",
	"__ttwu_",
	"try_to_wake_up$",
	"default_wake_function$",
	"wake_up_process$",
	"wake_up_q$",
	"__wake_up",
	"autoremove_wake_function$",
	"swake_up_",
	"complete$",
	"complete_all$",
	"complete_with_flags$",
};

static const char *const plumbing[] = {
	"process_one_work$", "worker_thread$", "kthread$", "ret_from_fork", "do_syscall_64$",
	"x64_sys_call$",     "entry_SYSCALL_", "asm_",     "do_softirq",    "__do_softirq$",
	"handle_softirqs$",  "el0t_",          "el0_svc",
};

static bool matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);
	bool whole = pattern[len - 1] == '$';

	len -= whole;
	return !strncmp(name, pattern, len) && (!whole || !name[len] || name[len] == '.');
}

static bool in_table(const char *const *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (matches(table[i], name))
			return true;
	return false;
}

/**
 * tn_culprit() - who wanted an IPI
 * @symbols: names of the kernel that the stack is from
 * @stack: stack of the sender, innermost frame first; NULL: unknown
 *
 * Return: start address of the culprit's function, or 0 when the stack does not tell.
 */
uint64_t tn_culprit(const struct tn_symbols *symbols, const struct tn_stack *stack)
{
	uint64_t last = 0;

	for (uint32_t i = 0; stack && i < stack->depth; i++) {
		const char *name = tn_symbols_name(symbols, stack->frame[i]);

		if (!*name)
			continue;
		if (in_table(plumbing, TN_ARRAY_SIZE(plumbing), name))
			break;
		last = tn_symbols_start(symbols, stack->frame[i]);
		if (!in_table(machinery, TN_ARRAY_SIZE(machinery), name))
			break;
	}
	return last;
}
