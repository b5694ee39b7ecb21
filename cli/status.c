// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb status: what the service does now, and what waits; of each host that was named. Without a service there is
 * nothing to say, which is status 2.
 */
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

static const struct cli_column queue_columns[] = {
	{"WAITING"},
	{"PLACE", .right = true},
	{"PRIORITY", .right = true},
	{"SINCE", .right = true},
	{"UID", .right = true},
	{"SCENARIO", .last = true},
};

static int print_queue(const struct cli *cli, const cJSON *queue, struct tn_error *err)
{
	tn_cleanup(cli_table_freep) struct libscols_table *table = NULL;
	const cJSON *item;
	int r;

	if (!cJSON_GetArraySize(queue))
		return 0;
	r = cli_table_new(cli, queue_columns, TN_ARRAY_SIZE(queue_columns), &table, err);
	cJSON_ArrayForEach(item, queue) {
		char place[32], priority[32], since[32], uid[32];
		const char *cells[TN_ARRAY_SIZE(queue_columns)] = {
			cli_json_text(item, "run"), place, priority, since, uid, cli_json_text(item, "scenario"),
		};

		snprintf(place, sizeof(place), "%.0f", cli_json_number(item, "position"));
		snprintf(priority, sizeof(priority), "%.0f", cli_json_number(item, "priority"));
		snprintf(since, sizeof(since), "%.0f s", cli_json_number(item, "waiting_ms") / 1000);
		snprintf(uid, sizeof(uid), "%.0f", cli_json_number(item, "uid"));
		if (r == 0)
			r = cli_table_row(table, cells, TN_ARRAY_SIZE(queue_columns), err);
	}
	return r < 0 ? r : cli_table_print(table, err);
}

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
	if (r == 0)
		r = cli_table_print(table, err);
	return r < 0 ? r : print_queue(cli, cJSON_GetObjectItemCaseSensitive(reply, "queue"), err);
}

static int ask(const struct cli *cli, const char *host, cJSON **ret, struct tn_error *err)
{
	tn_cleanup(cli_link_close) struct cli_link link = {.fd = -1};
	int r = cli_link_host(cli, host, &link, err);

	if (r < 0)
		return r;
	return cli_link_says(&link, cli_link_broken(&link, cli_call(link.client, "Status", NULL, ret, err), err), err);
}

static int show(const struct cli *cli, const char *host, struct tn_error *err)
{
	cli_autojson cJSON *reply = NULL;
	int r = ask(cli, host, &reply, err);

	if (r < 0)
		return r;
	if (host && cli->args.json)
		cJSON_AddStringToObject(reply, "host", host);
	if (cli->args.json)
		return cli_print_json(reply, cli->args.n_remote > 1, err);
	if (host)
		printf("%s%s%s\n", cli_bold(cli), host, cli_plain(cli));
	return print_status(cli, reply, err);
}

/**
 * cli_status() - verb status
 * @cli: --json, --socket, --host
 * @err: message
 *
 * Of several hosts each is asked, also when one before it could not be.
 *
 * Return: exit status or a negative errno.
 */
int cli_status(const struct cli *cli, struct tn_error *err)
{
	int r = 0, worst = 0;

	if (!cli->args.n_remote)
		worst = show(cli, NULL, err);
	for (size_t i = 0; i < cli->args.n_remote; i++) {
		struct tn_error one = {0};

		r = show(cli, cli->args.remote[i], &one);
		if (r == 0)
			continue;
		if (worst < 0)
			fprintf(stderr, "tlbnoise: %s\n", err->text);
		worst = r;
		*err = one;
	}
	return worst < 0 ? worst : CLI_FINE;
}
