/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TLBNOISE_WORK_TEST_H
#define TLBNOISE_WORK_TEST_H

/*
 * What the files of this program share. Each test runs in a child of its own: fail() and skip()
 * end it, and its own children end with it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../churn/tlbnoise_churn.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SKIPPED	      77
#define CPUS_MAX      64

struct options {
	unsigned int cpu;     /* isolated, the one that is watched */
	unsigned int spare;   /* isolated, the one that is taken offline */
	unsigned int seconds; /* of the test of the counters */
	unsigned int flushes;
	unsigned int frees;
	double refused_max; /* refused flushes for each flush, of a CPU that stays in userspace */
};

extern struct options options;

_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* counters.c */
struct counters {
	long queued, merged, refused, run, overtaken, pending;
};
void counters_needed(void);
struct counters counters_of(unsigned int cpu);
struct counters counters_since(unsigned int cpu, struct counters before);
void counters_check(unsigned int cpu);

/* system.c: fail the test if they cannot, unless they say otherwise */
bool file_put(const char *path, const char *value); /* false if it cannot */
long file_number(const char *path, long otherwise);
void test_file_put(const char *name, const char *value); /* of debugfs; skips without it */
bool isolated_cpu(unsigned int cpu);
bool cpu_online(unsigned int cpu, bool online); /* false if it cannot */
bool bind_to(unsigned int cpu);			/* false if it cannot */
void sleep_ms(unsigned int ms);
uint64_t now_ms(void);
void nmi_to_all(void);
long nmis_of(unsigned int cpu);
void log_follow(void); /* from now on */
bool kernel_has(const char *function);
bool log_has(const char *phrase); /* reads on; fails the test at a complaint */
int churn_start(uint32_t pattern, uint32_t pages, int cpu, uint64_t period_ns);
unsigned int churn_operate(int fd); /* page tables freed */

/* load.c */
pid_t load_spin(unsigned int cpu);
pid_t load_visit(unsigned int cpu);
/* storm.c */
pid_t load_storm(unsigned int cpu);
void load_end(pid_t pid);
pid_t load_child(unsigned int cpu, void (*run)(unsigned int cpu));
extern volatile uint64_t *load_rounds; /* shared with all loads */

/* trace.c */
struct event {
	double s;
	unsigned int cpu;
	char name[40];
	const char *args;
};
void trace_begin(unsigned int cpu);
void trace_mark(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void trace_end(void (*each)(const struct event *event, void *arg), void *arg);
void trace_remove(void);
long event_number(const struct event *event, const char *field);
bool event_field(const struct event *event, const char *field, char *value, size_t size);

/* visits.c */
struct visits *visits_new(unsigned int cpu);
void visits_feed(const struct event *event, void *visits);
void visits_explain(struct visits *v); /* notes; fails the test if it cannot */
struct tally {
	long queued, merged, refused, run;
	long ipis_refused; /* flush interrupts that followed a refusal */
	long ipis_unasked; /* that no one asked whether to defer: stock code */
	long handled;	   /* of both, that arrived */
};
struct tally visits_tally(const struct visits *v);
/* Of the operation that trace_mark("op %u", n) began. */
struct operation {
	long unasked, refused, handled, left; /* left: queued or merged */
};
struct operation visits_operation(const struct visits *v, unsigned int n);

void test_accounting(void);
void test_nmi_window(void);
void test_flushes(void);
void test_page_tables(void);
void test_page_table_check(void);

#endif
