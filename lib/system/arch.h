/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_ARCH_H
#define TN_SYSTEM_ARCH_H

#include <stdbool.h>
#include <stddef.h>

#define TN_HYPERVISOR_SIGNATURE 13

bool tn_arch_counter_invariant(void);
const char *tn_arch_counter_clocksource(void);
bool tn_arch_hypervisor(char signature[TN_HYPERVISOR_SIGNATURE]);

#endif
