/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_CLOCK_GRAIN_H
#define TN_SYSTEM_CLOCK_GRAIN_H

#include <stddef.h>
#include <stdint.h>

uint64_t tn_clock_measure_grain(void);
uint64_t tn_clock_grain(const uint64_t *steps, size_t n);

#endif
