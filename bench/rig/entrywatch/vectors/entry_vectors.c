// SPDX-License-Identifier: GPL-2.0-only
/*
 * Raises what no program can, so that entrywatch sees those entries, too. For emulated guests.
 *
 *	echo CPU VECTOR > parameters/send	an interrupt by the local APIC's command register; 2 is an NMI
 *	echo VECTOR ADDRESS > parameters/gate	that vector leads to another entry symbol's code. It has to push an
 *						error code, or none, as that code expects
 *	echo 1 > parameters/open		programs may execute INT 9, 15, 18 and 19: those that push no error
 *						code and that the kernel survives
 *	echo 1 > parameters/acknowledge		the spurious interrupt 0xff that the local APIC of the writer's CPU holds
 *						for unfinished, which the kernel never does; EAGAIN if there is none
 *	echo 1 > parameters/no_fpu		who writes this comes back with CR0.TS set, and the kernel warns about
 *						the #NM that follows. To be used at once, before it switches tasks
 *
 * The kernel's own table of gates is changed, by a mapping that is not read-only, since it is the one that PTI leaves
 * mapped in userspace. None of this is undone but by booting anew.
 */
#include <linux/cpu.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <asm/apicdef.h>
#include <asm/desc.h>
#include <asm/irq_vectors.h>
#include <asm/pgtable.h>
#include <asm/smp.h>
#include <asm/special_insns.h>

#define GATES_OPEN (BIT(9) | BIT(15) | BIT(18) | BIT(19))

static void __iomem *apic_registers;
static gate_desc *gates;

/* xAPIC mode only: the destination is the APIC's number in the upper half of the command register. */
static int send_set(const char *text, const struct kernel_param *kp)
{
	unsigned int cpu, mode = APIC_DM_FIXED;
	int vector;

	if (sscanf(text, "%u %i", &cpu, &vector) != 2 || cpu >= nr_cpu_ids || vector > 255)
		return -EINVAL;
	if (vector == NMI_VECTOR)
		mode = APIC_DM_NMI;
	else if (vector < 32)
		return -EINVAL;
	if (!cpu_online(cpu))
		return -ENXIO;
	preempt_disable();
	while (readl(apic_registers + APIC_ICR) & APIC_ICR_BUSY)
		cpu_relax();
	writel(SET_XAPIC_DEST_FIELD(per_cpu(x86_cpu_to_apicid, cpu)), apic_registers + APIC_ICR2);
	writel(APIC_DEST_PHYSICAL | mode | vector, apic_registers + APIC_ICR);
	preempt_enable();
	return 0;
}

/* At once, by its lower half: the upper one holds the upper half of an address, the same for all of the kernel. */
static void gate_write(unsigned int vector, const gate_desc *gate)
{
	WRITE_ONCE(*(u64 *)&gates[vector], *(const u64 *)gate);
}

static int gate_set(const char *text, const struct kernel_param *kp)
{
	unsigned long address;
	gate_desc gate;
	int vector;

	if (sscanf(text, "%i %lx", &vector, &address) != 2 || vector < 0 || vector >= IDT_ENTRIES)
		return -EINVAL;
	gate = gates[vector];
	if (gate.offset_high != address >> 32)
		return -EINVAL;
	gate.offset_low = (u16)address;
	gate.offset_middle = (u16)(address >> 16);
	gate_write(vector, &gate);
	return 0;
}

static int open_set(const char *text, const struct kernel_param *kp)
{
	unsigned int vector;
	gate_desc gate;

	for (vector = 0; vector < 32; vector++) {
		if (!(GATES_OPEN & BIT(vector)))
			continue;
		gate = gates[vector];
		gate.bits.dpl = 3;
		gate_write(vector, &gate);
	}
	return 0;
}

static int acknowledge_set(const char *text, const struct kernel_param *kp)
{
	u32 in_service = readl(apic_registers + APIC_ISR + SPURIOUS_APIC_VECTOR / 32 * 0x10);

	if (!(in_service & BIT(SPURIOUS_APIC_VECTOR % 32)))
		return -EAGAIN;
	writel(APIC_EOI_ACK, apic_registers + APIC_EOI);
	return 0;
}

static int no_fpu_set(const char *text, const struct kernel_param *kp)
{
	write_cr0(read_cr0() | X86_CR0_TS);
	return 0;
}

static const struct kernel_param_ops send_ops = { .set = send_set };
static const struct kernel_param_ops gate_ops = { .set = gate_set };
static const struct kernel_param_ops open_ops = { .set = open_set };
static const struct kernel_param_ops acknowledge_ops = { .set = acknowledge_set };
static const struct kernel_param_ops no_fpu_ops = { .set = no_fpu_set };

module_param_cb(send, &send_ops, NULL, 0200);
module_param_cb(gate, &gate_ops, NULL, 0200);
module_param_cb(open, &open_ops, NULL, 0200);
module_param_cb(acknowledge, &acknowledge_ops, NULL, 0200);
module_param_cb(no_fpu, &no_fpu_ops, NULL, 0200);

/* The CPU's register points at a read-only alias in the cpu_entry_area (idt_setup_apic_and_irq_gates()). */
static gate_desc *map_gates(void)
{
	struct desc_ptr table;
	struct page *page;

	store_idt(&table);
	page = pfn_to_page(slow_virt_to_phys((void *)table.address) >> PAGE_SHIFT);
	return vmap(&page, 1, VM_MAP, PAGE_KERNEL);
}

static int __init entry_vectors_init(void)
{
	apic_registers = ioremap(APIC_DEFAULT_PHYS_BASE, PAGE_SIZE);
	gates = map_gates();
	return apic_registers && gates ? 0 : -ENOMEM;
}
module_init(entry_vectors_init);

MODULE_DESCRIPTION("Raises interrupts and exceptions for entrywatch");
MODULE_LICENSE("GPL");
