/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_SUPPORT_TREE_H
#define TESTS_UNIT_SUPPORT_TREE_H

/* A file tree in a directory of its own, as a stand-in for another machine's root. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct tree {
	char root[64];
};

static inline int tree_setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	strcpy(t->root, "/tmp/tn-tree-XXXXXX");
	assert_non_null(mkdtemp(t->root));
	*state = t;
	return 0;
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline int tree_teardown(void **state)
{
	struct tree *t = *state;

	nftw(t->root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(t);
	return 0;
}

static inline const char *tree_path(const struct tree *t, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s%s", t->root, file);
	return path;
}

/* Writes a file, with the directories above it. */
static inline void tree_write(const struct tree *t, const char *file, const char *text)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", t->root, file);
	for (char *p = strchr(path + strlen(t->root) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		assert_true(!mkdir(path, 0755) || errno == EEXIST);
		*p = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static inline void tree_read(const struct tree *t, const char *file, char *buf, size_t size)
{
	FILE *f = fopen(tree_path(t, file), "r");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
}

#endif
