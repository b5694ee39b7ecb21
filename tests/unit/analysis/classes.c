// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes and culprits on stacks as the kernel gives them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/cause.h"

static void test_names_round_trip(void **state)
{
	(void)state;
	for (int c = 0; c < TN_CLASS_COUNT; c++) {
		enum tn_class back = TN_CLASS_NONE;

		assert_int_equal(tn_class_parse(tn_class_name((enum tn_class)c), &back), 0);
		assert_int_equal(back, c);
	}
	assert_string_equal(tn_class_name(TN_CLASS_NONE), "not-attributed");
}

static void test_silent_functions(void **state)
{
	(void)state;
	assert_true(tn_function_is_silent("sched_ttwu_pending"));
	assert_true(tn_function_is_silent("rcu_iw_handler"));
	assert_false(tn_function_is_silent("do_flush_tlb_all"));
	assert_false(tn_function_is_silent("sched_ttwu_pending_or_so"));
	assert_false(tn_function_is_silent(""));
}

static void test_unknown_class_leaves_the_output(void **state)
{
	enum tn_class class = TN_CLASS_IRQ;

	(void)state;
	assert_int_equal(tn_class_parse("kernel-tlb", &class), -EINVAL);
	assert_int_equal(class, TN_CLASS_IRQ);
}

static void test_functions(void **state)
{
	static const struct {
		const char *function;
		enum tn_class class;
	} row[] = {
		{"do_flush_tlb_all", TN_CLASS_KERNEL_TLB_FLUSH},
		{"do_kernel_range_flush", TN_CLASS_KERNEL_TLB_FLUSH},
		{"__cpa_flush_tlb", TN_CLASS_KERNEL_TLB_FLUSH},
		{"flush_tlb_func", TN_CLASS_USER_TLB_FLUSH},
		{"do_sync_core", TN_CLASS_SYNC_CORE},
		{"ipi_sync_core", TN_CLASS_SYNC_CORE},
		{"ipi_mb", TN_CLASS_OTHER_IPI},
		{"rcu_exp_handler", TN_CLASS_RCU},
		{"rcu_barrier_handler", TN_CLASS_RCU},
		{"nohz_full_kick_func", TN_CLASS_TICK},
		{"sched_ttwu_pending", TN_CLASS_RESCHEDULE},
		{"rto_push_irq_work_func", TN_CLASS_RESCHEDULE},
		{"do_flush_tlb_all_or_so", TN_CLASS_OTHER_IPI},
		{"tlbnoise_churn_interrupt", TN_CLASS_INJECTED},
		{"pmd_free_pte_page", TN_CLASS_OTHER_IPI}, /* sends, but runs nowhere else */
		{"", TN_CLASS_OTHER_IPI},
	};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(row); i++)
		assert_int_equal(tn_class_of_function(row[i].function), row[i].class);
}

/* The numbers of classes are in files that exist: none may change. */
static void test_numbers_of_raw_records(void **state)
{
	(void)state;
	assert_int_equal(TN_CLASS_KERNEL_TLB_FLUSH, 0);
	assert_int_equal(TN_CLASS_UNEXPLAINED, 13);
	assert_int_equal(TN_CLASS_PAGE_TABLE_FLUSH, 14);
	assert_int_equal(TN_CLASS_INJECTED, 15);
	assert_int_equal(TN_CLASS_COUNT, 16);
}

static void test_functions_that_free_tables(void **state)
{
	(void)state;
	assert_true(tn_function_frees_tables("pmd_free_pte_page"));
	assert_true(tn_function_frees_tables("pud_free_pmd_page"));
	assert_true(tn_function_frees_tables("remove_pagetable"));
	assert_false(tn_function_frees_tables("pmd_free_pte_page_or_so"));
	assert_false(tn_function_frees_tables("__purge_vmap_area_lazy"));
	assert_false(tn_function_frees_tables(""));
	assert_true(tn_function_frees_tables("remove_pmd_table.isra.0"));
	assert_false(tn_function_frees_tables("pmd_free_pte_pages"));
}

