/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_ENVIRONMENT_H
#define TN_SYSTEM_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define TN_ENV_CONFIG_MAX 64

/* What a result needs to explain itself a year later. Strings are "" when unknown. */
struct tn_environment {
	char hostname[128];
	char machine_id_hash[33]; /* hash of /etc/machine-id with our own salt: tells machines apart, names none */
	char kernel_release[128];
	char kernel_version[256];
	char cmdline[2048];
	char arch[32];
	char cpu_model[128];
	char microcode[32];
	char virtualization[32]; /* "none", "kvm", "qemu-tcg", "vmware", ... */
	char preemption[32];     /* the active model: none, voluntary, full, lazy, rt */
	char distribution[128];
	unsigned int nodes; /* NUMA nodes online */
	uint64_t memory_bytes;
	size_t n_config; /* kernel config lines that bear on interruptions, "CONFIG_HZ=250" */
	char config[TN_ENV_CONFIG_MAX][64];
};

int tn_environment_read(const char *root, struct tn_environment *ret, struct tn_error *err);

#endif
