// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where results go: into the store, run by run and round by round, with the raw interruptions in a folder
 * beside it. A store that cannot be written to costs the history, not the run: its client gets the document
 * all the same, with a finding that says so. All writing is done between windows.
 */
#include "results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"
#include "system/paths.h"
#include "system/undo.h"

#define OLD_PREFIX "partial." /* of folders of unfinished results, up to version 0.1 */

/* Runs whose end could not be written down, on a disk that was full: tried again before the next run. */
static struct unsaid {
	char id[40], reason[256];
} unsaid[16];
static size_t n_unsaid;

static void abort_or_remember(struct tn_store *store, const char *id, const char *reason)
{
	if (tn_store_abort(store, id, reason, NULL) == 0 || n_unsaid == TN_ARRAY_SIZE(unsaid))
		return;
	snprintf(unsaid[n_unsaid].id, sizeof(unsaid[0].id), "%s", id);
	snprintf(unsaid[n_unsaid++].reason, sizeof(unsaid[0].reason), "%s", reason);
}

static void say_unsaid(struct tn_store *store)
{
	size_t left = n_unsaid;

	n_unsaid = 0;
	for (size_t i = 0; i < left; i++) {
		struct unsaid u = unsaid[i];

		abort_or_remember(store, u.id, u.reason);
	}
}

static void remove_folder(const char *dir)
{
	tn_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	unlinkat(fd, TN_STORE_RAW, 0);
	unlinkat(fd, "run.json", 0);
	rmdir(dir);
}

static int find_store(const struct daemon_config *config, char *buf, size_t size, struct tn_error *err)
{
	if (!*config->state_dir)
		return tn_path_results_dir(buf, size, err);
	snprintf(buf, size, "%s", config->state_dir);
	return tn_path_own_dir(buf, err);
}

static int limits_of(const struct daemon_config *config, struct tn_store *store, struct tn_store_limits *ret,
		     struct tn_error *err)
{
	int r = tn_store_limits_default(store, ret, err);

	if (config->limits.max_bytes != CONFIG_AUTO)
		ret->max_bytes = config->limits.max_bytes;
	if (config->limits.keep_free_bytes != CONFIG_AUTO)
		ret->keep_free_bytes = config->limits.keep_free_bytes;
	ret->max_age_s = config->limits.max_age_s;
	return r;
}

/* Makes room before it is needed: nothing of this may happen while a window is open. */
static void make_room(const struct daemon_config *config, struct tn_store *store, const struct tn_log *log)
{
	struct tn_store_limits limits = {0};
	struct tn_error err = {0};

	if (limits_of(config, store, &limits, &err) < 0 || tn_store_enforce(store, &limits, log, &err) < 0)
		tn_log(log, LOG_WARNING, "old results were not removed: %s", err.text);
}

static void close_store(struct results *res)
{
	if (res->store)
		tn_store_close(tn_steal_ptr(res->store));
}

static int make_folder(struct results *res, const char *base, struct tn_error *err)
{
	char runs[224];
	int r;

	snprintf(runs, sizeof(runs), "%s/runs", base);
	snprintf(res->folder, sizeof(res->folder), "%s/%s", runs, res->id);
	if ((mkdir(runs, 0755) == 0 || errno == EEXIST) && mkdir(res->folder, 0755) == 0)
		return 0;
	r = -errno;
	tn_error_set(err, r, "%s: cannot make the folder for results: %s", res->folder, strerror(-r));
	*res->folder = '\0';
	return r;
}

