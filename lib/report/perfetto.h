/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_REPORT_PERFETTO_H
#define TN_REPORT_PERFETTO_H

/* Inside lib/report only: what both files of the trace export share. */
#include "report/records.h"

/* A process for each CPU, so that its tracks stand together: pid is CPU + 1, since 0 is idle to viewers. */
enum trace_track { TRACK_ROUNDS, TRACK_PROBE, TRACK_KERNEL, TRACK_SENDS, TRACKS };

struct trace {
	FILE *out;
	const struct tn_run *run;
	const struct records *records;
	uint64_t base; /* ticks that are time 0 */
	bool follows;  /* not the first event */
};

uint64_t trace_ns(const struct trace *t, uint64_t ticks);
void trace_event(struct trace *t, const char *phase, int cpu, enum trace_track track, uint64_t ns, const char *category,
		 const char *name);
void trace_us(FILE *out, const char *key, uint64_t ns);
uint64_t trace_first_send(const struct tn_run *run, uint64_t base);
int trace_sends(struct trace *t);

#endif
