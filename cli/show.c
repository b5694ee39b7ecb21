// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb show: the text report of a document, from a file, standard input or the store. Needs no daemon. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/resolve.h"

/* As it was published, byte for byte: what this version does not know is not lost. */
static int print_text(const struct cli_document *doc, struct tn_error *err)
{
	bool ended = doc->size && doc->text[doc->size - 1] == '\n';

	if (fwrite(doc->text, 1, doc->size, stdout) != doc->size || (!ended && putchar('\n') == EOF))
		return tn_error_set(err, -EIO, "cannot write to standard output: %s; the output is not complete",
				    strerror(errno));
	return 0;
}

/**
 * cli_show() - verb show
 * @cli: operand 0: see cli_resolve(); --json, --worst
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_show(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(cli_documents_free) struct cli_documents docs = {0};
	int r = cli_resolve_one(cli->args.operand[0], &docs, err);

	if (r == 0)
		r = cli->args.json ? print_text(docs.document, err) : cli_print_report(cli, docs.document->run, err);
	return r < 0 ? r : CLI_FINE;
}
