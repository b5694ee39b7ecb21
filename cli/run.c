// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb run. The scenario is parsed here first, so that a mistake is told before a daemon is started; the
 * daemon gets the text and parses it again, since it trusts no client. The first ctrl-C asks for the run's
 * end and waits for the document of what was measured, the second leaves at once.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "scenario/set.h"
#include "system/paths.h"
#include "varlink/interface.h"

/**
 * cli_run_send() - ask for a run
 * @cli: overrides, --priority, --no-wait, --detach
 * @link: to whom
 * @path: of the scenario, for messages
 * @text: of the scenario
 * @attached: whether the run ends when the connection does
 * @err: message
 *
 * What a daemon of an older version does not know is sent only when it is asked for.
 *
 * Return: 0 or a negative errno.
 */
int cli_run_send(const struct cli *cli, struct cli_link *link, const char *path, const char *text, bool attached,
		 struct tn_error *err)
{
	cli_autojson cJSON *parameters = cJSON_CreateObject();
	cJSON *overrides = cJSON_CreateStringArray(cli->args.override, (int)cli->args.n_override);

	if (!parameters || !cJSON_AddStringToObject(parameters, "name", path) ||
	    !cJSON_AddStringToObject(parameters, "text", text) || !overrides) {
		cJSON_Delete(overrides);
		return tn_error_set(err, -ENOMEM, "no memory for the call");
	}
	cJSON_AddItemToObject(parameters, "overrides", overrides);
	if (cli->args.priority != 50)
		cJSON_AddNumberToObject(parameters, "priority", (double)cli->args.priority);
	if (cli->args.no_wait)
		cJSON_AddTrueToObject(parameters, "no_wait");
	if (cli->args.detach)
		cJSON_AddTrueToObject(parameters, "detach");
	if (attached)
		cJSON_AddTrueToObject(parameters, "attached");
	return tn_varlink_send(link->client, TN_INTERFACE ".Run", parameters, true, err);
}

/* Asks for the end of the run. Only a second ctrl-C is an error: a run that has just ended is fine. */
static int ask_stop(struct cli_link *link, const char *run, struct tn_error *err)
{
	cli_autojson cJSON *parameters = cJSON_CreateObject(), *reply = NULL;
	struct tn_error ignored = {0};
	int r;

	if (!parameters || !cJSON_AddStringToObject(parameters, "run", run))
		return tn_error_set(err, -ENOMEM, "no memory for the call");
	r = cli_link_control(link, &ignored);
	if (r == 0)
		r = cli_call(link->control, "Stop", parameters, &reply, &ignored);
	if (r == -EINTR)
		return tn_error_set(err, -EINTR, "interrupted");
	return 0;
}

/* How far the wish to stop has got. */
struct stopping {
	bool said, asked;
};

/*
 * A service's run can be stopped only once its name is known: the one in progress may be somebody else's. A private
 * daemon has no other.
 */
static int on_interrupt(struct cli_link *link, struct cli_progress *progress, const char *run,
			struct stopping *stopping, struct tn_error *err)
{
	int r = 0;

	if (cli_interrupts() == 1 && !stopping->said) {
		stopping->said = true;
		cli_progress_note(progress, "stopping the run; ctrl-C again leaves at once, without a result");
	}
	if (cli_interrupts() == 1 && !stopping->asked && (link->daemon || *run)) {
		stopping->asked = true;
		r = ask_stop(link, run, err);
	}
	if (r == -EINTR || cli_interrupts() > 1) {
		link->leave = true;
		return tn_error_set(err, -EINTR, "left without a result; %s",
				    link->daemon ? "the private daemon cleans up and ends by itself"
						 : "'tlbnoise status' shows what the service does");
	}
	return r;
}

/**
 * cli_run_follow() - show progress until the document comes
 * @link: on which a run was asked for
 * @progress: how to show it
 * @ret: the document, the caller's
 * @err: message
 *
 * Return: 0, -EINTR when the user wants to leave without a result, another negative errno.
 */
