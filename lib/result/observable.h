/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_OBSERVABLE_H
#define TN_RESULT_OBSERVABLE_H

#include "result/run.h"

bool tn_class_observable(enum tn_trace_level level, enum tn_class class);
bool tn_run_events_lost(const struct tn_run *run);
bool tn_run_entries_whole(const struct tn_run *run);
bool tn_run_rings_lost(const struct tn_run *run);
bool tn_run_causes_whole(const struct tn_run *run);

#endif
