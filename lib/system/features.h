/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_SYSTEM_FEATURES_H
#define TN_SYSTEM_FEATURES_H

#include <stdbool.h>

#include "base/error.h"

/* How much the kernel can say about who interrupted a probe; best first. */
enum tn_trace_level {
	TN_TRACE_FULL,     /* ipi, csd and irq_vectors events: function, sender, call site, stack */
	TN_TRACE_ENTRY,    /* irq_vectors only, as on 6.1: which vector, not which function or sender */
	TN_TRACE_COUNTERS, /* deltas of /proc/interrupts and /proc/softirqs */
	TN_TRACE_NONE,
	TN_TRACE_AUTO, /* in a scenario only: the best that works here */
};

/* What this kernel and this user can do. */
struct tn_features {
	bool root;
	bool tracefs;          /* mounted, or mountable by this user */
	bool tracefs_writable; /* this user may make instances */
	bool trace_clock;      /* the clock TN_TRACE_CLOCK exists */
	bool ev_ipi, ev_csd, ev_irq_vectors, ev_irq, ev_sched, ev_exceptions, ev_nmi, ev_vmalloc, ev_hrtimer;
	bool bpf;     /* BPF_MAP_CREATE works for this user */
	bool modules; /* init_module() exists (CONFIG_MODULES) and this user may call it */
	bool proc_interrupts;
	char tracefs_dir[128]; /* "" when not mounted */
};

void tn_features_read(struct tn_features *ret);
enum tn_trace_level tn_features_best_level(const struct tn_features *f, char *why, size_t size);
const char *tn_trace_level_name(enum tn_trace_level level);
int tn_trace_level_parse(const char *text, enum tn_trace_level *ret);

#endif
