// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps the longest interruptions in a heap of fixed size: an interruption that is shorter than all of
 * them, which is nearly every one, costs one comparison.
 */
#include "analysis/worst.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t length(const struct tn_worst *w)
{
	return w->end - w->start;
}

/* Longest first; of equals the earlier one, so that the list is the same for the same input. */
static int compare(const void *pa, const void *pb)
{
	const struct tn_worst *a = pa, *b = pb;

	if (length(a) != length(b))
		return length(a) < length(b) ? 1 : -1;
	if (a->start != b->start)
		return a->start > b->start ? 1 : -1;
	return a->cpu - b->cpu;
}

static void sift_down(struct tn_worst_list *l)
{
	struct tn_worst moving = l->item[0];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < l->n) {
		if (child + 1 < l->n && compare(&l->item[child + 1], &l->item[child]) > 0)
			child++;
		if (compare(&moving, &l->item[child]) >= 0)
			break;
		l->item[i] = l->item[child];
		i = child;
	}
	l->item[i] = moving;
}

static void sift_up(struct tn_worst_list *l, size_t i)
{
	struct tn_worst moving = l->item[i];

	while (i && compare(&moving, &l->item[(i - 1) / 2]) > 0) {
		l->item[i] = l->item[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	l->item[i] = moving;
}

/**
 * tn_worst_init() - make an empty list
 * @l: the list
 *
 * Return: 0 or -ENOMEM.
 */
int tn_worst_init(struct tn_worst_list *l)
{
	memset(l, 0, sizeof(*l));
	l->item = calloc(TN_WORST_KEPT, sizeof(*l->item));
	return l->item ? 0 : -ENOMEM;
}

/**
 * tn_worst_free() - release the list's memory
 * @l: the list
 */
void tn_worst_free(struct tn_worst_list *l)
{
	free(l->item);
	memset(l, 0, sizeof(*l));
}

/**
 * tn_worst_offer() - keep an interruption if it is among the longest
 * @l: the list
 * @w: the interruption; copied when kept
 */
void tn_worst_offer(struct tn_worst_list *l, const struct tn_worst *w)
{
	if (l->n == TN_WORST_KEPT && !l->sorted && compare(w, &l->item[0]) > 0)
		return;
	if (l->sorted) { /* longest first is the heap's order backwards: the reverse is a heap */
		for (size_t i = 0, j = l->n - 1; l->n && i < j; i++, j--) {
			struct tn_worst t = l->item[i];

			l->item[i] = l->item[j];
			l->item[j] = t;
		}
		l->sorted = false;
		tn_worst_offer(l, w);
		return;
	}
	if (l->n < TN_WORST_KEPT) {
		l->item[l->n] = *w;
		sift_up(l, l->n++);
		return;
	}
	l->item[0] = *w;
	sift_down(l);
}

/**
 * tn_worst_sorted() - the list, longest first
 * @l: the list; more may be offered afterwards
 * @ret: the items, valid until the next offer
 *
 * Return: their number.
 */
size_t tn_worst_sorted(struct tn_worst_list *l, const struct tn_worst **ret)
{
	qsort(l->item, l->n, sizeof(*l->item), compare);
	l->sorted = true;
	*ret = l->item;
	return l->n;
}
