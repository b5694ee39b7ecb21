/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_UNITS_H
#define TN_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define TN_UNIT_TEXT 32
#define TN_RATE_MAX  0.0 /* "max": flat out, no pacing */

struct tn_range {
	uint64_t min, max;
};

int tn_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct tn_error *err);
int tn_parse_duration_ns(const char *text, uint64_t *ret, struct tn_error *err);
int tn_parse_size(const char *text, uint64_t *ret, struct tn_error *err);
int tn_parse_rate(const char *text, double *ret_per_s, struct tn_error *err);
int tn_parse_range(const char *text, uint64_t min, uint64_t max, struct tn_range *ret, struct tn_error *err);

const char *tn_format_ns(double ns, char *buf, size_t size);
const char *tn_format_size(uint64_t bytes, char *buf, size_t size);
const char *tn_format_rate(double per_s, char *buf, size_t size);

#endif
