/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_SYMBOLS_H
#define TN_TRACE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The names behind the numbers in struct tn_event: kernel symbols, strings, stacks. Filled by
 * the trace session, or by a test from a recorded file; read by attribution and report.
 */
#define TN_STACK_DEPTH 32
#define TN_COMM        16

struct tn_stack {
	uint32_t depth;
	uint64_t frame[TN_STACK_DEPTH]; /* innermost first */
};

struct tn_symbols;

int tn_symbols_new(struct tn_symbols **ret, struct tn_error *err);
void tn_symbols_free(struct tn_symbols *s);
TN_DEFINE_CLEANUP(struct tn_symbols, tn_symbols_free);

int tn_symbols_load_kallsyms(struct tn_symbols *s, const char *path, struct tn_error *err);
int tn_symbols_add(struct tn_symbols *s, uint64_t address, const char *name);
const char *tn_symbols_name(const struct tn_symbols *s, uint64_t address); /* function, "" when unknown */
uint64_t tn_symbols_start(const struct tn_symbols *s, uint64_t address);   /* of the function, 0 when unknown */
const char *tn_symbols_format(const struct tn_symbols *s, uint64_t address, char *buf, size_t size); /* name+0xoff */

uint32_t tn_symbols_intern(struct tn_symbols *s, const char *text); /* id above 0; 0 when out of memory */
const char *tn_symbols_text(const struct tn_symbols *s, uint32_t id);

uint32_t tn_symbols_intern_stack(struct tn_symbols *s, const uint64_t *frame, uint32_t depth);
const struct tn_stack *tn_symbols_stack(const struct tn_symbols *s, uint32_t id); /* NULL for 0 */

#endif
