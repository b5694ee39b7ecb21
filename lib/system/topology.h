/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_TOPOLOGY_H
#define TN_SYSTEM_TOPOLOGY_H

#include "base/cpus.h"

/* Which CPUs there are and what the kernel keeps away from them. */
struct tn_topology {
	struct tn_cpus possible;
	struct tn_cpus online;
	struct tn_cpus isolated;     /* domain isolation: isolcpus=domain or an isolated cpuset partition */
	struct tn_cpus nohz_full;    /* full dynticks active */
	struct tn_cpus housekeeping; /* online, neither isolated nor nohz_full */
	bool smt_active;
};

int tn_topology_read(const char *root, struct tn_topology *ret, struct tn_error *err);
int tn_topology_siblings(const char *root, int cpu, struct tn_cpus *ret, struct tn_error *err);
int tn_topology_node(const char *root, int cpu);

#endif
