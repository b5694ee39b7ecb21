/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_DAEMON_H
#define TLBNOISED_DAEMON_H

#include <systemd/sd-event.h>

#include "config.h"
#include "manager.h"
#include "queue.h"
#include "run.h"
#include "varlink/varlink.h"

#define DAEMON_WATCHERS_MAX  64
#define DAEMON_RECOVERED_MAX 32
#define DAEMON_QUEUE_BYTES   (256u * 1024) /* who leaves more unread gets no news until he has read it */

struct watcher;

/* All state of tlbnoised. */
struct daemon {
	sd_event *event;
	struct tn_varlink_server *server;
	struct tn_log log;
	int log_level;
	bool journal;            /* reads our stderr */
	const struct job *about; /* whom a log line is about that is said now, NULL: the run, or nobody */
	bool private;            /* of one client: ends with it */
	unsigned int n_private;  /* its connections that are still open */
	bool leaving;            /* asked to end: no new runs */
	sd_event_source *linger; /* ends the loop when clients have their replies */
	uint64_t linger_ns;      /* since when */
	struct daemon_config config;
	struct tn_cpus cpus;         /* that the service keeps to without a run; empty: wherever it was started */
	struct tn_cpus housekeeping; /* when no run isolated any */
	char state_dir[256];
	size_t n_recovered;
	char *recovered[DAEMON_RECOVERED_MAX]; /* what an earlier daemon had left and we removed */

	struct manager *manager;
	sd_event_source *pulse; /* publishes to the manager */
	uint64_t beats;
	uint64_t run_beats; /* of the run, as of the last pulse */

	struct queue queue;
	struct job *job; /* whose run it is */
	struct run *run; /* one at a time: churn of one would be measured by the other */
	sd_event_source *progress;
	sd_event_source *reaper; /* frees the finished run outside its own callbacks */
	struct watcher *watcher[DAEMON_WATCHERS_MAX];
};

extern const struct tn_varlink_method daemon_methods[];

/* access.c */
bool daemon_allow(struct tn_varlink_call *call, const char *method, void *userdata);

/* journal.c */
bool journal_reads_us(void);
void journal_sink(void *userdata, int priority, const char *text);

/* socket.c */
int socket_open(struct daemon *d, const char *path, char *own_path, size_t size, struct tn_error *err);

/* pulse.c */
int pulse_start(struct daemon *d, struct tn_error *err);
void pulse_now(struct daemon *d);
void pulse_stop(struct daemon *d);

/* main.c */
int daemon_linger(struct daemon *d);

/* methods.c */
void daemon_disconnected(struct tn_varlink_connection *c, void *userdata);
void daemon_fail(struct tn_varlink_call *call, const char *error, const char *text);

/* jobs.c */
void jobs_add(struct daemon *d, struct job *job, bool may_wait);
bool jobs_stop(struct daemon *d, const char *id);
void jobs_client_gone(struct daemon *d, const struct tn_varlink_connection *c);
void jobs_leave(struct daemon *d);

/* progress.c */
cJSON *daemon_progress(const struct run *run);
cJSON *daemon_waiting(const struct daemon *d, const struct job *job);

/* watch.c */
void daemon_watch(struct tn_varlink_call *call, const cJSON *parameters, void *userdata);
void daemon_unwatch(struct daemon *d, const struct tn_varlink_connection *c);

#endif
