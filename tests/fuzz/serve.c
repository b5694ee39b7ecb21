// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as requests to serve, over a history with one run: a request a line, then its headers of note. What comes
 * back is an answer with a status of the few that there are and a type of ours; a redirect stays below its page; what
 * the target decodes to has no way up. The history is not touched.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "web/internal.h"

#define REQUESTS 4

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct web_site site;
static char folder[] = "/tmp/tlbnoise-fuzz-store-XXXXXX";

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void clean_up(void)
{
	static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm", "runs"};
	char path[sizeof(folder) + 16];

	web_site_clear(&site);
	for (size_t i = 0; i < TN_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	rmdir(folder);
}

/* Where the sample lies is known to the seeds' folder alone; without it the history is there and empty. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *sample = getenv("TN_FUZZ_SAMPLE");
	struct tn_store *store = NULL;
	struct tn_error err = {0};
	char id[40];

	(void)argc;
	(void)argv;
	require(mkdtemp(folder) != NULL);
	require(tn_store_open(folder, TN_STORE_WRITE, NULL, &store, &err) == 0);
	if (sample)
		require(tn_store_import(store, sample, id, &err) >= 0);
	tn_store_close(store);
	site.store = folder;
	site.names = "*.example.com,dash";
	require(web_site_init(&site, &err) == 0);
	atexit(clean_up);
	return 0;
}

static void check_target(const char *raw)
{
	struct web_target target;

	if (web_target_parse(raw, &target) < 0)
		return;
	require(target.path[0] == '/' && strlen(target.path) < sizeof(target.path));
	require(!strstr(target.path, "/../") && !strstr(target.path, "/./"));
}

static void check_answer(const struct web_answer *a)
{
	static const unsigned int statuses[] = {200, 303, 400, 404, 405, 414, 421, 500, 503};
	bool known = false;

	for (size_t i = 0; i < TN_ARRAY_SIZE(statuses); i++)
		known |= a->status == statuses[i];
	require(known && a->type && a->body && a->size && a->size <= WEB_BODY_MAX);
	require((a->status == 303) == (a->location[0] != '\0'));
	if (a->location[0])
		require(!strncmp(a->location, "compare/", 8) && !strpbrk(a->location, "\r\n \\:?#"));
}

static void ask(char *line)
{
	struct web_request request = {.method = strsep(&line, " \t")};
	struct web_answer answer = {0};

	request.target = strsep(&line, " \t");
	request.host = strsep(&line, " \t");
	request.accept = line;
	if (request.target)
		check_target(request.target);
	web_answer(&site, &request, &answer);
	check_answer(&answer);
	free(answer.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	tn_autofree char *text = malloc(size + 1);
	char *rest = text, *line;

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (int i = 0; i < REQUESTS && (line = strsep(&rest, "\n")); i++)
		ask(line);
	return 0;
}
