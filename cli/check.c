// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb check: readiness of this machine, and with --watch the proof by counting. Needs no service. It keeps itself off
 * the CPUs that it looks at.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/now.h"
#include "check/check.h"
#include "check/watch.h"
#include "cli/cli.h"
#include "report/check.h"
#include "result/check.h"

/* Other CPUs than those checked; anything is better than them, also when no CPU is housekeeping. */
static int keep_off(const struct tn_check_report *report, struct tn_error *err)
{
	struct tn_cpus allowed;
	int r;

	if (!tn_cpus_empty(&report->housekeeping))
		return tn_cpus_bind_self(&report->housekeeping, err);
	r = tn_cpus_affinity_self(&allowed, err);
	if (r < 0)
		return r;
	allowed = tn_cpus_minus(&allowed, &report->cpus);
	if (tn_cpus_empty(&allowed))
		return tn_error_set(err, -EINVAL, "--watch: no CPU is left to watch from: give --cpus a part of them");
	return tn_cpus_bind_self(&allowed, err);
}

/* Until the time is over or the user has enough of it. */
static void wait_for(uint64_t duration_ns)
{
	uint64_t end = tn_now_ns(CLOCK_MONOTONIC) + duration_ns;
	struct timespec at = {.tv_sec = (time_t)(end / 1000000000), .tv_nsec = (long)(end % 1000000000)};

	while (!cli_interrupts() && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static int watch(const struct cli *cli, const struct tn_check_report *report, struct tn_watch_result *ret,
		 struct tn_error *err)
{
	tn_cleanup(tn_watch_reading_freep) struct tn_watch_reading *before = NULL, *after = NULL;
	uint64_t start;
	int r = keep_off(report, err);

	if (r < 0)
		return r;
	cli_interrupt_catch();
	start = tn_now_ns(CLOCK_MONOTONIC);
	r = tn_watch_read("", &report->cpus, &before, err);
	if (r < 0)
		return r;
	wait_for(cli->args.watch_ns);
	r = tn_watch_read("", &report->cpus, &after, err);
	if (r < 0)
		return r;
	return tn_watch_compare(before, after, (double)(tn_now_ns(CLOCK_MONOTONIC) - start) / 1e9, ret, err);
}

static int print_json(const struct tn_check_report *report, const struct tn_watch_result *watched, struct tn_error *err)
{
	cli_autojson cJSON *json = NULL;
	cJSON *counted = NULL;
	int r = tn_check_to_json(report, &json, err);

	if (r == 0 && watched->n)
		r = tn_watch_to_json(watched, &counted, err);
	if (r < 0)
		return r;
	if (counted)
		cJSON_AddItemToObject(json, "watch", counted);
	return cli_print_json(json, false, err);
}

static int print_text(const struct cli *cli, const struct tn_check_report *report,
		      const struct tn_watch_result *watched, struct tn_error *err)
{
	struct tn_report_options opt = {.colour = cli->colour, .unicode = cli->unicode, .width = cli->width};
	int r = tn_report_check(report, &opt, stdout, err);

	if (r < 0 || !watched->n)
		return r;
	putchar('\n');
	return tn_report_watch(watched, &opt, stdout, err);
}

static bool failed(const struct tn_check_report *report, const struct tn_watch_result *watched)
{
	unsigned int n[TN_CHECK_VERDICTS];
	bool any = false;

	tn_check_tally(report, n);
	for (size_t i = 0; i < watched->n; i++)
		any |= watched->cpu[i].verdict == TN_CHECK_FAIL;
	return any || n[TN_CHECK_FAIL];
}

/* The same over there. What can be said of the arguments is said here. */
static int check_host(const struct cli *cli, const char *host, struct tn_error *err)
{
	char watch_text[32];
	const char *words[8] = {"check"};
	size_t n = 1;
	int r;

	if (cli->args.n_remote > 1)
		return tn_error_set(err, -EINVAL, "check: give one --host; run and status take several");
	if (cli->args.json)
		words[n++] = "--json";
	if (cli->args.cpus) {
		words[n++] = "--cpus";
		words[n++] = cli->args.cpus;
	}
	if (cli->args.watch_ns) {
		snprintf(watch_text, sizeof(watch_text), "%lluus", (unsigned long long)cli->args.watch_ns / 1000);
		words[n++] = "--watch";
		words[n++] = watch_text;
	}
	r = cli_remote_verb(host, words, err);
	return r < 0 ? tn_error_prefix(err, r, "%s", host) : r;
}

/**
 * cli_check() - verb check
 * @cli: --cpus, --watch, --json, --host
 * @err: message
 *
 * Return: exit status, CLI_REGRESSION when a check failed; or a negative errno.
 */
int cli_check(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(tn_check_freep) struct tn_check_report *report = NULL;
	struct tn_watch_result watched = {0};
	struct tn_cpus cpus;
	bool any;
	int r = 0;

	if (cli->args.cpus)
		r = tn_cpus_parse(cli->args.cpus, &cpus, err);
	if (r < 0)
		return tn_error_prefix(err, r, "--cpus");
	if (cli->args.n_remote)
		return check_host(cli, cli->args.remote[0], err);
	r = tn_check_run("", cli->args.cpus ? &cpus : NULL, NULL, &report, err);
	if (r == 0 && cli->args.watch_ns)
		r = watch(cli, report, &watched, err);
	if (r == 0)
		r = cli->args.json ? print_json(report, &watched, err) : print_text(cli, report, &watched, err);
	any = r == 0 && failed(report, &watched);
	tn_watch_result_clear(&watched);
	if (r < 0)
		return r;
	return any ? CLI_REGRESSION : CLI_FINE;
}
