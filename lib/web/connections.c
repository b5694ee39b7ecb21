// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Deadlines of connections. libmicrohttpd ends those on which nothing moves; one that sends a byte each second moves,
 * and would hold its place for hours. So each has a time until when its present step must be done: the request whole,
 * the answer taken. What is late is shut down, and its thread then sees its end. A request that has come and that no
 * thread has read yet is not late: we are.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/now.h"
#include "web/internal.h"

/* web_connection_add() - a new one, which has to send a request now; NULL without memory */
struct web_connection *web_connection_add(struct web_connections *all, int fd)
{
	struct web_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->until_ns = tn_now_ns(CLOCK_MONOTONIC) + WEB_HEADER_NS;
	pthread_mutex_lock(&all->lock);
	c->next = all->first;
	c->link = &all->first;
	if (c->next)
		c->next->link = &c->next;
	all->first = c;
	pthread_mutex_unlock(&all->lock);
	return c;
}

/* web_connection_remove() - it ends; its descriptor must still be open */
void web_connection_remove(struct web_connections *all, struct web_connection *c)
{
	pthread_mutex_lock(&all->lock);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	pthread_mutex_unlock(&all->lock);
	free(c);
}

/* web_connection_allow() - the next step may take so long from now on */
void web_connection_allow(struct web_connections *all, struct web_connection *c, uint64_t ns)
{
	pthread_mutex_lock(&all->lock);
	c->answered = ns == WEB_ANSWER_NS;
	c->until_ns = tn_now_ns(CLOCK_MONOTONIC) + ns;
	pthread_mutex_unlock(&all->lock);
}

static bool is_unread(const struct web_connection *c)
{
	int n = 0;

	return !c->answered && ioctl(c->fd, FIONREAD, &n) == 0 && n > 0;
}

/* web_connections_tend() - end those that are late; returns how many these are */
size_t web_connections_tend(struct web_connections *all)
{
	uint64_t now = tn_now_ns(CLOCK_MONOTONIC);
	size_t n = 0;

	pthread_mutex_lock(&all->lock);
	for (struct web_connection *c = all->first; c; c = c->next) {
		if (c->until_ns > now || is_unread(c))
			continue;
		shutdown(c->fd, SHUT_RDWR);
		c->until_ns = UINT64_MAX; /* once */
		n++;
	}
	pthread_mutex_unlock(&all->lock);
	return n;
}