/* Gives each name an address, makes a stack of them, and asks who it was. */
static const char *culprit_of(const char *const *name)
{
	struct tn_symbols *s = NULL;
	struct tn_stack stack = {0};
	static char found[64];
	uint64_t address;

	assert_int_equal(tn_symbols_new(&s, NULL), 0);
	for (; name[stack.depth]; stack.depth++) {
		uint64_t start = 0xffffffff81000000ull + 0x1000ull * (99 - stack.depth);

		assert_int_equal(tn_symbols_add(s, start, name[stack.depth]), 0);
		stack.frame[stack.depth] = start + 0x42;
	}
	address = tn_culprit(s, &stack);
	snprintf(found, sizeof(found), "%s", address ? tn_symbols_name(s, address) : "nobody");
	if (address)
		assert_int_equal(address, tn_symbols_start(s, address + 8));
	tn_symbols_free(s);
	return found;
}

#define CULPRIT(...) culprit_of((const char *const[]){__VA_ARGS__, NULL})

static void test_culprits(void **state)
{
	(void)state;
	assert_string_equal(CULPRIT("smp_call_function_many_cond", "on_each_cpu_cond_mask", "flush_tlb_kernel_range",
				    "__purge_vmap_area_lazy", "drain_vmap_area_work", "process_one_work"),
			    "__purge_vmap_area_lazy");
	assert_string_equal(CULPRIT("smp_call_function_many_cond", "on_each_cpu_cond_mask", "flush_tlb_kernel_range",
				    "pmd_free_pte_page", "vmap_pmd_range", "vmap_range_noflush"),
			    "pmd_free_pte_page");
	assert_string_equal(CULPRIT("smp_call_function_many_cond", "on_each_cpu_cond_mask", "text_poke_bp_batch",
				    "text_poke_finish", "arch_jump_label_transform_apply", "__jump_label_update",
				    "__static_key_slow_inc_cpuslocked", "tracepoint_probe_register_prio"),
			    "tracepoint_probe_register_prio");
	assert_string_equal(CULPRIT("smp_call_function_many_cond", "on_each_cpu_cond_mask", "flush_tlb_mm_range",
				    "tlb_finish_mmu", "unmap_region", "do_vmi_align_munmap"),
			    "unmap_region");
	assert_string_equal(CULPRIT("native_smp_send_reschedule", "resched_curr", "ttwu_do_activate", "try_to_wake_up",
				    "kick_pool", "__queue_work"),
			    "kick_pool");
	/* As with KASAN: events are functions, and compilers make copies. */
	assert_string_equal(CULPRIT("trace_csd_queue_cpu", "smp_call_function_many_cond", "on_each_cpu_cond_mask",
				    "flush_tlb_kernel_range_cond", "flush_tlb_kernel_range", "pmd_free_pte_page"),
			    "pmd_free_pte_page");
	assert_string_equal(CULPRIT("trace_ipi_send_cpu.constprop.0", "generic_exec_single.isra.0", "irq_work_queue_on",
				    "tick_nohz_full_kick_cpu"),
			    "tick_nohz_full_kick_cpu");
	assert_string_equal(CULPRIT("generic_exec_single", "generic_exec_singles"), "generic_exec_singles");
}

static void test_nothing_but_machinery(void **state)
{
	(void)state;
	/* The plumbing says nothing, so the outermost of the machinery has to do. */
	assert_string_equal(CULPRIT("generic_exec_single", "smp_call_function_single",
				    "__sync_rcu_exp_select_node_cpus", "process_one_work", "worker_thread"),
			    "__sync_rcu_exp_select_node_cpus");
	assert_string_equal(CULPRIT("do_syscall_64", "entry_SYSCALL_64_after_hwframe"), "nobody");
	assert_int_equal(tn_culprit(NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_round_trip),
		cmocka_unit_test(test_unknown_class_leaves_the_output),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_silent_functions),
		cmocka_unit_test(test_numbers_of_raw_records),
		cmocka_unit_test(test_functions_that_free_tables),
		cmocka_unit_test(test_culprits),
		cmocka_unit_test(test_nothing_but_machinery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
