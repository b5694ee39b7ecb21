/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_PROBE_SPIN_H
#define TN_PROBE_SPIN_H

#include "probe/ring.h"

/* What the loop works with, apart from the shared memory. All in ticks, but for @passes. */
struct tn_spin {
	struct tn_ring ring;
	struct tn_probe_result *result;
	uint64_t prev;      /* last stamp: end of what has been measured */
	uint64_t threshold; /* a longer gap is an interruption */
	uint64_t floor;     /* median gap: what a gap holds of the loop itself */
	uint64_t passes;    /* of a quantum */
	uint64_t base;      /* undisturbed length of a quantum */
};

uint64_t tn_spin_quantum(struct tn_spin *s);
void tn_spin_sample(uint64_t *gaps, size_t n);
void tn_spin_window(struct tn_spin *s, struct tn_probe_shm *shm);
void tn_spin_reset(struct tn_spin *s);

#endif
