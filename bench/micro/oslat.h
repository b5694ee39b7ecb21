/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_OSLAT_H
#define BENCH_OSLAT_H

#include <stddef.h>

int oslat_ns_per_pass(int cpu, double *ret_ns, char *why, size_t size);

#endif
