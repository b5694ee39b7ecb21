// SPDX-License-Identifier: GPL-2.0-or-later
/* The help texts, made from the tables of verbs and options. */
#include <errno.h>

#include "cli/cli.h"

/**
 * cli_usage() - overview of the verbs
 * @out: stream
 */
void cli_usage(FILE *out)
{
	const struct cli_verb *v;

	fprintf(out, "Usage: tlbnoise VERB [OPTION]... [ARGUMENT]...\n\n");
	for (size_t i = 0; (v = cli_verb_at(i)); i++)
		fprintf(out, "  %-8s %-9s %s\n", v->name, v->operands, v->summary);
	fprintf(out, "\n'tlbnoise VERB --help' lists a verb's options, 'man tlbnoise' explains them.\n");
}

/**
 * cli_verb_help() - usage and options of one verb
 * @out: stream
 * @verb: the verb
 */
void cli_verb_help(FILE *out, const struct cli_verb *verb)
{
	fprintf(out, "Usage: tlbnoise %s [OPTION]...%s%s\n", verb->name, verb->operands[0] ? " " : "", verb->operands);
	fprintf(out, "%s\n\n", verb->summary);
	cli_options_print(out, verb->options);
	fprintf(out,
		"\nExit status: 0 fine, 1 an expectation or a check failed, or a regression was found, 2 could not do it. More: man tlbnoise%s%s\n",
		verb->run == cli_help ? "" : "-", verb->run == cli_help ? "" : verb->name);
}

/**
 * cli_help() - verb help
 * @cli: operand 0: a verb, or none for the overview
 * @err: message
 *
 * Return: exit status or -EINVAL.
 */
int cli_help(const struct cli *cli, struct tn_error *err)
{
	const struct cli_verb *verb;

	if (!cli->args.n_operand) {
		cli_usage(stdout);
		return CLI_FINE;
	}
	verb = cli_verb_find(cli->args.operand[0], err);
	if (!verb)
		return -EINVAL;
	cli_verb_help(stdout, verb);
	return CLI_FINE;
}
