/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TESTS_SAMPLE_H
#define TN_TESTS_SAMPLE_H

#include "result/run.h"

/*
 * A made-up run as this tool gives them: @cpus CPUs from 1 up, @rounds rounds of 10 s, kernel TLB flushes
 * from CPU 0. No member is left at zero, and stamps lie above 2^53.
 */
struct tn_run *sample_run(int cpus, unsigned int rounds);

cJSON *sample_document(const struct tn_run *run); /* fails the test if it cannot be written */

#endif
