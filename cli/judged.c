// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the expectations of a run make of the exit status. Nightly runs read these lines, so each names its place,
 * limit and value, and what could not be judged is never taken for met.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "result/judge.h"

static void say_lines_of(const struct tn_run *run, enum tn_expectation_verdict verdict, const char *prefix)
{
	char line[TN_EXPECTATION_TEXT];

	for (size_t i = 0; i < run->n_expectations; i++)
		if (run->expectation[i].verdict == verdict)
			fprintf(stderr, "tlbnoise: %s%s\n", prefix,
				tn_expectation_format(run, &run->expectation[i], line, sizeof(line)));
}

static void say_lines(const struct tn_run *run, bool strict)
{
	fflush(stdout);
	say_lines_of(run, TN_EXPECTATION_FAILED, "");
	say_lines_of(run, TN_EXPECTATION_UNDECIDED, strict ? "" : "warning: ");
	say_lines_of(run, TN_EXPECTATION_NOT_JUDGED, "");
}

static size_t count(const struct tn_run *run, enum tn_expectation_verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < run->n_expectations; i++)
		n += run->expectation[i].verdict == verdict;
	return n;
}

/**
 * cli_judged() - the exit status that the expectations of a run ask for
 * @cli: --strict: what is undecided has failed
 * @run: the run
 * @say: print a line on stderr for each that failed, is undecided or could not be judged
 * @err: message
 *
 * Return: CLI_REGRESSION when one failed; -ENODATA when one could not be judged and none failed; else CLI_FINE.
 */
int cli_judged(const struct cli *cli, const struct tn_run *run, bool say, struct tn_error *err)
{
	size_t failed = count(run, TN_EXPECTATION_FAILED), unknown = count(run, TN_EXPECTATION_NOT_JUDGED);

	if (say)
		say_lines(run, cli->args.strict);
	if (failed || (cli->args.strict && count(run, TN_EXPECTATION_UNDECIDED)))
		return CLI_REGRESSION;
	if (unknown)
		return tn_error_set(
			err, -ENODATA,
			"%zu expectation(s) could not be judged: change the scenario, or measure what it asks "
			"for",
			unknown);
	return CLI_FINE;
}

/**
 * cli_print_expectations() - the expectations of a run on stdout, one a line
 * @run: the run
 *
 * In the order of the scenario.
 */
void cli_print_expectations(const struct tn_run *run)
{
	char line[TN_EXPECTATION_TEXT];

	for (size_t i = 0; i < run->n_expectations; i++)
		puts(tn_expectation_format(run, &run->expectation[i], line, sizeof(line)));
	if (!run->n_expectations)
		puts("This run was not held against any expectation.");
}
