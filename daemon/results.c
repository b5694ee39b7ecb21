// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where results lie: RESULTS/runs/ID/ with the document and the raw interruptions. While a run is going
 * on the folder carries its owner's name, and it is renamed when it is whole, so that half a result is
 * never taken for one, and what a dead daemon left is known and removed by the next.
 */
#include "results.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/paths.h"
#include "system/undo.h"

#define PREFIX        "partial."
#define RAW_NAME      "interruptions.raw"
#define DOCUMENT_NAME "run.json"

static int runs_dir(char *buf, size_t size, struct tn_error *err)
{
	char base[200];
	int r;

	r = tn_path_results_dir(base, sizeof(base), err);
	if (r < 0)
		return r;
	snprintf(buf, size, "%s/runs", base);
	if (mkdir(buf, 0755) == 0 || errno == EEXIST)
		return 0;
	r = -errno;
	return tn_error_set(err, r, "%s: cannot make the folder for results: %s", buf, strerror(-r));
}

static void remove_folder(const char *dir)
{
	tn_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	unlinkat(fd, RAW_NAME, 0);
	unlinkat(fd, DOCUMENT_NAME, 0);
	rmdir(dir);
}

/**
 * results_begin() - make the folder and open the file of raw interruptions
 * @res: zeroed
 * @doc: has its id; gets raw_file, as it will be called
 * @hz: ticks per second
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int results_begin(struct results *res, struct tn_run *doc, double hz, struct tn_error *err)
{
	char runs[224], owner[TN_UNDO_OWNER], path[512];
	int r;

	r = runs_dir(runs, sizeof(runs), err);
	if (r < 0)
		return r;
	snprintf(res->final, sizeof(res->final), "%s/%s", runs, doc->id);
	snprintf(res->partial, sizeof(res->partial), "%s/" PREFIX "%s.%s", runs, tn_undo_owner(owner, sizeof(owner)),
		 doc->id);
	if (mkdir(res->partial, 0755) < 0) {
		r = -errno;
		tn_error_set(err, r, "%s: cannot make the folder for results: %s", res->partial, strerror(-r));
		*res->partial = '\0';
		return r;
	}
	snprintf(doc->raw_file, sizeof(doc->raw_file), "%s/" RAW_NAME, res->final);
	snprintf(path, sizeof(path), "%s/" RAW_NAME, res->partial);
	return tn_raw_create(path, doc->id, hz, &res->raw, err);
}

/* The document does not need the raw records: a full disk costs these, not the run. */
static void give_up_raw(struct results *res, int r)
{
	uint64_t records;
	char path[512];

	if (res->raw)
		tn_raw_finish(tn_steal_ptr(res->raw), &records, NULL);
	snprintf(path, sizeof(path), "%s/" RAW_NAME, res->partial);
	unlink(path);
	snprintf(res->raw_error, sizeof(res->raw_error), "cannot write %.100s: %.100s", RAW_NAME, strerror(-r));
}

/**
 * results_append() - keep a raw interruption
 * @res: the results
 * @rec: the record
 *
 * When it cannot be written none are kept, and the document says why.
 */
void results_append(struct results *res, const struct tn_raw_record *rec)
{
	int r = res->raw ? tn_raw_append(res->raw, rec) : 0;

	if (r < 0)
		give_up_raw(res, r);
}

/**
 * results_finish_raw() - close the file of raw interruptions
 * @res: the results
 * @doc: gets raw_records, or why there are none
 */
void results_finish_raw(struct results *res, struct tn_run *doc)
{
	int r = res->raw ? tn_raw_finish(tn_steal_ptr(res->raw), &doc->raw_records, NULL) : 0;

	if (r < 0)
		give_up_raw(res, r);
	if (!*res->raw_error)
		return;
	*doc->raw_file = '\0';
	doc->raw_records = 0;
	snprintf(doc->raw_error, sizeof(doc->raw_error), "%s", res->raw_error);
	tn_run_add_finding(doc, TN_FINDING_WARNING, -1, "raw-not-kept", "the raw interruptions were not kept: %.200s",
			   res->raw_error);
}

/**
 * results_publish() - write the document and give the folder its name
 * @res: the results, raw file finished
 * @doc: the document
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int results_publish(struct results *res, const struct tn_run *doc, struct tn_error *err)
{
	char path[512];
	int r;

	snprintf(path, sizeof(path), "%s/" DOCUMENT_NAME, res->partial);
	r = tn_run_write_file(doc, path, err);
	if (r < 0)
		return r;
	if (rename(res->partial, res->final) < 0) {
		r = -errno;
		return tn_error_set(err, r, "%s: cannot be renamed to %s: %s", res->partial, res->final, strerror(-r));
	}
	*res->partial = '\0';
	return 0;
}

/**
 * results_drop() - remove what was not published
 * @res: the results
 */
void results_drop(struct results *res)
{
	uint64_t records;

	if (res->raw)
		tn_raw_finish(tn_steal_ptr(res->raw), &records, NULL);
	if (*res->partial)
		remove_folder(res->partial);
	*res->partial = '\0';
}

/**
 * results_recover() - remove unfinished results of daemons that died
 * @log: hears of each at LOG_NOTICE
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int results_recover(const struct tn_log *log, struct tn_error *err)
{
	char runs[224], path[512];
	tn_autoclosedir DIR *d = NULL;
	int r, pid;

	r = runs_dir(runs, sizeof(runs), err);
	if (r < 0)
		return r;
	d = opendir(runs);
	for (struct dirent *de = d ? readdir(d) : NULL; de; de = readdir(d)) {
		pid = tn_undo_dead_owner(de->d_name, PREFIX);
		if (!pid)
			continue;
		snprintf(path, sizeof(path), "%s/%s", runs, de->d_name);
		remove_folder(path);
		tn_log(log, LOG_NOTICE, "removed the unfinished result %s, left by pid %d", path, pid);
	}
	return 0;
}
