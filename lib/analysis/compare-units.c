// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What counts as independent. What interrupts one CPU often interrupts all of them, so the CPUs of one round are
 * one unit: a common cause that is counted four times is not known four times as well. Rounds of one boot share its
 * memory layout, its task placement and its calibration, so that they resemble each other more than rounds of different
 * boots do: taking 5 boots of 10 rounds for 50 independent rounds promises intervals that are too narrow. Where there
 * are several blocks, a block with all its rounds is one unit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare-internal.h"

/** tn_units_free() - free what tn_units_make() allocated; @units may be all zero */
void tn_units_free(struct tn_units *units)
{
	free(units->of);
	memset(units, 0, sizeof(*units));
}

/** tn_sample_has_blocks() - whether the rounds of @sample belong to more than one block */
bool tn_sample_has_blocks(const struct tn_sample *sample)
{
	for (size_t i = 1; i < sample->n; i++) {
		if (sample->round[i].block != sample->round[0].block)
			return true;
	}
	return false;
}

static bool same_time(const struct tn_round *one, const struct tn_round *other)
{
	return one->block == other->block && one->together && one->together == other->together;
}

/* The first round of the unit that this one belongs to; a round that nothing goes with is its own. */
static size_t first_of_unit(const struct tn_sample *sample, bool by_block, size_t round)
{
	const struct tn_round *all = sample->round;
	size_t i = 0;

	while (i < round && !same_time(all + i, all + round) && !(by_block && all[i].block == all[round].block))
		i++;
	return i;
}

static size_t count_at_once(const struct tn_sample *sample, size_t round)
{
	size_t n = 1;

	for (size_t i = 0; i < round; i++)
		n += same_time(sample->round + i, sample->round + round);
	return n;
}

/**
 * tn_units_make() - divide the rounds of a sample into units
 * @sample: rounds in any order
 * @by_block: a unit is a block; otherwise a round with all its CPUs is one
 * @ret: freed with tn_units_free(); units are numbered in the order in which they first appear
 *
 * Return: 0, -ENOMEM.
 */
int tn_units_make(const struct tn_sample *sample, bool by_block, struct tn_units *ret)
{
	struct tn_units u = {.by_block = by_block, .together = 1};
	size_t first, at_once;

	u.of = calloc(sample->n ? sample->n : 1, sizeof(*u.of));
	if (!u.of)
		return -ENOMEM;
	for (size_t i = 0; i < sample->n; i++) {
		first = first_of_unit(sample, by_block, i);
		u.of[i] = first == i ? u.n++ : u.of[first];
		at_once = count_at_once(sample, i);
		if (at_once > u.together)
			u.together = at_once;
	}
	*ret = u;
	return 0;
}
