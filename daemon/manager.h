/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_MANAGER_H
#define TLBNOISED_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpus.h"

#define MANAGER_STATUS 160

/* What the daemon does, as its event loop last said. */
struct manager_state {
	uint64_t beats;      /* grows with the work; what the watchdog is fed from */
	struct tn_cpus cpus; /* that the daemon may run on now */
	char status[MANAGER_STATUS];
};

struct manager;

int manager_new(struct manager **ret, struct tn_error *err);
uint64_t manager_interval_us(const struct manager *m);
int manager_publish(struct manager *m, const struct manager_state *state);
void manager_free(struct manager *m);

#endif
