// SPDX-License-Identifier: GPL-2.0-or-later
/* The sockets of the service: systemd's when it passes one, otherwise its own, for the readers' group. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "daemon.h"
#include "system/paths.h"

/* Who may not call anything shall not even connect. */
static int give_to_readers(const struct daemon *d, const char *path, struct tn_error *err)
{
	const struct config_group *g = &d->config.readers;

	if (geteuid() != 0 || !g->set || lchown(path, 0, g->gid) == 0)
		return 0;
	return tn_error_set(err, -errno, "cannot give %s to the group %s: %s", path, g->name, strerror(errno));
}

/* A socket file that nobody answers on is a dead daemon's. */
static int bind_socket(const char *path, struct tn_error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	tn_autoclose int fd = -1;
	struct stat st;
	int r;

	if (strlen(path) >= sizeof(addr.sun_path))
		return tn_error_set(err, -ENAMETOOLONG, "%s: too long for a socket: at most %zu characters", path,
				    sizeof(addr.sun_path) - 1);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return tn_error_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return tn_error_set(err, -EADDRINUSE, "%s: another daemon serves here", path);
	if (errno == ECONNREFUSED && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, 0660) < 0 || listen(fd, 64) < 0) {
		r = -errno;
		return tn_error_set(err, r, "cannot listen on %s: %s", path, strerror(-r));
	}
	return tn_steal_fd(&fd);
}

/**
 * socket_open() - make the service reachable
 * @d: the daemon, with its server
 * @path: where to listen, NULL: the usual place; not used when systemd passes a socket
 * @own_path: receives the path of a socket that is ours to remove, "" otherwise
 * @size: of @own_path
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int socket_open(struct daemon *d, const char *path, char *own_path, size_t size, struct tn_error *err)
{
	int n = sd_listen_fds(1), fd, r;

	if (n > 1)
		return tn_error_set(err, -EINVAL, "systemd passed %d sockets: the unit should have one", n);
	if (n == 1)
		return tn_varlink_server_listen_fd(d->server, SD_LISTEN_FDS_START, err);
	if (path)
		snprintf(own_path, size, "%s", path);
	else
		tn_path_socket(own_path, size);
	fd = bind_socket(own_path, err);
	if (fd < 0) {
		*own_path = '\0';
		return fd;
	}
	r = give_to_readers(d, own_path, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	return tn_varlink_server_listen_fd(d->server, fd, err);
}
