/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_PROBE_ENTRY_H
#define TN_PROBE_ENTRY_H

#include "probe/probe.h"

#define TN_ENTRY_PAGES_MAX 256u

/* What the windows of kind entry work with. */
struct tn_entry_work {
	volatile char *page; /* @pages of them, shared memory */
	size_t pages, page_size;
	uint64_t clock_ticks; /* what reading the clock twice costs */
};

int tn_entry_prepare(struct tn_entry_work *w, const struct tn_probe_config *config, struct tn_error *err);
int tn_entry_window(const struct tn_entry_work *w, struct tn_probe_shm *shm, struct tn_error *err);
void tn_entry_release(struct tn_entry_work *w);

#endif
