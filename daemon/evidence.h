/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_EVIDENCE_H
#define TLBNOISED_EVIDENCE_H

#include <stdint.h>

#include "trace/trace.h"

/* What the kernel and the CPU count by themselves, read outside the window at both of its ends. */
struct evidence {
	struct tn_counters counters;
	uint64_t steal_ns; /* UINT64_MAX: cannot be read here */
	uint64_t smi;
};

void evidence_read(const int *cpu, size_t n, struct evidence *ret);

#endif
