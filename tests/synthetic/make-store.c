// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes a history to look at: see runs.h for what is in it. */
#include <stdio.h>

#include "base/units.h"
#include "runs.h"

int main(int argc, char **argv)
{
	struct synthetic s = {.seed = 1};
	uint64_t runs, rigs, scenarios;
	struct tn_error err = {0};
	int r;

	if (argc != 5) {
		fprintf(stderr, "Usage: make-store FOLDER RUNS RIGS SCENARIOS\n");
		return 2;
	}
	r = tn_parse_u64(argv[2], 1, 100000, &runs, &err);
	if (r == 0)
		r = tn_parse_u64(argv[3], 1, 99, &rigs, &err);
	if (r == 0)
		r = tn_parse_u64(argv[4], 1, 5, &scenarios, &err);
	if (r == 0) {
		s.runs = (unsigned int)runs;
		s.rigs = (unsigned int)rigs;
		s.scenarios = (unsigned int)scenarios;
		r = synthetic_store(&s, argv[1], &err);
	}
	if (r < 0)
		fprintf(stderr, "make-store: %s\n", err.text);
	return r < 0 ? 2 : 0;
}
