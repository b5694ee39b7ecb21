/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_RESAMPLE_H
#define TN_ANALYSIS_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct tn_random {
	uint64_t s[4];
};

void tn_random_seed(struct tn_random *r, uint64_t seed);
uint64_t tn_random_next(struct tn_random *r);
uint32_t tn_random_below(struct tn_random *r, uint32_t n);
double tn_random_unit(struct tn_random *r);
void tn_resample(struct tn_random *r, uint32_t n, uint32_t *ret_weights);

#endif
