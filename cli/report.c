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
	struct tn_raw_reader **raw;
	char (*note)[TN_ERROR_TEXT];
};

static void set_free(struct set *s)
{
	for (size_t i = 0; s->raw && i < s->docs.n; i++)
		if (s->raw[i])
			tn_raw_close(s->raw[i]);
	free(s->raw);
	free(s->page);
	free(s->run);
	free(s->note);
	cli_documents_free(&s->docs);
}

/* Takes @path if it has the raw interruptions of @run; otherwise says why not, unless there is no such file. */
static bool try_raw(const char *path, const struct tn_run *run, struct tn_raw_reader **ret, char *note, size_t size)
{
	tn_cleanup(tn_raw_closep) struct tn_raw_reader *raw = NULL;
	struct tn_error err = {0};

	if (tn_raw_open(path, &raw, &err) < 0) {
		if (err.code != -ENOENT)
			snprintf(note, size, "%s", err.text);
		return false;
	}
	if (strcmp(tn_raw_run_id(raw), run->id)) {
		snprintf(note, size, "%s belongs to run %s", path, tn_raw_run_id(raw));
		return false;
	}
	*ret = tn_steal_ptr(raw);
	return true;
}

/* In the store; beside the document under its last name or as FILE.raw; or where the document says. */
static void find_raw(const struct cli_document *doc, struct tn_raw_reader **ret, char *note, size_t size)
{
	const struct tn_run *run = doc->run;
	const char *own = strrchr(run->raw_file, '/'), *slash = strrchr(doc->name, '/');
	size_t len = strlen(doc->name);
	char path[sizeof(doc->name) + sizeof(run->raw_file)];

	if (doc->raw[0] && try_raw(doc->raw, run, ret, note, size))
		return;
	own = own ? own + 1 : run->raw_file;
	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - doc->name) + 1 : 0, doc->name, own);
	if (*own && try_raw(path, run, ret, note, size))
		return;
	if (len > 5 && !strcmp(doc->name + len - 5, ".json"))
		len -= 5;
	snprintf(path, sizeof(path), "%.*s.raw", (int)len, doc->name);
	if (try_raw(path, run, ret, note, size))
		return;
	if (run->raw_file[0] == '/' && try_raw(run->raw_file, run, ret, note, size))
		return;
	if (run->raw_file[0] && !note[0])
		snprintf(note, size, "the file with all of them was not found beside the document: %s", own);
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
	s->note = calloc(n, sizeof(*s->note));
	if (!s->run || !s->page || !s->raw || !s->note)
		return tn_error_set(err, -ENOMEM, "no memory to read %s", operand);
	for (size_t i = 0; i < s->docs.n; i++) {
		s->run[i] = s->docs.document[i].run;
		find_raw(&s->docs.document[i], &s->raw[i], s->note[i], sizeof(s->note[i]));
		s->page[i] = (struct tn_html_document){s->run[i], s->raw[i], s->note[i]};
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

/* The whole file under its name, or none. */
static int write_file(const struct tn_html_page *page, const char *path, struct tn_error *err)
{
	char temporary[560];
	tn_autofclose FILE *out = NULL;
	int r;

	snprintf(temporary, sizeof(temporary), "%s.%d.tmp", path, (int)getpid());
	out = fopen(temporary, "wxe");
	if (!out)
		return tn_error_set(err, -errno, "cannot create %s: %s", temporary, strerror(errno));
	r = tn_report_html(page, out, err);
	if (r == 0 && (fflush(out) || fsync(fileno(out)) < 0 || rename(temporary, path) < 0))
		r = tn_error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	if (r < 0)
		unlink(temporary);
	return r;
}

static int check_use(const struct cli *cli, struct tn_error *err)
{
	if (cli->args.json)
		return tn_error_set(err, -EINVAL, "report: the page is HTML; export and compare give JSON");
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
		r = cli->args.output ? write_file(&page, cli->args.output, err) : tn_report_html(&page, stdout, err);
	return r < 0 ? r : CLI_FINE;
}
