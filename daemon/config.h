/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_CONFIG_H
#define TLBNOISED_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpus.h"
#include "store/store.h"

#define CONFIG_AUTO      UINT64_MAX
#define CONFIG_QUEUE_MAX 256

/* A group that may do something; nobody when it is not set. */
struct config_group {
	bool set;
	gid_t gid;
	char name[64];
};

enum config_cpus { CONFIG_HOUSEKEEPING, CONFIG_CPU_LIST };

/* tlbnoised.conf(5) */
struct daemon_config {
	struct config_group readers, runners;
	enum config_cpus cpus;
	struct tn_cpus cpu_list;
	char state_dir[200]; /* of the history, "": the usual one */
	int log_level;
	uint32_t queue_length;
	/* CONFIG_AUTO: as tn_store_limits_default() says */
	struct tn_store_limits limits;
};

/* config.c */
int config_defaults(struct daemon_config *c, struct tn_error *err);
int config_parse(const char *text, size_t len, const char *file, struct daemon_config *c, struct tn_error *err);

/* config-files.c */
int config_load(const char *root, struct daemon_config *ret, struct tn_error *err);

#endif
