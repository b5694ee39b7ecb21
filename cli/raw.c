// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the raw interruptions of a document are: report and export take them if they can be found. */
#include <errno.h>
#include <string.h>

#include "cli/resolve.h"

/* Takes @path if it has the raw interruptions of @run; otherwise says why not, unless there is no such file. */
static bool try_raw(const char *path, const struct tn_run *run, struct tn_raw_reader **ret, char *note, size_t size)
{
	tn_cleanup(tn_raw_closep) struct tn_raw_reader *raw = NULL;
	struct tn_error err = {0};

	if (tn_raw_open(path, &raw, &err) < 0) {
		if (err.code != -ENOENT)
			snprintf(note, size, "%s", err.text);
		return false;
	}
	if (strcmp(tn_raw_run_id(raw), run->id)) {
		snprintf(note, size, "%s belongs to run %s", path, tn_raw_run_id(raw));
		return false;
	}
	*ret = tn_steal_ptr(raw);
	return true;
}

/**
 * cli_document_raw() - find the raw interruptions of a document
 * @doc: the document
 * @ret: they are opened here; left alone when there are none
 * @note: why not, "" if the run kept none; @size bytes, must be "" before
 * @size: of @note
 *
 * Looked for in the store; beside the document under their last name or as FILE.raw; where the document says.
 */
void cli_document_raw(const struct cli_document *doc, struct tn_raw_reader **ret, char *note, size_t size)
{
	const struct tn_run *run = doc->run;
	const char *own = strrchr(run->raw_file, '/'), *slash = strrchr(doc->name, '/');
	size_t len = strlen(doc->name);
	char path[sizeof(doc->name) + sizeof(run->raw_file)];

	if (doc->raw[0] && try_raw(doc->raw, run, ret, note, size))
		return;
	own = own ? own + 1 : run->raw_file;
	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - doc->name) + 1 : 0, doc->name, own);
	if (*own && try_raw(path, run, ret, note, size))
		return;
	if (len > 5 && !strcmp(doc->name + len - 5, ".json"))
		len -= 5;
	snprintf(path, sizeof(path), "%.*s.raw", (int)len, doc->name);
	if (try_raw(path, run, ret, note, size))
		return;
	if (run->raw_file[0] == '/' && try_raw(run->raw_file, run, ret, note, size))
		return;
	if (run->raw_file[0] && !note[0])
		snprintf(note, size, "the file with all of them was not found beside the document: %s", own);
}
