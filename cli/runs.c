// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb runs: the history, as a table or JSON; --delete removes what the filters let through. Needs no daemon. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "cli/cli.h"
#include "cli/resolve.h"
#include "cli/when.h"

static const struct cli_column columns[] = {
	{"RUN"},
	{"STARTED (UTC)"},
	{"SCENARIO"},
	{"CPUS"},
	{"ROUNDS", .right = true},
	{"STATE"},
	{"JITTER P99", .right = true},
	{"MAX", .right = true},
	{"INT/S", .right = true},
	{"KERNEL", .last = true},
};

static const char *const jitter_key[TN_STORE_JITTERS] = {"p50", "p99", "p99.9", "p99.99", "max"};
enum { JITTER_P99 = 1, JITTER_MAX = 4 };

struct selection {
	struct tn_store *store;
	struct tn_store_entry *entry;
	size_t n;
};

static void let_go(struct selection *s)
{
	if (s->store)
		tn_store_close(s->store);
	free(s->entry);
}

static int add_row(struct libscols_table *table, const struct tn_store_entry *e, struct tn_error *err)
{
	char started[40], rounds[32], p99[TN_UNIT_TEXT], max[TN_UNIT_TEXT], rate[TN_UNIT_TEXT];
	const char *cells[] = {e->id, started, e->scenario, e->cpus, rounds, e->state, p99, max, rate, e->kernel};

	snprintf(started, sizeof(started), "%.10s %.8s", e->started_at,
		 strlen(e->started_at) > 11 ? e->started_at + 11 : "");
	snprintf(rounds, sizeof(rounds), "%u/%u", e->rounds_done, e->rounds_planned);
	tn_format_ns(e->jitter_ns[JITTER_P99], p99, sizeof(p99));
	tn_format_ns(e->jitter_ns[JITTER_MAX], max, sizeof(max));
	tn_format_rate(e->interruptions_per_s, rate, sizeof(rate));
	return cli_table_row(table, cells, TN_ARRAY_SIZE(cells), err);
}

static int print_table(const struct cli *cli, const struct selection *s, struct tn_error *err)
{
	tn_cleanup(cli_table_freep) struct libscols_table *table = NULL;
	char room[TN_UNIT_TEXT];
	uint64_t bytes;
	int r;

	if (!s->n) {
		puts("no runs; 'tlbnoise run' stores what it measures");
		return 0;
	}
	r = cli_table_new(cli, columns, TN_ARRAY_SIZE(columns), &table, err);
	for (size_t i = 0; i < s->n && r == 0; i++)
		r = add_row(table, &s->entry[i], err);
	if (r == 0)
		r = cli_table_print(table, err);
	if (r == 0)
		r = tn_store_usage(s->store, &bytes, err);
	if (r == 0)
		printf("\n%zu run%s; the whole history takes %s\n", s->n, s->n == 1 ? "" : "s",
		       tn_format_size(bytes, room, sizeof(room)));
	return r;
}

static bool add_number(cJSON *to, const char *key, double v)
{
	return isfinite(v) ? cJSON_AddNumberToObject(to, key, v) != NULL : cJSON_AddNullToObject(to, key) != NULL;
}

static bool add_json(cJSON *list, const struct tn_store_entry *e)
{
	cJSON *run = cJSON_CreateObject(), *jitter;
	bool good;

	if (!run || !cJSON_AddItemToArray(list, run)) {
		cJSON_Delete(run);
		return false;
	}
	good = cJSON_AddStringToObject(run, "id", e->id) && cJSON_AddStringToObject(run, "state", e->state) &&
	       cJSON_AddStringToObject(run, "state_reason", e->state_reason) &&
	       cJSON_AddStringToObject(run, "started_at", e->started_at) &&
	       add_number(run, "elapsed_s", e->elapsed_s) && cJSON_AddStringToObject(run, "scenario", e->scenario) &&
	       cJSON_AddStringToObject(run, "kernel", e->kernel) && cJSON_AddStringToObject(run, "host", e->host) &&
	       cJSON_AddStringToObject(run, "trace_level", e->trace_level) &&
	       cJSON_AddStringToObject(run, "probed_cpus", e->cpus) &&
	       add_number(run, "rounds_planned", e->rounds_planned) && add_number(run, "rounds_done", e->rounds_done) &&
	       cJSON_AddBoolToObject(run, "has_document", e->has_document) &&
	       add_number(run, "document_bytes", (double)e->document_bytes) &&
	       add_number(run, "raw_records", (double)e->raw_records) &&
	       add_number(run, "raw_bytes", (double)e->raw_bytes) &&
	       add_number(run, "interruptions_per_s", e->interruptions_per_s) &&
	       add_number(run, "stolen_share", e->stolen_share);
	jitter = good ? cJSON_AddObjectToObject(run, "jitter_ns") : NULL;
	for (unsigned int i = 0; i < TN_STORE_JITTERS && jitter; i++)
		good &= add_number(jitter, jitter_key[i], e->jitter_ns[i]);
	return good && jitter;
}

