/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TEST_TRACE_LIVE_H
#define TN_TEST_TRACE_LIVE_H

#include "trace/trace.h"

/* What the tests on the running kernel share: a thing to do on CPU 0 that interrupts CPU 1, and a store of events. */
struct store {
	struct tn_event *event;
	size_t n, max;
};

const char *live_reason_to_skip(void); /* NULL: can run */
void live_flush_kernel_tlb(unsigned int times);
int live_store(void *userdata, const struct tn_event *events, size_t n);
void live_release(struct store *s);
struct tn_trace *live_open(const char *owner, uint64_t buffer_bytes, bool senders);
void live_close(struct tn_trace *t);
void live_close_all(void); /* for teardown */
int live_count_instances(const char *owner);

#endif
