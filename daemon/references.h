/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TLBNOISED_REFERENCES_H
#define TLBNOISED_REFERENCES_H

#include <stdbool.h>
#include <sys/types.h>

#include "result/run.h"
#include "scenario/scenario.h"

#define REFERENCE_ARGS 24

/* Another tool, measuring one CPU. */
struct reference {
	int cpu;
	pid_t pid;            /* 0: none, or it has ended */
	int text_fd, json_fd; /* what it prints, what it reports */
	int status;           /* of wait(2) */
	bool killed;          /* by us */
	uint64_t started_ns;  /* CLOCK_MONOTONIC */
	uint64_t limit_ns;    /* when it is killed */
	unsigned int seconds; /* that it was told to measure */
	char command[256];
};

int reference_spawn(struct reference *ref, enum tn_probe_kind tool, const struct tn_scenario *s, int cpu, int main_cpu,
		    struct tn_error *err);
bool reference_ended(struct reference *ref);
void reference_kill(struct reference *ref);
void reference_read(struct reference *ref, struct tn_run_reference *ret);
void reference_end(struct reference *ref);

#endif
