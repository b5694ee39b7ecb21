// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the raw interruptions of a document are: report and export take them if they can be found. */
#include <errno.h>
#include <string.h>

#include "cli/resolve.h"

/* Takes @path if it has the raw interruptions of @run; otherwise says why not, unless there is no such file. */
static bool try_raw(const char *path, const struct tn_run *run, struct cli_raw *ret)
{
	tn_cleanup(tn_raw_closep) struct tn_raw_reader *raw = NULL;
	struct tn_error err = {0};

	if (tn_raw_open(path, &raw, &err) < 0) {
		if (err.code != -ENOENT)
			snprintf(ret->note, sizeof(ret->note), "%s", err.text);
		return false;
	}
	if (strcmp(tn_raw_run_id(raw), run->id)) {
		snprintf(ret->note, sizeof(ret->note), "%s belongs to run %s", path, tn_raw_run_id(raw));
		return false;
	}
	ret->reader = tn_steal_ptr(raw);
	snprintf(ret->path, sizeof(ret->path), "%s", path);
	return true;
}

/**
 * cli_raw_find() - find the raw interruptions of a document
 * @doc: the document
 * @ret: they are opened here, or it says why not; for cli_raw_free()
 *
 * Looked for in the store; beside the document under their last name or as FILE.raw; where the document says.
 */
void cli_raw_find(const struct cli_document *doc, struct cli_raw *ret)
{
	const struct tn_run *run = doc->run;
	const char *own = strrchr(run->raw_file, '/'), *slash = strrchr(doc->name, '/');
	size_t len = strlen(doc->name);
	char path[sizeof(doc->name) + sizeof(run->raw_file)];

	*ret = (struct cli_raw){0};
	if (doc->raw[0] && try_raw(doc->raw, run, ret))
		return;
	own = own ? own + 1 : run->raw_file;
	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - doc->name) + 1 : 0, doc->name, own);
	if (*own && try_raw(path, run, ret))
		return;
	if (len > 5 && !strcmp(doc->name + len - 5, ".json"))
		len -= 5;
	snprintf(path, sizeof(path), "%.*s.raw", (int)len, doc->name);
	if (try_raw(path, run, ret))
		return;
	if (run->raw_file[0] == '/' && try_raw(run->raw_file, run, ret))
		return;
	if (run->raw_file[0] && !ret->note[0])
		snprintf(ret->note, sizeof(ret->note),
			 "the file with all of them was not found beside the document: %s", own);
}

/**
 * cli_raw_free() - close them
 * @raw: all 0 is fine
 */
void cli_raw_free(struct cli_raw *raw)
{
	if (raw->reader)
		tn_raw_close(raw->reader);
	raw->reader = NULL;
}
