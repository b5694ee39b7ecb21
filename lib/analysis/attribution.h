/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_ANALYSIS_ATTRIBUTION_H
#define TN_ANALYSIS_ATTRIBUTION_H

#include "analysis/cause.h"
#include "base/cpus.h"
#include "base/error.h"
#include "probe/probe.h"

/*
 * Joins interruptions and kernel events, streaming: feed both as they come, then advance to the tick
 * before which both are complete. Memory is bounded by what lies between two advances.
 *
 * An entry is an event that stands for one thing that happened to the CPU: a function run by an IPI,
 * an interrupt, a softirq, a switch away, a fault, an NMI. Each entry inside the window belongs to one
 * class, and is either matched to the interruption that contains it or too short to be seen.
 */
#define TN_ENTRIES_KEPT 8 /* of one interruption, in the list of the worst */
#define TN_WORST_KEPT   1000
#define TN_CAUSES_MAX   4096

/* One thing that happened, with its sender if one is known. */
struct tn_entry {
	uint64_t ticks;
	enum tn_class class;
	uint64_t function;    /* csd function, hrtimer function or NMI handler; 0: none */
	uint64_t callsite;    /* of the sender */
	uint64_t culprit;     /* start address of the culprit's function */
	uint64_t sent;        /* ticks when the sender sent it; 0: none or unknown */
	uint32_t name;        /* IRQ handler, task switched to */
	uint32_t stack;       /* the sender's */
	int32_t sender_cpu;   /* -1: none or unknown */
	int32_t sender_pid;   /* -1: none or unknown */
	uint32_t sender_name; /* what the sender was called when it sent; 0: none or unknown */
	uint16_t vector_arg;  /* vector, IRQ or softirq number */
	uint16_t type;        /* enum tn_event_type of the event that made the entry */
	bool local;           /* run by the CPU's own task, no IPI */
	bool unknown_sender;  /* an IPI whose sender was not seen */
};

/* A row of the table of causes: all interruptions and entries with the same what and who. */
struct tn_cause {
	enum tn_class class;
	uint64_t function, callsite, culprit;
	uint32_t name;
	uint16_t vector_arg, type;
	bool local; /* called by the probed CPU's own task, no IPI */
	char sender_comm[TN_COMM];
	struct tn_cpus sender_cpus;
	uint32_t stack;   /* of one of them */
	uint64_t entries; /* all entries with this cause inside the window */
	uint64_t matched, too_short;
	uint64_t interruptions;           /* those whose primary cause it is */
	uint64_t stolen_ticks, max_ticks; /* of these */
};

struct tn_conservation {
	uint64_t entries, matched, too_short;
};

struct tn_worst {
	uint64_t start, end;
	int32_t cpu;
	uint32_t round;
	enum tn_class class;
	uint32_t cause;     /* index into the causes, UINT32_MAX: none */
	uint32_t n_entries; /* all of them; the first TN_ENTRIES_KEPT are kept */
	struct tn_entry entry[TN_ENTRIES_KEPT];
};

/* Per CPU and round. */
struct tn_cpu_tally {
	int32_t cpu;
	uint32_t round;
	uint64_t interruptions;
	uint64_t stolen_ticks;
	uint64_t max_ticks; /* the longest of all rounds on this CPU, and its class */
	enum tn_class max_class;
	struct tn_conservation conservation[TN_CLASS_COUNT];
	uint64_t class_interruptions[TN_CLASS_COUNT]; /* by primary class */
	uint64_t class_stolen_ticks[TN_CLASS_COUNT];
	uint64_t class_max_ticks[TN_CLASS_COUNT];
	uint64_t outside_window;  /* entries before the window opened or after it closed */
	uint64_t flush_local;     /* kernel TLB flushes of either class that the CPU's own task ran, no IPI */
	uint64_t senders_unknown; /* IPI entries whose sender was not seen */
};

/* Raw record: what lies beside the run document, little endian, 32 bytes. */
struct tn_raw_record {
	uint64_t start, end;
	uint32_t cause; /* index into the document's causes, UINT32_MAX: none */
	uint16_t cpu;
	uint16_t round;
	uint8_t class;
	uint8_t entries; /* saturating */
	uint8_t reserved[6];
};
_Static_assert(sizeof(struct tn_raw_record) == 32, "raw records are part of the file format");

struct tn_attribution;

struct tn_attribution_options {
	const struct tn_symbols *symbols;
	bool blind;           /* no kernel events: interruptions are counted, class TN_CLASS_NONE */
	uint64_t stale_ticks; /* a send that did not arrive after this long is forgotten; 0: never */
	/* called for each attributed interruption, in time order per CPU; may be NULL */
	int (*on_record)(void *userdata, const struct tn_raw_record *rec);
	void *userdata;
};

int tn_attribution_new(const struct tn_attribution_options *opt, struct tn_attribution **ret, struct tn_error *err);
void tn_attribution_free(struct tn_attribution *a);
TN_DEFINE_CLEANUP(struct tn_attribution, tn_attribution_free);

int tn_attribution_window(struct tn_attribution *a, int cpu, uint32_t round, uint64_t floor_ticks, int probe_pid,
			  struct tn_error *err);
int tn_attribution_open_at(struct tn_attribution *a, int cpu, uint64_t open_ticks);
int tn_attribution_close_at(struct tn_attribution *a, int cpu, uint64_t close_ticks);
void tn_attribution_end_round(struct tn_attribution *a, int cpu);
int tn_attribution_events(struct tn_attribution *a, const struct tn_event *events, size_t n);
int tn_attribution_interruptions(struct tn_attribution *a, int cpu, const struct tn_interruption *in, size_t n);
int tn_attribution_advance(struct tn_attribution *a, int cpu, uint64_t events_before, uint64_t probe_before,
			   struct tn_error *err);

const struct tn_cpu_tally *tn_attribution_tally(const struct tn_attribution *a, int cpu);
const struct tn_cause *tn_attribution_causes(const struct tn_attribution *a, size_t *ret_n);
size_t tn_attribution_worst(struct tn_attribution *a, const struct tn_worst **ret);
uint64_t tn_attribution_causes_dropped(const struct tn_attribution *a);
size_t tn_attribution_memory(const struct tn_attribution *a);

#endif
