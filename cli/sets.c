// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb run with a set: its scenarios one after the other, each a run of its own with its own report and place in the
 * history, and one exit status for all. What cannot be run, or fails, does not keep the others from running: the
 * history of a night should not have a gap because of another scenario. That a scenario is there and parses is looked
 * at before the first one begins.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "scenario/set.h"
#include "system/paths.h"

/* What became of the members. */
struct outcome {
	int status;
	size_t not_run;
	char names[TN_ERROR_TEXT / 2]; /* of those */
};

static int check_members(const struct cli *cli, const struct tn_set *set, const char *path, struct tn_error *err)
{
	int r = 0;

	for (size_t i = 0; i < set->n && r == 0; i++) {
		tn_autofree struct tn_scenario *scenario = NULL;
		tn_autofree char *text = NULL;
		char member[512];

		r = cli_scenario_load(set->scenario[i], cli->args.override, member, sizeof(member), &text, &scenario,
				      err);
	}
	return r < 0 ? tn_error_prefix(err, r, "%s", path) : 0;
}

static int run_member(const struct cli *cli, const char *name, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	char path[512];
	int r = tn_path_scenario(name, path, sizeof(path), err);

	if (r == 0)
		r = tn_scenario_load(path, &text, err);
	return r < 0 ? r : cli_run_text(cli, path, text, err);
}

static void say_member(const struct cli *cli, const struct tn_set *set, size_t i)
{
	if (cli->args.json || cli->args.detach)
		return;
	printf("%s%s%s (%zu of %zu)%s\n", i ? "\n\n" : "", cli_bold(cli), set->scenario[i], i + 1, set->n,
	       cli_plain(cli));
	fflush(stdout);
}

static void note(struct outcome *o, const char *name, int r, const struct tn_error *err)
{
	size_t used = strlen(o->names);

	if (r >= 0) {
		o->status = r > o->status ? r : o->status;
		return;
	}
	fflush(stdout);
	fprintf(stderr, "tlbnoise: %s: %s\n", name, err->text[0] ? err->text : strerror(-r));
	snprintf(o->names + used, sizeof(o->names) - used, "%s%s", o->not_run++ ? ", " : "", name);
}

/**
 * cli_run_set() - run the scenarios of a set
 * @cli: options of verb run, which hold for each of them
 * @path: of the set
 * @text: of the set
 * @err: message
 *
 * Only the user's ctrl-C ends it early.
 *
 * Return: the highest exit status of its scenarios; -ENODATA when one of them gave no sound result, -EINTR, or another
 * negative errno when none was begun.
 */
int cli_run_set(const struct cli *cli, const char *path, const char *text, struct tn_error *err)
{
	struct outcome o = {.status = CLI_FINE};
	struct tn_set set;
	int r = tn_set_parse(text, strlen(text), path, &set, err);

	if (r == 0 && cli->args.output)
		r = tn_error_set(err, -EINVAL,
				 "run: --output takes one document, %s is a set of %zu: they are in the history, and "
				 "'tlbnoise export' gives them",
				 path, set.n);
	if (r == 0)
		r = check_members(cli, &set, path, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < set.n; i++) {
		struct tn_error why = {0};

		say_member(cli, &set, i);
		r = run_member(cli, set.scenario[i], &why);
		if (r == -EINTR || cli_interrupts())
			return tn_error_set(err, -EINTR, "%s: stopped in scenario %s, %zu of %zu", path,
					    set.scenario[i], i + 1, set.n);
		note(&o, set.scenario[i], r, &why);
	}
	if (o.not_run)
		return tn_error_set(err, -ENODATA, "%s: %zu of %zu scenarios gave no sound result: %s", path, o.not_run,
				    set.n, o.names);
	return o.status;
}
