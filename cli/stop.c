// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb stop: end a run of the service early. Who called Run gets the document of what was measured. */
#include <errno.h>

#include "cli/cli.h"

/**
 * cli_stop() - verb stop
 * @cli: operand 0: the run's id, or none for the only run
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_stop(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(cli_link_close) struct cli_link link = {.fd = -1};
	cli_autojson cJSON *parameters = cJSON_CreateObject(), *reply = NULL;
	int r;

	if (!cJSON_AddStringToObject(parameters, "run", cli->args.n_operand ? cli->args.operand[0] : ""))
		return tn_error_set(err, -ENOMEM, "no memory for the call");
	r = cli_link_service(cli, &link, err);
	if (r == 0)
		r = cli_link_says(&link,
				  cli_link_broken(&link, cli_call(link.client, "Stop", parameters, &reply, err), err),
				  err);
	if (r < 0)
		return r;
	if (cli->args.json) {
		r = cli_print_json(reply, false, err);
		return r < 0 ? r : CLI_FINE;
	}
	printf("Run %s stops: its document will say \"aborted\"; if it has not begun, there will be none.\n",
	       cli_json_text(reply, "run"));
	return CLI_FINE;
}
