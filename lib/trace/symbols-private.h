/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_SYMBOLS_PRIVATE_H
#define TN_TRACE_SYMBOLS_PRIVATE_H

#include "trace/intern.h"
#include "trace/symbols.h"

/* Shared by symbols.c and kallsyms.c. */
struct tn_function {
	uint64_t address;
	const char *name; /* NULL: from here on lies something that is no function */
};

struct tn_symbols {
	struct tn_arena arena;
	struct tn_function *function; /* by address */
	size_t n_functions, functions_max;
	char **text;
	size_t n_texts, texts_max;
	struct tn_index text_index;
	struct tn_stack **stack;
	size_t n_stacks, stacks_max;
	struct tn_index stack_index;
};

#endif
