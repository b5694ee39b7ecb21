// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dashboard as files. All is written to a new folder beside the one that is wanted, which then takes its place in
 * one step: who reads the site sees the old one or the new one, and no file of a run that has gone stays behind. Only a
 * folder that was made here, or that is empty, is replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "report/dashboard-parts.h"

#define MARKER      ".tlbnoise-dashboard" /* says whose folder it is */
#define SITE_POINTS 4000

struct site {
	struct tn_store *store;
	struct tn_dashboard_options opt;
	const struct tn_log *log;
	struct dash_site links;
	struct tn_dashboard_site done;
	char target[PATH_MAX]; /* what is replaced */
	char fresh[PATH_MAX];  /* what is written, locked while it is; "" when there is nothing to remove */
	int lock;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type;
	if (!ftw->level || (ftw->level == 1 && !strcmp(path + ftw->base, MARKER)))
		return 0;
	return remove(path);
}

/* The marker goes last: what is left when this is killed half-way still says whose it is. */
static int remove_tree(const char *path)
{
	char marker[PATH_MAX + sizeof(MARKER)];

	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		return -errno;
	snprintf(marker, sizeof(marker), "%s/" MARKER, path);
	return (unlink(marker) < 0 && errno != ENOENT) || rmdir(path) < 0 ? -errno : 0;
}

static void site_free(struct site *s)
{
	if (s->fresh[0])
		remove_tree(s->fresh);
	tn_closep(&s->lock);
	free(s->links.pair);
}

/* A folder with anything else in it stays as it is. */
static int check_target(const char *path, struct tn_error *err)
{
	tn_autoclosedir DIR *dir = opendir(path);
	const struct dirent *entry;
	bool ours = false;
	size_t n = 0;

	if (!dir)
		return errno == ENOENT
			       ? 0
			       : tn_error_set(err, -errno, "cannot read the folder %s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		ours |= !strcmp(entry->d_name, MARKER);
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	}
	return !n || ours ? 0
			  : tn_error_set(err, -EEXIST,
					 "%s has files that are not of a dashboard: give a new folder, or an empty one",
					 path);
}

/* The folder may be reached through a link; what is replaced is the folder itself. */
static int find_target(const char *folder, struct site *s, struct tn_error *err)
{
	size_t n = strlen(folder);

	if (!realpath(folder, s->target)) {
		if (errno != ENOENT)
			return tn_error_set(err, -errno, "cannot use the folder %s: %s", folder, strerror(errno));
		while (n > 1 && folder[n - 1] == '/')
			n--;
		if (snprintf(s->target, sizeof(s->target), "%.*s", (int)n, folder) >= (int)sizeof(s->target))
			return tn_error_set(err, -ENAMETOOLONG, "the folder has too long a name: %.80s...", folder);
	}
	return check_target(s->target, err);
}

/* A folder that a killed one left is not locked, and goes; one of somebody else stays. */
static int make_fresh(struct site *s, struct tn_error *err)
{
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s.new", s->target) >= (int)sizeof(path))
		return tn_error_set(err, -ENAMETOOLONG, "the folder has too long a name: %.80s...", s->target);
	for (unsigned int tries = 0; tries < 2; tries++) {
		int made = mkdir(path, 0777) == 0;

		if (!made && errno != EEXIST)
			return tn_error_set(err, -errno, "cannot make the folder %s: %s", path, strerror(errno));
		s->lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (s->lock < 0 || flock(s->lock, LOCK_EX | LOCK_NB) < 0)
			return tn_error_set(err, errno == EWOULDBLOCK ? -EBUSY : -errno,
					    errno == EWOULDBLOCK ? "another tlbnoise is writing %s; wait for it"
								 : "cannot lock the folder %s",
					    path);
		if (made) {
			strcpy(s->fresh, path);
			return 0;
		}
		r = check_target(path, err);
		if (r < 0)
			return r;
		remove_tree(path);
		close(s->lock);
		s->lock = -1;
	}
	return tn_error_set(err, -EBUSY, "another tlbnoise is writing %s; wait for it", path);
}

