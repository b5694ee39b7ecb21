// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operands that name run documents. What exists as a file or folder is that; everything else is a name of
 * the store: an id, the beginning of one, @latest, or @-N for the Nth run before the latest. A file in the
 * working directory therefore wins over a run of the same name; "./" and the whole id are unambiguous.
 */
#include "cli/resolve.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "system/paths.h"

#define DOCUMENT_NAME "run.json"

static struct cli_document *grow(struct cli_documents *d, const char *name, struct tn_error *err)
{
	struct cli_document *larger = reallocarray(d->document, d->n + 1, sizeof(*larger));

	if (!larger) {
		tn_error_set(err, -ENOMEM, "no memory for the document %s", name);
		return NULL;
	}
	d->document = larger;
	larger += d->n++;
	memset(larger, 0, sizeof(*larger));
	snprintf(larger->name, sizeof(larger->name), "%s", name);
	return larger;
}

static int add_file(const char *path, const char *name, struct cli_documents *add_to, struct tn_error *err)
{
	struct cli_document *doc = grow(add_to, name, err);
	int r;

	if (!doc)
		return -ENOMEM;
	r = tn_run_read_text(path, &doc->text, &doc->size, err);
	return r < 0 ? r : tn_run_parse(name, doc->text, doc->size, &doc->run, err);
}

static int is_document(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && !strcmp(entry->d_name + n - 5, ".json");
}

/* The folder of one run has a document of a fixed name; any other holds documents under names of the user's choice. */
static int add_folder(const char *path, struct cli_documents *add_to, struct tn_error *err)
{
	struct dirent **entry = NULL;
	char file[4096];
	struct stat st;
	int n, r = 0;

	snprintf(file, sizeof(file), "%s/" DOCUMENT_NAME, path);
	if (stat(file, &st) == 0)
		return add_file(file, file, add_to, err);
	n = scandir(path, &entry, is_document, alphasort);
	if (n < 0)
		return tn_error_set(err, -errno, "cannot read the folder %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (r == 0 && snprintf(file, sizeof(file), "%s/%s", path, entry[i]->d_name) >= (int)sizeof(file))
			r = tn_error_set(err, -ENAMETOOLONG, "%s: a path below it is too long", path);
		if (r == 0)
			r = add_file(file, file, add_to, err);
		free(entry[i]);
	}
	free(entry);
	if (r == 0 && n == 0)
		return tn_error_set(err, -ENOENT, "%s: no run document in this folder, that is, no file *.json", path);
	return r;
}

/* What the store says while it is opened: it goes to stderr as the daemon's notices do. */
static void tell(void *userdata, int priority, const char *text)
{
	(void)userdata;
	if (priority <= LOG_NOTICE)
		fprintf(stderr, "tlbnoise: %s\n", text);
}

/**
 * cli_store_open() - open the history
 * @folder: that holds it; NULL: the user's own, tn_path_results_dir()
 * @mode: what it is for
 * @ret: the store; release with tn_store_close()
 * @err: message
 *
 * Return: 0 or a negative errno.
 */
int cli_store_open(const char *folder, enum tn_store_mode mode, struct tn_store **ret, struct tn_error *err)
{
	const struct tn_log log = {.sink = tell};
	char own[200];
	int r = folder ? 0 : tn_path_results_dir(own, sizeof(own), err);

	return r < 0 ? r : tn_store_open(folder ? folder : own, mode, &log, ret, err);
}

static int add_stored(const char *name, struct cli_documents *add_to, struct tn_error *err)
{
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	struct cli_document *doc;
	char id[40];
	int r = cli_store_open(add_to->store, TN_STORE_READ, &store, err);

	if (r == -ENOENT)
		return tn_error_prefix(err, r, "%s: no such file, and no history to look it up in", name);
	if (r == 0)
		r = tn_store_find(store, name, id, err);
	if (r < 0)
		return r;
	doc = grow(add_to, id, err);
	if (!doc)
		return -ENOMEM;
	if (tn_store_raw_path(store, id, doc->raw, sizeof(doc->raw), NULL) < 0)
		doc->raw[0] = '\0';
	r = tn_store_document(store, id, &doc->text, &doc->size, err);
	return r < 0 ? r : tn_run_parse(id, doc->text, doc->size, &doc->run, err);
}

