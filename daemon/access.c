// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may do what, decided anew on each call by what the kernel says of the peer: the readers' group looks, the
 * runners' group and root also run and stop. Nobody else learns anything, not even the version. What a method
 * needs is written down for those that only look; whatever is added later needs the right to run.
 */
#include <string.h>

#include "daemon.h"

enum access { ACCESS_NONE, ACCESS_READ, ACCESS_RUN };

static const char *const looking[] = {
	"io.tlbnoise.Status",
	"io.tlbnoise.Watch",
	"org.varlink.service.GetInfo",
	"org.varlink.service.GetInterfaceDescription",
};

static bool in_group(const struct tn_varlink_call *call, const struct config_group *group)
{
	return group->set && tn_varlink_peer_in_group(call, group->gid);
}

static enum access access_of(const struct daemon *d, const struct tn_varlink_call *call)
{
	uid_t uid = tn_varlink_peer_uid(call);

	if (uid == 0 || uid == geteuid() || in_group(call, &d->config.runners))
		return ACCESS_RUN;
	return in_group(call, &d->config.readers) ? ACCESS_READ : ACCESS_NONE;
}

static enum access needed_for(const char *method)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(looking); i++)
		if (strcmp(looking[i], method) == 0)
			return ACCESS_READ;
	return ACCESS_RUN;
}

/* In the words of the configuration, which is not secret: a group's members are told by the system to everybody. */
static void refuse(const struct daemon *d, struct tn_varlink_call *call, enum access has)
{
	const struct config_group *group = has == ACCESS_READ ? &d->config.runners : &d->config.readers;
	char text[256];

	tn_log(&d->log, LOG_NOTICE, "uid %u (pid %d) may not %s here: refused", tn_varlink_peer_uid(call),
	       tn_varlink_peer_pid(call), has == ACCESS_READ ? "start or stop runs" : "look");
	snprintf(text, sizeof(text), "%s: use sudo%s%s",
		 has == ACCESS_READ ? "you may look, but not start or stop runs" : "you may not use this service",
		 group->set ? ", or become a member of the group " : "", group->set ? group->name : "");
	daemon_fail(call, "NotAllowed", text);
}

/**
 * daemon_allow() - whether a call may be made; the server asks before each
 * @call: the call; answered if not
 * @method: full name, may be any text
 * @userdata: the daemon
 *
 * Return: true when it may.
 */
bool daemon_allow(struct tn_varlink_call *call, const char *method, void *userdata)
{
	struct daemon *d = userdata;
	enum access has = access_of(d, call);

	if (has >= needed_for(method))
		return true;
	refuse(d, call, has);
	return false;
}
