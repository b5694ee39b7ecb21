// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb export: documents as they were published, with their raw interruptions beside them, or what they hold in the
 * formats of other programs. Needs no daemon. Who exports interruptions without raw records gets the worst ones, and
 * is told so on stderr.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/resolve.h"
#include "report/export.h"

enum format { JSON, CSV, JSONL, PERFETTO, HDR };

static const struct {
	const char *name;
	bool several; /* runs in one file */
} formats[] = {
	[JSON] = {"json", false},         [CSV] = {"csv", true},  [JSONL] = {"jsonl", true},
	[PERFETTO] = {"perfetto", false}, [HDR] = {"hdr", false},
};

/* All that one export needs. */
struct job {
	enum format format;
	enum tn_csv_table table;
	struct cli_documents docs;
	struct tn_export *run; /* docs.n */
	struct cli_raw *raw;   /* docs.n */
};

static void job_free(struct job *j)
{
	for (size_t i = 0; j->raw && i < j->docs.n; i++)
		cli_raw_free(&j->raw[i]);
	free(j->raw);
	free(j->run);
	cli_documents_free(&j->docs);
}

static int find_format(const char *name, enum format *ret, struct tn_error *err)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(formats); i++) {
		if (strcmp(name, formats[i].name))
			continue;
		*ret = (enum format)i;
		return 0;
	}
	return tn_error_set(err, -EINVAL, "--format %s: there are json, csv, jsonl, perfetto and hdr", name);
}

static int find_table(const char *name, enum tn_csv_table *ret, struct tn_error *err)
{
	for (unsigned int i = 0; i < TN_CSV_TABLES; i++) {
		if (strcmp(name, tn_csv_table_name((enum tn_csv_table)i)))
			continue;
		*ret = (enum tn_csv_table)i;
		return 0;
	}
	return tn_error_set(err, -EINVAL, "--table %s: there are metrics, causes and interruptions", name);
}

static int check_use(const struct cli *cli, struct job *j, struct tn_error *err)
{
	int r = find_format(cli->args.format ? cli->args.format : "json", &j->format, err);

	if (r == 0 && cli->args.table)
		r = find_table(cli->args.table, &j->table, err);
	if (r < 0)
		return r;
	if (cli->args.table && j->format != CSV)
		return tn_error_set(err, -EINVAL, "--table %s: of --format csv only", cli->args.table);
	if (!formats[j->format].several && cli->args.n_operand > 1)
		return tn_error_set(err, -EINVAL,
				    "export: a file of format %s holds one run; --format csv and jsonl take several",
				    formats[j->format].name);
	return cli->args.output ? cli_save_check(cli->args.output, err) : 0;
}

static bool needs_records(const struct job *j)
{
	return j->format == JSONL || j->format == PERFETTO || (j->format == CSV && j->table == TN_CSV_INTERRUPTIONS);
}

static uint64_t interruptions_of(const struct tn_run *run)
{
	uint64_t n = 0;

	for (size_t i = 0; i < run->n_cpus; i++)
		n += run->cpu[i].interruptions.count;
	return n;
}

/* What is missing in the output is said, and why. */
static void say_missing(const struct tn_export *x, const char *note)
{
	uint64_t all = interruptions_of(x->run), n = x->raw ? tn_raw_count(x->raw) : x->run->n_worst;

	if (n < all)
		fprintf(stderr, "tlbnoise: run %s: %" PRIu64 " of %" PRIu64 " interruptions are exported%s%s%s\n",
			x->run->id, n, all, x->raw ? "" : ", the longest ones", *note ? ": " : "", note);
}

static int load(const struct cli *cli, struct job *j, struct tn_error *err)
{
	int r = 0;

	for (size_t i = 0; i < cli->args.n_operand && r == 0; i++)
		r = formats[j->format].several ? cli_resolve(cli->args.operand[i], &j->docs, err)
					       : cli_resolve_one(cli->args.operand[i], &j->docs, err);
	if (r < 0)
		return r;
	j->run = calloc(j->docs.n + 1, sizeof(*j->run));
	j->raw = calloc(j->docs.n + 1, sizeof(*j->raw));
	if (!j->run || !j->raw)
		return tn_error_set(err, -ENOMEM, "no memory for %zu runs", j->docs.n);
	for (size_t i = 0; i < j->docs.n; i++) {
		struct cli_raw *raw = &j->raw[i];

		if (needs_records(j) || (j->format == JSON && cli->args.output))
			cli_raw_find(&j->docs.document[i], raw);
		j->run[i] = (struct tn_export){j->docs.document[i].run, raw->reader};
		if (needs_records(j))
			say_missing(&j->run[i], raw->reader ? tn_raw_warning(raw->reader) : raw->note);
	}
	return 0;
}

static int write_to(const void *what, FILE *out, struct tn_error *err)
{
	const struct job *j = what;

	switch (j->format) {
	case JSON:
		return cli_document_print(j->docs.document, out, err);
	case CSV:
		return tn_export_csv(j->run, j->docs.n, j->table, out, err);
	case JSONL:
		return tn_export_jsonl(j->run, j->docs.n, out, err);
	case PERFETTO:
		return tn_export_trace(j->run, out, err);
	case HDR:
		return tn_export_hdr(j->run->run, out, err);
	}
	return 0;
}

/* The document names its records where they were first kept, and import looks beside the document first. */
static int write_raw(const struct job *j, const char *path, struct tn_error *err)
{
	size_t len = strlen(path);
	char to[560];

	if (!j->raw->reader) {
		if (*j->raw->note)
			fprintf(stderr, "tlbnoise: run %s: its raw interruptions do not come along: %s\n",
				j->run->run->id, j->raw->note);
		return 0;
	}
	if (len > 5 && !strcmp(path + len - 5, ".json"))
		len -= 5;
	snprintf(to, sizeof(to), "%.*s.raw", (int)len, path);
	return cli_save_copy(j->raw->path, to, err);
}

/**
 * cli_export() - verb export
 * @cli: operands: see cli_resolve(); --format, --table, --output
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_export(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(job_free) struct job j = {.docs.store = cli->args.store};
	const char *path = cli->args.output;
	int r = check_use(cli, &j, err);

	if (r == 0)
		r = load(cli, &j, err);
	if (r == 0 && path && j.format == JSON)
		r = write_raw(&j, path, err);
	if (r == 0)
		r = path ? cli_save_stream(path, write_to, &j, err) : write_to(&j, stdout, err);
	return r < 0 ? r : CLI_FINE;
}
