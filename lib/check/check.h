/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CHECK_CHECK_H
#define TN_CHECK_CHECK_H

/* Whether a machine is ready to be measured, or to run what must not be interrupted: tlbnoise-check(1). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpus.h"
#include "base/error.h"

/* From best to worst, so that the worst of several is the largest. */
enum tn_check_verdict {
	TN_CHECK_NOT_APPLICABLE, /* this machine or kernel has nothing of the kind */
	TN_CHECK_OK,
	TN_CHECK_UNKNOWN, /* it could not be read */
	TN_CHECK_WARNING, /* adds noise now and then, or makes figures harder to read */
	TN_CHECK_FAIL,    /* the CPU is not isolated, or figures would be wrong */
	TN_CHECK_VERDICTS,
};

enum tn_check_group {
	TN_CHECK_ISOLATION,
	TN_CHECK_INTERRUPTS,
	TN_CHECK_KERNEL,
	TN_CHECK_MEMORY,
	TN_CHECK_CLOCK,
	TN_CHECK_POWER,
	TN_CHECK_MACHINE,
	TN_CHECK_MEASURING,
	TN_CHECK_GROUPS,
};

/* Which of TuneD's profiles see to it. */
enum tn_check_tuned { TN_TUNED_PARTITIONING = 1 << 0, TN_TUNED_REALTIME = 1 << 1 };

struct tn_check_context;
struct tn_check_finding;
typedef void (*tn_check_fn)(const struct tn_check_context *c, int cpu, struct tn_check_finding *f);

enum tn_check_rule { TN_RULE_NONE, TN_RULE_IS, TN_RULE_AT_MOST, TN_RULE_TEXT, TN_RULE_MASK_WITHOUT };

/* One check. In file, fix: {cpu}, {cpus} (those checked), {housekeeping}, and {mask}, housekeeping as a hex mask. */
struct tn_check {
	const char *id;
	enum tn_check_group group;
	bool per_cpu;
	unsigned int tuned;
	const char *what;   /* what should be so */
	const char *effect; /* what happens to results when it is not */
	const char *fix;    /* the command, or the words for the kernel's command line */
	tn_check_fn run;    /* NULL: the rule below decides */
	const char *file;
	enum tn_check_rule rule;
	long limit;
	const char *text;
	enum tn_check_verdict bad, missing; /* verdicts when the rule is broken; when the file is not there */
};

#define TN_CHECK_FILE  160
#define TN_CHECK_VALUE 192
#define TN_CHECK_FIX   320

struct tn_check_finding {
	const struct tn_check *check;
	int cpu; /* -1: the machine */
	enum tn_check_verdict verdict;
	char file[TN_CHECK_FILE];   /* below the root; "" when no file says it */
	char value[TN_CHECK_VALUE]; /* as read, or what was found there */
	char fix[TN_CHECK_FIX];     /* "" when nothing is to be done */
};

struct tn_check_report {
	struct tn_cpus cpus, housekeeping;
	bool chosen;   /* the caller named the CPUs */
	bool isolated; /* the kernel isolates some; otherwise cpus is the one that a run would take */
	size_t n;
	struct tn_check_finding *finding; /* in the table's order, CPUs in theirs */
};

/* Findings of one check that say the same, of several CPUs. */
struct tn_check_row {
	const struct tn_check_finding *finding; /* of the first CPU */
	struct tn_cpus cpus;                    /* empty: the machine */
};

size_t tn_check_count(void);
const struct tn_check *tn_check_at(size_t index);
const char *tn_check_verdict_name(enum tn_check_verdict v);
const char *tn_check_group_title(enum tn_check_group g);
const char *tn_check_group_name(enum tn_check_group g);

int tn_check_run(const char *root, const struct tn_cpus *cpus, const struct tn_cpus *isolated,
		 struct tn_check_report **ret, struct tn_error *err);
void tn_check_free(struct tn_check_report *report);
TN_DEFINE_CLEANUP(struct tn_check_report, tn_check_free);

int tn_check_rows(const struct tn_check_report *report, struct tn_check_row **ret, size_t *ret_n, struct tn_error *err);
enum tn_check_verdict tn_check_overall(const struct tn_check_report *report, const struct tn_check *check);
void tn_check_tally(const struct tn_check_report *report, unsigned int count[TN_CHECK_VERDICTS]);

#endif