/* Folders of a page within the site. */
static int make_folders(const struct site *s, const char *path)
{
	char full[PATH_MAX + DASH_PATH];
	size_t base = strlen(s->fresh) + 1;

	snprintf(full, sizeof(full), "%s/%s", s->fresh, path);
	for (char *slash = strchr(full + base, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(full, 0777) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int write_page(struct site *s, const char *path, const char *file, struct tn_error *err)
{
	char full[PATH_MAX + DASH_PATH];
	tn_autofclose FILE *out = NULL;
	const char *type;
	int r = make_folders(s, file);

	snprintf(full, sizeof(full), "%s/%s", s->fresh, file);
	if (r == 0)
		out = fopen(full, "wxe");
	if (!out)
		return tn_error_set(err, r < 0 ? r : -errno, "cannot create %s: %s", full,
				    strerror(r < 0 ? -r : errno));
	r = dash_page(s->store, path, &s->opt, &s->links, out, &type, err);
	if (r < 0) {
		unlink(full);
		return r;
	}
	s->done.bytes += (uint64_t)ftello(out);
	s->done.pages++;
	return 0;
}

/* @path: as a server gets it; the file's name is that which links lead to */
static int write_kind(struct site *s, enum dash_kind kind, const char *a, const char *b, struct tn_error *err)
{
	static const char *const folder[] = {"", "scenario", "run", "compare", "assets"};
	const struct dash d = {.opt = &s->opt};
	char path[DASH_PATH], file[DASH_PATH];

	snprintf(path, sizeof(path), "/%s%s%s%s%s", folder[kind], a ? "/" : "", a ? a : "", b ? "/" : "", b ? b : "");
	dash_path(&d, kind, a, b, file, sizeof(file));
	return write_page(s, path, file, err);
}

/* One document that cannot be read, or one that has gone meanwhile, must not cost the whole site. */
static int write_readable(struct site *s, enum dash_kind kind, const char *a, const char *b, struct tn_error *err)
{
	struct tn_error why = {0};
	int r = write_kind(s, kind, a, b, &why);

	if (r < 0 && !tn_error_of_machine(r)) {
		s->done.left_out++;
		tn_log(s->log, LOG_WARNING, "no page of %s%s%s: %s", a, b ? ", " : "", b ? b : "", why.text);
		return 0;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

static int write_histories(struct site *s, const struct tn_store_point *run, size_t n, struct tn_error *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (!i || strcmp(run[i].host, run[i - 1].host) || strcmp(run[i].scenario, run[i - 1].scenario))
			r = write_readable(s, DASH_SCENARIO, run[i].host, run[i].scenario, err);
	return r;
}

static int write_runs(struct site *s, const struct tn_store_point *run, size_t n, struct tn_error *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = write_readable(s, DASH_RUN, run[i].id, NULL, err);
	return r;
}

static int write_comparisons(struct site *s, struct tn_error *err)
{
	size_t before = s->done.pages;
	int r = 0;

	for (size_t i = 0; i < s->links.n && r == 0; i++) {
		const struct dash_pair p = s->links.pair[i];

		r = write_readable(s, DASH_COMPARE, p.a, p.b, err);
	}
	s->done.comparisons = s->done.pages - before;
	return r;
}

static int write_assets(struct site *s, struct tn_error *err)
{
	struct dash_asset asset[16];
	size_t n = dash_assets(asset, TN_ARRAY_SIZE(asset));
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = write_kind(s, DASH_ASSET, asset[i].name, NULL, err);
	s->done.pages -= n;
	return r;
}

static int write_marker(const struct site *s, struct tn_error *err)
{
	char path[PATH_MAX + sizeof(MARKER)];
	tn_autofclose FILE *out = NULL;

	snprintf(path, sizeof(path), "%s/" MARKER, s->fresh);
	out = fopen(path, "wxe");
	if (!out || fputs("This folder was written by tlbnoise dashboard, which replaces all of it.\n", out) < 0 ||
	    fflush(out))
		return tn_error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	return 0;
}

static int write_site(struct site *s, struct tn_error *err)
{
	tn_autofree struct tn_store_point *run = NULL;
	size_t n = 0;
	int r = write_marker(s, err);

	if (r == 0)
		r = tn_store_points(s->store, NULL, NULL, &run, &n, err);
	s->links.run = run;
	s->links.n_runs = n;
	if (r == 0)
		r = write_kind(s, DASH_OVERVIEW, NULL, NULL, err);
	if (r == 0)
		r = write_histories(s, run, n, err);
	if (r == 0)
		r = write_runs(s, run, n, err);
	if (r == 0)
		r = write_comparisons(s, err);
	return r < 0 ? r : write_assets(s, err);
}

/*
 * What one left that was killed before it could remove the old site. A folder does not take the place of one that has
 * something in it, so each later site would fail for it.
 */
static int remove_stale(const char *old, struct tn_error *err)
{
	struct stat st;
	int r;

	if (lstat(old, &st) < 0)
		return errno == ENOENT ? 0 : tn_error_set(err, -errno, "cannot look at %s: %s", old, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return tn_error_set(err, -EEXIST, "%s is in the way, and no folder: move it elsewhere", old);
	r = check_target(old, err);
	if (r < 0)
		return r;
	r = remove_tree(old);
	return r < 0 ? tn_error_set(err, r, "cannot remove the old site %s: %s", old, strerror(-r)) : 0;
}

/* Old and new change places; where a file system cannot do that, there is no site for a moment. */
static int swap(struct site *s, struct tn_error *err)
{
	char old[PATH_MAX];
	bool exists = access(s->target, F_OK) == 0;
	int r;

	if (!exists && rename(s->fresh, s->target) == 0) {
		s->fresh[0] = '\0';
		return 0;
	}
	if (exists && renameat2(AT_FDCWD, s->fresh, AT_FDCWD, s->target, RENAME_EXCHANGE) == 0)
		return 0; /* what is now at s->fresh is the old one, and removed */
	snprintf(old, sizeof(old), "%.*s.old", PATH_MAX - 8, s->target);
	r = exists ? remove_stale(old, err) : 0;
	if (r < 0)
		return r;
	if (exists && rename(s->target, old) < 0)
		return tn_error_set(err, -errno, "cannot move %s to %s: %s", s->target, old, strerror(errno));
	if (rename(s->fresh, s->target) < 0) {
		int e = errno;

		if (exists)
			rename(old, s->target);
		return tn_error_set(err, -e, "cannot put the site into %s: %s", s->target, strerror(e));
	}
	strcpy(s->fresh, old);
	return 0;
}

/**
 * tn_dashboard_site() - write the dashboard as files
 * @store: what it is about
 * @folder: of the site; what a dashboard left there is replaced as a whole
 * @opt: how; links are made TN_DASHBOARD_FILES; points, if 0, are few, so that thousands of reports take little room
 * @log: hears of each run whose page could not be made, at LOG_WARNING
 * @ret: what was written
 * @err: what failed; the folder is as it was then
 *
 * Return: 0; -EEXIST when the folder has files of somebody else; -EBUSY when another process is writing it; another
 * negative errno.
 */
int tn_dashboard_site(struct tn_store *store, const char *folder, const struct tn_dashboard_options *opt,
		      const struct tn_log *log, struct tn_dashboard_site *ret, struct tn_error *err)
{
	tn_cleanup(site_free) struct site s = {.store = store, .opt = *opt, .log = log, .lock = -1};
	int r = find_target(folder, &s, err);

	s.opt.links = TN_DASHBOARD_FILES;
	s.opt.points = opt->points ? opt->points : SITE_POINTS;
	if (r == 0)
		r = make_fresh(&s, err);
	if (r == 0)
		r = write_site(&s, err);
	if (r == 0)
		r = swap(&s, err);
	if (r == 0)
		*ret = s.done;
	return r;
}
