// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cost of a pass of oslat's loop, from what oslat reports of itself.
 *
 * It counts its passes by length in whole us; a usual pass is in the first bucket, "1". Its "avg" is over all
 * passes, those of the first bucket taken as 1 us. So with N passes, n of them in the first bucket:
 *
 *	time in longer passes = avg * N - n  (us)
 *	usual pass = (duration - time in longer passes) / n
 */
#include "oslat.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define REPORT_MAX 1048576

static void cjson_freep(cJSON **json)
{
	cJSON_Delete(*json);
}

static double number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : 0.0;
}

static int evaluate(const char *text, double *ret_ns)
{
	tn_cleanup(cjson_freep) cJSON *report = cJSON_Parse(text);
	const cJSON *threads = cJSON_GetObjectItemCaseSensitive(report, "thread");
	const cJSON *thread = cJSON_GetObjectItemCaseSensitive(threads, "0");
	const cJSON *histogram = cJSON_GetObjectItemCaseSensitive(thread, "histogram"), *bucket;
	double first = number(histogram, "1"), duration_us = number(thread, "duration") * 1e6, n = 0;

	cJSON_ArrayForEach(bucket, histogram)
		n += bucket->valuedouble;
	if (first <= 0 || duration_us <= 0)
		return -1;
	*ret_ns = (duration_us - (number(thread, "avg") * n - first)) / first * 1000;
	return 0;
}

/* Keeps the first line that oslat says: when it fails, that is the reason. */
static int execute(int cpu, const char *file, char *why, size_t size)
{
	char command[256], line[256];
	bool first = true;
	FILE *f;

	snprintf(command, sizeof(command), "oslat -c %d -D 1 --json=%s 2>&1", cpu, file);
	f = popen(command, "re");
	if (!f) {
		snprintf(why, size, "cannot start it: %m");
		return -1;
	}
	while (fgets(line, sizeof(line), f)) {
		if (first && line[0] != '\n') {
			line[strcspn(line, "\n")] = '\0';
			snprintf(why, size, "%s", line);
			first = false;
		}
	}
	return pclose(f) == 0 ? 0 : -1;
}

/* Runs oslat for a second. On failure @why says in a line what it said. */
int oslat_ns_per_pass(int cpu, double *ret_ns, char *why, size_t size)
{
	char file[] = "/tmp/bench-oslat-XXXXXX";
	tn_autoclose int fd = mkstemp(file);
	tn_autofree char *text = calloc(1, REPORT_MAX);
	ssize_t n;

	if (fd < 0 || !text) {
		snprintf(why, size, "no place for its report");
		return -1;
	}
	if (execute(cpu, file, why, size) < 0) {
		unlink(file);
		return -1;
	}
	unlink(file);
	n = read(fd, text, REPORT_MAX - 1);
	if (n > 0 && evaluate(text, ret_ns) == 0)
		return 0;
	snprintf(why, size, "its JSON report is not what version 2.40 writes");
	return -1;
}
