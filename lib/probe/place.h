/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_PROBE_PLACE_H
#define TN_PROBE_PLACE_H

#include "probe/probe.h"

int tn_probe_tie(int32_t collector, struct tn_error *err);
int tn_probe_place(const struct tn_probe_config *c, struct tn_error *err);
int tn_probe_lock(struct tn_probe_shm *shm, size_t size, struct tn_error *err);
void tn_probe_settle(void);
int tn_probe_cpu(int32_t *ret, struct tn_error *err);

#endif
