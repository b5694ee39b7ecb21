/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPETITIONS_MIN 15
#define REPETITIONS_MAX 1000

/* A median and an interval around it that the order statistics of the repetitions give. */
struct figure {
	double median, low, high;
	double coverage; /* of the interval: probability that it holds the true median */
	size_t n;
};

struct options {
	bool json;
	int cpu;
	unsigned int repetitions;
};

int options_parse(int argc, char **argv, const char *name, struct options *ret);
double ns_per_tick(void);
void sort_u64(uint64_t *v, size_t n);
struct figure figure_of(const double *v, size_t n);
void figure_print(const char *name, const char *unit, const struct figure *f);
void figure_json(const char *name, const struct figure *f, bool last);

#endif
