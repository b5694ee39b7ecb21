// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is at the other end of a call, as the kernel noted it when the connection was made: the client cannot
 * lie about it, and cannot lose what it had then. socket(7), SO_PEERCRED; SO_PEERGROUPS since Linux 4.13.
 */
#include <errno.h>

#include "varlink/server.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/**
 * tn_varlink_peer_uid() - who connected
 * @call: call
 *
 * Return: the effective user of the process at the time it connected or made the socket pair, as
 * SO_PEERCRED of socket(7) tells; (uid_t)-1 where the socket knows of no peer process.
 */
uid_t tn_varlink_peer_uid(const struct tn_varlink_call *call)
{
	return call->connection->peer.uid;
}

/**
 * tn_varlink_peer_pid() - the process that connected
 * @call: call
 *
 * Return: as it was when connecting, for messages: the number may belong to another process by now. 0
 * when it is in a PID namespace that we cannot see.
 */
pid_t tn_varlink_peer_pid(const struct tn_varlink_call *call)
{
	return call->connection->peer.pid;
}

static int has_supplementary(int fd, gid_t gid)
{
	tn_autofree gid_t *list = NULL;
	socklen_t size = 0;
	int r;

	/* Asked with too little room, the kernel says how much it wants. Who made the socket cannot change the list. */
	r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size);
	if (r == 0 || (r < 0 && errno != ERANGE))
		return r < 0 ? -errno : 0;
	list = malloc(size);
	if (!list)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &size) < 0)
		return -errno;
	for (size_t i = 0; i < size / sizeof(*list); i++)
		if (list[i] == gid)
			return 1;
	return 0;
}

/**
 * tn_varlink_peer_in_group() - whether who connected was in a group
 * @call: call
 * @gid: the group
 *
 * Return: true for its effective group or one of the supplementary ones; false also when the kernel does not tell.
 */
bool tn_varlink_peer_in_group(const struct tn_varlink_call *call, gid_t gid)
{
	const struct tn_varlink_connection *c = call->connection;

	if (c->peer.uid == (uid_t)-1)
		return false;
	return c->peer.gid == gid || has_supplementary(c->fd, gid) > 0;
}
