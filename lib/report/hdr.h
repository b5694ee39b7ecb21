/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_HDR_H
#define TN_REPORT_HDR_H

/* Inside lib/report only: one histogram in HdrHistogram's encoding. */
#include "result/hist.h"

int hdr_encode(const struct tn_clock *clock, const struct tn_hist *h, unsigned char **ret, size_t *ret_n);

#endif
