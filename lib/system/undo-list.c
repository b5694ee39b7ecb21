// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The entries of a journal in memory, oldest first.
 */
#include <errno.h>
#include <string.h>

#include "system/undo-internal.h"

static void clear_entry(struct tn_undo_entry *e)
{
	free(e->target);
	free(e->before);
	free(e->during);
}

/**
 * tn_undo_list_add() - append an entry
 * @list: the list
 * @kind: what kind of effect
 * @target: on what; copied
 * @before: the old text, or NULL; copied
 * @during: the new one, or NULL; copied
 *
 * Return: 0; -ENOMEM.
 */
int tn_undo_list_add(struct tn_undo_list *list, enum tn_undo_kind kind, const char *target, const char *before,
		     const char *during)
{
	struct tn_undo_entry e = {.kind = kind,
				  .target = strdup(target),
				  .before = before ? strdup(before) : NULL,
				  .during = during ? strdup(during) : NULL};
	struct tn_undo_entry *grown;

	if (e.target && (e.before || !before) && (e.during || !during)) {
		grown = reallocarray(list->entries, list->n + 1, sizeof(*grown));
		if (grown) {
			list->entries = grown;
			list->entries[list->n++] = e;
			return 0;
		}
	}
	clear_entry(&e);
	return -ENOMEM;
}

/** tn_undo_list_clear() - forget all entries */
void tn_undo_list_clear(struct tn_undo_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		clear_entry(&list->entries[i]);
	free(list->entries);
	*list = (struct tn_undo_list){0};
}

/**
 * tn_undo_list_run() - undo all entries, the latest first
 * @list: afterwards it holds those that could not be undone
 * @report: hears of each entry; @result is 0, TN_UNDO_KEPT or a negative errno, @why the text of the
 *          last two
 * @userdata: for @report
 *
 * Return: 0; the first failure's negative errno.
 */
int tn_undo_list_run(struct tn_undo_list *list, tn_undo_report report, void *userdata)
{
	struct tn_error why = {0};
	size_t left = list->n;
	int first = 0, r;

	for (size_t i = list->n; i-- > 0;) {
		r = tn_undo_effect(&list->entries[i], &why);
		report(userdata, &list->entries[i], r, why.text);
		if (r < 0) {
			struct tn_undo_entry kept = list->entries[i];

			first = first ? first : r;
			list->entries[i] = (struct tn_undo_entry){0};
			list->entries[--left] = kept; /* left > i always, or left == i: never an entry still to come */
			continue;
		}
		clear_entry(&list->entries[i]);
		list->entries[i] = (struct tn_undo_entry){0};
	}
	if (left < list->n) /* an empty list has no memory to move, not even zero bytes of it */
		memmove(list->entries, list->entries + left, (list->n - left) * sizeof(*list->entries));
	list->n -= left;
	return first;
}
