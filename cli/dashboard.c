// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb dashboard: the history as a site of files, for any web server or none. Needs no daemon. */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "cli/cli.h"
#include "cli/resolve.h"
#include "report/dashboard.h"

static void say(void *userdata, int priority, const char *text)
{
	(void)userdata, (void)priority;
	fprintf(stderr, "tlbnoise: %s\n", text);
}

static int print_done(const struct cli *cli, const struct tn_dashboard_site *done)
{
	char size[TN_UNIT_TEXT];

	if (!cli->args.quiet)
		printf("%s: %zu pages, %zu of them comparisons, %s\n", cli->args.output, done->pages, done->comparisons,
		       tn_format_size(done->bytes, size, sizeof(size)));
	return CLI_FINE;
}

/**
 * cli_dashboard() - verb dashboard
 * @cli: --output, --store, --points, --quiet
 * @err: message
 *
 * Return: CLI_FINE when the site is written; a negative errno.
 */
int cli_dashboard(const struct cli *cli, struct tn_error *err)
{
	const struct tn_dashboard_options options = {.points = cli->args.points};
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	const struct tn_log log = {.sink = say};
	struct tn_dashboard_site done;
	int r;

	if (!cli->args.output)
		return tn_error_set(err, -EINVAL, "dashboard: give the folder of the site with -o FOLDER");
	r = cli_store_open(cli->args.store, TN_STORE_READ, &store, err);
	if (r == 0)
		r = tn_dashboard_site(store, cli->args.output, &options, &log, &done, err);
	return r < 0 ? r : print_done(cli, &done);
}
