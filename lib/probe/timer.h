/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_PROBE_TIMER_H
#define TN_PROBE_TIMER_H

#include "probe/probe.h"

int tn_timer_prepare(struct tn_error *err);
int tn_timer_window(struct tn_probe_shm *shm, struct tn_error *err);

#endif
