/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TESTS_CHURN_SUPPORT_H
#define TN_TESTS_CHURN_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/now.h"
#include "churn/churn.h"

#define CAP_NS 30000000000u /* how long a condition may take to come true before the test fails */

/* Waits for a condition, looking every millisecond; fails the test when it never comes true. */
#define wait_until(condition)                                                \
	do {                                                                 \
		uint64_t end_ = tn_now_ns(CLOCK_MONOTONIC) + CAP_NS;         \
		while (!(condition)) {                                       \
			if (tn_now_ns(CLOCK_MONOTONIC) > end_)               \
				fail_msg("never came true: %s", #condition); \
			support_rest();                                      \
		}                                                            \
	} while (0)

void support_rest(void);

/* A section with one worker and no key but the source. */
struct tn_churn_spec support_spec(const char *source);
struct tn_cpus support_cpus(void);

/* A worker that is ready; the test fails if it does not get there. */
void support_start(const struct tn_churn_spec *spec, const struct tn_cpus *cpus, unsigned int index,
		   struct tn_churn_process *ret);
uint64_t support_operations(const struct tn_churn_process *p);
/* Live processes of a process group, those called @name only if it is not NULL. */
unsigned int support_group_size(pid_t group, const char *name);

void support_no_children_left(void);

/* The program tlbnoise-churn: first argument of the test, which it checks. */
const char *support_helper(void);
int support_main(int argc, char **argv);

#endif
