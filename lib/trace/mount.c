// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tracefs has to be mounted before anybody can ask what the kernel offers, so this is a step of its own.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/mounts.h"
#include "trace/trace.h"

#define TRACEFS_DEFAULT "/sys/kernel/tracing"

/**
 * tn_trace_mount() - see to it that tracefs is mounted
 * @opt: whose before_effect is called before mounting; the rest is not used
 * @root: gets the directory
 * @size: of @root
 * @ret_mounted: set to true when it was mounted here and now; who asked unmounts it
 * @err: what failed
 *
 * Return: 0, what before_effect returned, or the errno of mounting.
 */
int tn_trace_mount(const struct tn_trace_options *opt, char *root, size_t size, bool *ret_mounted, struct tn_error *err)
{
	int rc = 0;

	if (tn_mount_point("tracefs", root, size))
		return 0;
	if (opt->before_effect)
		rc = opt->before_effect(opt->userdata, "mount", TRACEFS_DEFAULT, err);
	if (rc)
		return rc;
	if (mount("tracefs", TRACEFS_DEFAULT, "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return tn_error_set(err, -errno,
				    "cannot mount tracefs on %s: %s; mount it, or use trace level counters",
				    TRACEFS_DEFAULT, strerror(errno));
	*ret_mounted = true;
	snprintf(root, size, "%s", TRACEFS_DEFAULT);
	return 0;
}
