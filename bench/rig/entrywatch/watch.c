// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin for QEMU's TCG that watches what a kernel with deferred TLB flushes does while flushes may be missing:
 * from leaving userspace until context tracking has made RCU watch and the work that was left has been done, and
 * from the moment at which the CPU says "userspace" until it is there. Each access of that time is counted, by
 * instruction and target.
 *
 * Whether flushes may be missing is never guessed: it is read from the CPU's own state word, at each entry symbol
 * and after each write of the CPU to that word. All instructions of the kernel report their accesses. Those of
 * noinstr and entry text, where the time ought to be spent, also report that they ran; of other text, blocks do,
 * and what runs there while flushes may be missing is listed by itself.
 *
 * QEMU before 8.0 goes on reporting after an instruction that ends a block in a helper, such as IRET: what the CPU
 * does to deliver an interrupt, or for userspace, then counts as done by that instruction (QEMU's issue 1381). Such
 * accesses are told apart by the instruction that ran last, and listed as the CPU's own.
 *
 * QEMU runs the callbacks of different vCPUs at once. Each vCPU has memory of its own; the rest is written while
 * nothing else reads it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin-api.h"
#include "table.h"
#include "watch.h"

EW_EXPORT int qemu_plugin_version = EW_API_VERSION;

static struct watch watch;

static void window_begin(struct vcpu *v, unsigned int cpu, enum phase phase, int entry)
{
	v->phase = phase;
	v->entry = entry;
	v->length = 0;
	v->stack_top = kernel_stack_top(&watch.kernel, cpu);
}

static void window_end(struct vcpu *v)
{
	unsigned int at = v->length < LENGTHS ? v->length : LENGTHS - 1;

	v->windows[v->phase]++;
	v->lengths[v->phase][at]++;
	if (v->length > v->longest[v->phase])
		v->longest[v->phase] = v->length;
}

/* The CPU wrote to its state word: what does it say now? */
static void look_again(struct vcpu *v, unsigned int cpu)
{
	bool open = kernel_open(&watch.kernel, cpu);

	v->look = false;
	if (v->open && kernel_pending(&watch.kernel, cpu) && !v->counted) {
		v->with_work++;
		v->counted = true;
	}
	if (v->open && !open)
		window_end(v);
	if (!v->open && open) {
		window_begin(v, cpu, PHASE_OUT, -1);
		v->counted = false;
	}
	v->open = open;
}

static bool ready(void)
{
	return atomic_load_explicit(&watch.ready, memory_order_acquire);
}

static void get_ready(void)
{
	pthread_mutex_lock(&watch.lock);
	if (!ready() && kernel_ready(&watch.kernel, watch.n_cpus))
		atomic_store_explicit(&watch.ready, true, memory_order_release);
	pthread_mutex_unlock(&watch.lock);
}

static void on_entry(unsigned int cpu, void *data)
{
	struct vcpu *v = &watch.vcpu[cpu];
	int entry = (int)(uintptr_t)data;

	if (!ready()) {
		/* The first system call: the kernel is up. */
		if (strcmp(watch.kernel.entry[entry].name, "entry_SYSCALL_64") == 0)
			get_ready();
		return;
	}
	v->look = false;
	v->open = kernel_open(&watch.kernel, cpu);
	if (!v->open) {
		v->entered[entry].elsewhere++;
		return;
	}
	if (v->phase == PHASE_IN && v->entry >= 0 && !v->from_user) {
		v->entered[entry].nested++;
		return;
	}
	if (v->phase == PHASE_OUT && v->length)
		window_end(v); /* the way out ended in userspace */
	v->from_user = false;
	v->counted = false;
	v->entered[entry].watched++;
	window_begin(v, cpu, PHASE_IN, entry);
}

static void on_instruction(unsigned int cpu, void *data)
{
	struct vcpu *v = &watch.vcpu[cpu];

	v->at = (uint64_t)(uintptr_t)data;
	if (v->look)
		look_again(v, cpu);
	v->length++;
}

static void on_block(unsigned int cpu, void *data)
{
	struct vcpu *v = &watch.vcpu[cpu];
	const struct block *b = data;

	v->at = 0;
	if (v->look)
		look_again(v, cpu);
	if (!v->open)
		return;
	v->length += b->instructions;
	table_add(&v->outside, b->address, TARGET_IMAGE, v->phase, b->address, false, v->entry);
}

static void on_user(unsigned int cpu, void *data)
{
	(void)data;
	watch.vcpu[cpu].from_user = true;
	watch.vcpu[cpu].at = 0;
}

static bool in_window_text(uint64_t address)
{
	const struct kernel *k = &watch.kernel;

	return (address >= k->noinstr_start && address < k->noinstr_end) ||
	       (address >= k->entry_start && address < k->entry_end);
}

static void on_access(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
	struct vcpu *v = &watch.vcpu[cpu];
	uint64_t instruction = (uint64_t)(uintptr_t)data;
	bool store = qemu_plugin_mem_is_store(info);

	if (!ready())
		return;
	if (store && address == watch.kernel.state[cpu])
		v->look = true;
	if (!v->open)
		return;
	if (in_window_text(instruction) && instruction != v->at)
		instruction = BY_THE_CPU;
	table_add(&v->accesses, instruction, target_of(&watch.kernel, address, v->stack_top), v->phase, address, store,
		  v->entry);
}

static bool is_kernel(uint64_t address)
{
	return address >> 56;
}

static void *as_data(uint64_t value)
{
	return (void *)(uintptr_t)value;
}

/* A block is translated: say what is to be reported of it. Blocks are not freed, they may be run for ever. */
static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t start = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb);
	bool window_text = in_window_text(start);

	(void)id;
	if (!is_kernel(start)) {
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_user, QEMU_PLUGIN_CB_NO_REGS, NULL);
		return;
	}
	if (!window_text) {
		struct block *b = malloc(sizeof(*b));

		if (!b)
			abort();
		*b = (struct block){.address = start, .instructions = (unsigned int)n};
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, b);
	}
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		int entry = window_text ? kernel_entry_at(&watch.kernel, address) : -1;

		if (entry >= 0)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_entry, QEMU_PLUGIN_CB_NO_REGS,
							       as_data((uint64_t)entry));
		if (window_text)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, QEMU_PLUGIN_CB_NO_REGS,
							       as_data(address));
		qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
						 as_data(address));
	}
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	watch_report(&watch);
}

