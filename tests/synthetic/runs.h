/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_SYNTHETIC_RUNS_H
#define TESTS_SYNTHETIC_RUNS_H

/*
 * A made-up history for tests and benchmarks of what shows one: some rigs run some scenarios each night, on kernels
 * that change every two weeks. The same numbers give the same runs. What there is to find: rig-01  its first scenario
 * is half as bad again since the last fifth of the nights rig-02  its first scenario got worse last night rig-03  its
 * first scenario was worse for a fifth of the nights, from their middle on rig-04  its first scenario failed an
 * expectation last night
 */
#include "result/run.h"
#include "store/store.h"

struct synthetic {
	unsigned int rigs, scenarios, runs;
	uint64_t seed;
};

int synthetic_run(const struct synthetic *s, unsigned int index, struct tn_run **ret, struct tn_error *err);
int synthetic_store(const struct synthetic *s, const char *folder, struct tn_error *err);

#endif
