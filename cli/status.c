// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb status: what the service does now. Without a service there is nothing to say, which is status 2. */
#include <errno.h>

#include "base/units.h"
#include "cli/cli.h"

static const struct cli_column columns[] = {
	{"RUN"},
	{"STATE"},
	{"ROUND", .right = true},
	{"ELAPSED", .right = true},
	{"OF", .right = true},
	{"INTERRUPTIONS", .right = true},
	{"WORST", .right = true},
	{"LOST", .right = true},
	{"SCENARIO", .last = true},
};

static int add_run(struct libscols_table *table, const cJSON *run, struct tn_error *err)
{
	char round[48], elapsed[TN_UNIT_TEXT], total[TN_UNIT_TEXT], n[32], worst[TN_UNIT_TEXT], lost[32];
	const char *cells[TN_ARRAY_SIZE(columns)] = {
		cli_json_text(run, "run"),      cli_json_text(run, "state"), round, elapsed, total, n, worst, lost,
		cli_json_text(run, "scenario"),
	};

	snprintf(round, sizeof(round), "%.0f/%.0f", cli_json_number(run, "round"), cli_json_number(run, "rounds"));
	snprintf(elapsed, sizeof(elapsed), "%.0f s", cli_json_number(run, "elapsed_ms") / 1000);
	snprintf(total, sizeof(total), "%.0f s", cli_json_number(run, "estimated_total_ms") / 1000);
	snprintf(n, sizeof(n), "%.0f", cli_json_number(run, "interruptions"));
	snprintf(lost, sizeof(lost), "%.0f", cli_json_number(run, "lost"));
	tn_format_ns(cli_json_number(run, "worst_ns"), worst, sizeof(worst));
	return cli_table_row(table, cells, TN_ARRAY_SIZE(columns), err);
}

static int print_status(const struct cli *cli, const cJSON *reply, struct tn_error *err)
{
	tn_cleanup(cli_table_freep) struct libscols_table *table = NULL;
	const cJSON *runs = cJSON_GetObjectItemCaseSensitive(reply, "runs");
	const cJSON *recovered = cJSON_GetObjectItemCaseSensitive(reply, "recovered");
	const cJSON *item;
	int r;

	printf("tlbnoised %s, PID %.0f\n", cli_json_text(reply, "version"), cli_json_number(reply, "pid"));
	cJSON_ArrayForEach(item, recovered) {
		if (cJSON_IsString(item))
			printf("recovered at start: %s\n", item->valuestring);
	}
	if (!cJSON_GetArraySize(runs)) {
		puts("no run in progress");
		return 0;
	}
	r = cli_table_new(cli, columns, TN_ARRAY_SIZE(columns), &table, err);
	cJSON_ArrayForEach(item, runs) {
		if (r == 0)
			r = add_run(table, item, err);
	}
	return r < 0 ? r : cli_table_print(table, err);
}

/**
 * cli_status() - verb status
 * @cli: --json, --socket
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_status(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(cli_link_close) struct cli_link link = {.fd = -1};
	cli_autojson cJSON *reply = NULL;
	int r = cli_link_service(cli, &link, err);

	if (r == 0)
		r = cli_call(link.client, "Status", NULL, &reply, err);
	if (r < 0)
		return r;
	r = cli->args.json ? cli_print_json(reply, false, err) : print_status(cli, reply, err);
	return r < 0 ? r : CLI_FINE;
}
