/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TEST_TRACE_LIVE_H
#define TN_TEST_TRACE_LIVE_H

#include "trace/trace.h"

/* What the tests on the running kernel share: a thing to do on CPU 0 that interrupts CPU 1, and a store of events. */
struct store {
	struct tn_event *event;
	size_t n, max;
};

extern char live_owner[32]; /* of this process's instances */

int live_set_owner(void **state); /* before all tests */
int live_clean_up(void **state);  /* after each that opens a session or makes an instance */

void live_or_skip(void);
void live_on_cpu(unsigned int cpu);
void live_flush_kernel_tlb(unsigned int times);
void live_write(const char *dir, const char *file, const char *text);
int live_count_instances(const char *owner);

struct tn_trace *live_open(const char *owner, uint64_t buffer_bytes, bool senders);
void live_close(struct tn_trace *t);
void live_drain(struct tn_trace *t, struct store *s);
void live_release(struct store *s);

/* Of events with stamps from @from to before @to; @arg -1: any. */
size_t live_count_events(const struct store *s, enum tn_event_type type, int arg, uint64_t from, uint64_t to);

#endif
