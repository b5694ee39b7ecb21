// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs that wait: the highest priority first, of one priority in the order in which they were asked for. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

void queue_init(struct queue *q)
{
	TAILQ_INIT(&q->jobs);
	q->n = 0;
}

/**
 * queue_add() - let a run wait
 * @q: the queue
 * @job: behind all of its priority; the queue's
 */
void queue_add(struct queue *q, struct job *job)
{
	struct job *other;

	q->n++;
	TAILQ_FOREACH(other, &q->jobs, link)
	{
		if (other->priority < job->priority) {
			TAILQ_INSERT_BEFORE(other, job, link);
			return;
		}
	}
	TAILQ_INSERT_TAIL(&q->jobs, job, link);
}

/**
 * queue_remove() - a run waits no longer
 * @q: the queue
 * @job: in it; the caller's from here on
 */
void queue_remove(struct queue *q, struct job *job)
{
	TAILQ_REMOVE(&q->jobs, job, link);
	q->n--;
}

/**
 * queue_take() - the run that is next
 * @q: the queue
 *
 * Return: the caller's, NULL when nobody waits.
 */
struct job *queue_take(struct queue *q)
{
	struct job *job = TAILQ_FIRST(&q->jobs);

	if (job)
		queue_remove(q, job);
	return job;
}

/**
 * queue_find() - a waiting run by its id
 * @q: the queue
 * @id: whole
 *
 * Return: it stays in the queue; NULL when there is none.
 */
struct job *queue_find(const struct queue *q, const char *id)
{
	struct job *job;

	TAILQ_FOREACH(job, &q->jobs, link)
	if (strcmp(job->id, id) == 0)
		return job;
	return NULL;
}

/**
 * queue_position() - how many are before a run, and itself
 * @q: the queue
 * @job: in it
 *
 * Return: from 1.
 */
unsigned int queue_position(const struct queue *q, const struct job *job)
{
	const struct job *other;
	unsigned int n = 1;

	TAILQ_FOREACH(other, &q->jobs, link)
	{
		if (other == job)
			break;
		n++;
	}
	return n;
}

/**
 * job_free() - forget a run; a call that waits for it has to be answered before
 * @job: the run, may be NULL
 */
void job_free(struct job *job)
{
	if (!job)
		return;
	tn_run_free(job->doc);
	free(job->scenario);
	free(job);
}
