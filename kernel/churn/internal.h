/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TLBNOISE_INTERNAL_H
#define TLBNOISE_INTERNAL_H

/* What the files of this module share. Userspace sees tlbnoise_churn.h only. */
#include <linux/atomic.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "compat.h"
#include "tlbnoise_churn.h"

#define TNC_PAGES_MAX	    65536
#define TNC_HUGE_PAGES	    512 /* in one huge page */
#define TNC_REMAP_PAGES_MAX 512
#define TNC_PERIOD_MAX_NS   (3600ULL * NSEC_PER_SEC)
#define TNC_DURATION_MAX_NS (10 * NSEC_PER_MSEC)
#define TNC_SPACING_MIN_NS  (10 * NSEC_PER_USEC)
#define TNC_SPACING_MAX_NS  (3600ULL * NSEC_PER_SEC)
#define TNC_RECORDS_MAX	    65536

struct tnc_worker;

/* One row of the table of patterns. */
struct tnc_pattern {
	bool (*available)(void); /* NULL: everywhere */
	u32 pages_max;
	u64 (*worst_case)(u32 pages_max);     /* bytes that a worker may use at once */
	int (*prepare)(struct tnc_worker *w); /* may be NULL; undone by tnc_worker_release() */
	int (*operate)(struct tnc_worker *w, u32 pages); /* pages done, or a negative errno */
};

/* Written by the worker alone, read by anybody: words are whole, but not of one moment. */
struct tnc_counts {
	u64 operations, missed, errors, pages, busy_ns, tables_freed;
	int error;
};

/* Does operations: a thread bound to a CPU, or whoever calls TLBNOISE_CHURN_OPERATE. */
struct tnc_worker {
	const struct tnc_pattern *pattern;
	u32 pages_min, pages_max;
	u64 random;
	struct page *page;   /* mapped many times by the vmap kinds */
	struct page **pages; /* pages_max pointers to it */
	struct page *buffer; /* of set-memory */
	unsigned int buffer_order;
	struct tnc_counts counts;

	struct tnc_churn *churn;
	struct task_struct *task; /* NULL if it has no thread */
	unsigned int cpu, index;
	bool running;
};

/* From TLBNOISE_CHURN_START to TLBNOISE_CHURN_STOP. */
struct tnc_churn {
	struct task_struct *owner; /* who started it */
	u64 period_ns, start_ns, charged;
	bool stop;
	unsigned int workers;
	struct tnc_worker worker[];
};

/* The log outlives its injector: who reads it may be slow. One writer; readers under @lock. */
struct tnc_log {
	struct mutex lock; /* of readers */
	wait_queue_head_t wait;
	struct tlbnoise_churn_record *ring;
	u32 size;
	u64 head, tail, lost;
	bool ended; /* nobody writes any more */
};

/* The open file. */
struct tnc_session {
	struct mutex lock; /* of churn, total, injector and its sums */
	struct tnc_churn *churn;
	struct tnc_counts total; /* of churn that has been stopped */
	struct tnc_injector *injector;
	u64 shots, shots_failed; /* of injectors that have been stopped */
	int inject_error;
	struct tnc_log log;
	struct mutex remap_lock; /* of its own: a peek must not wait for an operation */
	struct tnc_remap *remap;
};

/* main.c */
void tnc_count_activity(u64 now_ns);
int tnc_charge(u64 bytes, u64 limit);
void tnc_uncharge(u64 bytes);
u64 tnc_memory_max(void);
u64 tnc_random(u64 *state);
u64 tnc_random_seed(u64 seed, u64 index);
u64 tnc_random_range(u64 *state, u64 min, u64 max);
bool tnc_is_zero(const void *field, size_t size);

/* patterns.c, page_attr.c, huge.c */
const struct tnc_pattern *tnc_pattern_find(u32 number);
int tnc_prepare_array(struct tnc_worker *w, u32 pages);
u64 tnc_worst_case_array(u32 pages);
u32 tnc_huge_pages(void);
u32 tnc_huge_array(void);
extern const struct tnc_pattern tnc_pattern_set_memory;
extern const struct tnc_pattern tnc_pattern_huge_vmap;

/* worker.c */
int tnc_worker_prepare(struct tnc_worker *w);
void tnc_worker_release(struct tnc_worker *w);
int tnc_worker_operate(struct tnc_worker *w, u32 pages);
bool tnc_worker_stopped(const struct tnc_worker *w);
int tnc_worker_flush(struct tnc_worker *w);
bool tnc_bound_to(unsigned int cpu);
bool tnc_is_ending(const struct task_struct *task);
int tnc_worker_thread(void *worker);

/* churn.c */
long tnc_churn_start(struct tnc_session *s, void *arg);
long tnc_churn_operate(struct tnc_session *s, void *arg);
long tnc_churn_stop(struct tnc_session *s, void *arg);
void tnc_churn_stats(struct tnc_session *s, struct tlbnoise_churn_stats *stats);

/* inject.c */
long tnc_inject_start(struct tnc_session *s, void *arg);
long tnc_inject_stop(struct tnc_session *s, void *arg);
void tnc_inject_tell(struct tnc_session *s);
void tnc_inject_stats(struct tnc_session *s, struct tlbnoise_churn_stats *stats);

/* log.c */
void tnc_log_init(struct tnc_log *log);
void tnc_log_free(struct tnc_log *log);
int tnc_log_resize(struct tnc_log *log, u32 size);
void tnc_log_add(struct tnc_log *log, const struct tlbnoise_churn_record *record);
void tnc_log_end(struct tnc_log *log);
ssize_t tnc_log_read(struct tnc_log *log, char __user *to, size_t size, bool wait);
bool tnc_log_readable(struct tnc_log *log);

/* remap.c */
long tnc_remap(struct tnc_session *s, void *arg);
long tnc_peek(struct tnc_session *s, void *arg);
void tnc_remap_free(struct tnc_session *s);

#endif