static int print_json(const struct selection *s, struct tn_error *err)
{
	cli_autojson cJSON *all = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(all, "runs");

	for (size_t i = 0; i < s->n; i++)
		if (!list || !add_json(list, &s->entry[i]))
			return tn_error_set(err, -ENOMEM, "no memory for the list of runs");
	return list ? cli_print_json(all, false, err) : tn_error_set(err, -ENOMEM, "no memory for the list of runs");
}

static bool is_filtered(const struct cli *cli)
{
	const struct cli_args *a = &cli->args;

	return a->n_operand || a->scenario || a->kernel || a->host || a->state || a->since || a->until;
}

static int check_use(const struct cli *cli, struct tn_error *err)
{
	if (cli->args.yes && !cli->args.delete)
		return tn_error_set(err, -EINVAL, "runs: --yes goes with --delete");
	if (cli->args.delete &&cli->args.json)
		return tn_error_set(err, -EINVAL, "runs: --delete has no output for --json");
	if (cli->args.delete &&!is_filtered(cli))
		return tn_error_set(err, -EINVAL,
				    "runs --delete: name a run or give a filter, such as --until 30d; --state '*' is "
				    "all of them");
	return 0;
}

/* Opens the store and reads what the command line selects of it. */
static int find_runs(const struct cli *cli, enum tn_store_mode mode, struct selection *ret, struct tn_error *err)
{
	const struct cli_args *a = &cli->args;
	char since[40], until[40], id[40];
	struct tn_store_filter filter = {
		.scenario = a->scenario, .kernel = a->kernel, .host = a->host, .state = a->state, .limit = a->limit};
	int r = 0;

	if (a->since) {
		r = cli_when("--since", a->since, since, sizeof(since), err);
		filter.since = since;
	}
	if (r == 0 && a->until) {
		r = cli_when("--until", a->until, until, sizeof(until), err);
		filter.until = until;
	}
	if (r == 0)
		r = cli_store_open(a->store, mode, &ret->store, err);
	if (r == -ENOENT && !a->store && !a->n_operand)
		return 0; /* nothing was run yet */
	if (r == 0 && a->n_operand) {
		r = tn_store_find(ret->store, a->operand[0], id, err);
		filter.id = id;
	}
	return r < 0 ? r : tn_store_list(ret->store, &filter, &ret->entry, &ret->n, err);
}

static int delete_runs(const struct cli *cli, struct selection *s, struct tn_error *err)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->entry[i].state, "running"))
			s->entry[n++] = s->entry[i];
	s->n = n;
	if (!n) {
		puts("no runs to remove");
		return 0;
	}
	if (!cli->args.yes) {
		r = print_table(cli, s, err);
		return r < 0 ? r
			     : tn_error_set(err, -ECANCELED, "nothing was removed; add --yes to remove %s above",
					    n == 1 ? "the run" : "all runs");
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		r = tn_store_delete(s->store, s->entry[i].id, err);
		if (r == 0)
			printf("removed %s\n", s->entry[i].id);
		else if (r == -ENOENT || r == -EBUSY)
			r = 0; /* somebody was quicker */
	}
	return r;
}

/**
 * cli_runs() - verb runs
 * @cli: operand 0: a run, or none; --scenario, --kernel, --host, --state, --since, --until, --limit, --delete, --yes
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_runs(const struct cli *cli, struct tn_error *err)
{
	bool delete = cli->args.delete;
	tn_cleanup(let_go) struct selection s = {0};
	int r = check_use(cli, err);

	if (r == 0)
		r = find_runs(cli, delete &&cli->args.yes ? TN_STORE_WRITE : TN_STORE_READ, &s, err);
	if (r < 0)
		return r;
	if (delete)
		r = delete_runs(cli, &s, err);
	else
		r = cli->args.json ? print_json(&s, err) : print_table(cli, &s, err);
	return r < 0 ? r : CLI_FINE;
}
