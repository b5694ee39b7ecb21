/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_PROBES_H
#define TLBNOISED_PROBES_H

#include <sys/types.h>

#include "probe/probe.h"

/* A probe process and the memory shared with it. */
struct probe {
	int cpu;
	pid_t pid; /* 0: none */
	struct tn_probe_handle handle;
};

int probe_spawn(struct probe *p, const struct tn_probe_config *config, const char *enter, struct tn_error *err);
int probe_check(struct probe *p, struct tn_error *err);
enum tn_probe_state probe_state(const struct probe *p);
void probe_command(struct probe *p, enum tn_probe_command command);
void probe_end(struct probe *p);

#endif
