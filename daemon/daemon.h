/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_DAEMON_H
#define TLBNOISED_DAEMON_H

#include <systemd/sd-event.h>

#include "config.h"
#include "run.h"
#include "varlink/varlink.h"

#define DAEMON_WATCHERS_MAX  64
#define DAEMON_RECOVERED_MAX 32

struct watcher;

/* All state of tlbnoised. */
struct daemon {
	sd_event *event;
	struct tn_varlink_server *server;
	struct tn_log log;
	int log_level;
	bool private;           /* of one client: ends with it */
	unsigned int n_private; /* its connections that are still open */
	bool leaving;           /* asked to end: no new runs */
	struct daemon_config config;
	char told[160]; /* the status that the service manager has */
	char state_dir[256];
	size_t n_recovered;
	char *recovered[DAEMON_RECOVERED_MAX]; /* what an earlier daemon had left and we removed */

	struct run *run;                /* one at a time */
	struct tn_varlink_call *runner; /* who waits for it, NULL when gone */
	sd_event_source *progress;
	sd_event_source *reaper; /* frees the finished run outside its own callbacks */
	struct watcher *watcher[DAEMON_WATCHERS_MAX];
};

extern const struct tn_varlink_method daemon_methods[];

/* access.c */
bool daemon_allow(struct tn_varlink_call *call, const char *method, void *userdata);

/* methods.c */
void daemon_disconnected(struct tn_varlink_connection *c, void *userdata);
cJSON *daemon_progress(const struct run *run);
void daemon_fail(struct tn_varlink_call *call, const char *error, const char *text);

/* watch.c */
void daemon_watch(struct tn_varlink_call *call, const cJSON *parameters, void *userdata);
void daemon_unwatch(struct daemon *d, const struct tn_varlink_connection *c);

#endif