int cli_run_follow(struct cli_link *link, struct cli_progress *progress, cJSON **ret, struct tn_error *err)
{
	struct stopping stopping = {0};
	char run[64] = "";

	for (;;) {
		cli_autojson cJSON *reply = NULL;
		const cJSON *item;
		int r = 0;

		/* Before it waits: a signal may have come already, and the next reply be long in coming. */
		if (cli_interrupts() && (!stopping.asked || cli_interrupts() > 1))
			r = on_interrupt(link, progress, run, &stopping, err);
		if (r < 0)
			return r;
		r = cli_receive(link->client, &reply, err);
		item = cJSON_GetObjectItemCaseSensitive(reply, "progress");
		if (cJSON_IsObject(item)) {
			snprintf(run, sizeof(run), "%s", cli_json_text(item, "run"));
			cli_progress_show(progress, item);
		}
		if (r == -EINTR)
			continue;
		if (r < 0)
			return r == -EREMOTEIO ? r : cli_link_broken(link, r, err);
		if (r == 0) {
			*ret = cJSON_DetachItemFromObjectCaseSensitive(reply, "document");
			if (!cJSON_IsObject(*ret))
				return tn_error_set(err, -EBADMSG, "the daemon's last reply carries no document");
			return 0;
		}
	}
}

static bool is_stored(const struct tn_run *run)
{
	for (size_t i = 0; i < run->n_findings; i++)
		if (!strcmp(run->finding[i].id, "not-stored"))
			return false;
	return true;
}

/*
 * How to see it again: FILE, or the run in the history. A service that runs as another user has a history of its
 * own, whose folder is two above that of the raw records.
 */
static void print_place(const struct cli *cli, const struct tn_run *run)
{
	char own[200] = "", folder[sizeof(run->raw_file)] = "";

	if (cli->args.n_remote && !cli->args.output) {
		if (is_stored(run))
			printf("\nStored on %s: 'ssh %s tlbnoise show %s' prints this report again\n",
			       cli->args.remote[0], cli->args.remote[0], run->id);
		return;
	}
	if (cli->args.output) {
		printf("\nDocument: %s ('tlbnoise show' prints this report again)\n", cli->args.output);
		return;
	}
	if (!is_stored(run) || tn_path_results_dir(own, sizeof(own), NULL) < 0)
		return;
	snprintf(folder, sizeof(folder), "%s", run->raw_file);
	for (int i = 0; i < 3; i++)
		folder[strrchr(folder, '/') ? strrchr(folder, '/') - folder : 0] = '\0';
	printf("\nStored: 'tlbnoise show %s%s%s' prints this report again\n", run->id,
	       *folder && strcmp(folder, own) ? " --store " : "", strcmp(folder, own) ? folder : "");
}

/**
 * cli_run_verdict() - the exit status that a run asks for
 * @cli: --strict
 * @run: the run
 * @err: message
 *
 * That something is missing outweighs what failed: the lines on stderr say both.
 *
 * Return: exit status or a negative errno.
 */
int cli_run_verdict(const struct cli *cli, const struct tn_run *run, struct tn_error *err)
{
	const char *reason = run->state_reason[0] ? run->state_reason : "no reason recorded";
	int r = cli_judged(cli, run, true, err);

	if (run->state == TN_RUN_COMPLETE)
		return r;
	if (run->state == TN_RUN_ABORTED)
		return tn_error_set(err, -ECANCELED,
				    "the run was stopped before its end (%s); run it again for a result", reason);
	return tn_error_set(
		err, -ENODATA,
		"the run is incomplete (%s): counts by cause are lower bounds, and what is unexplained or too "
		"short may be what was lost",
		reason);
}

/* The connection carries documents only. */
static void leave_raw_there(struct tn_run *run, const char *host)
{
	if (*run->raw_file)
		snprintf(run->raw_error, sizeof(run->raw_error), "they are on %.60s in %.160s", host, run->raw_file);
	*run->raw_file = '\0';
	run->raw_records = 0;
}

