// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a kernel file system is mounted, from the list of mounts. Looking into the places where it might
 * be is no way to ask: below debugfs, looking for tracefs mounts it.
 */
#include "base/mounts.h"

#include <mntent.h>
#include <string.h>

#include "base/cleanup.h"

static void endmntentp(FILE **f)
{
	if (*f)
		endmntent(*f);
}

/**
 * tn_mount_point() - where a file system type is mounted
 * @type: the type, such as "tracefs"
 * @dir: gets its directory; untouched when there is none
 * @size: of @dir; a longer path is passed over
 *
 * Of several places the one with the shortest name, whatever their order: everybody who asks gets the same, such as
 * /sys/kernel/tracing and not the mount below debugfs.
 *
 * Return: true when it is mounted.
 */
bool tn_mount_point(const char *type, char *dir, size_t size)
{
	tn_cleanup(endmntentp) FILE *f = setmntent("/proc/self/mounts", "re");
	char line[4096];
	size_t best = size;
	struct mntent entry;

	while (f && getmntent_r(f, &entry, line, sizeof(line))) {
		if (strcmp(entry.mnt_type, type) || strlen(entry.mnt_dir) >= best)
			continue;
		best = strlen(entry.mnt_dir);
		snprintf(dir, size, "%s", entry.mnt_dir);
	}
	return best < size;
}
