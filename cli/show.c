// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb show: the text report of a document, from a file or standard input. Needs no daemon. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"

#define STDIN_MAX (256u << 20)

static int read_stdin(char **ret, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	size_t used = 0, size = 0;
	size_t n;

	do {
		if (size - used < 2) {
			char *bigger;

			size = size ? 2 * size : 65536;
			if (size > STDIN_MAX)
				return tn_error_set(err, -EFBIG,
						    "standard input: longer than %u bytes, no run document", STDIN_MAX);
			bigger = realloc(text, size);
			if (!bigger)
				return tn_error_set(err, -ENOMEM, "standard input: no memory for %zu bytes", size);
			text = bigger;
		}
		n = fread(text + used, 1, size - used - 1, stdin);
		used += n;
	} while (n);
	if (ferror(stdin))
		return tn_error_set(err, -EIO, "standard input: %s", strerror(errno));
	text[used] = '\0';
	*ret = tn_steal_ptr(text);
	return 0;
}

static int load_stdin(struct tn_run **ret, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	cli_autojson cJSON *json = NULL;
	int r = read_stdin(&text, err);

	if (r < 0)
		return r;
	json = cJSON_Parse(text);
	if (!json)
		return tn_error_set(err, -EBADMSG,
				    "standard input: no JSON; 'tlbnoise run --json' writes what fits here");
	r = tn_run_from_json(json, ret, err);
	return r < 0 ? tn_error_prefix(err, r, "standard input") : 0;
}

/**
 * cli_show() - verb show
 * @cli: operand 0: FILE or "-"; --json, --worst
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_show(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
	cli_autojson cJSON *json = NULL;
	const char *file = cli->args.operand[0];
	int r;

	r = strcmp(file, "-") == 0 ? load_stdin(&run, err) : tn_run_read_file(file, &run, err);
	if (r < 0)
		return r;
	if (!cli->args.json) {
		r = cli_print_report(cli, run, err);
		return r < 0 ? r : CLI_FINE;
	}
	r = tn_run_to_json(run, &json, err);
	if (r == 0)
		r = cli_print_json(json, false, err);
	return r < 0 ? r : CLI_FINE;
}
