// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What only the processor can tell. Together with base/ticks.h this is all the architecture code there is.
 */
#include "system/arch.h"

#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>

/**
 * tn_arch_counter_invariant() - whether the tick counter runs at one rate in all power states
 *
 * x86: CPUID 0x80000007, EDX bit 8, "invariant TSC" (Intel SDM vol. 3, "Invariant TSC"; AMD APM vol. 3,
 * "TscInvariant"). aarch64: always, by architecture (Arm ARM, "The Generic Timer").
 */
bool tn_arch_counter_invariant(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
}

/** tn_arch_counter_clocksource() - name of the kernel's clocksource that is the bare tick counter */
const char *tn_arch_counter_clocksource(void)
{
	return "tsc";
}

/**
 * tn_arch_hypervisor() - whether a hypervisor makes itself known, and as what
 * @signature: receives its 12 characters, "" when it gives none
 *
 * x86: CPUID 1, ECX bit 31; the signature is in EBX, ECX, EDX of leaf 0x40000000 (the convention that KVM,
 * Xen, VMware and Hyper-V share; Documentation/virt/kvm/x86/cpuid.rst). aarch64 has no such instruction.
 */
bool tn_arch_hypervisor(char signature[TN_HYPERVISOR_SIGNATURE])
{
	unsigned int a, b, c, d;

	signature[0] = '\0';
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 31)))
		return false;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(signature, &b, 4);
	memcpy(signature + 4, &c, 4);
	memcpy(signature + 8, &d, 4);
	signature[12] = '\0';
	return true;
}

#else

bool tn_arch_counter_invariant(void)
{
	return true;
}

const char *tn_arch_counter_clocksource(void)
{
	return "arch_sys_counter";
}

bool tn_arch_hypervisor(char signature[TN_HYPERVISOR_SIGNATURE])
{
	signature[0] = '\0';
	return false;
}

#endif