static const char *option(int argc, char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
			return argv[i] + len + 1;
	return NULL;
}

/**
 * qemu_plugin_install() - called by QEMU at its start
 * @id: ours
 * @info: the machine
 * @argc: number of @argv
 * @argv: map=FILE, ram=FILE, out=FILE
 *
 * Return: 0, or -1 with a line on stderr.
 */
EW_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	const char *map = option(argc, argv, "map"), *ram = option(argc, argv, "ram");
	char error[512];

	watch.out = option(argc, argv, "out");
	if (!map || !ram || !watch.out || !info->system_emulation || info->system.smp_vcpus > MAX_CPUS) {
		fprintf(stderr, "entrywatch: wants map=FILE,ram=FILE,out=FILE and at most %d CPUs\n", MAX_CPUS);
		return -1;
	}
	if (kernel_load(&watch.kernel, map, ram, error, sizeof(error)) < 0) {
		fprintf(stderr, "entrywatch: %s\n", error);
		return -1;
	}
	watch.n_cpus = (unsigned int)info->system.smp_vcpus;
	watch.out = strdup(watch.out);
	watch.vcpu = calloc(watch.n_cpus, sizeof(*watch.vcpu));
	if (!watch.vcpu || !watch.out)
		return -1;
	pthread_mutex_init(&watch.lock, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
