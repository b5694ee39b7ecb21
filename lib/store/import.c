// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents that come from elsewhere: another machine, a file that was saved, or the folders in which earlier
 * versions kept their results. A run is taken in as a whole or not at all: its raw interruptions are copied
 * first, under a name that counts only with the row that the transaction at the end commits.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "store/internal.h"

#define COPY_BYTES (1u << 20)

/* store_id_is_safe() - whether an id can be the name of a folder */
bool store_id_is_safe(const char *id)
{
	size_t n = strlen(id);

	return n && id[0] != '.' &&
	       strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.") == n;
}

static int write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t done = write(fd, data, n);

		if (done < 0 && errno != EINTR)
			return -errno;
		data += done > 0 ? done : 0;
		n -= done > 0 ? (size_t)done : 0;
	}
	return 0;
}

static int copy_data(int from, int to)
{
	tn_autofree char *buf = malloc(COPY_BYTES);
	ssize_t n = 1;
	int r = buf ? 0 : -ENOMEM;

	while (r == 0 && n) {
		n = read(from, buf, COPY_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? -errno : write_all(to, buf, (size_t)n);
	}
	return r == 0 && fsync(to) < 0 ? -errno : r;
}

static bool is_raw_of(const char *path, const struct tn_run *doc, uint64_t *ret_records);

/* The copy is what has to be right: who owns @from may have put something else in its place since it was looked at. */
static int copy_into(const char *folder, const char *from, const struct tn_run *doc, uint64_t *ret_records,
		     struct tn_error *err)
{
	tn_autoclose int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), out = -1;
	char temporary[352], to[352];
	struct stat st;
	int r;

	snprintf(temporary, sizeof(temporary), "%s/" TN_STORE_RAW ".%d", folder, (int)getpid());
	snprintf(to, sizeof(to), "%s/" TN_STORE_RAW, folder);
	if (in < 0)
		return tn_error_set(err, -errno, "cannot read %s: %s", from, strerror(errno));
	if (fstat(in, &st) < 0 || !S_ISREG(st.st_mode))
		return tn_error_set(err, -EBADMSG, "%s is no regular file any more", from);
	out = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = out < 0 ? -errno : copy_data(in, out);
	if (r == 0 && !is_raw_of(temporary, doc, ret_records))
		r = -EBADMSG;
	if (r == 0 && fchmod(out, 0644) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, to) < 0)
		r = -errno;
	if (r == 0)
		r = store_sync_folder(folder);
	if (r == 0)
		return 0;
	unlink(temporary);
	return tn_error_set(err, r, "cannot copy %s to %s: %s", from, to, strerror(-r));
}

/* Whether @path has the raw interruptions of @doc; how many. */
static bool is_raw_of(const char *path, const struct tn_run *doc, uint64_t *ret_records)
{
	tn_cleanup(tn_raw_closep) struct tn_raw_reader *raw = NULL;

	if (tn_raw_open(path, &raw, NULL) < 0 || strcmp(tn_raw_run_id(raw), doc->id))
		return false;
	*ret_records = tn_raw_count(raw);
	return true;
}

/* Beside the document: as FILE.raw or under its last name; else where the document says. */
static bool find_raw(const char *document, const struct tn_run *doc, char *buf, size_t size, uint64_t *ret_records)
{
	const char *name = strrchr(doc->raw_file, '/'), *slash = strrchr(document, '/');
	size_t len = strlen(document);

	name = name ? name + 1 : doc->raw_file;
	if (!*name)
		return false;
	if (len > 5 && !strcmp(document + len - 5, ".json"))
		len -= 5;
	snprintf(buf, size, "%.*s.raw", (int)len, document);
	if (is_raw_of(buf, doc, ret_records))
		return true;
	snprintf(buf, size, "%.*s%s", slash ? (int)(slash - document) + 1 : 0, document, name);
	if (is_raw_of(buf, doc, ret_records))
		return true;
	snprintf(buf, size, "%s", doc->raw_file);
	return doc->raw_file[0] == '/' && is_raw_of(buf, doc, ret_records);
}

static int make_folder(const struct tn_store *s, const char *folder, struct tn_error *err)
{
	char runs[288];
	int r;

	snprintf(runs, sizeof(runs), "%s/runs", s->folder);
	if ((mkdir(runs, 0755) == 0 || errno == EEXIST) && (mkdir(folder, 0755) == 0 || errno == EEXIST)) {
		r = store_sync_folder(runs);
		if (r == 0)
			return 0;
		errno = -r;
	}
	return tn_error_set(err, -errno, "cannot make the folder %s: %s", folder, strerror(errno));
}

/*
 * Brings the raw interruptions of an import into the run's folder; without any there is nothing to do.
 *
 * Return: 1 when they were copied, 0 when not, a negative errno.
 */
static int take_raw(struct tn_store *s, const char *document, const struct tn_run *doc, uint64_t *ret_records,
		    struct tn_error *err)
{
	char folder[320], own[352], from[4096];
	int r;