/* What was measured is shown even if it could not be saved. */
static int deliver(const struct cli *cli, const cJSON *document, struct tn_error *err)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
	int r, saved = 0;

	r = tn_run_from_json(document, &run, err);
	if (r < 0)
		return tn_error_prefix(err, r, "the daemon's document");
	if (cli->args.output && cli->args.n_remote)
		leave_raw_there(run, cli->args.remote[0]);
	if (cli->args.output)
		saved = cli_save(run, cli->args.output, err);
	r = cli->args.json ? cli_print_json(document, false, saved < 0 ? NULL : err)
			   : cli_print_report(cli, run, saved < 0 ? NULL : err);
	if (r < 0 || saved < 0)
		return saved < 0 ? saved : r;
	if (!cli->args.json)
		print_place(cli, run);
	fflush(stdout);
	return cli_run_verdict(cli, run, err);
}

static int print_id(const struct cli *cli, const cJSON *reply, struct tn_error *err)
{
	const char *id = cli_json_text(reply, "run");

	if (!*id)
		return tn_error_set(err, -EBADMSG, "the service does not know --detach: it is older than this program");
	if (cli->args.json)
		return cli_print_json(reply, false, err);
	printf("%s\n", id);
	return CLI_FINE;
}

/* The run goes on without us. Without a service there is nobody to go on with it. */
static int run_detached(const struct cli *cli, const char *path, const char *text, struct tn_error *err)
{
	tn_cleanup(cli_link_close) struct cli_link link = {.fd = -1};
	cli_autojson cJSON *reply = NULL;
	int r = cli_link_service(cli, &link, err);

	if (r < 0)
		return r;
	r = cli_run_send(cli, &link, path, text, false, err);
	if (r == 0)
		r = cli_receive(link.client, &reply, err);
	r = cli_link_says(&link, cli_link_broken(&link, r, err), err);
	return r < 0 ? r : print_id(cli, reply, err);
}

static int run_here(const struct cli *cli, const char *path, const char *text, struct tn_error *err)
{
	tn_cleanup(cli_link_close) struct cli_link link = {.fd = -1};
	cli_autojson cJSON *document = NULL;
	struct cli_progress progress;
	int r;

	cli_interrupt_catch();
	cli_progress_start(&progress, cli);
	r = cli_link_any(cli, &link, err);
	if (r < 0)
		return r;
	r = cli_link_broken(&link, cli_run_send(cli, &link, path, text, cli->args.attached, err), err);
	if (r == 0)
		r = cli_run_follow(&link, &progress, &document, err);
	cli_progress_end(&progress);
	return r < 0 ? cli_link_says(&link, r, err) : deliver(cli, document, err);
}

static int check_use(const struct cli_args *args, struct tn_error *err)
{
	if (args->detach && (args->attached || args->output || args->n_remote > 1))
		return tn_error_set(err, -EINVAL,
				    "run: --detach leaves at once: it goes neither with --attached nor with --output, "
				    "and with one --host only");
	if (args->output && args->n_remote > 1)
		return tn_error_set(err, -EINVAL, "run: --output takes the document of one host; each keeps its own");
	return args->output ? cli_save_check(args->output, err) : 0;
}

/**
 * cli_run_text() - run a scenario
 * @cli: options of verb run
 * @path: where it lies, for messages
 * @text: of the scenario
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_run_text(const struct cli *cli, const char *path, const char *text, struct tn_error *err)
{
	tn_autofree struct tn_scenario *scenario = NULL;
	int r = cli_scenario_check(path, text, cli->args.override, &scenario, err);

	if (r == 0)
		r = check_use(&cli->args, err);
	if (r < 0)
		return r;
	if (cli->args.n_remote > 1)
		return cli_run_hosts(cli, path, text, err);
	return cli->args.detach ? run_detached(cli, path, text, err) : run_here(cli, path, text, err);
}

/**
 * cli_run() - verb run
 * @cli: operand 0: name or path of a scenario, or of a set of them
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_run(const struct cli *cli, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	char path[512];
	int r = tn_path_scenario(cli->args.operand[0], path, sizeof(path), err);

	if (r == 0)
		r = tn_scenario_load(path, &text, err);
	if (r < 0)
		return r;
	return tn_set_is(text) ? cli_run_set(cli, path, text, err) : cli_run_text(cli, path, text, err);
}
