/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_CAUSES_H
#define TN_ANALYSIS_CAUSES_H

#include "analysis/attribution.h"

struct tn_causes {
	struct tn_cause *row;
	uint32_t n;
	uint32_t *bucket; /* index + 1 */
	uint64_t dropped; /* entries that found the table full */
};

int tn_causes_init(struct tn_causes *c);
void tn_causes_free(struct tn_causes *c);
uint32_t tn_causes_find(struct tn_causes *c, const struct tn_entry *e, const char *comm);

#endif
