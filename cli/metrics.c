// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb metrics: what /metrics of serve says, once, without a server; as a file for node_exporter it appears whole or
 * not at all. Needs no daemon.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/resolve.h"
#include "report/openmetrics.h"

static int write_metrics(const struct tn_metrics *m, enum tn_exposition_format format, FILE *out, struct tn_error *err)
{
	struct tn_exposition x = {.out = out, .format = format};

	tn_metrics_write(m, &x);
	return tn_exposition_end(&x, err);
}

/* Under another name first, which does not end in ".prom": node_exporter would read it. */
static int write_file(const struct tn_metrics *m, enum tn_exposition_format format, const char *path,
		      struct tn_error *err)
{
	char temporary[560];
	tn_autofclose FILE *out = NULL;
	int r;

	out = cli_save_temporary(path, temporary, sizeof(temporary), err);
	if (!out)
		return err->code;
	r = write_metrics(m, format, out, err);
	if (r == 0 && (fchmod(fileno(out), 0644) < 0 || rename(temporary, path) < 0))
		r = tn_error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	if (r < 0)
		unlink(temporary);
	return r;
}

/**
 * cli_metrics() - verb metrics
 * @cli: --format, --output, --store
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_metrics(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	tn_cleanup(tn_metrics_freep) struct tn_metrics *m = NULL;
	enum tn_exposition_format format = TN_EXPOSITION_PROMETHEUS;
	const char *path = cli->args.output;
	int r = cli->args.format ? tn_exposition_parse(cli->args.format, &format, err) : 0;

	if (r == 0 && path)
		r = cli_save_check(path, err);
	if (r == 0)
		r = tn_metrics_new(&m, err);
	if (r < 0)
		return r;
	r = cli_store_open(cli->args.store, TN_STORE_READ, &store, err);
	if (r == 0)
		r = tn_metrics_update(m, store, err);
	/* A file that stays as it was would pass old figures off as those of now. */
	if (r < 0 && path)
		write_file(m, format, path, NULL);
	if (r == 0)
		r = path ? write_file(m, format, path, err) : write_metrics(m, format, stdout, err);
	return r < 0 ? r : CLI_FINE;
}
