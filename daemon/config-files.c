// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which files make the configuration, with the precedence of systemd: of tlbnoised.conf the first one found in
 * the administrator's, the runtime's and the vendor's folder; behind it all drop-ins in the order of their names,
 * wherever they lie, of two with one name the one from the more important folder. An empty drop-in, or a link to
 * /dev/null, thus masks a vendor's. systemd.unit(5), systemd-system.conf(5).
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config.h"
#include "tn-config.h"

#define FILE_NAME   "tlbnoised.conf"
#define DROPINS_MAX 64
#define BYTES_MAX   65536

/* The most important first. */
static const char *const folders[] = {TN_SYSCONFDIR, "/run/tlbnoise", TN_VENDORDIR};

struct dropin {
	char name[NAME_MAX + 1];
	const char *folder;
};

struct dropins {
	size_t n;
	struct dropin at[DROPINS_MAX];
};

/* -ENOENT when there is no such file. */
static int read_text(const char *path, char *text, size_t *ret, struct tn_error *err)
{
	tn_autofclose FILE *f = fopen(path, "re");

	if (!f)
		return tn_error_set(err, -errno, "%s: cannot read it: %s", path, strerror(errno));
	*ret = fread(text, 1, BYTES_MAX + 1, f);
	if (ferror(f))
		return tn_error_set(err, -EIO, "%s: cannot read it", path);
	if (*ret > BYTES_MAX)
		return tn_error_set(err, -E2BIG, "%s: longer than %d bytes", path, BYTES_MAX);
	return 0;
}

static int apply(const char *path, char *text, struct daemon_config *c, struct tn_error *err)
{
	size_t len;
	int r = read_text(path, text, &len, err);

	return r < 0 ? r : config_parse(text, len, path, c, err);
}

static bool is_dropin(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > strlen(".conf") && strcmp(name + len - strlen(".conf"), ".conf") == 0;
}

static int add_dropin(struct dropins *d, const char *folder, const char *name, struct tn_error *err)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->at[i].name, name) == 0)
			return 0;
	if (d->n == DROPINS_MAX)
		return tn_error_set(err, -E2BIG, "%s/" FILE_NAME ".d/%s is one file too many: at most %d", folder, name,
				    DROPINS_MAX);
	snprintf(d->at[d->n].name, sizeof(d->at[0].name), "%s", name);
	d->at[d->n++].folder = folder;
	return 0;
}

static int find_dropins(const char *root, struct dropins *d, struct tn_error *err)
{
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; i < TN_ARRAY_SIZE(folders); i++) {
		tn_autoclosedir DIR *dir = NULL;

		snprintf(path, sizeof(path), "%s%s/" FILE_NAME ".d", root, folders[i]);
		dir = opendir(path);
		if (!dir && errno != ENOENT && errno != ENOTDIR)
			return tn_error_set(err, -errno, "%s: cannot list it: %s", path, strerror(errno));
		for (struct dirent *de = dir ? readdir(dir) : NULL; de && r == 0; de = readdir(dir))
			if (is_dropin(de->d_name))
				r = add_dropin(d, folders[i], de->d_name, err);
	}
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct dropin *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int apply_main(const char *root, char *text, struct daemon_config *c, struct tn_error *err)
{
	struct tn_error missing = {0};
	char path[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < TN_ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s%s/" FILE_NAME, root, folders[i]);
		r = apply(path, text, c, &missing);
	}
	if (r == 0 || r == -ENOENT)
		return 0;
	*err = missing;
	return r;
}

static int apply_dropins(const char *root, char *text, struct daemon_config *c, struct tn_error *err)
{
	tn_autofree struct dropins *d = calloc(1, sizeof(*d));
	char path[PATH_MAX];
	int r;

	if (!d)
		return tn_error_set(err, -ENOMEM, "no memory for the configuration");
	r = find_dropins(root, d, err);
	qsort(d->at, d->n, sizeof(d->at[0]), by_name);
	for (size_t i = 0; i < d->n && r == 0; i++) {
		snprintf(path, sizeof(path), "%s%s/" FILE_NAME ".d/%.*s", root, d->at[i].folder, NAME_MAX,
			 d->at[i].name);
		r = apply(path, text, c, err);
	}
	return r;
}

/**
 * config_load() - the configuration of this machine
 * @root: what to put before each path, "" except in tests
 * @ret: the configuration; untouched on failure
 * @err: one line: FILE:LINE and what is wrong there, or the file that cannot be read
 *
 * Return: 0, also when there is no file at all; a negative errno.
 */
int config_load(const char *root, struct daemon_config *ret, struct tn_error *err)
{
	tn_autofree char *text = malloc(BYTES_MAX + 1);
	struct daemon_config c;
	int r;

	if (!text)
		return tn_error_set(err, -ENOMEM, "no memory for the configuration");
	r = config_defaults(&c, err);
	if (r == 0)
		r = apply_main(root, text, &c, err);
	if (r == 0)
		r = apply_dropins(root, text, &c, err);
	if (r == 0)
		*ret = c;
	return r;
}
