// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the symbol tables are made of. Names, tasks and stacks are met again and again by the thousand,
 * so each gets a small number once and events carry the number. The index is open addressing with the
 * full hash in the slot, so that a miss seldom looks at the thing itself; things are removed only all
 * at once. Text lies in blocks that never move: a pointer handed out stays good until the table is freed.
 */
#include "trace/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_FIRST 64u
#define BLOCK_BYTES 65536u

struct tn_arena_block {
	struct tn_arena_block *before;
	size_t used, size;
	char data[];
};

/**
 * tn_hash() - hash of @size bytes
 * @data: bytes
 * @size: count
 *
 * Eight bytes a step, multiply and fold; quality enough for tables that only we fill.
 *
 * Return: 32 bits, never used as an identity.
 */
uint32_t tn_hash(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t h = 0x9e3779b97f4a7c15u ^ size, v;

	for (; size >= 8; p += 8, size -= 8) {
		memcpy(&v, p, 8);
		h = (h ^ v) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	for (v = 0; size; size--)
		v = v << 8 | p[size - 1];
	h = (h ^ v) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h ^ h >> 32);
}

/**
 * tn_index_find() - the id of a thing that is known already
 * @x: index
 * @hash: of @key
 * @same: says whether the thing @id in @store is @key
 * @store: passed to @same
 * @key: passed to @same
 *
 * Return: the id, 0 when there is none.
 */
uint32_t tn_index_find(const struct tn_index *x, uint32_t hash, tn_same_fn same, const void *store, const void *key)
{
	if (!x->size)
		return 0;
	for (uint32_t i = hash;; i++) {
		const struct tn_index_slot *s = &x->slot[i & (x->size - 1)];

		if (!s->id)
			return 0;
		if (s->hash == hash && same(store, s->id, key))
			return s->id;
	}
}

static void place(struct tn_index_slot *slot, uint32_t size, uint32_t hash, uint32_t id)
{
	uint32_t i = hash;

	while (slot[i & (size - 1)].id)
		i++;
	slot[i & (size - 1)] = (struct tn_index_slot){hash, id};
}

/**
 * tn_index_put() - add what tn_index_find() did not find
 * @x: index; grows at three quarters full
 * @hash: of the thing
 * @id: its number, above 0
 *
 * Return: 0 or -ENOMEM, with the index as it was.
 */
int tn_index_put(struct tn_index *x, uint32_t hash, uint32_t id)
{
	if (x->used >= x->size / 4 * 3) {
		uint32_t size = x->size ? x->size * 2 : INDEX_FIRST;
		struct tn_index_slot *slot = calloc(size, sizeof(*slot));

		if (!slot)
			return -ENOMEM;
		for (uint32_t i = 0; i < x->size; i++)
			if (x->slot[i].id)
				place(slot, size, x->slot[i].hash, x->slot[i].id);
		free(x->slot);
		x->slot = slot;
		x->size = size;
	}
	place(x->slot, x->size, hash, id);
	x->used++;
	return 0;
}

/**
 * tn_index_clear() - forget all, keep the slots
 * @x: index
 */
void tn_index_clear(struct tn_index *x)
{
	if (x->size)
		memset(x->slot, 0, x->size * sizeof(*x->slot));
	x->used = 0;
}

/**
 * tn_index_free() - free the slots, not the things
 * @x: index, empty afterwards
 */
void tn_index_free(struct tn_index *x)
{
	free(x->slot);
	*x = (struct tn_index){0};
}

/**
 * tn_arena_text() - keep a copy of a text
 * @a: store
 * @text: first byte
 * @length: bytes, without a terminating NUL
 *
 * Return: the copy, NUL-terminated, valid until tn_arena_free(); NULL when out of memory.
 */
char *tn_arena_text(struct tn_arena *a, const char *text, size_t length)
{
	struct tn_arena_block *b = a->last;
	char *copy;

	if (!b || b->size - b->used < length + 1) {
		size_t size = length + 1 > BLOCK_BYTES ? length + 1 : BLOCK_BYTES;

		b = malloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		*b = (struct tn_arena_block){.before = a->last, .size = size};
		a->last = b;
	}
	copy = b->data + b->used;
	memcpy(copy, text, length);
	copy[length] = '\0';
	b->used += length + 1;
	return copy;
}

/**
 * tn_arena_free() - free every text
 * @a: store, empty afterwards
 */
void tn_arena_free(struct tn_arena *a)
{
	for (struct tn_arena_block *b = a->last, *before; b; b = before) {
		before = b->before;
		free(b);
	}
	a->last = NULL;
}

/**
 * tn_grow() - make room in an array
 * @array: address of the pointer to its first item
 * @capacity: items it has room for; doubled until @need fits
 * @need: items wanted
 * @item: bytes of one
 *
 * Return: 0 or -ENOMEM, with the array as it was.
 */
int tn_grow(void *array, size_t *capacity, size_t need, size_t item)
{
	size_t n = *capacity ? *capacity : 64;
	void *p, *larger;

	if (need <= *capacity)
		return 0;
	while (n < need)
		n *= 2;
	memcpy(&p, array, sizeof(p));
	larger = realloc(p, n * item);
	if (!larger)
		return -ENOMEM;
	memcpy(array, &larger, sizeof(larger));
	*capacity = n;
	return 0;
}
