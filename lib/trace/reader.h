/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_READER_H
#define TN_TRACE_READER_H

#include "trace/decode.h"
#include "trace/tasks.h"
#include "trace/trace.h"

/* Internal to trace/: pages of a CPU's ring buffer -> events with their stacks -> the callback. */
#define TN_BATCH   512
#define TN_WAITING 32

struct kbuffer;

/* One CPU's buffer of one instance. */
struct tn_stream {
	uint16_t cpu;
	bool sender;        /* every event has a stack, not only functions run locally */
	uint64_t last_tick; /* of the last record read */
	size_t n_waiting;   /* events, oldest first, behind one whose stack has not come yet */
	struct tn_waiting {
		struct tn_event event;
		uint8_t context; /* of struct tn_record */
		bool settled;    /* its stack is there, or will not come */
	} waiting[TN_WAITING];
};

struct tn_reader {
	struct tn_decoder *decoder;
	struct tn_symbols *symbols;
	struct tn_tasks tasks;
	struct kbuffer *kbuf;
	struct tn_trace_stats stats;
	tn_event_fn fn;
	void *userdata;
	int status; /* what the callback said, when it failed */
	size_t n;
	struct tn_event batch[TN_BATCH];
};

int tn_reader_init(struct tn_reader *r, struct tn_symbols *symbols, struct tn_error *err);
void tn_reader_release(struct tn_reader *r);
void tn_reader_page(struct tn_reader *r, struct tn_stream *s, void *page);
void tn_reader_settle(struct tn_reader *r, struct tn_stream *s);
int tn_reader_flush(struct tn_reader *r);

#endif
