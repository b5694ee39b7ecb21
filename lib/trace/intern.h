/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_INTERN_H
#define TN_TRACE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Internal to trace/: a hash index of things that are numbered 1, 2, ..., and a store of text that never moves. */
struct tn_index {
	struct tn_index_slot {
		uint32_t hash, id; /* id 0: free */
	} * slot;
	uint32_t size, used; /* size: 0 or a power of two */
};

typedef bool (*tn_same_fn)(const void *store, uint32_t id, const void *key);

uint32_t tn_index_find(const struct tn_index *x, uint32_t hash, tn_same_fn same, const void *store, const void *key);
int tn_index_put(struct tn_index *x, uint32_t hash, uint32_t id);
void tn_index_clear(struct tn_index *x);
void tn_index_free(struct tn_index *x);
uint32_t tn_hash(const void *data, size_t size);

struct tn_arena {
	struct tn_arena_block *last;
};

char *tn_arena_text(struct tn_arena *a, const char *text, size_t length);
void tn_arena_free(struct tn_arena *a);

int tn_grow(void *array, size_t *capacity, size_t need, size_t item);

#endif
