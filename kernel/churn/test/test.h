/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TLBNOISE_CHURN_TEST_H
#define TLBNOISE_CHURN_TEST_H

/* What the files of this test program share. A failed check ends the child that runs the test. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "../tlbnoise_churn.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SKIPPED	      77

#define check(condition)                                                                     \
	do {                                                                                 \
		if (!(condition))                                                            \
			fail("%s:%d: %s (errno %d)", __FILE__, __LINE__, #condition, errno); \
	} while (0)

#define check_equal(a, b)                                                                    \
	do {                                                                                 \
		long long a_ = (long long)(a), b_ = (long long)(b);                          \
		if (a_ != b_)                                                                \
			fail("%s:%d: %s is %lld, not %lld", __FILE__, __LINE__, #a, a_, b_); \
	} while (0)

_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void skip(const char *why);
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* All that follow fail the test if they cannot. */
int device_open(void);
int refusal(int fd, unsigned long request, void *arg); /* errno that it gave, 0 if none */
void request(int fd, unsigned long request, void *arg);
struct tlbnoise_churn_stats stats_of(int fd);
struct tlbnoise_churn_info info_of(int fd);
struct tlbnoise_churn_start start_of(uint32_t pattern, uint32_t pages);
void add_cpu(struct tlbnoise_churn_start *start, unsigned int cpu);
void bind_to(unsigned int cpu);
unsigned int cpu_count(void);
uint64_t now_ns(void);
uint64_t random_next(uint64_t *state);
unsigned int threads_alive(void); /* of the module, in the whole machine */
void wait_for_no_threads(void);
unsigned long taint(void);
bool in_guest(void);

extern const char *const pattern_name[TLBNOISE_CHURN_PATTERNS];
extern long amount; /* of rounds, from the command line; 0: the test's own choice */

/* rights.c */
void test_capability(void);
void test_refusals(void);
void test_info(void);
/* work.c */
void test_patterns(void);
void test_page_tables(void);
void test_paced(void);
void test_flat_out(void);
void test_memory(void);
/* killed.c */
void test_killed(void);
void test_orphaned(void);
/* owner.c */
void test_unload(void);
void test_shared(void);
/* fuzz.c */
void test_malformed(void);
/* injector.c */
void test_durations(void);
void test_ticks(void);
void test_overrun(void);
void test_cease(void);
/* hotplug.c */
void test_worker_offline(void);
void test_target_offline(void);
void test_sender_offline(void);
void test_hotplug_storm(void);
/* stale.c */
void test_remap(void);

#endif
