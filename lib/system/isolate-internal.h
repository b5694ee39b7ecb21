/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_ISOLATE_INTERNAL_H
#define TN_SYSTEM_ISOLATE_INTERNAL_H

/* Between isolate.c (order and hierarchies), isolate-partition.c and isolate-legacy.c (cpusets of cgroup v2 and v1),
 * isolate-interrupts.c (IRQs and workqueues), isolate-tasks.c (who may still run there) and isolate-write.c. */
#include "system/isolate.h"

#define ISOLATE_NOTE  240 /* a finding holds that much */
#define ISOLATE_NAMES 128

/* isolate-write.c */
int isolate_change(const struct tn_isolate_options *opt, const char *what, const char *path, const char *during,
		   struct tn_error *err);
int isolate_make_cpuset(const struct tn_isolate_options *opt, const char *what, const char *path, const char *during,
			struct tn_error *err);
int isolate_effect(const struct tn_isolate_options *opt, const char *what, const char *target, const char *before,
		   const char *during, struct tn_error *err);
int isolate_note(const struct tn_isolate_options *opt, bool warning, const char *id, const char *text,
		 struct tn_error *err);
int isolate_without(const struct tn_isolate_options *opt, const struct tn_cpus *set, struct tn_cpus *ret);

/* A list of names in a text of limited length: those that do not fit are counted. */
struct isolate_names {
	char text[96];
	unsigned int n, more;
};

void isolate_name(struct isolate_names *names, const char *name);
const char *isolate_names_text(const struct isolate_names *names, char *buf, size_t size);

/* isolate-tasks.c */
struct isolate_tasks {
	unsigned int n_user, n_kernel; /* threads that may run there */
	struct isolate_names user, kernel;
};

int isolate_tasks_count(const struct tn_isolate_options *opt, struct isolate_tasks *ret, struct tn_error *err);
int isolate_tasks_keep(const struct tn_isolate_options *opt, bool move, struct tn_error *err);

/* isolate-partition.c, isolate-legacy.c; @dir: where the hierarchy is mounted */
int isolate_by_partition(const struct tn_isolate_options *opt, const char *dir, struct tn_isolation *ret,
			 struct tn_error *err);
int isolate_by_legacy(const struct tn_isolate_options *opt, const char *dir, const char *prefix,
		      struct tn_isolation *ret, struct tn_error *err);

/* isolate-interrupts.c */
int isolate_interrupts(const struct tn_isolate_options *opt, struct tn_error *err);
int isolate_workqueues(const struct tn_isolate_options *opt, struct tn_error *err);

#endif
