// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tlbnoise: a table of verbs, one file a verb. A verb returns its exit status or a negative errno; every
 * message to the user is printed here, in one line. What was written to stdout is checked before the
 * exit status is decided: a report that did not reach its file is a failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const struct cli_verb verbs[] = {
	{"run", "SCENARIO", "run a scenario and show what interrupted the probed CPUs", 1, 1,
	 CLI_COMMON | CLI_OVERRIDE | CLI_OUTPUT | CLI_QUIET | CLI_STRICT | CLI_QUEUE | CLI_HOSTS, cli_run},
	{"check", "", "is this machine ready to be measured, are its isolated CPUs quiet", 0, 0,
	 CLI_BASIC | CLI_JSON | CLI_READINESS | CLI_HOST, cli_check},
	{"list", "[--keys SCENARIO]", "scenarios, churn sources, and what this machine allows", 0, 1,
	 CLI_BASIC | CLI_JSON | CLI_NAMES | CLI_KEYS, cli_list},
	{"status", "", "what the service does now, and what waits", 0, 0, CLI_COMMON | CLI_HOSTS, cli_status},
	{"top", "", "live view of the service's run, a line for each probed CPU", 0, 0,
	 CLI_COMMON | CLI_INTERVAL | CLI_COUNT | CLI_HOST, cli_top},
	{"stop", "[RUN]", "end a run of the service early; its document is kept", 0, 1, CLI_COMMON | CLI_HOST,
	 cli_stop},
	{"runs", "[RUN]", "the history of runs", 0, 1, CLI_BASIC | CLI_JSON | CLI_STORE | CLI_FILTER | CLI_DELETE,
	 cli_runs},
	{"show", "RUN", "text report of a run: its id, @latest, @-1, or a file; - reads standard input", 1, 1,
	 CLI_BASIC | CLI_JSON | CLI_STORE | CLI_WORST | CLI_CHECK | CLI_STRICT, cli_show},
	{"compare", "A B", "compare two sets of run documents, with intervals and a verdict", 2, 2,
	 CLI_BASIC | CLI_JSON | CLI_STORE | CLI_COMPARE, cli_compare},
	{"report", "A [B]", "one HTML page about a set of runs, or about two sets and how they compare", 1, UINT_MAX,
	 CLI_BASIC | CLI_STORE | CLI_COMPARE | CLI_PAGE, cli_report},
	{"dashboard", "", "the history as a site of files: rigs, histories with regressions marked, reports", 0, 0,
	 CLI_BASIC | CLI_STORE | CLI_SITE | CLI_QUIET, cli_dashboard},
	{"serve", "", "the history as a web server: dashboard, reports, and /metrics for Prometheus", 0, 0,
	 CLI_HELP | CLI_STORE | CLI_SERVE, cli_serve},
	{"metrics", "", "the last run of each scenario as metrics, such as a file for node_exporter", 0, 0,
	 CLI_HELP | CLI_STORE | CLI_METRICS, cli_metrics},
	{"export", "RUN...", "runs as JSON, CSV, timeline or histogram log", 1, UINT_MAX,
	 CLI_BASIC | CLI_STORE | CLI_EXPORT, cli_export},
	{"import", "FILE...", "take run documents into the history", 1, UINT_MAX, CLI_BASIC | CLI_STORE | CLI_QUIET,
	 cli_import},
	{"bridge", "", "pass standard input and output on to the service, as ssh does for --host", 0, 0,
	 CLI_BASIC | CLI_SOCKET, cli_bridge},
	{"version", "", "version and what it was built with", 0, 0, CLI_BASIC | CLI_JSON, cli_version},
	{"help", "[VERB]", "this overview, or the options of a verb", 0, 1, CLI_BASIC, cli_help},
};

/**
 * cli_verb_at() - walk the table of verbs
 * @index: from 0
 *
 * Return: the verb, NULL behind the last.
 */
const struct cli_verb *cli_verb_at(size_t index)
{
	return index < TN_ARRAY_SIZE(verbs) ? &verbs[index] : NULL;
}

/**
 * cli_verb_find() - look a verb up
 * @name: as typed
 * @err: message with the nearest verb
 *
 * Return: the verb, or NULL with @err set.
 */
const struct cli_verb *cli_verb_find(const char *name, struct tn_error *err)
{
	struct tn_nearest near = cli_nearest(name);

	for (size_t i = 0; i < TN_ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
		tn_nearest_try(&near, verbs[i].name);
	}
	if (near.word[0])
		tn_error_set(err, -EINVAL, "unknown verb '%s'; did you mean 'tlbnoise %s'?", name, near.word);
	else
		tn_error_set(err, -EINVAL, "unknown verb '%s'; 'tlbnoise help' lists them", name);
	return NULL;
}

