/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_UNDO_H
#define TN_SYSTEM_UNDO_H

#include "base/error.h"
#include "base/log.h"

/*
 * Journal of side effects on the machine. An entry is on disk before the effect happens; close undoes
 * all in reverse order; tn_undo_recover() does it for owners that died. Trace instances are named
 * TN_UNDO_INSTANCE and the owner's name (tn_undo_owner()), so that they tell whose they are without a journal.
 */
enum tn_undo_kind {
	TN_UNDO_TRACE_INSTANCE, /* target: directory below .../tracing/instances */
	TN_UNDO_UMOUNT,         /* target: mount point that we mounted */
	TN_UNDO_CPUSET,         /* target: cgroup directory we made; its tasks move to the parent */
	TN_UNDO_WRITE,          /* target: file whose old text is put back */
	TN_UNDO_CONTROLLER,     /* target: cgroup.subtree_control in which we switched on the controller cpuset */
	TN_UNDO_AFFINITY,       /* target: directory of a task in /proc, whose affinity may not survive a cpuset */
};

#define TN_UNDO_OWNER    48
#define TN_UNDO_INSTANCE "tlbnoise."

struct tn_undo;

const char *tn_undo_owner(char *buf, size_t size);
int tn_undo_dead_owner(const char *name, const char *prefix);
int tn_undo_open(const char *state_dir, struct tn_undo **ret, struct tn_error *err);
int tn_undo_add(struct tn_undo *u, enum tn_undo_kind kind, const char *target, const char *before,
		struct tn_error *err);
int tn_undo_add_change(struct tn_undo *u, enum tn_undo_kind kind, const char *target, const char *before,
		       const char *during, struct tn_error *err);
void tn_undo_on_kept(struct tn_undo *u, void (*kept)(void *userdata, const char *target, const char *why),
		     void *userdata);
int tn_undo_close(struct tn_undo *u, struct tn_error *err);
int tn_undo_lock_open(int dir, const char *name);
int tn_undo_recover(const char *state_dir, const struct tn_log *log, struct tn_error *err);

#endif
