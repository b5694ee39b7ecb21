// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sides.h"

void assert_close(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.12g is not %.12g", a, b);
}

void assert_verdict(const struct tn_compared *c, enum tn_verdict verdict, enum tn_reason reason)
{
	if (c->verdict != verdict || c->reason != reason)
		fail_msg("%s (%s) instead of %s (%s); ratio %g, %g to %g, p %g", tn_verdict_name(c->verdict),
			 tn_reason_text(c->reason), tn_verdict_name(verdict), tn_reason_text(reason), c->ratio,
			 c->ratio_interval.low, c->ratio_interval.high, c->p_corrected);
}

void sides_init(struct sides *s, enum tn_quantity quantity)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < ROUNDS; i++)
		s->a[i].exposure_s = s->b[i].exposure_s = 10.0;
	s->m = (struct tn_compare_metric){
		.name = "metric", .quantity = quantity, .a = {s->a, ROUNDS}, .b = {s->b, ROUNDS}};
}

/* The same count in each round but for the remainder, which the first rounds share. */
void set_events(struct sides *s, uint64_t a, uint64_t b)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		s->a[i].events = a / ROUNDS + (i < a % ROUNDS);
		s->b[i].events = b / ROUNDS + (i < b % ROUNDS);
	}
}

void set_values(struct sides *s, const double *a, const double *b)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		s->a[i].value = a[i];
		s->b[i].value = b[i];
	}
}

struct tn_compared compare(const struct sides *s)
{
	struct tn_compare_options o = tn_compare_defaults();
	struct tn_compared c;

	assert_int_equal(tn_compare(&s->m, 1, &o, &c, NULL), 0);
	return c;
}

/* 1,000 values a round: a ramp from 1,000 ticks to @top, times a factor for each round. */
void set_hists(struct sides *s, struct hists *h, double top_a, double top_b)
{
	static const double factor[] = {1.0, 1.02, 0.97, 1.01, 0.99};

	for (size_t i = 0; i < ROUNDS; i++) {
		tn_hist_init(&h->a[i]);
		tn_hist_init(&h->b[i]);
		for (unsigned int k = 0; k < 1000; k++) {
			tn_hist_record(&h->a[i], (uint64_t)(factor[i] * (1000 + k * (top_a - 1000) / 1000)));
			tn_hist_record(&h->b[i], (uint64_t)(factor[i] * (1000 + k * (top_b - 1000) / 1000)));
		}
		s->a[i].hist = &h->a[i];
		s->b[i].hist = &h->b[i];
		s->a[i].scale = s->b[i].scale = 0.5;
	}
}
