/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TESTS_SIDES_H
#define TN_TESTS_SIDES_H

/* What the tests of comparisons share. */
#include <stdint.h>

#include "analysis/compare.h"
#include "base/histogram.h"

#define ROUNDS 5

/* Two sides of rounds, and the metric over them. */
struct sides {
	struct tn_round a[ROUNDS], b[ROUNDS];
	struct tn_compare_metric m;
};

struct hists {
	struct tn_hist a[ROUNDS], b[ROUNDS];
};

void assert_close(double a, double b, double tolerance);
void assert_verdict(const struct tn_compared *c, enum tn_verdict verdict, enum tn_reason reason);
void sides_init(struct sides *s, enum tn_quantity quantity);
void set_events(struct sides *s, uint64_t a, uint64_t b);
void set_values(struct sides *s, const double *a, const double *b);
void set_hists(struct sides *s, struct hists *h, double top_a, double top_b);
struct tn_compared compare(const struct sides *s);

#endif
