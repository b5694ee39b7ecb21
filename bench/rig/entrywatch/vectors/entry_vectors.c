// SPDX-License-Identifier: GPL-2.0-only
/*
 * Raises what no program can, so that entrywatch sees those entries, too. For emulated guests: it lets programs
 * execute INT for vectors that the kernel keeps to itself.
 *
 *	echo CPU VECTOR > parameters/send	an interrupt by the local APIC's command register; 2 is an NMI
 *	echo CPU > parameters/open		on that CPU, programs may execute INT 9, 15, 18 and 19: those that
 *						push no error code and that the kernel survives
 *
 * None of this is undone but by booting anew.
 */
#include <linux/cpu.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/apicdef.h>
#include <asm/desc.h>
#include <asm/smp.h>

#define GATES_OPEN (BIT(9) | BIT(15) | BIT(18) | BIT(19))

static void __iomem *apic_registers;
static gate_desc *gates; /* a copy of the IDT */

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

static void load_gates(void *unused)
{
	struct desc_ptr table = { .size = IDT_ENTRIES * sizeof(gate_desc) - 1, .address = (unsigned long)gates };

	load_idt(&table);
}

static int open_set(const char *text, const struct kernel_param *kp)
{
	struct desc_ptr table;
	unsigned int cpu, vector;

	if (kstrtouint(text, 0, &cpu) || cpu >= nr_cpu_ids)
		return -EINVAL;
	if (!gates) {
		gates = (gate_desc *)get_zeroed_page(GFP_KERNEL);
		if (!gates)
			return -ENOMEM;
		store_idt(&table);
		memcpy(gates, (void *)table.address, IDT_ENTRIES * sizeof(gate_desc));
		for (vector = 0; vector < 32; vector++)
			if (GATES_OPEN & BIT(vector))
				gates[vector].bits.dpl = 3;
	}
	return smp_call_function_single(cpu, load_gates, NULL, 1);
}

static const struct kernel_param_ops send_ops = { .set = send_set };
static const struct kernel_param_ops open_ops = { .set = open_set };

module_param_cb(send, &send_ops, NULL, 0200);
module_param_cb(open, &open_ops, NULL, 0200);

static int __init entry_vectors_init(void)
{
	apic_registers = ioremap(APIC_DEFAULT_PHYS_BASE, PAGE_SIZE);
	return apic_registers ? 0 : -ENOMEM;
}
module_init(entry_vectors_init);

MODULE_DESCRIPTION("Raises interrupts and exceptions for entrywatch");
MODULE_LICENSE("GPL");
