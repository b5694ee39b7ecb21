/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CLI_TOP_H
#define TN_CLI_TOP_H

/* Inside the verb top: how a view is shown, as a table for pipes and as a screen. */
#include "cli/cli.h"

#define TOP_PAST 240 /* views that the sparklines remember */

struct top_cpu {
	int cpu;
	size_t n;              /* up to TOP_PAST */
	double rate[TOP_PAST]; /* interruptions per second, the latest last */
};

/* What earlier views said. */
struct top_past {
	char run[64];
	size_t n;
	struct top_cpu *cpu;
};
int top_remember(struct top_past *p, const cJSON *reply);
void top_forget(struct top_past *p);

int top_table(const struct cli *cli, const cJSON *reply, FILE *out, struct tn_error *err);
void top_screen(const struct cli *cli, const cJSON *reply, const struct top_past *past, unsigned int rows, FILE *out);
const char *top_time(char *buf, size_t size, double ns);
double top_jitter(const cJSON *cpu, const char *percentile);

#endif
