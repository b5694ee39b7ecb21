// SPDX-License-Identifier: GPL-2.0-or-later
/* The folder of a run beside the database: its raw interruptions and, from earlier versions, its document. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/internal.h"

#define STALE_S 86400 /* no run and no import takes so long */

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

/* Copies that an import had not finished. */
static void unlink_temporary(int dir, const char *path)
{
	static const char prefix[] = TN_STORE_RAW ".";
	tn_autoclosedir DIR *d = opendir(path);

	for (struct dirent *de = d ? readdir(d) : NULL; de; de = readdir(d))
		if (!strncmp(de->d_name, prefix, sizeof(prefix) - 1))
			unlinkat(dir, de->d_name, 0);
}

/* One folder; whether it is gone. A document in it is from an earlier version, and was not taken in for a reason. */
static bool sweep(struct tn_store *s, const char *id)
{
	tn_autoclose int dir = -1;
	char path[320];
	struct stat st;
	int64_t run;

	store_run_folder(s, id, path, sizeof(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0 || time(NULL) - st.st_mtime < STALE_S)
		return false;
	unlink_temporary(dir, path);
	if (store_seq(s, id, &run, NULL) != -ENOENT || faccessat(dir, "run.json", F_OK, 0) == 0)
		return false;
	unlink_in(dir, TN_STORE_RAW);
	return rmdir(path) == 0;
}

/* store_sweep_folders() - remove what was made for runs that never got into the database; what is young may yet */
void store_sweep_folders(struct tn_store *s, const struct tn_log *log)
{
	tn_autoclosedir DIR *d = NULL;
	char path[288];

	snprintf(path, sizeof(path), "%s/runs", s->folder);
	d = opendir(path);
	for (struct dirent *de = d ? readdir(d) : NULL; de; de = readdir(d))
		if (store_id_is_safe(de->d_name) && strncmp(de->d_name, "partial.", 8) && sweep(s, de->d_name))
			tn_log(log, LOG_NOTICE, "removed %s/%s, of which the history knows nothing", path, de->d_name);
}

/* store_sync_folder() - the names in it are on the disk when this returns */
int store_sync_folder(const char *path)
{
	tn_autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 || fsync(dir) < 0 ? -errno : 0;
}