static int check_operands(const struct cli *cli, struct tn_error *err)
{
	const struct cli_verb *verb = cli->verb;

	if (cli->args.n_remote && !(verb->options & (CLI_HOST | CLI_HOSTS)))
		return tn_error_set(
			err, -EINVAL,
			"%s works on this host: --host goes with run, status, top, stop and check; 'ssh %s tlbnoise "
			"%s' may be what you want",
			verb->name, cli->args.remote[0], verb->name);
	/* These were taken when they stood before the verb. */
	if (cli->args.json && !(verb->options & CLI_JSON))
		return tn_error_set(err, -EINVAL, "%s: has nothing to print as JSON; see 'tlbnoise %s --help'",
				    verb->name, verb->name);
	if (cli->args.socket && !(verb->options & CLI_SOCKET))
		return tn_error_set(err, -EINVAL, "%s: does not call the service, so that --socket means nothing to it",
				    verb->name);
	if (cli->args.n_operand < verb->min_operands)
		return tn_error_set(err, -EINVAL, "%s: %s is missing; see 'tlbnoise %s --help'", verb->name,
				    verb->operands, verb->name);
	if (cli->args.n_operand > verb->max_operands)
		return tn_error_set(err, -EINVAL, "%s: '%s' is one argument too many; see 'tlbnoise %s --help'",
				    verb->name, cli->args.operand[verb->max_operands], verb->name);
	for (size_t i = 0; i < cli->args.n_operand; i++)
		if (!*cli->args.operand[i])
			return tn_error_set(err, -EINVAL, "%s: %s is empty; see 'tlbnoise %s --help'", verb->name,
					    verb->operands, verb->name);
	return 0;
}

static int dispatch(struct cli *cli, int argc, char **argv, struct tn_error *err)
{
	struct cli_args *args = &cli->args;
	int used, r;

	r = cli_args_parse(args, CLI_COMMON | CLI_VERSION | CLI_HOSTS, NULL, argc - 1, argv + 1, &used, err);
	if (r < 0)
		return r;
	argc -= used + 1;
	argv += used + 1;
	if (argc)
		cli->verb = cli_verb_find(argv[0], err);
	else if (args->version || args->help)
		cli->verb = cli_verb_find(args->version ? "version" : "help", err);
	if (argc && !cli->verb)
		return -EINVAL;
	if (!cli->verb) {
		cli_usage(stderr);
		return CLI_FAILED;
	}
	if (argc)
		r = cli_args_parse(args, cli->verb->options, cli->verb->name, argc - 1, argv + 1, &used, err);
	if (r < 0)
		return r;
	cli_output_setup(cli);
	if (args->help && argc) {
		cli_verb_help(stdout, cli->verb);
		return CLI_FINE;
	}
	r = check_operands(cli, err);
	return r < 0 ? r : cli->verb->run(cli, err);
}

/* Nobody reads any more: end as every filter does, silently and by the signal. */
static void die_of_sigpipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

/*
 * A descriptor that the caller closed must not become a socket that printf() then writes to. Opened the
 * wrong way round, so that using it is an error as before.
 */
static void occupy_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(CLI_FAILED);
}

int main(int argc, char **argv)
{
	struct tn_error err = {0}, written = {0};
	struct cli cli = {0};
	bool reader_gone;
	int r;

	occupy_standard_streams();
	/* A daemon that ends must be an error of the call, not the death of this program. */
	signal(SIGPIPE, SIG_IGN);
	r = cli_args_init(&cli.args, argc, &err);
	if (r == 0)
		r = dispatch(&cli, argc, argv, &err);
	cli_args_free(&cli.args);
	errno = 0;
	if ((fflush(stdout) || ferror(stdout)) && r >= 0)
		r = tn_error_set(&written, -EIO, "cannot write to standard output: %s; the output is not complete",
				 strerror(errno ? errno : EIO));
	reader_gone = errno == EPIPE || err.code == -EPIPE;
	if (reader_gone)
		die_of_sigpipe();
	if (written.code)
		fprintf(stderr, "tlbnoise: %s\n", written.text);
	else if (r < 0)
		fprintf(stderr, "tlbnoise: %s\n", err.text[0] ? err.text : strerror(-r));
	return r < 0 ? CLI_FAILED : r;
}