	store_run_folder(s, doc->id, folder, sizeof(folder));
	snprintf(own, sizeof(own), "%s/" TN_STORE_RAW, folder);
	if (is_raw_of(own, doc, ret_records) || !find_raw(document, doc, from, sizeof(from), ret_records))
		return 0;
	r = make_folder(s, folder, err);
	if (r == 0)
		r = copy_into(folder, from, doc, ret_records, err);
	return r < 0 ? r : 1;
}

/* What take_raw() copied for a run that did not get into the store. */
static void drop_raw(const struct tn_store *s, const char *id)
{
	char folder[320], own[352];

	store_run_folder(s, id, folder, sizeof(folder));
	snprintf(own, sizeof(own), "%s/" TN_STORE_RAW, folder);
	unlink(own);
	rmdir(folder); /* unless something else lies there */
}

static int check(const char *path, const struct tn_run *doc, struct tn_error *err)
{
	if (!store_id_is_safe(doc->id))
		return tn_error_set(err, -EBADMSG,
				    "%s: the id '%s' is none that tlbnoise gives: letters, digits, '-', '_' and '.'",
				    path, doc->id);
	return 0;
}

static int import_row(struct tn_store *s, const struct store_row *row, struct tn_error *err)
{
	store_autorollback struct store_transaction t = {0};
	int64_t run;
	int r = store_lock(s, &t, err);

	if (r == 0 && store_seq(s, row->doc->id, &run, NULL) == 0)
		return 1;
	if (r == 0)
		r = store_write(s, row, err);
	return r < 0 ? r : store_commit(&t, err);
}

/**
 * tn_store_import() - take a run document in, with the raw interruptions that lie beside it
 * @s: the store
 * @path: the document
 * @id: receives its id, also when it is there already
 * @err: what is wrong with it
 *
 * Return: 0; 1 when a run of that id is stored already, which stays as it is; -EBADMSG or -EINVAL for what is no
 * run document; another negative errno. The store is unchanged unless 0 is returned.
 */
int tn_store_import(struct tn_store *s, const char *path, char id[40], struct tn_error *err)
{
	tn_cleanup(tn_run_freep) struct tn_run *doc = NULL;
	tn_autofree char *text = NULL;
	struct store_row row = {0};
	int64_t run;
	bool copied;
	int r = tn_run_read_text(path, &text, &row.size, err);

	if (r == 0)
		r = tn_run_parse(path, text, row.size, &doc, err);
	if (r == 0)
		r = check(path, doc, err);
	if (r < 0)
		return r;
	memcpy(id, doc->id, sizeof(doc->id));
	if (store_seq(s, doc->id, &run, NULL) == 0)
		return 1;
	r = take_raw(s, path, doc, &row.raw_records, err);
	if (r < 0)
		return r;
	copied = r == 1;
	row.doc = doc;
	row.text = text;
	r = import_row(s, &row, err);
	if (r < 0 && copied)
		drop_raw(s, doc->id);
	return r < 0 ? tn_error_prefix(err, r, "%s", path) : r;
}

static bool is_full(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EROFS || error == -ENOMEM || error == -EBUSY;
}

static int import_all(struct tn_store *s, DIR *runs, const struct tn_log *log, unsigned int *ret_n,
		      struct tn_error *err)
{
	struct tn_error why = {0};
	char path[600], id[40];
	struct stat st;
	int r;

	for (struct dirent *de = readdir(runs); de; de = readdir(runs)) {
		snprintf(path, sizeof(path), "%s/runs/%s/run.json", s->folder, de->d_name);
		if (!store_id_is_safe(de->d_name) || !strncmp(de->d_name, "partial.", 8) || stat(path, &st) < 0)
			continue;
		r = tn_store_import(s, path, id, &why);
		if (r < 0 && is_full(r))
			return tn_error_set(err, r, "%s", why.text);
		if (r < 0)
			tn_log(log, LOG_WARNING, "not taken into the history: %s", why.text);
		*ret_n += r == 0;
	}
	return 0;
}

/* store_import_folders() - once in a store's life: take in what earlier versions kept as folders */
int store_import_folders(struct tn_store *s, const struct tn_log *log, struct tn_error *err)
{
	tn_autoclosedir DIR *runs = NULL;
	unsigned int n = 0;
	char path[288];
	int64_t done;
	int r = store_number(s, "SELECT count(*) FROM facts WHERE name = 'folders-imported'", &done, err);

	if (r < 0 || done)
		return r;
	snprintf(path, sizeof(path), "%s/runs", s->folder);
	runs = opendir(path);
	r = runs ? import_all(s, runs, log, &n, err) : 0;
	if (r < 0)
		return r;
	if (n)
		tn_log(log, LOG_NOTICE, "took %u earlier results from %s into %s", n, path, s->path);
	return store_exec(s, "INSERT OR IGNORE INTO facts VALUES ('folders-imported', '1')", err);
}
