/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CHECK_INTERNAL_H
#define TN_CHECK_INTERNAL_H

/* Between the checks, their table and what runs them. */
#include <sys/types.h>

#include "check/check.h"
#include "system/environment.h"
#include "system/topology.h"

struct check_task {
	pid_t tid;
	char comm[32];
	bool kernel; /* a kernel thread */
	bool fixed;  /* its affinity cannot be changed: it belongs where it is */
	struct tn_cpus allowed;
};

/* Interrupt lines, or queues of network devices, with the CPUs that they go to. */
struct check_place {
	char name[96];
	struct tn_cpus cpus;
};

struct check_places {
	struct check_place *place;
	size_t n;
	int found; /* files, whether they could be read or not */
	int error; /* of reading them */
};

struct tn_check_context {
	const char *root;
	struct tn_cpus cpus, housekeeping;
	struct tn_cpus apart; /* outside the scheduler's domains, though the topology does not say so */
	struct tn_topology topology;
	struct tn_environment env;
	char cpu_flags[4096]; /* of /proc/cpuinfo, first CPU */
	size_t n_tasks;
	struct check_task *task;
	int tasks_error; /* of reading them */
	struct check_places irqs, rx, tx;
};

/* read.c */
int check_read(const struct tn_check_context *c, char *buf, size_t size, const char *fmt, ...) tn_printf(4, 5);
int check_line(const struct tn_check_context *c, const char *key, char *buf, size_t size, const char *fmt, ...)
	tn_printf(5, 6);
int check_text(const struct tn_check_context *c, struct tn_check_finding *f, const char *fmt, ...) tn_printf(3, 4);
bool check_option(const struct tn_check_context *c, const char *name, char *value, size_t size);
bool check_kernel_since(const struct tn_check_context *c, unsigned int major, unsigned int minor);
int check_mask(const char *text, struct tn_cpus *ret);
void check_file(struct tn_check_finding *f, const char *fmt, ...) tn_printf(2, 3);
void check_value(struct tn_check_finding *f, const char *fmt, ...) tn_printf(2, 3);
void check_add(struct tn_check_finding *f, const char *fmt, ...) tn_printf(2, 3);
void check_unread(struct tn_check_finding *f, int error, enum tn_check_verdict missing);
void check_expand(const struct tn_check_context *c, int cpu, const char *template, char *buf, size_t size);

/* rule.c */
void check_rule(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

/* tasks.c */
void check_tasks_read(struct tn_check_context *c);

/* interrupts.c */
void check_places_read(struct tn_check_context *c);

/* Called for each file below the root that matches; @path is below the root, without it. */
typedef void (*check_visit)(const struct tn_check_context *c, const char *path, void *userdata);
int check_glob(const struct tn_check_context *c, const char *pattern, check_visit visit, void *userdata);

/* The checks that a rule is not enough for: isolation.c, ... */
void check_isolated(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_domain(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_nohz_full(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_nohz_kernel(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_dynticks(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_housekeeping(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_boot_cpu(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_partitions(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

void check_rcu_offload(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_rcu_affinity(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_user_tasks(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_kernel_threads(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_monitors(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

void check_irqs(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_irqbalance(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_managed_irqs(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_rps(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_rps_default(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_xps(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

void check_workqueues(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_soft_watchdog(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_nmi_watchdog(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_stat_interval(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_timer_migration(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_rt_runtime(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_fair_server(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_preemption(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_debug_kernel(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

void check_huge_pages(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_swap(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_kernel_flush(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

void check_tsc_usable(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_clocksource(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_tsc_flags(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_clock_watchdog(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_clock_event(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

void check_turbo(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_idle_states(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_siblings(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

void check_virtual(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_steal(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_smi(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_mce(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_taint(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

void check_trace_events(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_trace_clock(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_tracers(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);
void check_kprobes(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

#endif
