// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a run document. What is read must be written, read again and come out the same, and have a
 * text report without a byte that would steer a terminal.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
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

static void check_report(const struct tn_run *run)
{
	tn_autofree char *text = NULL;
	struct tn_error err = {0};
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f || tn_report_text(run, &(struct tn_report_options){.worst = 3}, f, &err) < 0)
		abort();
	fclose(f);
	for (size_t i = 0; i < n; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			abort();
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
	return 0;
}
