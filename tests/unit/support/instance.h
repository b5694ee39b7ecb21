/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_SUPPORT_INSTANCE_H
#define TESTS_UNIT_SUPPORT_INSTANCE_H

/* A trace instance of the test's own, by tracefs alone: the kernel's word, without the code under test. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

struct instance {
	char dir[128]; /* "" while there is none */
};

static inline bool instance_open(struct instance *in)
{
	snprintf(in->dir, sizeof(in->dir), "/sys/kernel/tracing/instances/tlbnoise-test-%d", (int)getpid());
	if (mkdir(in->dir, 0700) == 0)
		return true;
	in->dir[0] = '\0';
	return false;
}

static inline bool instance_write(const struct instance *in, const char *file, const char *text)
{
	tn_autoclose int fd = -1;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", in->dir, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* The file "trace", to be closed. */
static inline FILE *instance_trace(const struct instance *in)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", in->dir);
	f = fopen(path, "re");
	assert_non_null(f);
	return f;
}

/* Its events end with it. */
static inline int instance_close(struct instance *in)
{
	int r = in->dir[0] ? rmdir(in->dir) : 0;

	in->dir[0] = '\0';
	return r;
}

#endif
