/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_WORST_H
#define TN_ANALYSIS_WORST_H

#include "analysis/attribution.h"

/* The longest TN_WORST_KEPT interruptions: a binary heap with the shortest of them on top. */
struct tn_worst_list {
	struct tn_worst *item;
	size_t n;
	bool sorted;
};

int tn_worst_init(struct tn_worst_list *l);
void tn_worst_free(struct tn_worst_list *l);
void tn_worst_offer(struct tn_worst_list *l, const struct tn_worst *w);
size_t tn_worst_sorted(struct tn_worst_list *l, const struct tn_worst **ret);

#endif
