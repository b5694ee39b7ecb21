// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names behind the numbers in struct tn_event. Strings and stacks are each numbered once in order of
 * their first appearance (trace/intern.h). Kernel addresses are in kallsyms.c, tasks in tasks.c.
 */
#include "trace/symbols.h"

#include <errno.h>
#include <string.h>

#include "trace/intern.h"
#include "trace/symbols-private.h"

/**
 * tn_symbols_new() - make empty tables
 * @ret: owned by the caller, for tn_symbols_free()
 * @err: text on failure
 *
 * Return: 0 or -ENOMEM.
 */
int tn_symbols_new(struct tn_symbols **ret, struct tn_error *err)
{
	struct tn_symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return tn_error_set(err, -ENOMEM, "out of memory for the tables of names");
	*ret = s;
	return 0;
}

/**
 * tn_symbols_free() - free the tables and everything they handed out
 * @s: tables, or NULL
 */
void tn_symbols_free(struct tn_symbols *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_stacks; i++)
		free(s->stack[i]);
	free(s->stack);
	free(s->text);
	free(s->function);
	tn_index_free(&s->text_index);
	tn_index_free(&s->stack_index);
	tn_arena_free(&s->arena);
	free(s);
}

static bool same_text(const void *store, uint32_t id, const void *key)
{
	const struct tn_symbols *s = store;

	return !strcmp(s->text[id - 1], key);
}

/**
 * tn_symbols_intern() - the number of a string
 * @s: tables
 * @text: the string; NULL and "" have the number 0
 *
 * Return: an id above 0, always the same for the same text; 0 when out of memory.
 */
uint32_t tn_symbols_intern(struct tn_symbols *s, const char *text)
{
	size_t length = text ? strlen(text) : 0;
	uint32_t hash, id;
	char *copy;

	if (!length)
		return 0;
	hash = tn_hash(text, length);
	id = tn_index_find(&s->text_index, hash, same_text, s, text);
	if (id)
		return id;
	if (tn_grow(&s->text, &s->texts_max, s->n_texts + 1, sizeof(*s->text)))
		return 0;
	copy = tn_arena_text(&s->arena, text, length);
	if (!copy || tn_index_put(&s->text_index, hash, (uint32_t)s->n_texts + 1))
		return 0;
	s->text[s->n_texts++] = copy;
	return (uint32_t)s->n_texts;
}

/**
 * tn_symbols_text() - the string behind a number
 * @s: tables
 * @id: from tn_symbols_intern()
 *
 * Return: the text, "" for 0 and for ids never given out; valid as long as @s.
 */
const char *tn_symbols_text(const struct tn_symbols *s, uint32_t id)
{
	return id && id <= s->n_texts ? s->text[id - 1] : "";
}

static bool same_stack(const void *store, uint32_t id, const void *key)
{
	const struct tn_stack *mine = ((const struct tn_symbols *)store)->stack[id - 1], *other = key;

	return mine->depth == other->depth && !memcmp(mine->frame, other->frame, mine->depth * sizeof(mine->frame[0]));
}

/**
 * tn_symbols_intern_stack() - the number of a call stack
 * @s: tables
 * @frame: addresses, innermost first
 * @depth: how many; those beyond TN_STACK_DEPTH, the outermost, are cut off
 *
 * Return: an id above 0, always the same for the same frames; 0 for no frames or when out of memory.
 */
uint32_t tn_symbols_intern_stack(struct tn_symbols *s, const uint64_t *frame, uint32_t depth)
{
	struct tn_stack key = {.depth = depth < TN_STACK_DEPTH ? depth : TN_STACK_DEPTH}, *copy;
	uint32_t hash, id;

	if (!depth)
		return 0;
	memcpy(key.frame, frame, key.depth * sizeof(key.frame[0]));
	hash = tn_hash(key.frame, key.depth * sizeof(key.frame[0]));
	id = tn_index_find(&s->stack_index, hash, same_stack, s, &key);
	if (id)
		return id;
	if (tn_grow(&s->stack, &s->stacks_max, s->n_stacks + 1, sizeof(*s->stack)))
		return 0;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return 0;
	*copy = key;
	if (tn_index_put(&s->stack_index, hash, (uint32_t)s->n_stacks + 1)) {
		free(copy);
		return 0;
	}
	s->stack[s->n_stacks++] = copy;
	return (uint32_t)s->n_stacks;
}

/**
 * tn_symbols_stack() - the call stack behind a number
 * @s: tables
 * @id: from tn_symbols_intern_stack()
 *
 * Return: the stack, valid as long as @s; NULL for 0 and for ids never given out.
 */
const struct tn_stack *tn_symbols_stack(const struct tn_symbols *s, uint32_t id)
{
	return id && id <= s->n_stacks ? s->stack[id - 1] : NULL;
}
