// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb show: the text report of a document, from a file, standard input or the store. Needs no daemon. */
#include "cli/cli.h"
#include "cli/resolve.h"

/**
 * cli_show() - verb show
 * @cli: operand 0: see cli_resolve(); --json, --worst, --check, --strict, --store
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_show(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(cli_documents_free) struct cli_documents docs = {.store = cli->args.store};
	int r = cli_resolve_one(cli->args.operand[0], &docs, err);

	if (r == 0 && cli->args.check && !cli->args.json)
		cli_print_expectations(docs.document->run);
	else if (r == 0)
		r = cli->args.json ? cli_document_print(docs.document, stdout, err)
				   : cli_print_report(cli, docs.document->run, err);
	if (r < 0 || !cli->args.check)
		return r < 0 ? r : CLI_FINE;
	return cli_judged(cli, docs.document->run, cli->args.json, err);
}