static int begin(struct results *res, struct tn_run *doc, double hz, const struct tn_log *log, struct tn_error *err)
{
	char base[200], path[512];
	int r = find_store(res->config, base, sizeof(base), err);

	if (r == 0)
		r = tn_store_open(base, TN_STORE_WRITE, log, &res->store, err);
	if (r < 0)
		return r;
	make_room(res->config, res->store, log);
	say_unsaid(res->store);
	r = make_folder(res, base, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/" TN_STORE_RAW, res->folder);
	r = tn_raw_create(path, doc->id, hz, &res->raw, err);
	if (r == 0)
		r = tn_store_begin(res->store, doc, err);
	if (r == 0)
		snprintf(doc->raw_file, sizeof(doc->raw_file), "%s", path);
	return r;
}

static void end_raw(struct results *res)
{
	uint64_t records;

	if (res->raw)
		tn_raw_finish(tn_steal_ptr(res->raw), &records, NULL);
}

/* Nothing of the run will be there; why is remembered for its document. */
static int give_up(struct results *res, int r, struct tn_error *err)
{
	end_raw(res);
	if (*res->folder)
		remove_folder(res->folder);
	*res->folder = '\0';
	close_store(res);
	res->error = *err;
	return r;
}

/**
 * results_begin() - enter the run into the store and open the file of raw interruptions
 * @res: zeroed but for its config
 * @doc: has its id, scenario, CPUs and environment; gets raw_file
 * @hz: ticks per second
 * @log: hears of older runs that had to go
 * @err: why the run will not be stored
 *
 * Return: 0; or a negative errno, after which the other calls may be made all the same and do nothing.
 */
int results_begin(struct results *res, struct tn_run *doc, double hz, const struct tn_log *log, struct tn_error *err)
{
	int r;

	snprintf(res->id, sizeof(res->id), "%s", doc->id);
	r = begin(res, doc, hz, log, err);
	return r < 0 ? give_up(res, r, err) : 0;
}

/* The document does not need the raw records: a full disk costs these, not the run. */
static void give_up_raw(struct results *res, int r)
{
	char path[512];

	end_raw(res);
	snprintf(path, sizeof(path), "%s/" TN_STORE_RAW, res->folder);
	unlink(path);
	snprintf(res->raw_error, sizeof(res->raw_error), "cannot write " TN_STORE_RAW ": %.100s", strerror(-r));
}

/* A document names no file that is not there. */
static void own_up(const struct results *res, struct tn_run *doc)
{
	if (!*res->raw_error)
		return;
	*doc->raw_file = '\0';
	doc->raw_records = 0;
	snprintf(doc->raw_error, sizeof(doc->raw_error), "%s", res->raw_error);
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
 * results_round() - store what there is at the end of a round
 * @res: the results
 * @doc: the document so far
 * @err: what failed
 *
 * The records go to the disk before the row that counts them.
 *
 * Return: 0; or a negative errno, and the rounds before are kept.
 */
int results_round(struct results *res, struct tn_run *doc, struct tn_error *err)
{
	int r;

	if (!res->store)
		return 0;
	r = res->raw ? tn_raw_sync(res->raw, &doc->raw_records) : 0;
	if (r < 0)
		give_up_raw(res, r);
	own_up(res, doc);
	r = tn_store_round(res->store, doc, err);
	if (r == 0)
		res->has_rounds = true;
	return r;
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
	own_up(res, doc);
	tn_run_add_finding(doc, TN_FINDING_WARNING, -1, "raw-not-kept", "the raw interruptions were not kept: %.200s",
			   res->raw_error);
}

static int sync_folder(const char *path)
{
	tn_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* The names of the raw file and of its folder, before the row that says they are there. */
static int sync_names(const struct results *res, struct tn_error *err)
{
	char runs[sizeof(res->folder)];
	int r = sync_folder(res->folder);

	snprintf(runs, sizeof(runs), "%.*s", (int)(strrchr(res->folder, '/') - res->folder), res->folder);
	if (r == 0)
		r = sync_folder(runs);
	return r < 0 ? tn_error_set(err, r, "cannot bring %s to the disk: %s", res->folder, strerror(-r)) : 0;
}

/**
 * results_publish() - store the whole run
 * @res: the results, raw file finished
 * @doc: the document
 * @err: what failed
 *
 * Return: 0, and it is on the disk; or a negative errno: the history then has the run as aborted.
 */
int results_publish(struct results *res, const struct tn_run *doc, struct tn_error *err)
{
	char reason[256];
	int r;

	if (!res->store) {
		*err = res->error;
		return err->code ? err->code : -ENODEV;
	}
	r = sync_names(res, err);
	if (r == 0)
		r = tn_store_finish(res->store, doc, err);
	if (r < 0) {
		snprintf(reason, sizeof(reason), "its result could not be stored: %.200s", err->text);
		results_drop(res, reason);
		return r;
	}
	if (!*doc->raw_file)
		rmdir(res->folder);
	*res->folder = '\0';
	close_store(res);
	return 0;
}

/**
 * results_drop() - end what will not be published
 * @res: the results
 * @reason: why; the history keeps it, with the rounds that are stored
 */
void results_drop(struct results *res, const char *reason)
{
	end_raw(res);
	if (*res->folder && !res->has_rounds)
		remove_folder(res->folder);
	*res->folder = '\0';
	/* What fails here is left to the next run, or to the next start, which finds this one without an owner. */
	if (res->store)
		abort_or_remember(res->store, res->id, reason);
	close_store(res);
}

/* Up to version 0.1 a result lay in a folder of its own that was renamed when it was whole. */
static void remove_partial(const char *base, const struct tn_log *log)
{
	tn_autoclosedir DIR *d = NULL;
	char runs[224], path[512];
	int pid;

	snprintf(runs, sizeof(runs), "%s/runs", base);
	d = opendir(runs);
	for (struct dirent *de = d ? readdir(d) : NULL; de; de = readdir(d)) {
		pid = tn_undo_dead_owner(de->d_name, OLD_PREFIX);
		if (!pid)
			continue;
		snprintf(path, sizeof(path), "%s/%s", runs, de->d_name);
		remove_folder(path);
		tn_log(log, LOG_NOTICE, "removed the unfinished result %s, left by pid %d", path, pid);
	}
}

/**
 * results_recover() - mark as aborted what daemons left that died
 * @config: where the store lies
 * @log: hears of each at LOG_NOTICE, and at LOG_WARNING when the store cannot be used
 *
 * The store is not made for this: the first run does that.
 */
void results_recover(const struct daemon_config *config, const struct tn_log *log)
{
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	struct tn_error err = {0};
	char base[200], path[256];
	int r = find_store(config, base, sizeof(base), &err);

	if (r == 0) {
		remove_partial(base, log);
		snprintf(path, sizeof(path), "%s/" TN_STORE_NAME, base);
		if (access(path, F_OK) < 0)
			return;
		r = tn_store_open(base, TN_STORE_WRITE, log, &store, &err);
	}
	if (r == 0)
		r = tn_store_recover(store, log, &err);
	if (r < 0)
		tn_log(log, LOG_WARNING, "runs will not be stored: %s", err.text);
}
