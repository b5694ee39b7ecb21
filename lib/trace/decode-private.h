/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_DECODE_PRIVATE_H
#define TN_TRACE_DECODE_PRIVATE_H

#include "trace/decode.h"

/* Shared by format.c, which fills it, and decode.c. */
#define TN_FORMATS_MAX 64

enum tn_load { TN_LOAD_NUMBER, TN_LOAD_CHARS, TN_LOAD_DATA_LOC, TN_LOAD_REL_LOC };

struct tn_field {
	uint16_t offset;
	uint8_t size;
	uint8_t slot; /* enum tn_slot */
	uint8_t load; /* enum tn_load */
};

struct tn_format {
	uint8_t type, arg, n;
	uint16_t need; /* a shorter record is not of this format */
	struct tn_field field[TN_SLOTS];
};

struct tn_decoder {
	struct tn_symbols *symbols;
	uint8_t n_formats;
	struct tn_field id, flags, pid; /* the common fields */
	uint16_t head_need;
	uint16_t stack_id; /* 0: no such event */
	struct tn_field stack_size, stack_frames;
	struct tn_format format[TN_FORMATS_MAX];
	uint8_t by_id[UINT16_MAX + 1]; /* index into format + 1 */
};

#endif
