/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_PROBE_CALIBRATE_H
#define TN_PROBE_CALIBRATE_H

#include "probe/spin.h"

#define TN_BATCH_GAPS 1024u

/* What one pass of the undisturbed loop takes, and what is more than that. Ticks. */
struct tn_floor {
	uint64_t min, median, p999;
	uint64_t tail; /* the longest gap of a calm batch */
	uint64_t threshold;
};

void tn_floor_of(uint64_t *gaps, size_t n_batches, uint64_t min_threshold, struct tn_floor *ret);
int tn_spin_calibrate(struct tn_spin *s, struct tn_probe_shm *shm, struct tn_error *err);

#endif
