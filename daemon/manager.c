// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the service manager is told, by a thread of its own: its socket may block, and the collector must not wait
 * for that. The event loop publishes what it does; the thread says what is new of it, and feeds the watchdog when
 * the beats have grown. Beats are those of the work: a collector that is stuck is not covered by a loop that turns.
 *
 * The state is read under RCU, in the flavour that costs a reader nothing and interrupts nobody (DESIGN, rule 3):
 * QSBR. The reader is offline but for the moment of the copy, so that the loop's synchronize_rcu() does not wait for
 * a manager that does not read.
 */
#include "manager.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <systemd/sd-daemon.h>

#include <urcu-qsbr.h>

#include "base/cleanup.h"

#define INTERVAL_US 1000000u /* without a watchdog */

struct manager {
	pthread_t thread;
	int wake; /* eventfd: there is a new state */
	atomic_bool leave;
	uint64_t watchdog_us;        /* 0: none is wanted */
	struct manager_state *state; /* RCU; NULL before the first */
};

/* The thread's own copy of what was published last. Returns whether there is one. */
static bool take_state(struct manager *m, struct manager_state *ret)
{
	const struct manager_state *state;

	urcu_qsbr_thread_online();
	state = rcu_dereference(m->state);
	if (state)
		*ret = *state;
	urcu_qsbr_thread_offline();
	return state;
}

static void tell(const struct manager *m, struct manager_state *now, const struct manager_state *before)
{
	/* Where the loop must not run, its thread must not either. A set that is refused now is tried again. */
	if (!tn_cpus_equal(&now->cpus, &before->cpus) && tn_cpus_bind_self(&now->cpus, NULL) < 0)
		now->cpus = before->cpus;
	if (strcmp(now->status, before->status) != 0)
		sd_notifyf(0, "STATUS=%s", now->status);
	if (m->watchdog_us && now->beats != before->beats)
		sd_notify(0, "WATCHDOG=1");
}

static void *work(void *userdata)
{
	struct manager_state now, before = {0};
	struct manager *m = userdata;
	uint64_t count;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	while (!atomic_load(&m->leave)) {
		if (read(m->wake, &count, sizeof(count)) < 0 && errno != EINTR)
			break;
		if (take_state(m, &now)) {
			tell(m, &now, &before);
			before = now;
		}
	}
	urcu_qsbr_thread_online();
	urcu_qsbr_unregister_thread();
	return NULL;
}

/* Signals are for the event loop. */
static int start_thread(struct manager *m)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&m->thread, NULL, work, m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

/**
 * manager_new() - start to talk to the service manager
 * @ret: the thread's handle; NULL when nobody wants to hear
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int manager_new(struct manager **ret, struct tn_error *err)
{
	struct manager *m;
	int r;

	if (!getenv("NOTIFY_SOCKET")) {
		*ret = NULL;
		return 0;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return tn_error_set(err, -ENOMEM, "no memory to talk to the service manager");
	if (sd_watchdog_enabled(0, &m->watchdog_us) <= 0)
		m->watchdog_us = 0;
	m->wake = eventfd(0, EFD_CLOEXEC);
	r = m->wake < 0 ? -errno : start_thread(m);
	if (r < 0) {
		if (m->wake >= 0)
			close(m->wake);
		free(m);
		return tn_error_set(err, r, "cannot start the thread that talks to the service manager: %s",
				    strerror(-r));
	}
	*ret = m;
	return 0;
}

/**
 * manager_interval_us() - how often the event loop should publish
 * @m: the handle, may be NULL
 *
 * Return: a quarter of the watchdog's time, at most a second; 0 when nobody wants to hear.
 */
uint64_t manager_interval_us(const struct manager *m)
{
	if (!m)
		return 0;
	return m->watchdog_us && m->watchdog_us / 4 < INTERVAL_US ? m->watchdog_us / 4 : INTERVAL_US;
}

/**
 * manager_publish() - say what the daemon does now
 * @m: the handle, may be NULL
 * @state: copied
 *
 * Return: 0 or -ENOMEM.
 */
int manager_publish(struct manager *m, const struct manager_state *state)
{
	struct manager_state *fresh, *old;
	const uint64_t one = 1;

	if (!m)
		return 0;
	fresh = malloc(sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	*fresh = *state;
	old = rcu_xchg_pointer(&m->state, fresh);
	urcu_qsbr_synchronize_rcu();
	free(old);
	return write(m->wake, &one, sizeof(one)) == sizeof(one) ? 0 : -errno;
}

/**
 * manager_free() - stop talking
 * @m: the handle, may be NULL
 */
void manager_free(struct manager *m)
{
	const uint64_t one = 1;

	if (!m)
		return;
	atomic_store(&m->leave, true);
	if (write(m->wake, &one, sizeof(one)) == sizeof(one))
		pthread_join(m->thread, NULL);
	close(m->wake);
	free(m->state);
	free(m);
}
