// SPDX-License-Identifier: GPL-2.0-or-later
/* What the terminal can do, and the forms of output that verbs share. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "report/report.h"

/**
 * cli_terminal_width() - columns of a terminal
 * @fd: to ask
 *
 * Return: its width, 0 when it is no terminal or does not say.
 */
unsigned int cli_terminal_width(int fd)
{
	struct winsize ws;

	return ioctl(fd, TIOCGWINSZ, &ws) == 0 ? ws.ws_col : 0;
}

/**
 * cli_terminal_has_colour() - may escape sequences for colours be written
 * @fd: to ask
 *
 * Return: whether it is a terminal that is not dumb, and NO_COLOR is not set.
 */
bool cli_terminal_has_colour(int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	/* https://no-color.org: set and not empty, whatever the value */
	return isatty(fd) && !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}

/**
 * cli_output_setup() - find out how to print
 * @cli: its args are set; colour, unicode and width are filled
 *
 * Only LC_CTYPE comes from the environment: numbers look the same everywhere, so that scripts can read them.
 */
void cli_output_setup(struct cli *cli)
{
	setlocale(LC_CTYPE, "");
	cli->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	cli->colour = !cli->args.no_color && cli_terminal_has_colour(STDOUT_FILENO);
	cli->width = cli_terminal_width(STDOUT_FILENO);
}

/**
 * cli_bold() - start of a heading
 * @cli: context
 *
 * Return: the escape sequence, or "" without colours; cli_plain() ends it.
 */
const char *cli_bold(const struct cli *cli)
{
	return cli->colour ? "\033[1m" : "";
}

/**
 * cli_plain() - end of a heading
 * @cli: context
 *
 * Return: the escape sequence, or "" without colours.
 */
const char *cli_plain(const struct cli *cli)
{
	return cli->colour ? "\033[0m" : "";
}

/**
 * cli_print_json() - a JSON value on stdout
 * @json: value
 * @one_line: without line breaks, for streams of values
 * @err: message
 *
 * Return: 0, -ENOMEM.
 */
int cli_print_json(const cJSON *json, bool one_line, struct tn_error *err)
{
	tn_autofree char *text = one_line ? cJSON_PrintUnformatted(json) : cJSON_Print(json);

	if (!text)
		return tn_error_set(err, -ENOMEM, "no memory to print the JSON");
	if (puts(text) == EOF) /* now, while the reason is known: later it is only that something failed */
		return tn_error_set(err, -EIO, "cannot write to standard output: %s; the output is not complete",
				    strerror(errno));
	return 0;
}

/**
 * cli_print_report() - the text report on stdout
 * @cli: context
 * @run: the run document
 * @err: message
 *
 * Return: 0 or a negative errno.
 */
int cli_print_report(const struct cli *cli, const struct tn_run *run, struct tn_error *err)
{
	struct tn_report_options opt = {
		.colour = cli->colour,
		.unicode = cli->unicode,
		.width = cli->width,
		.worst = (unsigned int)cli->args.worst,
	};

	return tn_report_text(run, &opt, stdout, err);
}
