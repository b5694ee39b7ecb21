// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Set algebra on struct tn_cpus, a word at a time. A CPU number out of range is never a member, so that
 * callers may ask for "the one after" without a check of their own.
 */
#include "base/cpus.h"

#define WORDS    TN_ARRAY_SIZE(((struct tn_cpus *)0)->bits)
#define BIT(cpu) (1ul << ((cpu) % TN_CPUS_WORD_BITS))

/** tn_cpus_add() - make @cpu a member of @set; a number of TN_CPUS_MAX or more is ignored */
void tn_cpus_add(struct tn_cpus *set, unsigned int cpu)
{
	if (cpu < TN_CPUS_MAX)
		set->bits[cpu / TN_CPUS_WORD_BITS] |= BIT(cpu);
}

/** tn_cpus_del() - remove @cpu from @set, if it is a member */
void tn_cpus_del(struct tn_cpus *set, unsigned int cpu)
{
	if (cpu < TN_CPUS_MAX)
		set->bits[cpu / TN_CPUS_WORD_BITS] &= ~BIT(cpu);
}

/** tn_cpus_has() - whether @cpu is a member of @set */
bool tn_cpus_has(const struct tn_cpus *set, unsigned int cpu)
{
	return cpu < TN_CPUS_MAX && (set->bits[cpu / TN_CPUS_WORD_BITS] & BIT(cpu));
}

/** tn_cpus_empty() - whether @set has no member */
bool tn_cpus_empty(const struct tn_cpus *set)
{
	return tn_cpus_first(set) < 0;
}

/** tn_cpus_equal() - whether @a and @b have the same members */
bool tn_cpus_equal(const struct tn_cpus *a, const struct tn_cpus *b)
{
	for (size_t i = 0; i < WORDS; i++)
		if (a->bits[i] != b->bits[i])
			return false;
	return true;
}

/** tn_cpus_intersect() - whether @a and @b have a member in common */
bool tn_cpus_intersect(const struct tn_cpus *a, const struct tn_cpus *b)
{
	for (size_t i = 0; i < WORDS; i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

/** tn_cpus_count() - number of members */
unsigned int tn_cpus_count(const struct tn_cpus *set)
{
	unsigned int n = 0;

	for (size_t i = 0; i < WORDS; i++)
		n += (unsigned int)__builtin_popcountl(set->bits[i]);
	return n;
}

/** tn_cpus_first() - lowest member, -1 when there is none */
int tn_cpus_first(const struct tn_cpus *set)
{
	return tn_cpus_next(set, -1);
}

/** tn_cpus_next() - lowest member above @cpu, -1 when there is none; @cpu is -1 or more */
int tn_cpus_next(const struct tn_cpus *set, int cpu)
{
	unsigned int from = (unsigned int)(cpu + 1);
	unsigned long mask = ~0ul << (from % TN_CPUS_WORD_BITS);

	for (size_t i = from / TN_CPUS_WORD_BITS; i < WORDS; i++, mask = ~0ul)
		if (set->bits[i] & mask)
			return (int)(i * TN_CPUS_WORD_BITS) + __builtin_ctzl(set->bits[i] & mask);
	return -1;
}

/** tn_cpus_last() - highest member, -1 when there is none */
int tn_cpus_last(const struct tn_cpus *set)
{
	for (size_t i = WORDS; i-- > 0;)
		if (set->bits[i])
			return (int)((i + 1) * TN_CPUS_WORD_BITS) - 1 - __builtin_clzl(set->bits[i]);
	return -1;
}

/** tn_cpus_and() - members of both @a and @b */
struct tn_cpus tn_cpus_and(const struct tn_cpus *a, const struct tn_cpus *b)
{
	struct tn_cpus c = *a;

	for (size_t i = 0; i < WORDS; i++)
		c.bits[i] &= b->bits[i];
	return c;
}

/** tn_cpus_or() - members of @a, of @b, or of both */
struct tn_cpus tn_cpus_or(const struct tn_cpus *a, const struct tn_cpus *b)
{
	struct tn_cpus c = *a;

	for (size_t i = 0; i < WORDS; i++)
		c.bits[i] |= b->bits[i];
	return c;
}

/** tn_cpus_minus() - members of @a that are not members of @b */
struct tn_cpus tn_cpus_minus(const struct tn_cpus *a, const struct tn_cpus *b)
{
	struct tn_cpus c = *a;

	for (size_t i = 0; i < WORDS; i++)
		c.bits[i] &= ~b->bits[i];
	return c;
}
