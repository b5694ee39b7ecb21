// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a function's name to the class of its cause. The names are those that csd:csd_function_entry and
 * timer:hrtimer_expire_entry give as func, in Linux 6.1 to 6.18; a kernel that renames one makes it
 * "other-ipi" (or "timer"), never wrong. Flushes of kernel TLBs are the same function whatever they are for: which of
 * them free page tables is decided by the sender's stack, and without one it stays the plain class.
 */
#include "analysis/cause.h"

#include <errno.h>
#include <string.h>

static const char *const class_name[TN_CLASS_COUNT] = {
	[TN_CLASS_KERNEL_TLB_FLUSH] = "kernel-tlb-flush",
	[TN_CLASS_USER_TLB_FLUSH] = "user-tlb-flush",
	[TN_CLASS_SYNC_CORE] = "sync-core",
	[TN_CLASS_RESCHEDULE] = "reschedule",
	[TN_CLASS_RCU] = "rcu",
	[TN_CLASS_TICK] = "tick",
	[TN_CLASS_TIMER] = "timer",
	[TN_CLASS_IRQ] = "irq",
	[TN_CLASS_SOFTIRQ] = "softirq",
	[TN_CLASS_TASK_SWITCH] = "task-switch",
	[TN_CLASS_FAULT] = "fault",
	[TN_CLASS_NMI] = "nmi",
	[TN_CLASS_OTHER_IPI] = "other-ipi",
	[TN_CLASS_UNEXPLAINED] = "unexplained",
	[TN_CLASS_PAGE_TABLE_FLUSH] = "page-table-flush",
	[TN_CLASS_INJECTED] = "injected",
};

static const struct {
	const char *function;
	enum tn_class class;
} function_class[] = {
	/* arch/x86/mm/tlb.c and arch/x86/mm/pat/set_memory.c */
	{"do_flush_tlb_all", TN_CLASS_KERNEL_TLB_FLUSH},
	{"do_kernel_range_flush", TN_CLASS_KERNEL_TLB_FLUSH},
	{"__cpa_flush_all", TN_CLASS_KERNEL_TLB_FLUSH},
	{"__cpa_flush_tlb", TN_CLASS_KERNEL_TLB_FLUSH},
	/* arch/x86/mm/tlb.c; mm/mmu_gather.c: before page tables of a process are freed */
	{"flush_tlb_func", TN_CLASS_USER_TLB_FLUSH},
	{"tlb_remove_table_smp_sync", TN_CLASS_USER_TLB_FLUSH},
	/* arch/x86/kernel/alternative.c; kernel/sched/membarrier.c */
	{"do_sync_core", TN_CLASS_SYNC_CORE},
	{"ipi_sync_core", TN_CLASS_SYNC_CORE},
	/* kernel/sched/core.c */
	{"sched_ttwu_pending", TN_CLASS_RESCHEDULE},
	{"nohz_csd_func", TN_CLASS_RESCHEDULE},
	/* kernel/sched/rt.c: asks a CPU to give away tasks that wait there */
	{"rto_push_irq_work_func", TN_CLASS_RESCHEDULE},
	/* kernel/time/tick-sched.c: the tick's handler is tick_sched_timer up to 6.8, tick_nohz_handler since */
	{"nohz_full_kick_func", TN_CLASS_TICK},
	{"tick_nohz_handler", TN_CLASS_TICK},
	{"tick_sched_timer", TN_CLASS_TICK},
	/* kernel/time/hrtimer.c */
	{"retrigger_next_event", TN_CLASS_TIMER},
	/* kernel/churn/inject.c of this project */
	{"tlbnoise_churn_interrupt", TN_CLASS_INJECTED},
};

/*
 * Who flushes kernel TLBs because page tables of the kernel go, in Linux 6.1 to 6.18. That of hot-unplug is a family of
 * static functions, of which the compiler leaves some. cpa_collapse_large_pages(), since 6.15, has a name of its own
 * only where the compiler did not put it into cpa_flush(); there its flush looks like any other of set_memory_*().
 */
static const char *const frees_tables[] = {
	/* arch/x86/mm/pgtable.c: a huge mapping takes the place of small ones, for vmalloc and ioremap */
	"pmd_free_pte_page",
	"pud_free_pmd_page",
	/* arch/x86/mm/init_64.c */
	"remove_pte_table",
	"remove_pmd_table",
	"remove_pud_table",
	"remove_p4d_table",
	"remove_pagetable",
	"vmemmap_free",
	"kernel_physical_mapping_remove",
	/* arch/x86/mm/pat/set_memory.c */
	"cpa_collapse_large_pages",
};

/*
 * Sent with a cross-call IPI, but not as a cross call (kernel/smp.c: CSD_TYPE_TTWU, CSD_TYPE_IRQ_WORK): these run
 * without csd_function_entry, wake-ups on some kernels only. The irq_works are those that are queued on another CPU.
 */
static const char *const silent_function[] = {
	"sched_ttwu_pending",
	"nohz_full_kick_func",
	"rto_push_irq_work_func",
	"rcu_iw_handler",
};

/**
 * tn_class_name() - the word for a class in documents and on the command line
 * @class: the class; TN_CLASS_NONE gives "not-attributed"
 *
 * Return: a constant string, never NULL.
 */
const char *tn_class_name(enum tn_class class)
{
	return (unsigned int)class < TN_CLASS_COUNT ? class_name[class] : "not-attributed";
}

/**
 * tn_class_parse() - the class for a word
 * @text: word as tn_class_name() gives it
 * @ret: the class
 *
 * Return: 0, or -EINVAL when there is no such class.
 */
int tn_class_parse(const char *text, enum tn_class *ret)
{
	for (unsigned int i = 0; i < TN_CLASS_COUNT; i++) {
		if (!strcmp(text, class_name[i])) {
			*ret = (enum tn_class)i;
			return 0;
		}
	}
	if (strcmp(text, tn_class_name(TN_CLASS_NONE)))
		return -EINVAL;
	*ret = TN_CLASS_NONE;
	return 0;
}

/**
 * tn_class_of_function() - the class of a function that an IPI ran
 * @function: its name, "" when unknown
 *
 * Return: the class, TN_CLASS_OTHER_IPI for a function that is not in the table.
 */
enum tn_class tn_class_of_function(const char *function)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(function_class); i++)
		if (!strcmp(function, function_class[i].function))
			return function_class[i].class;
	if (!strncmp(function, "rcu_", 4)) /* rcu_exp_handler, rcu_barrier_handler, ... */
		return TN_CLASS_RCU;
	return TN_CLASS_OTHER_IPI;
}

/**
 * tn_function_is_silent() - whether a function may run in an IPI without an event of its own
 * @function: its name, "" when unknown
 */
bool tn_function_is_silent(const char *function)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(silent_function); i++)
		if (!strcmp(function, silent_function[i]))
			return true;
	return false;
}

/**
 * tn_function_frees_tables() - whether a function flushes kernel TLBs because it frees page tables of the kernel
 * @function: name of the flush's culprit, "" when unknown
 *
 * Such a flush cannot be deferred: a CPU may walk the tables on its own account, also from userspace. A name may have
 * what a compiler adds to that of a copy it makes (".isra.0").
 */
bool tn_function_frees_tables(const char *function)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(frees_tables); i++) {
		size_t len = strlen(frees_tables[i]);

		if (!strncmp(function, frees_tables[i], len) && (!function[len] || function[len] == '.'))
			return true;
	}
	return false;
}
