// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb export: documents as they were published, with their raw interruptions beside them, or the figures of
 * several runs as one table. Needs no daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/resolve.h"
#include "report/report.h"

static int check_use(const struct cli *cli, bool *ret_csv, struct tn_error *err)
{
	const char *format = cli->args.format ? cli->args.format : "json";

	*ret_csv = !strcmp(format, "csv");
	if (!*ret_csv && strcmp(format, "json"))
		return tn_error_set(err, -EINVAL, "--format %s: there are json and csv", format);
	if (!*ret_csv && cli->args.n_operand > 1)
		return tn_error_set(err, -EINVAL, "export: a JSON file holds one run; --format csv takes several");
	return cli->args.output ? cli_save_check(cli->args.output, err) : 0;
}

static int write_csv(const struct cli_documents *docs, FILE *out, struct tn_error *err)
{
	tn_autofree const struct tn_run **run = calloc(docs->n + 1, sizeof(struct tn_run *));

	if (!run)
		return tn_error_set(err, -ENOMEM, "no memory for %zu runs", docs->n);
	for (size_t i = 0; i < docs->n; i++)
		run[i] = docs->document[i].run;
	return tn_report_csv(run, docs->n, out, err);
}

static int write_to(const struct cli_documents *docs, bool csv, FILE *out, struct tn_error *err)
{
	return csv ? write_csv(docs, out, err) : cli_document_print(docs->document, out, err);
}

/* The whole file under its name, or none. */
static int write_file(const struct cli_documents *docs, bool csv, const char *path, struct tn_error *err)
{
	char temporary[560];
	tn_autofclose FILE *out = NULL;
	int r;

	snprintf(temporary, sizeof(temporary), "%s.%d.tmp", path, (int)getpid());
	out = fopen(temporary, "wxe");
	if (!out)
		return tn_error_set(err, -errno, "cannot create %s: %s", temporary, strerror(errno));
	r = write_to(docs, csv, out, err);
	if (r == 0 && (fflush(out) || fsync(fileno(out)) < 0 || rename(temporary, path) < 0))
		r = tn_error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	if (r < 0)
		unlink(temporary);
	return r;
}

/* The document names its records where the store keeps them, and import looks beside the document first. */
static int write_raw(const struct cli_document *doc, const char *path, struct tn_error *err)
{
	size_t len = strlen(path);
	char to[560];

	if (!*doc->raw)
		return 0;
	if (len > 5 && !strcmp(path + len - 5, ".json"))
		len -= 5;
	snprintf(to, sizeof(to), "%.*s.raw", (int)len, path);
	return cli_save_copy(doc->raw, to, err);
}

/**
 * cli_export() - verb export
 * @cli: operands: see cli_resolve(); --format, --output
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_export(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(cli_documents_free) struct cli_documents docs = {.store = cli->args.store};
	const char *path = cli->args.output;
	bool csv;
	int r = check_use(cli, &csv, err);

	for (size_t i = 0; i < cli->args.n_operand && r == 0; i++)
		r = csv ? cli_resolve(cli->args.operand[i], &docs, err)
			: cli_resolve_one(cli->args.operand[i], &docs, err);
	if (r < 0)
		return r;
	if (!path)
		r = write_to(&docs, csv, stdout, err);
	else if (!csv)
		r = write_raw(docs.document, path, err);
	if (r == 0 && path)
		r = write_file(&docs, csv, path, err);
	return r < 0 ? r : CLI_FINE;
}
