// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a run document. What is read must be written, read again and come out the same, have a text
 * report without a byte that would steer a terminal, get a verdict for each expectation, and not differ from itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/comparison.h"
#include "report/report.h"
#include "result/judge.h"
#include "result/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

TN_DEFINE_CLEANUP(cJSON, cJSON_Delete);

static char *print(const struct tn_run *run)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;
	struct tn_error err = {0};
	char *text;

	if (tn_run_to_json(run, &json, &err) < 0)
		abort(); /* what was read can be written */
	text = cJSON_PrintUnformatted(json);
	if (!text)
		abort();
	return text;
}

static void check_text(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			abort();
}

static void check_report(const struct tn_run *run)
{
	tn_autofree char *text = NULL;
	struct tn_error err = {0};
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f || tn_report_text(run, &(struct tn_report_options){.worst = 3}, f, &err) < 0)
		abort();
	fclose(f);
	check_text(text, n);
}

/* Whatever it says, each expectation gets a verdict. */
static void check_expectations(struct tn_run *run)
{
	static const char expected[] = "[expect]\njitter.p99 = < 5us\njitter.max = < 1s\nstolen = < 1%\nlost = 0\n"
				       "cause.rcu = 0\ncause.unexplained.rate = < 1/s\nchurn.x.rate = > 1/s\n"
				       "timer.p50 = < 5us\n[churn x]\nsource = threads\n";
	struct tn_scenario sc;
	char line[TN_EXPECTATION_TEXT];

	if (tn_scenario_parse(expected, strlen(expected), "fuzz.ini", NULL, &sc, NULL) < 0)
		abort();
	if (tn_run_judge(run, &sc, NULL) < 0 || run->n_expectations != sc.n_expect)
		abort();
	for (size_t i = 0; i < run->n_expectations; i++)
		if (!*tn_expectation_format(run, &run->expectation[i], line, sizeof(line)))
			abort();
}

/* A run against itself: not comparable, since it is the same, so by force. No metric can differ. */
static void check_comparison(const struct tn_run *run)
{
	const struct tn_comparison_options options = {.smallest_effect = 0.05,
						      .confidence = 0.95,
						      .metrics = "jitter.p99,stolen,*.rate,entry.*",
						      .force = true};
	const struct tn_run_set set = {.name = "fuzz", .run = &run, .n = 1};
	tn_cleanup(tn_comparison_freep) struct tn_comparison *c = NULL;
	tn_cleanup(cJSON_Deletep) cJSON *json = NULL;
	tn_autofree char *text = NULL;
	struct tn_error err = {0};
	size_t n = 0;
	FILE *f;

	if (tn_comparison_make(&set, &set, &options, &c, &err) < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	if (c->count[TN_VERDICT_IMPROVED] || c->count[TN_VERDICT_REGRESSED] || c->count[TN_VERDICT_CHANGED])
		abort();
	f = open_memstream(&text, &n);
	if (!f || tn_report_comparison(c, NULL, true, f, &err) < 0 || tn_comparison_to_json(c, &json, &err) < 0)
		abort();
	fclose(f);
	check_text(text, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	tn_cleanup(cJSON_Deletep) cJSON *json = cJSON_ParseWithLength((const char *)data, size), *again = NULL;
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL, *back = NULL;
	tn_autofree char *first = NULL, *second = NULL;
	struct tn_error err = {0};

	if (!json)
		return 0;
	if (tn_run_from_json(json, &run, &err) < 0) {
		if (!err.text[0])
			abort(); /* a refusal says why */
		return 0;
	}
	first = print(run);
	again = cJSON_Parse(first);
	if (!again || tn_run_from_json(again, &back, &err) < 0)
		abort();
	second = print(back);
	if (strcmp(first, second))
		abort();
	check_report(run);
	check_expectations(run);
	check_comparison(run);
	check_report(run);
	return 0;
}
