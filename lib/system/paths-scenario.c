// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finding a scenario by its name. What looks like a path is one; a bare name is looked for in a list of
 * directories, the user's own before the administrator's before the shipped ones. The source tree's are
 * among them only for a program that runs from its build folder.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "system/build-paths.h"
#include "system/paths-internal.h"
#include "system/paths.h"
#include "tn-config.h"

#define SUFFIX   ".ini"
#define DIRS_MAX 16
#define NAME_LEN 64

static size_t add_dir(char dirs[][512], size_t n, size_t max, const char *dir, size_t len)
{
	if (n == max || !len || len >= sizeof(dirs[0]))
		return n;
	memcpy(dirs[n], dir, len);
	dirs[n][len] = '\0';
	return n + 1;
}

/**
 * tn_path_scenario_dirs() - where scenarios are looked for
 * @dirs: receives the directories in search order: those of $TLBNOISE_SCENARIOS (separated by colons), the
 *        configuration directory's, the installed ones, and the source tree's when not installed
 * @max: room in @dirs
 *
 * Return: how many there are. They need not exist.
 */
int tn_path_scenario_dirs(char dirs[][512], size_t max)
{
	static const char *const fixed[] = {TN_SYSCONFDIR "/scenarios", TN_DATADIR "/scenarios"};
	const char *list = getenv("TLBNOISE_SCENARIOS");
	char build[PATH_MAX];
	size_t n = 0;

	for (size_t len; list && *list; list += len + (list[len] == ':')) {
		len = strcspn(list, ":");
		n = add_dir(dirs, n, max, list, len);
	}
	for (size_t i = 0; i < TN_ARRAY_SIZE(fixed); i++)
		n = add_dir(dirs, n, max, fixed[i], strlen(fixed[i]));
	if (tn_path_build_folder(build, sizeof(build)))
		n = add_dir(dirs, n, max, TN_SOURCE_SCENARIOS, strlen(TN_SOURCE_SCENARIOS));
	return (int)n;
}

/* The scenario in @dirs that is named most like the one that is missing, if one is at all like it. */
static void find_nearest(struct tn_nearest *nearest, char dirs[][512], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		tn_autoclosedir DIR *d = opendir(dirs[i]);

		for (struct dirent *de = d ? readdir(d) : NULL; de; de = readdir(d)) {
			char candidate[NAME_LEN];
			size_t len = strlen(de->d_name);

			if (len <= strlen(SUFFIX) || len >= NAME_LEN ||
			    strcmp(de->d_name + len - strlen(SUFFIX), SUFFIX))
				continue;
			snprintf(candidate, sizeof(candidate), "%.*s", (int)(len - strlen(SUFFIX)), de->d_name);
			tn_nearest_try(nearest, candidate);
		}
	}
}

static int not_found(const char *name, char dirs[][512], size_t n, struct tn_error *err)
{
	struct tn_nearest nearest = {.text = name, .limit = (unsigned int)strlen(name) / 3 + 1};
	char where[TN_ERROR_TEXT / 2] = "";
	size_t pos = 0;

	for (size_t i = 0; i < n && pos < sizeof(where); i++)
		pos += (size_t)snprintf(where + pos, sizeof(where) - pos, "%s%s", i ? ", " : "", dirs[i]);
	find_nearest(&nearest, dirs, n);
	if (nearest.word[0])
		return tn_error_set(err, -ENOENT, "no scenario '%.64s'; did you mean '%s'? Looked in %s", name,
				    nearest.word, where);
	return tn_error_set(err, -ENOENT, "no scenario '%.64s'; 'tlbnoise list' shows those there are. Looked in %s",
			    name, where);
}

/**
 * tn_path_scenario() - the file of a scenario
 * @name: a path, if it has a '/' or ends in ".ini", otherwise the name of a scenario
 * @buf: receives the path
 * @size: of @buf
 * @err: where it was looked for, and the nearest name there is
 *
 * Return: 0; -ENOENT when there is none; -ENAMETOOLONG; negative errno of access(2) for a path.
 */
int tn_path_scenario(const char *name, char *buf, size_t size, struct tn_error *err)
{
	size_t len = strlen(name), n;
	char dirs[DIRS_MAX][512], path[PATH_MAX];
	int printed = -1;

	if (strchr(name, '/') || (len >= strlen(SUFFIX) && !strcmp(name + len - strlen(SUFFIX), SUFFIX))) {
		if (access(name, R_OK) < 0)
			return tn_error_set(err, -errno, "cannot read the scenario file %s: %m", name);
		printed = snprintf(buf, size, "%s", name);
	} else {
		n = (size_t)tn_path_scenario_dirs(dirs, DIRS_MAX);
		for (size_t i = 0; i < n && printed < 0; i++) {
			snprintf(path, sizeof(path), "%s/%s" SUFFIX, dirs[i], name);
			if (len && !access(path, R_OK))
				printed = snprintf(buf, size, "%s", path);
		}
		if (printed < 0)
			return not_found(name, dirs, n, err);
	}
	if ((size_t)printed >= size)
		return tn_error_set(err, -ENAMETOOLONG, "the path of the scenario %s is too long", name);
	return 0;
}
