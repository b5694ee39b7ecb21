/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_UNDO_INTERNAL_H
#define TN_SYSTEM_UNDO_INTERNAL_H

/*
 * Between undo.c (the journal), undo-file.c (its format), undo-effects.c and undo-cpuset.c (undoing one entry) and
 * undo-recover.c (dead owners).
 */
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "system/undo.h"

#define TN_UNDO_PREFIX       "undo."
#define TN_UNDO_NAME_TEXT    64
#define TN_UNDO_OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define TN_UNDO_TEXT         4096 /* of a value that is put back */
#define TN_UNDO_KEPT         1    /* somebody else has changed it since: left as it is */

struct tn_undo_entry {
	enum tn_undo_kind kind;
	char *target;
	char *before; /* NULL when the kind has none */
	char *during; /* what we made of it: anything else is somebody else's and stays; NULL: whatever it is */
};

struct tn_undo_list {
	struct tn_undo_entry *entries;
	size_t n;
};

/* @result: 0, TN_UNDO_KEPT, a negative errno; @why: the text of the last two. */
typedef void (*tn_undo_report)(void *userdata, const struct tn_undo_entry *e, int result, const char *why);

int tn_undo_list_add(struct tn_undo_list *list, enum tn_undo_kind kind, const char *target, const char *before,
		     const char *during);
void tn_undo_list_clear(struct tn_undo_list *list);
int tn_undo_list_run(struct tn_undo_list *list, tn_undo_report report, void *userdata);

int tn_undo_dir_open(const char *state_dir, struct tn_error *err);
int tn_undo_file_append(int fd, bool header, const struct tn_undo_entry *entries, size_t n);
int tn_undo_file_load(int fd, struct tn_undo_list *ret);
int tn_undo_file_finish(int dir, const char *name, const struct tn_undo_list *left);

int tn_undo_recover_journals(const char *state_dir, const struct tn_log *log, struct tn_error *err);

int tn_undo_effect(const struct tn_undo_entry *e, struct tn_error *err);
const char *tn_undo_kind_text(enum tn_undo_kind kind);

/* undo-cpuset.c */
int tn_undo_cpuset(const char *target);
int tn_undo_controller(const char *target, struct tn_error *err);
int tn_undo_affinity(const struct tn_undo_entry *e, struct tn_error *err);

int tn_undo_start_time(pid_t pid, unsigned long long *ret);
bool tn_undo_owner_lives(pid_t pid, unsigned long long start_time);

static inline void tn_undo_list_clearp(struct tn_undo_list *list)
{
	tn_undo_list_clear(list);
}

#endif
