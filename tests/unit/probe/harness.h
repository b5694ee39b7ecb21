/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEST_PROBE_HARNESS_H
#define TEST_PROBE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "probe/probe.h"

#define TEST_LIMIT_MS 20000 /* after which a condition that did not come true is a failure */

/* A probe program under test. */
struct child {
	struct tn_probe_handle handle;
	pid_t pid;
	int pidfd;
	int gate; /* write end of a pipe: the program is executed when it is closed */
};

int highest_cpu(void);
uint64_t ticks_per_ms(void);
struct tn_probe_config test_config(int cpu, unsigned int duration_ms);

void child_fork(struct child *c, const struct tn_probe_config *config);
void child_release(struct child *c);
void child_start(struct child *c, const struct tn_probe_config *config);
void child_command(struct child *c, enum tn_probe_command command);
unsigned int child_wait_state(struct child *c, unsigned int at_least);
int child_wait_exit(struct child *c);
void child_end(struct child *c);
void child_expect_failure(const struct tn_probe_config *config, const char *text);
void wait_pidfd(int pidfd);

#endif
