/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_PATHS_H
#define TN_SYSTEM_PATHS_H

#include <stddef.h>

#include "base/error.h"

/*
 * Where things lie, installed or not: a program that runs from a build folder finds its helpers beside
 * itself, an installed one in the configured directories. Directories are made on demand, mode 0755.
 */
int tn_path_helper(const char *name, char *buf, size_t size, struct tn_error *err);
int tn_path_state_dir(char *buf, size_t size,
		      struct tn_error *err); /* root: /run/tlbnoise, else $XDG_RUNTIME_DIR/tlbnoise */
int tn_path_results_dir(char *buf, size_t size,
			struct tn_error *err); /* root: /var/lib/tlbnoise, else $XDG_STATE_HOME/tlbnoise */
int tn_path_own_dir(char *path, struct tn_error *err);
int tn_path_socket(char *buf, size_t size); /* /run/tlbnoise/io.tlbnoise, $TLBNOISE_SOCKET before it */
int tn_path_scenario(const char *name, char *buf, size_t size, struct tn_error *err);
int tn_path_scenario_dirs(char dirs[][512], size_t max); /* in search order; returns the count */

#endif
