// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random numbers for the bootstrap. They have to be the same on every machine and for every caller, because a
 * recorded seed is worth nothing otherwise: hence a generator of our own whose state belongs to the caller,
 * and whole numbers all the way, instead of the one that libRmath keeps in a global.
 */
#include "analysis/resample.h"

#include <string.h>

static uint64_t rotate_left(uint64_t x, unsigned int by)
{
	return (x << by) | (x >> (64 - by));
}

/* SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static uint64_t split_mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/**
 * tn_random_seed() - start a sequence
 * @r: the generator
 * @seed: any number; each gives another sequence
 *
 * The state is filled with SplitMix64, as the authors of xoshiro256** advise: it is never all zero.
 */
void tn_random_seed(struct tn_random *r, uint64_t seed)
{
	for (unsigned int i = 0; i < 4; i++)
		r->s[i] = split_mix(&seed);
}

/**
 * tn_random_next() - 64 random bits
 * @r: the generator
 *
 * xoshiro256**: D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM Transactions
 * on Mathematical Software 47 (2021). Period 2^256 - 1.
 */
uint64_t tn_random_next(struct tn_random *r)
{
	uint64_t result = rotate_left(r->s[1] * 5, 7) * 9, shifted = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= shifted;
	r->s[3] = rotate_left(r->s[3], 45);
	return result;
}

/**
 * tn_random_below() - a whole number from 0 to @n - 1, each equally likely
 * @r: the generator
 * @n: above 0
 *
 * The upper half of a product, with the few draws refused that would favour some numbers: D. Lemire, "Fast
 * random integer generation in an interval", ACM Transactions on Modeling and Computer Simulation 29 (2019).
 */
uint32_t tn_random_below(struct tn_random *r, uint32_t n)
{
	uint64_t product;
	uint32_t unfair = -n % n; /* 2^32 mod n */

	do {
		product = (tn_random_next(r) >> 32) * n;
	} while ((uint32_t)product < unfair);
	return (uint32_t)(product >> 32);
}

/** tn_random_unit() - a multiple of 2^-53 from 0 up to but not including 1, each equally likely */
double tn_random_unit(struct tn_random *r)
{
	return (double)(tn_random_next(r) >> 11) * 0x1p-53;
}

/**
 * tn_resample() - draw as many as there are, with replacement
 * @r: the generator
 * @n: how many there are, above 0
 * @ret_weights: @n numbers: how often each was drawn; their sum is @n
 */
void tn_resample(struct tn_random *r, uint32_t n, uint32_t *ret_weights)
{
	memset(ret_weights, 0, n * sizeof(*ret_weights));
	for (uint32_t i = 0; i < n; i++)
		ret_weights[tn_random_below(r, n)]++;
}
