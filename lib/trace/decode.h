/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_DECODE_H
#define TN_TRACE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trace/event.h"
#include "trace/symbols.h"

/* Internal to trace/: the kernel events we know, and how their records become struct tn_event. */
enum tn_side {
	TN_SIDE_TARGET,         /* on probed CPUs, at every level */
	TN_SIDE_TARGET_FULL,    /* on probed CPUs, level full only */
	TN_SIDE_SENDER,         /* on all CPUs, level full only */
	TN_SIDE_SENDER_RESCHED, /* the same, limited to reschedule IPIs */
};

enum tn_slot {
	TN_SLOT_A,
	TN_SLOT_B,
	TN_SLOT_CALLSITE,
	TN_SLOT_TARGET,
	TN_SLOT_ARG,
	TN_SLOT_OTHER,
	TN_SLOT_NAME,
	TN_SLOTS
};

struct tn_kind {
	const char *system, *event;
	uint8_t type; /* enum tn_event_type */
	uint8_t side; /* enum tn_side */
	uint8_t arg;  /* for kinds whose name says it */
	const char *field[TN_SLOTS];
};

extern const struct tn_kind tn_kinds[];
extern const size_t tn_kinds_count;

/* What every record begins with. */
struct tn_record {
	uint16_t id;
	uint8_t context; /* 0 task, 1 softirq, 2 hardirq, 3 NMI */
	int32_t pid;
};

struct tn_decoder;

int tn_decoder_new(struct tn_symbols *symbols, struct tn_decoder **ret, struct tn_error *err);
void tn_decoder_free(struct tn_decoder *d);
TN_DEFINE_CLEANUP(struct tn_decoder, tn_decoder_free);
int tn_decoder_learn(struct tn_decoder *d, const char *system, const char *format, struct tn_error *err);

bool tn_decode_head(const struct tn_decoder *d, const void *record, size_t size, struct tn_record *ret);
bool tn_decode(struct tn_decoder *d, const void *record, size_t size, const struct tn_record *head,
	       struct tn_event *ret);
bool tn_decode_is_stack(const struct tn_decoder *d, const struct tn_record *head);
uint32_t tn_decode_stack(struct tn_decoder *d, const void *record, size_t size);

#endif
