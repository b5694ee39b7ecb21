// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb run on several hosts: all begin before the first is waited for; the results are then compared, each with that
 * of the first host. The runs are attached: when this program dies, or one host fails, those of the others end.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "report/comparison.h"

struct host {
	struct cli_link link;
	cJSON *document;
	struct tn_run *run;
	const struct tn_run *compared; /* the same, as the only member of a set that a comparison goes on to refer to */
};

struct hosts {
	size_t n;
	struct host *host;
};

static void hosts_free(const struct hosts *h)
{
	for (size_t i = 0; i < h->n; i++) {
		cli_link_close(&h->host[i].link);
		cJSON_Delete(h->host[i].document);
		tn_run_freep(&h->host[i].run);
	}
	free(h->host);
}

static int begin(const struct cli *cli, struct host *host, const char *name, const char *path, const char *text,
		 struct tn_error *err)
{
	int r = cli_link_host(cli, name, &host->link, err);

	if (r < 0)
		return r;
	r = cli_link_broken(&host->link, cli_run_send(cli, &host->link, path, text, true, err), err);
	return cli_link_says(&host->link, r, err);
}

static int follow(const struct cli *cli, struct host *host, struct tn_error *err)
{
	struct cli_progress progress;
	int r;

	cli_progress_start(&progress, cli);
	if (!progress.silent)
		fprintf(stderr, "%s:\n", host->link.host);
	r = cli_run_follow(&host->link, &progress, &host->document, err);
	cli_progress_end(&progress);
	if (r == 0)
		r = tn_run_from_json(host->document, &host->run, err);
	host->compared = host->run;
	return cli_link_says(&host->link, r, err);
}

static int compare(const struct cli *cli, const struct host *a, const struct host *b, struct tn_comparison **ret,
		   struct tn_error *err)
{
	const struct tn_run_set set_a = {.name = a->link.host, .run = &a->compared, .n = 1};
	const struct tn_run_set set_b = {.name = b->link.host, .run = &b->compared, .n = 1};
	/* Hosts differ in what makes results incomparable otherwise; that they are hosts is the question here. */
	const struct tn_comparison_options options = {
		.smallest_effect = cli->args.smallest_effect,
		.confidence = cli->args.confidence,
		.seed = cli->args.seed,
		.force = true,
	};

	return tn_comparison_make(&set_a, &set_b, &options, ret, err);
}

static int print_text(const struct cli *cli, const struct host *host, const struct tn_comparison *c,
		      struct tn_error *err)
{
	struct tn_report_options opt = {.colour = cli->colour, .unicode = cli->unicode, .width = cli->width};

	printf("%s: run %s, %s\n", host->link.host, host->run->id, tn_run_state_name(host->run->state));
	return c ? tn_report_comparison(c, &opt, cli->args.all, stdout, err) : 0;
}

static int add_json(cJSON *hosts, struct host *host, const struct tn_comparison *c, struct tn_error *err)
{
	cJSON *entry = cJSON_CreateObject(), *json = NULL;
	int r = c ? tn_comparison_to_json(c, &json, err) : 0;

	cJSON_AddStringToObject(entry, "host", host->link.host);
	cJSON_AddItemToObject(entry, "document", tn_steal_ptr(host->document));
	if (json)
		cJSON_AddItemToObject(entry, "comparison", json);
	cJSON_AddItemToArray(hosts, entry);
	return r;
}

/* A regression against the first host, and what was expected of each, make the exit status. */
static int deliver(const struct cli *cli, const struct hosts *h, struct tn_error *err)
{
	cli_autojson cJSON *all = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(all, "hosts");
	int status = CLI_FINE, r = 0;

	for (size_t i = 0; i < h->n && r >= 0; i++) {
		tn_cleanup(tn_comparison_freep) struct tn_comparison *c = NULL;

		if (i)
			r = compare(cli, &h->host[0], &h->host[i], &c, err);
		if (r >= 0)
			r = cli->args.json ? add_json(list, &h->host[i], c, err) : print_text(cli, &h->host[i], c, err);
		if (c && c->verdict == TN_VERDICT_REGRESSED)
			status = CLI_REGRESSION;
	}
	if (r >= 0 && cli->args.json)
		r = cli_print_json(all, false, err);
	fflush(stdout);
	for (size_t i = 0; i < h->n && r >= 0; i++) {
		r = cli_link_says(&h->host[i].link, cli_run_verdict(cli, h->host[i].run, err), err);
		status = r > status ? r : status;
	}
	return r < 0 ? r : status;
}

/**
 * cli_run_hosts() - run a scenario on several hosts and compare them
 * @cli: the hosts, in order
 * @path: of the scenario
 * @text: of the scenario
 * @err: message, which names the host
 *
 * Return: exit status or a negative errno.
 */
int cli_run_hosts(const struct cli *cli, const char *path, const char *text, struct tn_error *err)
{
	tn_cleanup(hosts_free) struct hosts h = {.host = calloc(cli->args.n_remote, sizeof(*h.host))};
	int r = 0;

	if (!h.host)
		return tn_error_set(err, -ENOMEM, "no memory for %zu hosts", cli->args.n_remote);
	cli_interrupt_catch();
	for (h.n = 0; h.n < cli->args.n_remote && r == 0; h.n++) {
		h.host[h.n].link.fd = -1;
		r = begin(cli, &h.host[h.n], cli->args.remote[h.n], path, text, err);
	}
	for (size_t i = 0; i < h.n && r == 0; i++)
		r = follow(cli, &h.host[i], err);
	return r < 0 ? r : deliver(cli, &h, err);
}
