/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_SUPPORT_NOBODY_H
#define TESTS_UNIT_SUPPORT_NOBODY_H

/* A part of a test without rights: another user, in a process of its own, since no one comes back from that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534

static inline bool become_nobody(void)
{
	return setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

/* What @part returns when nobody runs it, 0 to 125; 126: could not become nobody; 127: killed. Needs root. */
static inline int run_as_nobody(int (*part)(void *arg), void *arg)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(become_nobody() ? part(arg) : 126);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

#endif
