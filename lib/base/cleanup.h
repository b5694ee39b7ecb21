/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_CLEANUP_H
#define TN_BASE_CLEANUP_H

/*
 * Scope-bound cleanup with the compiler's cleanup attribute, instead of goto ladders. A variable that
 * owns something says so where it is declared; tn_steal_*() hands the ownership on.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define tn_cleanup(fn)       __attribute__((cleanup(fn)))
#define tn_printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define TN_ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))

static inline void tn_freep(void *p)
{
	free(*(void **)p);
}

static inline void tn_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void tn_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void tn_closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define tn_autofree     tn_cleanup(tn_freep)
#define tn_autoclose    tn_cleanup(tn_closep)
#define tn_autofclose   tn_cleanup(tn_fclosep)
#define tn_autoclosedir tn_cleanup(tn_closedirp)

/* Makes the cleanup function void fn##p(type **) out of void fn(type *) that accepts no NULL. */
#define TN_DEFINE_CLEANUP(type, fn)        \
	static inline void fn##p(type **p) \
	{                                  \
		if (*p)                    \
			fn(*p);            \
	}                                  \
	struct tn_swallow_semicolon

#define tn_steal_ptr(p)                      \
	({                                   \
		__typeof__(p) stolen_ = (p); \
		(p) = NULL;                  \
		stolen_;                     \
	})

static inline int tn_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#endif
