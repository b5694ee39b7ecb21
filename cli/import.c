// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb import: takes run documents into the history. Each is taken in or refused by itself; one that is
 * refused does not keep the others out, but shows in the exit status.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/resolve.h"

struct import {
	struct tn_store *store;
	bool quiet;
	size_t taken, known, refused;
	struct tn_error first; /* that was refused */
};

static void import_file(struct import *in, const char *path)
{
	struct tn_error why = {0};
	char id[40];
	int r = tn_store_import(in->store, path, id, &why);

	if (r < 0) {
		if (in->refused++)
			fprintf(stderr, "tlbnoise: %s\n", why.text);
		else
			in->first = why;
		return;
	}
	in->taken += r == 0;
	in->known += r == 1;
	if (!in->quiet)
		printf("%s: %s %s\n", path, r ? "is there already:" : "taken in as", id);
}

static int is_document(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && !strcmp(entry->d_name + n - 5, ".json");
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Calls import_file() for DIR/NAME, or for DIR/NAME/run.json when NAME is a folder that has it. */
static int import_entries(struct import *in, const char *dir, bool folders, struct tn_error *err)
{
	struct dirent **entry = NULL;
	char path[4096];
	struct stat st;
	int n = scandir(dir, &entry, folders ? is_visible : is_document, alphasort);

	if (n < 0)
		return tn_error_set(err, -errno, "cannot read the folder %s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		int len = snprintf(path, sizeof(path), "%s/%s%s", dir, entry[i]->d_name, folders ? "/run.json" : "");

		if (len < (int)sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode))
			import_file(in, path);
		free(entry[i]);
	}
	free(entry);
	return 0;
}

static int import_folder(struct import *in, const char *dir, struct tn_error *err)
{
	size_t before = in->taken + in->known + in->refused;
	int r = import_entries(in, dir, false, err);

	if (r == 0)
		r = import_entries(in, dir, true, err);
	if (r == 0 && before == in->taken + in->known + in->refused)
		return tn_error_set(err, -ENOENT,
				    "%s: no run documents in this folder, that is, no *.json or */run.json", dir);
	return r;
}

/**
 * cli_import() - verb import
 * @cli: operands: files and folders; --quiet, --store
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_import(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	struct import in = {.quiet = cli->args.quiet};
	struct stat st;
	int r = cli_store_open(cli->args.store, TN_STORE_WRITE, &store, err);

	in.store = store;
	for (size_t i = 0; i < cli->args.n_operand && r == 0; i++) {
		const char *path = cli->args.operand[i];

		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			r = import_folder(&in, path, err);
		else
			import_file(&in, path);
	}
	if (r < 0)
		return r;
	if (in.refused)
		return tn_error_set(err, in.first.code, "%s", in.first.text);
	return CLI_FINE;
}
