/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_CPUS_H
#define TN_BASE_CPUS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define TN_CPUS_MAX       4096
#define TN_CPUS_TEXT      1024
#define TN_CPUS_WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

/* A set of CPU numbers, passed by value. */
struct tn_cpus {
	unsigned long bits[TN_CPUS_MAX / TN_CPUS_WORD_BITS];
};

int tn_cpus_parse(const char *text, struct tn_cpus *ret, struct tn_error *err);
int tn_cpus_read(const char *path, struct tn_cpus *ret, struct tn_error *err);
const char *tn_cpus_format(const struct tn_cpus *set, char *buf, size_t size);

void tn_cpus_add(struct tn_cpus *set, unsigned int cpu);
void tn_cpus_del(struct tn_cpus *set, unsigned int cpu);
bool tn_cpus_has(const struct tn_cpus *set, unsigned int cpu);
bool tn_cpus_empty(const struct tn_cpus *set);
bool tn_cpus_equal(const struct tn_cpus *a, const struct tn_cpus *b);
bool tn_cpus_intersect(const struct tn_cpus *a, const struct tn_cpus *b);
unsigned int tn_cpus_count(const struct tn_cpus *set);
int tn_cpus_first(const struct tn_cpus *set);
int tn_cpus_next(const struct tn_cpus *set, int cpu);
int tn_cpus_last(const struct tn_cpus *set);
struct tn_cpus tn_cpus_and(const struct tn_cpus *a, const struct tn_cpus *b);
struct tn_cpus tn_cpus_or(const struct tn_cpus *a, const struct tn_cpus *b);
struct tn_cpus tn_cpus_minus(const struct tn_cpus *a, const struct tn_cpus *b);

int tn_cpus_bind_self(const struct tn_cpus *set, struct tn_error *err);
int tn_cpus_affinity_self(struct tn_cpus *ret, struct tn_error *err);

#define tn_cpus_for_each(cpu, set) for (int cpu = tn_cpus_first(set); cpu >= 0; cpu = tn_cpus_next(set, cpu))

#endif
