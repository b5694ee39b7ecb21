/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_PROBE_SHM_H
#define TN_PROBE_SHM_H

#include "probe/probe.h"

#define TN_PROBE_QUANTUM_MAX (1ull << 40)

int tn_probe_config_check(const struct tn_probe_config *c, struct tn_error *err);

#endif
