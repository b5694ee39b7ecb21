// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb report: one HTML file about a set of runs, or about two sets and how they compare. Needs no daemon. Raw
 * interruptions are taken from the store or from beside the document; without them the page has the longest ones.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/resolve.h"
#include "report/html.h"

/* One operand: its documents, and what of their raw interruptions was found. */
struct set {
	struct cli_documents docs;
	const struct tn_run **run;
	struct tn_html_document *page;
	struct cli_raw *raw;
};

static void set_free(struct set *s)
{
	for (size_t i = 0; s->raw && i < s->docs.n; i++)
		cli_raw_free(&s->raw[i]);
	free(s->raw);
	free(s->page);
	free(s->run);
	cli_documents_free(&s->docs);
}

static int make_set(const char *operand, struct set *s, struct tn_html_side *ret, struct tn_error *err)
{
	int r = cli_resolve_list(operand, &s->docs, err);
	size_t n = s->docs.n + 1;

	if (r < 0)
		return r;
	s->run = calloc(n, sizeof(*s->run));
	s->page = calloc(n, sizeof(*s->page));
	s->raw = calloc(n, sizeof(*s->raw));
	if (!s->run || !s->page || !s->raw)
		return tn_error_set(err, -ENOMEM, "no memory to read %s", operand);
	for (size_t i = 0; i < s->docs.n; i++) {
		s->run[i] = s->docs.document[i].run;
		cli_raw_find(&s->docs.document[i], &s->raw[i]);
		s->page[i] = (struct tn_html_document){s->run[i], s->raw[i].reader, s->raw[i].note};
	}
	*ret = (struct tn_html_side){.name = operand, .n = s->docs.n, .document = s->page};
	return 0;
}

static int compare(const struct cli *cli, const struct set set[TN_SIDES], struct tn_comparison **ret,
		   struct tn_error *err)
{
	const struct tn_comparison_options options = {
		.smallest_effect = cli->args.smallest_effect,
		.confidence = cli->args.confidence,
		.seed = cli->args.seed,
		.metrics = cli->args.metric,
		.force = cli->args.force,
	};
	struct tn_run_set side[TN_SIDES];
	int r;

	for (unsigned int i = 0; i < TN_SIDES; i++)
		side[i] = (struct tn_run_set){cli->args.operand[i], set[i].run, set[i].docs.n};
	r = tn_comparison_make(&side[TN_SIDE_A], &side[TN_SIDE_B], &options, ret, err);
	for (size_t i = 0; r == -EXDEV && *ret && i < (*ret)->n_differences; i++)
		if ((*ret)->difference[i].refuses)
			fprintf(stderr, "tlbnoise: %s\n", (*ret)->difference[i].text);
	return r;
}

static int write_page(const void *page, FILE *out, struct tn_error *err)
{
	return tn_report_html(page, out, err);
}

static int check_use(const struct cli *cli, struct tn_error *err)
{
	if (cli->args.n_operand > TN_SIDES)
		return tn_error_set(
			err, -EINVAL,
			"report: '%s' is one set too many: give one, or A and B; commas join the runs of a set",
			cli->args.operand[TN_SIDES]);
	if (!cli->args.output && isatty(STDOUT_FILENO))
		return tn_error_set(err, -EINVAL, "report: a page is nothing for a terminal; give -o FILE");
	return cli->args.output ? cli_save_check(cli->args.output, err) : 0;
}

/**
 * cli_report() - verb report
 * @cli: operands: one set of runs, or the baseline and what is held against it; --output, options of compare
 * @err: message
 *
 * Return: CLI_FINE when the page is written, whatever it says; a negative errno.
 */
int cli_report(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(set_free) struct set a = {.docs.store = cli->args.store}, b = a;
	tn_cleanup(tn_comparison_freep) struct tn_comparison *c = NULL;
	struct tn_html_page page = {0};
	int r = check_use(cli, err);

	if (r == 0)
		r = make_set(cli->args.operand[0], &a, &page.side[TN_SIDE_A], err);
	if (r == 0 && cli->args.n_operand > 1) {
		r = make_set(cli->args.operand[1], &b, &page.side[TN_SIDE_B], err);
		if (r == 0)
			r = compare(cli, (const struct set[]){a, b}, &c, err);
		page.comparison = c;
	}
	if (r == 0)
		r = cli->args.output ? cli_save_stream(cli->args.output, write_page, &page, err)
				     : tn_report_html(&page, stdout, err);
	return r < 0 ? r : CLI_FINE;
}
