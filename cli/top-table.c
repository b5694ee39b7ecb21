// SPDX-License-Identifier: GPL-2.0-or-later
/* The live view for pipes and files: a line for the run, a table with a row for each CPU, an empty line. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "cli/top.h"

static const struct cli_column columns[] = {
	{"CPU", .right = true},
	{"INTERRUPTIONS/S", .right = true},
	{"STOLEN", .right = true},
	{"JITTER P99", .right = true},
	{"P99.9", .right = true},
	{"MAX", .right = true},
	{"WORST", .right = true},
	{"BY", .right = false},
	{"INTERRUPTIONS/S BY CLASS", .last = true},
};

/**
 * top_time() - a time for a cell
 * @buf: receives the text
 * @size: of @buf, TN_UNIT_TEXT
 * @ns: NaN or 0: there is none
 *
 * Return: @buf, "-" where there is none.
 */
const char *top_time(char *buf, size_t size, double ns)
{
	if (!(ns > 0))
		snprintf(buf, size, "-");
	else
		tn_format_ns(ns, buf, size);
	return buf;
}

/**
 * top_jitter() - a percentile of the rounds that are over
 * @cpu: a LiveCpu
 * @percentile: "p99"
 *
 * Return: ns, NaN when there is none.
 */
double top_jitter(const cJSON *cpu, const char *percentile)
{
	const cJSON *all = cJSON_GetObjectItemCaseSensitive(cpu, "jitter_ns");
	const cJSON *ns = cJSON_GetObjectItemCaseSensitive(all, percentile);

	return cJSON_IsNumber(ns) ? ns->valuedouble : NAN;
}

/* Classes of one CPU, the busiest first: "kernel-tlb-flush 212, tick 4.0". */
static void format_classes(const cJSON *by_class, char *buf, size_t size)
{
	double below = INFINITY;
	size_t used = 0;

	buf[0] = '\0';
	for (int shown = 0; shown < cJSON_GetArraySize(by_class); shown++) {
		const cJSON *item, *best = NULL;
		int n;

		cJSON_ArrayForEach(item, by_class) {
			if (cJSON_IsNumber(item) && item->valuedouble < below &&
			    (!best || item->valuedouble > best->valuedouble))
				best = item;
		}
		if (!best || best->valuedouble <= 0)
			return;
		cJSON_ArrayForEach(item, by_class) {
			if (!cJSON_IsNumber(item) || item->valuedouble != best->valuedouble)
				continue;
			n = snprintf(buf + used, size - used, "%s%s %.*f", used ? ", " : "", item->string,
				     item->valuedouble < 10 ? 1 : 0, item->valuedouble);
			if (n < 0 || (size_t)n >= size - used)
				return;
			used += (size_t)n;
		}
		below = best->valuedouble;
	}
}

static int add_cpu(struct libscols_table *table, const cJSON *cpu, struct tn_error *err)
{
	char number[16], rate[32], stolen[32], time[4][TN_UNIT_TEXT], classes[512];
	const char *cells[TN_ARRAY_SIZE(columns)] = {
		number, rate, stolen, time[0], time[1], time[2], time[3], cli_json_text(cpu, "worst_class"), classes,
	};

	snprintf(number, sizeof(number), "%.0f", cli_json_number(cpu, "cpu"));
	snprintf(rate, sizeof(rate), "%.1f", cli_json_number(cpu, "interruptions_per_s"));
	snprintf(stolen, sizeof(stolen), "%.4f %%", cli_json_number(cpu, "stolen_share") * 100);
	top_time(time[0], sizeof(time[0]), top_jitter(cpu, "p99"));
	top_time(time[1], sizeof(time[1]), top_jitter(cpu, "p99.9"));
	top_time(time[2], sizeof(time[2]), top_jitter(cpu, "max"));
	top_time(time[3], sizeof(time[3]), cli_json_number(cpu, "worst_ns"));
	format_classes(cJSON_GetObjectItemCaseSensitive(cpu, "by_class"), classes, sizeof(classes));
	return cli_table_row(table, cells, TN_ARRAY_SIZE(columns), err);
}

/**
 * top_table() - one view as a block of lines
 * @cli: context
 * @reply: of the method Watch
 * @out: stream
 * @err: message
 *
 * Return: 0 or -ENOMEM.
 */
int top_table(const struct cli *cli, const cJSON *reply, FILE *out, struct tn_error *err)
{
	tn_cleanup(cli_table_freep) struct libscols_table *table = NULL;
	const cJSON *run = cJSON_GetObjectItemCaseSensitive(reply, "run"), *cpu;
	const cJSON *cpus = cJSON_GetObjectItemCaseSensitive(reply, "cpus");
	tn_autofree char *text = NULL;
	int r;

	if (!cJSON_IsObject(run))
		return fputs("no run in progress\n\n", out), 0;
	fprintf(out, "%s  %s  round %.0f/%.0f  %s  trace level %s  lost %.0f\n", cli_json_text(run, "scenario"),
		cli_json_text(run, "run"), cli_json_number(run, "round"), cli_json_number(run, "rounds"),
		cli_json_text(run, "state"), cli_json_text(reply, "level"), cli_json_number(run, "lost"));
	r = cli_table_new(cli, columns, TN_ARRAY_SIZE(columns), &table, err);
	cJSON_ArrayForEach(cpu, cpus) {
		if (r == 0)
			r = add_cpu(table, cpu, err);
	}
	if (r == 0 && cJSON_GetArraySize(cpus))
		r = cli_table_text(table, &text, err);
	if (r == 0)
		fprintf(out, "%s%s\n", text ? text : "", text ? "\n" : "");
	return r;
}
