// SPDX-License-Identifier: GPL-2.0-or-later
/* The folder of a run beside the database: its raw interruptions and, from earlier versions, its document. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "store/internal.h"

/* store_run_folder() - its path; it need not exist */
void store_run_folder(const struct tn_store *s, const char *id, char *buf, size_t size)
{
	snprintf(buf, size, "%s/runs/%s", s->folder, id);
}

static int unlink_in(int dir, const char *name)
{
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* store_run_folder_remove() - remove what is ours in it, and the folder unless something else lies there */
int store_run_folder_remove(const struct tn_store *s, const char *id, struct tn_error *err)
{
	tn_autoclose int dir = -1;
	char path[320];
	int r;

	if (!store_id_is_safe(id))
		return 0;
	store_run_folder(s, id, path, sizeof(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : tn_error_set(err, -errno, "cannot remove %s: %s", path, strerror(errno));
	r = unlink_in(dir, TN_STORE_RAW);
	if (r == 0)
		r = unlink_in(dir, "run.json");
	if (r < 0)
		return tn_error_set(err, r, "cannot remove what lies in %s: %s", path, strerror(-r));
	rmdir(path);
	return 0;
}

/* store_sync_folder() - the names in it are on the disk when this returns */
int store_sync_folder(const char *path)
{
	tn_autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 || fsync(dir) < 0 ? -errno : 0;
}
