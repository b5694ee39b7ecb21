/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_CHECK_MACHINE_H
#define TESTS_UNIT_CHECK_MACHINE_H

#include "../support/tree.h"

#define PF_KTHREAD        0x00200000ul
#define PF_NO_SETAFFINITY 0x04000000ul

struct file {
	const char *name, *text; /* no text: removed */
};

void machine_make(const struct tree *t);
void machine_task(const struct tree *t, int pid, const char *comm, unsigned long flags, const char *cpus);

#endif
