/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CLI_RESOLVE_H
#define TN_CLI_RESOLVE_H

/* What an operand of show, export and compare means: a file, a folder of files, or runs of the store. */
#include "result/run.h"
#include "store/store.h"

struct cli_document {
	char name[320]; /* for messages: the path, or the id of the run */
	char *text;     /* as it was published, not terminated */
	size_t size;
	struct tn_run *run;
	char raw[320]; /* raw interruptions of a run of the store; "" otherwise */
};

/* Raw interruptions of a document. */
struct cli_raw {
	struct tn_raw_reader *reader; /* NULL: none were found */
	char path[840];               /* of @reader */
	char note[TN_ERROR_TEXT];     /* why there are none; "": the run kept none */
};

struct cli_documents {
	const char *store; /* folder of the history, NULL: the user's own */
	size_t n;
	struct cli_document *document;
};

int cli_store_open(const char *folder, enum tn_store_mode mode, struct tn_store **ret, struct tn_error *err);
int cli_resolve(const char *operand, struct cli_documents *add_to, struct tn_error *err);
int cli_resolve_list(const char *operand, struct cli_documents *add_to, struct tn_error *err);
int cli_resolve_one(const char *operand, struct cli_documents *ret, struct tn_error *err);
int cli_document_print(const struct cli_document *doc, FILE *out, struct tn_error *err);
/* raw.c */
void cli_raw_find(const struct cli_document *doc, struct cli_raw *ret);
void cli_raw_free(struct cli_raw *raw);

void cli_documents_free(struct cli_documents *d);

#endif
