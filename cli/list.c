// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb list: prints what inventory.c finds, without a daemon. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "scenario/scenario.h"

static const struct cli_column scenario_columns[] = {{"SCENARIO"}, {"FILE"}, {"DESCRIPTION", .last = true}};
static const struct cli_column source_columns[] = {{"SOURCE"}, {"RUNS HERE"}, {"WHAT IT DOES", .last = true}};

static int print_scenarios(const struct cli *cli, const cJSON *scenarios, struct tn_error *err)
{
	tn_cleanup(cli_table_freep) struct libscols_table *table = NULL;
	const cJSON *item;
	int r;

	if (!cJSON_GetArraySize(scenarios)) {
		puts("no scenarios found; 'tlbnoise run' takes the path of a file too");
		return 0;
	}
	r = cli_table_new(cli, scenario_columns, TN_ARRAY_SIZE(scenario_columns), &table, err);
	cJSON_ArrayForEach(item, scenarios) {
		const char *description = cli_json_text(item, "description"), *error = cli_json_text(item, "error");
		const char *cells[] = {cli_json_text(item, "name"), cli_json_text(item, "path"),
				       *error ? error : description};

		if (r == 0)
			r = cli_table_row(table, cells, TN_ARRAY_SIZE(cells), err);
	}
	return r < 0 ? r : cli_table_print(table, err);
}

static int print_sources(const struct cli *cli, const cJSON *sources, struct tn_error *err)
{
	tn_cleanup(cli_table_freep) struct libscols_table *table = NULL;
	const cJSON *item;
	int r = cli_table_new(cli, source_columns, TN_ARRAY_SIZE(source_columns), &table, err);

	cJSON_ArrayForEach(item, sources) {
		bool runs = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "runs_here"));
		const char *cells[] = {cli_json_text(item, "name"), runs ? "yes" : "no",
				       cli_json_text(item, "summary")};

		if (r == 0)
			r = cli_table_row(table, cells, TN_ARRAY_SIZE(cells), err);
	}
	if (r == 0)
		r = cli_table_print(table, err);
	cJSON_ArrayForEach(item, sources) {
		if (*cli_json_text(item, "reason"))
			printf("%s: %s\n", cli_json_text(item, "name"), cli_json_text(item, "reason"));
	}
	return r;
}

static int print_text(const struct cli *cli, const cJSON *all, struct tn_error *err)
{
	const cJSON *machine = cJSON_GetObjectItemCaseSensitive(all, "machine");
	int r = print_scenarios(cli, cJSON_GetObjectItemCaseSensitive(all, "scenarios"), err);

	if (r < 0)
		return r;
	putchar('\n');
	r = print_sources(cli, cJSON_GetObjectItemCaseSensitive(all, "sources"), err);
	if (r < 0)
		return r;
	printf("\n%sThis machine%s\n", cli_bold(cli), cli_plain(cli));
	printf("trace level   %s: %s\n", cli_json_text(machine, "trace_level"), cli_json_text(machine, "trace_reason"));
	printf("probed CPUs   %s (%s)\n", cli_json_text(machine, "probe_cpus"), cli_json_text(machine, "probe_reason"));
	printf("housekeeping  %s of %s online\n", cli_json_text(machine, "housekeeping_cpus"),
	       cli_json_text(machine, "online_cpus"));
	return 0;
}

static int print_names(const cJSON *scenarios)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, scenarios)
		puts(cli_json_text(item, "name"));
	return CLI_FINE;
}

static void print_key(const struct tn_scenario_key *key, const char *name)
{
	if (name)
		printf("churn.%s.%s\n", name, key->key);
	else
		printf("%s.%s\n", key->section, key->key);
}

/* The keys for -o; those of churn sections with the names that SCENARIO gives them. */
static int print_keys(const char *name, struct tn_error *err)
{
	tn_autofree struct tn_scenario *scenario = NULL;
	tn_autofree char *text = NULL;
	const struct tn_scenario_key *key;
	char path[512];
	int r = name ? cli_scenario_load(name, NULL, path, sizeof(path), &text, &scenario, err) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; (key = tn_scenario_key_at(i)); i++) {
		if (strcmp(key->section, "churn") != 0)
			print_key(key, NULL);
		else if (!scenario)
			print_key(key, "NAME");
		for (size_t j = 0; scenario && !strcmp(key->section, "churn") && j < scenario->n_churn; j++)
			print_key(key, scenario->churn[j].name);
	}
	return CLI_FINE;
}

static int check_use(const struct cli_args *args, struct tn_error *err)
{
	if (args->names + args->keys + args->json > 1)
		return tn_error_set(err, -EINVAL, "list: give one of --names, --keys and --json");
	if (args->n_operand && !args->keys)
		return tn_error_set(err, -EINVAL,
				    "list: SCENARIO goes with --keys only; 'tlbnoise list' shows them all");
	return 0;
}

/**
 * cli_list() - verb list
 * @cli: --json, --names, --keys; operand 0: the scenario for --keys
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_list(const struct cli *cli, struct tn_error *err)
{
	cli_autojson cJSON *all = cJSON_CreateObject();
	cJSON *scenarios = cJSON_AddArrayToObject(all, "scenarios");
	cJSON *sources, *machine;
	int r = check_use(&cli->args, err);

	if (r < 0)
		return r;
	if (cli->args.keys)
		return print_keys(cli->args.operand[0], err);
	r = scenarios ? cli_inventory_scenarios(scenarios, err) : tn_error_set(err, -ENOMEM, "no memory for the list");
	if (r < 0)
		return r;
	if (cli->args.names)
		return print_names(scenarios);
	sources = cJSON_AddArrayToObject(all, "sources");
	machine = cJSON_AddObjectToObject(all, "machine");
	if (!sources || !machine)
		return tn_error_set(err, -ENOMEM, "no memory for the list");
	r = cli_inventory_sources(sources, err);
	if (r == 0)
		r = cli_inventory_machine(machine, err);
	if (r == 0)
		r = cli->args.json ? cli_print_json(all, false, err) : print_text(cli, all, err);
	return r < 0 ? r : CLI_FINE;
}
