// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb compare: two sets of run documents, and a verdict on each metric. Needs no daemon. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/resolve.h"
#include "report/comparison.h"

static int make_set(const char *operand, struct cli_documents *docs, const struct tn_run ***ret_runs,
		    struct tn_run_set *ret, struct tn_error *err)
{
	int r = cli_resolve_list(operand, docs, err);

	if (r < 0)
		return r;
	*ret_runs = calloc(docs->n + 1, sizeof(**ret_runs));
	if (!*ret_runs)
		return tn_error_set(err, -ENOMEM, "no memory to read %s", operand);
	for (size_t i = 0; i < docs->n; i++)
		(*ret_runs)[i] = docs->document[i].run;
	*ret = (struct tn_run_set){.name = operand, .run = *ret_runs, .n = docs->n};
	return 0;
}

/* Each difference in a line of its own; the error that follows says what to do. */
static void print_differences(const struct tn_comparison *c)
{
	for (size_t i = 0; i < c->n_differences; i++)
		if (c->difference[i].refuses)
			fprintf(stderr, "tlbnoise: %s\n", c->difference[i].text);
}

static int print(const struct cli *cli, const struct tn_comparison *c, struct tn_error *err)
{
	struct tn_report_options opt = {.colour = cli->colour, .unicode = cli->unicode, .width = cli->width};
	cli_autojson cJSON *json = NULL;
	int r;

	if (!cli->args.json)
		return tn_report_comparison(c, &opt, cli->args.all, stdout, err);
	r = tn_comparison_to_json(c, &json, err);
	return r < 0 ? r : cli_print_json(json, false, err);
}

/**
 * cli_compare() - verb compare
 * @cli: operands 0 and 1: the sets; all options of CLI_COMPARE
 * @err: message
 *
 * Return: CLI_REGRESSION when a metric regressed, else CLI_FINE; a negative errno.
 */
int cli_compare(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(cli_documents_free) struct cli_documents docs_a = {.store = cli->args.store}, docs_b = docs_a;
	tn_autofree const struct tn_run **a = NULL, **b = NULL;
	tn_cleanup(tn_comparison_freep) struct tn_comparison *c = NULL;
	struct tn_comparison_options options = {
		.smallest_effect = cli->args.smallest_effect,
		.confidence = cli->args.confidence,
		.seed = cli->args.seed,
		.metrics = cli->args.metric,
		.force = cli->args.force,
	};
	struct tn_run_set set[TN_SIDES];
	int r;

	r = make_set(cli->args.operand[0], &docs_a, &a, &set[TN_SIDE_A], err);
	if (r == 0)
		r = make_set(cli->args.operand[1], &docs_b, &b, &set[TN_SIDE_B], err);
	if (r == 0)
		r = tn_comparison_make(&set[TN_SIDE_A], &set[TN_SIDE_B], &options, &c, err);
	if (r == -EXDEV && c)
		print_differences(c);
	if (r == 0)
		r = print(cli, c, err);
	if (r < 0)
		return r;
	return c->verdict == TN_VERDICT_REGRESSED ? CLI_REGRESSION : CLI_FINE;
}
