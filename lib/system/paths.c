// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where programs, state, results and the socket lie. A program that runs from its build folder finds the
 * others there: beside itself, or at the top of the folder, which has tn-config.h in it. An installed one
 * looks into the directories that the build was configured with.
 */
#include "system/paths.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "system/build-paths.h"
#include "system/paths-internal.h"
#include "tn-config.h"

#define BUILD_DEPTH 4 /* a unit test lies three folders below the top of the build folder */

static int checked(int printed, size_t size, struct tn_error *err)
{
	if (printed >= 0 && (size_t)printed < size)
		return 0;
	return tn_error_set(err, -ENAMETOOLONG, "a path is longer than %zu characters", size - 1);
}

static int exe_folder(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	char *slash;

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

/**
 * tn_path_build_folder() - the build folder that the running program lies in
 * @buf: receives the path
 * @size: of @buf
 *
 * Return: whether there is one; false for an installed program.
 */
bool tn_path_build_folder(char *buf, size_t size)
{
	char mark[PATH_MAX], *slash;

	if (exe_folder(buf, size) < 0)
		return false;
	for (int i = 0; i < BUILD_DEPTH; i++) {
		snprintf(mark, sizeof(mark), "%s/tn-config.h", buf);
		if (!access(mark, F_OK))
			return true;
		slash = strrchr(buf, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	return false;
}

/**
 * tn_path_helper() - one of our own programs
 * @name: such as "tlbnoise-probe"
 * @buf: receives the path
 * @size: of @buf
 * @err: where it was looked for
 *
 * Return: 0; -ENOENT when there is no such program; -ENAMETOOLONG.
 */
int tn_path_helper(const char *name, char *buf, size_t size, struct tn_error *err)
{
	char exe[PATH_MAX] = "", build[PATH_MAX] = "", path[PATH_MAX + 256];
	const char *const dirs[] = {exe, build, TN_LIBEXECDIR, TN_SBINDIR};

	exe_folder(exe, sizeof(exe));
	if (!tn_path_build_folder(build, sizeof(build)))
		build[0] = '\0';
	for (size_t i = 0; i < TN_ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (dirs[i][0] && !access(path, X_OK))
			return checked(snprintf(buf, size, "%s", path), size, err);
	}
	return tn_error_set(err, -ENOENT,
			    "cannot find the program %s beside this one (%s) or in %s and %s: build or install it",
			    name, exe, TN_LIBEXECDIR, TN_SBINDIR);
}

/* Makes @path and what is missing above it. What is new at @path gets mode 0755 whatever the umask. */
static int make_dirs(char *path)
{
	int r = 0;

	for (char *p = strchr(path + 1, '/'); p && !r; p = strchr(p + 1, '/')) {
		*p = '\0';
		r = mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
		*p = '/';
	}
	if (r < 0)
		return r;
	if (mkdir(path, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chmod(path, 0755) < 0 ? -errno : 0;
}

/**
 * tn_path_own_dir() - make a directory that holds what we trust later
 * @path: absolute; changed while it is made, and back
 * @err: why there is none
 *
 * Return: 0; -EPERM when it is not ours or somebody else could write to it; another negative errno.
 */
int tn_path_own_dir(char *path, struct tn_error *err)
{
	struct stat st;
	int r;

	r = make_dirs(path);
	if (!r && lstat(path, &st) < 0)
		r = -errno;
	if (r < 0)
		return tn_error_set(err, r, "cannot make the directory %s: %s", path, strerror(-r));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return tn_error_set(err, -EPERM,
				    "%s is not a directory of uid %u alone: remove it, or correct owner and mode", path,
				    geteuid());
	return 0;
}

/* The base directory specification wants relative paths in these variables ignored. */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

/**
 * tn_path_state_dir() - directory for what must not survive a reboot, made when missing
 * @buf: receives /run/tlbnoise for root, else $XDG_RUNTIME_DIR/tlbnoise, or /tmp/tlbnoise-UID without that
 * @size: of @buf
 * @err: why there is none
 *
 * Return: 0; -EPERM when somebody else could write to it; another negative errno.
 */
int tn_path_state_dir(char *buf, size_t size, struct tn_error *err)
{
	const char *base = absolute_env("XDG_RUNTIME_DIR");
	int r;

	if (geteuid() == 0)
		r = checked(snprintf(buf, size, "/run/tlbnoise"), size, err);
	else if (base)
		r = checked(snprintf(buf, size, "%s/tlbnoise", base), size, err);
	else
		r = checked(snprintf(buf, size, "/tmp/tlbnoise-%u", geteuid()), size, err);
	return r < 0 ? r : tn_path_own_dir(buf, err);
}

/**
 * tn_path_results_dir() - directory for run documents, made when missing
 * @buf: receives /var/lib/tlbnoise for root, else $XDG_STATE_HOME/tlbnoise or ~/.local/state/tlbnoise
 * @size: of @buf
 * @err: why there is none
 *
 * Return: 0; -ENOENT when neither variable nor home is set; -EPERM when somebody else could write to it;
 * another negative errno.
 */
int tn_path_results_dir(char *buf, size_t size, struct tn_error *err)
{
	const char *base = absolute_env("XDG_STATE_HOME"), *home = absolute_env("HOME");
	int r;

	if (geteuid() == 0)
		r = checked(snprintf(buf, size, "/var/lib/tlbnoise"), size, err);
	else if (base)
		r = checked(snprintf(buf, size, "%s/tlbnoise", base), size, err);
	else if (home)
		r = checked(snprintf(buf, size, "%s/.local/state/tlbnoise", home), size, err);
	else
		return tn_error_set(err, -ENOENT, "no place for results: set HOME or XDG_STATE_HOME");
	return r < 0 ? r : tn_path_own_dir(buf, err);
}

/**
 * tn_path_socket() - the daemon's socket
 * @buf: receives $TLBNOISE_SOCKET, or /run/tlbnoise/io.tlbnoise
 * @size: of @buf
 *
 * Return: 0; -ENAMETOOLONG.
 */
int tn_path_socket(char *buf, size_t size)
{
	const char *set = getenv("TLBNOISE_SOCKET");

	return checked(snprintf(buf, size, "%s", set && *set ? set : "/run/tlbnoise/io.tlbnoise"), size, NULL);
}
