// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What counts as independent. Rounds of one boot share its memory layout, its task placement and its
 * calibration, so that they resemble each other more than rounds of different boots do: taking 5 boots of 10
 * rounds for 50 independent rounds promises intervals that are too narrow. Where there are several blocks, a
 * block with all its rounds is one unit.
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

static size_t first_of_block(const struct tn_sample *sample, size_t round)
{
	size_t i = 0;

	while (sample->round[i].block != sample->round[round].block)
		i++;
	return i;
}

/**
 * tn_units_make() - divide the rounds of a sample into units
 * @sample: rounds in any order
 * @by_block: a unit is a block; otherwise each round is one
 * @ret: freed with tn_units_free(); units are numbered in the order in which they first appear
 *
 * Return: 0, -ENOMEM.
 */
int tn_units_make(const struct tn_sample *sample, bool by_block, struct tn_units *ret)
{
	struct tn_units u = {.by_block = by_block};
	size_t first;

	u.of = calloc(sample->n ? sample->n : 1, sizeof(*u.of));
	if (!u.of)
		return -ENOMEM;
	for (size_t i = 0; i < sample->n; i++) {
		first = by_block ? first_of_block(sample, i) : i;
		u.of[i] = first == i ? u.n++ : u.of[first];
	}
	*ret = u;
	return 0;
}