/**
 * cli_resolve() - the documents that an operand names
 * @operand: "-" for standard input, a file, a folder, or a run of the store
 * @add_to: gets them appended; released with cli_documents_free(), also after a failure
 * @err: what it could have been, or what is wrong with a document
 *
 * Return: 0; -ENOENT when nothing has that name; else a negative errno.
 */
int cli_resolve(const char *operand, struct cli_documents *add_to, struct tn_error *err)
{
	struct stat st;

	if (!strcmp(operand, "-"))
		return add_file("/dev/stdin", "standard input", add_to, err);
	if (stat(operand, &st) < 0)
		return (errno == ENOENT || *operand == '@') && !strchr(operand, '/')
			       ? add_stored(operand, add_to, err)
			       : tn_error_set(err, -errno, "cannot open %s: %s", operand, strerror(errno));
	return S_ISDIR(st.st_mode) ? add_folder(operand, add_to, err) : add_file(operand, operand, add_to, err);
}

/**
 * cli_resolve_one() - the one document that an operand names
 * @operand: as for cli_resolve()
 * @ret: exactly one; released with cli_documents_free(), also after a failure
 * @err: message
 *
 * Return: 0; -EINVAL when there are several; an error of cli_resolve().
 */
int cli_resolve_one(const char *operand, struct cli_documents *ret, struct tn_error *err)
{
	int r = cli_resolve(operand, ret, err);

	if (r == 0 && ret->n != 1)
		return tn_error_set(err, -EINVAL, "%s: a folder with %zu documents; name one of them", operand, ret->n);
	return r;
}

/**
 * cli_documents_free() - counterpart of cli_resolve()
 * @d: what it filled; may be empty
 */
void cli_documents_free(struct cli_documents *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->document[i].text);
		tn_run_free(d->document[i].run);
	}
	free(d->document);
	*d = (struct cli_documents){.store = d->store};
}

/**
 * cli_document_print() - a document as it was published, byte for byte
 * @doc: the document; what this version does not know of it is not lost
 * @out: stream
 * @err: message
 *
 * Return: 0, -EIO or -EPIPE.
 */
int cli_document_print(const struct cli_document *doc, FILE *out, struct tn_error *err)
{
	bool ended = doc->size && doc->text[doc->size - 1] == '\n';

	if (fwrite(doc->text, 1, doc->size, out) != doc->size || (!ended && putc('\n', out) == EOF))
		return tn_error_set(err, errno == EPIPE ? -EPIPE : -EIO,
				    "cannot write the document: %s; the output is not complete", strerror(errno));
	return 0;
}

/**
 * cli_resolve_list() - find the documents that a list of operands means
 * @operand: what cli_resolve() takes, or several with commas between. What exists under this name is meant, though it
 *           has a comma
 * @add_to: gets the documents
 * @err: which could not be read
 *
 * Return: 0 or a negative errno.
 */
int cli_resolve_list(const char *operand, struct cli_documents *add_to, struct tn_error *err)
{
	tn_autofree char *copy = strdup(operand);
	char *rest = copy, *word;
	int r = 0;

	if (!copy)
		return tn_error_set(err, -ENOMEM, "no memory to read %s", operand);
	if (access(operand, F_OK) == 0)
		return cli_resolve(operand, add_to, err);
	while (r == 0 && (word = strsep(&rest, ",")))
		r = *word ? cli_resolve(word, add_to, err)
			  : tn_error_set(err, -EINVAL, "%s: nothing stands between two commas", operand);
	return r;
}
