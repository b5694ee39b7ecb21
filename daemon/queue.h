/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_QUEUE_H
#define TLBNOISED_QUEUE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "result/run.h"
#include "scenario/scenario.h"
#include "varlink/varlink.h"

#define JOB_PRIORITY_MAX     100
#define JOB_PRIORITY_DEFAULT 50

/* A run that somebody asked for: waiting, or the one that is done now. */
struct job {
	TAILQ_ENTRY(job) link;
	struct tn_run *doc; /* handed on to the run when it starts */
	struct tn_scenario *scenario;
	char id[40];
	int priority; /* 0 to JOB_PRIORITY_MAX, the highest first */
	uint64_t asked_ns;
	uid_t uid;
	pid_t pid;
	struct tn_varlink_call *call; /* who waits for it, NULL: nobody, or gone */
	bool detach;                  /* nobody waits for it: answered as soon as it runs or waits */
	bool attached;                /* ends when its client goes away */
};

struct queue {
	TAILQ_HEAD(, job) jobs; /* in the order in which they will start */
	unsigned int n;
};

void queue_init(struct queue *q);
void queue_add(struct queue *q, struct job *job);
void queue_remove(struct queue *q, struct job *job);
struct job *queue_take(struct queue *q);
struct job *queue_find(const struct queue *q, const char *id);
unsigned int queue_position(const struct queue *q, const struct job *job);
void job_free(struct job *job);
TN_DEFINE_CLEANUP(struct job, job_free);

#endif
