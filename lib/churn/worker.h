/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CHURN_WORKER_H
#define TN_CHURN_WORKER_H

/* What a source sees of the worker that runs it. Shared between the files of this folder and its tests only. */
#include "churn/churn.h"

struct tn_churn_worker {
	const struct tn_churn_spec *spec;
	struct tn_churn_shm *shm;
	unsigned int index;
	uint64_t random;                        /* state of tn_churn_random(), never 0 */
	void *data;                             /* the source's own: from setup() to teardown() */
	const struct tn_churn_source *stand_in; /* does the work of a source that cannot itself; NULL: none */
	const char *mechanism; /* what does the work; set by setup() if it is not the source that the section names */
};

/* pace.c */
struct tn_churn_pace {
	uint64_t start_ns;
	double period_ns;
	uint64_t index;  /* of the current period */
	uint64_t due_ns; /* when it begins */
};

void tn_churn_pace_start(struct tn_churn_pace *p, double rate_per_s, double phase, uint64_t now_ns);
uint64_t tn_churn_pace_next(struct tn_churn_pace *p, uint64_t now_ns);
uint64_t tn_churn_random(uint64_t *state);
uint64_t tn_churn_seed(unsigned int index);
uint64_t tn_churn_pages(struct tn_churn_worker *w);

/* worker.c */
bool tn_churn_stopped(const struct tn_churn_worker *w);
bool tn_churn_pause(const struct tn_churn_worker *w, uint64_t until_ns);

/* futex.c: on a word in memory shared between processes; until_ns is CLOCK_MONOTONIC, 0: no limit */
void tn_churn_futex_wait(const atomic_uint *word, unsigned int value, uint64_t until_ns);
void tn_churn_futex_wake(const atomic_uint *word);

/* module_junk.c */
struct tn_churn_module_rights {
	bool capable;      /* CAP_SYS_MODULE in the effective set */
	bool disabled;     /* sysctl kernel.modules_disabled */
	bool nomodule;     /* on the kernel's command line */
	char lockdown[24]; /* mode in force, "" for none or unknown */
};

int tn_churn_module_refusal(int error, const struct tn_churn_module_rights *rights, struct tn_error *err);

/* The sources; rows of table.c. */
extern const struct tn_churn_source tn_churn_bpf_map, tn_churn_threads, tn_churn_module_junk, tn_churn_hackbench;
extern const struct tn_churn_source tn_churn_vmalloc, tn_churn_vmap, tn_churn_vm_map_ram, tn_churn_unmap_aliases,
	tn_churn_set_memory, tn_churn_huge_vmap, tn_churn_mixed;

#endif
