// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All interruptions of a run as fixed-size records beside its document, tlbnoise-raw(5). Writing is a copy
 * into a buffer, reading is mmap(2) and an index. The number of records is put into the header when the
 * file is complete; until then it says that it is not, so that what a killed run left is readable and
 * never taken for the whole. A file that could not be written is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "analysis/attribution.h"
#include "result/run.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw files are little endian: convert here");

#define RAW_VERSION    1
#define RAW_UNFINISHED UINT64_MAX
#define RAW_BUFFER     4096 /* records: 128 KiB */

static const char raw_magic[6] = "TNRAW";

struct raw_header {
	char magic[6];
	uint16_t version;
	uint32_t header_bytes;
	uint32_t record_bytes;
	double hz;
	uint64_t records; /* RAW_UNFINISHED until the writer is done */
	char run_id[40];
	uint8_t reserved[56];
};
_Static_assert(sizeof(struct raw_header) == 128, "the raw header is part of the file format");

struct tn_raw_writer {
	int fd;
	int failed; /* first error of a write, which nothing after it repairs */
	uint64_t records;
	size_t n;
	struct raw_header header;
	char path[512];
	struct tn_raw_record buffer[RAW_BUFFER];
};

struct tn_raw_reader {
	const struct raw_header *header;
	size_t size; /* of the mapping */
	uint64_t records;
	char warning[192];
};

static int write_at(int fd, const void *data, size_t n, off_t at)
{
	const char *p = data;
	ssize_t done;

	while (n) {
		done = pwrite(fd, p, n, at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

static int flush(struct tn_raw_writer *w)
{
	off_t at = (off_t)(sizeof(w->header) + w->records * sizeof(w->buffer[0]));

	if (!w->failed && w->n)
		w->failed = write_at(w->fd, w->buffer, w->n * sizeof(w->buffer[0]), at);
	if (!w->failed)
		w->records += w->n;
	w->n = 0;
	return w->failed;
}

static void free_writer(struct tn_raw_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

TN_DEFINE_CLEANUP(struct tn_raw_writer, free_writer);

/**
 * tn_raw_create() - begin a file of raw interruptions
 * @path: the file; an old one is replaced
 * @run_id: of the document it belongs to
 * @hz: ticks per second
 * @ret: the writer; end it with tn_raw_finish()
 * @err: what failed
 *
 * Return: 0; -ENAMETOOLONG; -ENOMEM; else a negative errno of open(2) or write(2).
 */
int tn_raw_create(const char *path, const char *run_id, double hz, struct tn_raw_writer **ret, struct tn_error *err)
{
	tn_cleanup(free_writerp) struct tn_raw_writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return tn_error_set(err, -ENOMEM, "no memory to write %s", path);
	w->fd = -1;
	if (snprintf(w->path, sizeof(w->path), "%s", path) >= (int)sizeof(w->path))
		return tn_error_set(err, -ENAMETOOLONG,
				    "the path of raw interruptions has more than %zu bytes: %.80s...",
				    sizeof(w->path) - 1, path);
	w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (w->fd < 0)
		return tn_error_set(err, -errno, "cannot create %s: %m", path);
	memcpy(w->header.magic, raw_magic, sizeof(raw_magic));
	w->header.version = RAW_VERSION;
	w->header.header_bytes = sizeof(w->header);
	w->header.record_bytes = sizeof(struct tn_raw_record);
	w->header.hz = hz;
	w->header.records = RAW_UNFINISHED;
	snprintf(w->header.run_id, sizeof(w->header.run_id), "%s", run_id);
	r = write_at(w->fd, &w->header, sizeof(w->header), 0);
	if (r < 0) {
		unlink(path);
		return tn_error_set(err, r, "cannot write %s: %s", path, strerror(-r));
	}
	*ret = tn_steal_ptr(w);
	return 0;
}

/**
 * tn_raw_append() - add one interruption
 * @w: the writer
 * @rec: the record, copied
 *
 * Return: 0, or the negative errno of the first write that failed; all later records are dropped then.
 */
int tn_raw_append(struct tn_raw_writer *w, const struct tn_raw_record *rec)
{
	if (w->failed)
		return w->failed;
	w->buffer[w->n++] = *rec;
	return w->n == RAW_BUFFER ? flush(w) : 0;
}

/**
 * tn_raw_sync() - bring what was appended so far to the disk
 * @w: the writer
 * @ret_records: how many records are there
 *
 * Return: 0, or the negative errno of the first write that failed.
 */
int tn_raw_sync(struct tn_raw_writer *w, uint64_t *ret_records)
{
	int r = flush(w);

	if (!r && fdatasync(w->fd) < 0)
		r = w->failed = -errno;
	if (!r)
		*ret_records = w->records;
	return r;
}

/**
 * tn_raw_finish() - complete the file and free the writer, also on failure
 * @w: the writer
 * @ret_records: how many records the file has
 * @err: what failed
 *
 * Return: 0, or a negative errno of write(2) or fsync(2), in which case the file was removed.
 */
int tn_raw_finish(struct tn_raw_writer *w, uint64_t *ret_records, struct tn_error *err)
{
	tn_cleanup(free_writerp) struct tn_raw_writer *owned = w;
	int r;

	r = flush(owned);
	owned->header.records = owned->records;
	if (!r && fsync(owned->fd) < 0)
		r = -errno;
	if (!r)
		r = write_at(owned->fd, &owned->header, sizeof(owned->header), 0);
	if (!r && fsync(owned->fd) < 0)
		r = -errno;
	if (r < 0) {
		unlink(owned->path);
		return tn_error_set(err, r, "cannot write %s: %s; it was removed, the run document does not need it",
				    owned->path, strerror(-r));
	}
	*ret_records = owned->records;
	return 0;
}

static int check_header(const struct raw_header *h, const char *path, struct tn_error *err)
{
	if (memcmp(h->magic, raw_magic, sizeof(raw_magic)))
		return tn_error_set(err, -EINVAL, "%s has no raw interruptions: it does not begin with TNRAW", path);
	if (h->version != RAW_VERSION || h->header_bytes != sizeof(*h) ||
	    h->record_bytes != sizeof(struct tn_raw_record))
		return tn_error_set(
			err, -EPROTONOSUPPORT,
			"%s is of version %u with records of %u bytes, this tlbnoise reads version %d with %zu: "
			"use the tlbnoise that wrote it",
			path, h->version, h->record_bytes, RAW_VERSION, sizeof(struct tn_raw_record));
	if (!(h->hz >= 1.0 && h->hz <= 1e15))
		return tn_error_set(err, -EINVAL, "%s: its tick rate is %g Hz, which none has", path, h->hz);
	if (!memchr(h->run_id, '\0', sizeof(h->run_id)))
		return tn_error_set(err, -EINVAL, "%s: its run id does not end", path);
	return 0;
}

/* How many records may be read, and why that is not all. */
static void count_records(struct tn_raw_reader *r)
{
	size_t body = r->size - sizeof(*r->header);
	uint64_t whole = body / sizeof(struct tn_raw_record), said = r->header->records;

	r->records = said < whole ? said : whole;
	if (said == RAW_UNFINISHED)
		snprintf(r->warning, sizeof(r->warning),
			 "the run that wrote it did not end properly: %llu records are there, more may be missing",
			 (unsigned long long)whole);
	else if (said > whole)
		snprintf(r->warning, sizeof(r->warning), "truncated: %llu of %llu records are there",
			 (unsigned long long)whole, (unsigned long long)said);
	else if (body != said * sizeof(struct tn_raw_record))
		snprintf(r->warning, sizeof(r->warning), "%zu bytes follow the last record and are passed over",
			 body - (size_t)said * sizeof(struct tn_raw_record));
}

/**
 * tn_raw_open() - map a file of raw interruptions for reading
 * @path: the file
 * @ret: the reader; release with tn_raw_close()
 * @err: what is wrong with it
 *
 * A truncated file is opened as far as whole records go; tn_raw_warning() then says so. The file must not
 * be shortened while it is open.
 *
 * Return: 0; -EINVAL for another file; -EPROTONOSUPPORT for another version; -ENOMEM; else a negative errno.
 */
int tn_raw_open(const char *path, struct tn_raw_reader **ret, struct tn_error *err)
{
	tn_cleanup(tn_raw_closep) struct tn_raw_reader *r = calloc(1, sizeof(*r));
	tn_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* it may be anything */
	struct stat st;
	void *map;
	int rc;

	if (!r)
		return tn_error_set(err, -ENOMEM, "no memory to read %s", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return tn_error_set(err, -errno, "cannot open %s: %m", path);
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size < sizeof(*r->header))
		return tn_error_set(err, -EINVAL, "%s has no raw interruptions: it is no file of at least %zu bytes",
				    path, sizeof(*r->header));
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return tn_error_set(err, -errno, "cannot map %s: %m", path);
	r->header = map;
	r->size = (size_t)st.st_size;
	rc = check_header(r->header, path, err);
	if (rc < 0)
		return rc;
	count_records(r);
	*ret = tn_steal_ptr(r);
	return 0;
}

/** tn_raw_count() - how many records can be read */
uint64_t tn_raw_count(const struct tn_raw_reader *r)
{
	return r->records;
}

/** tn_raw_at() - a record; NULL at and behind the end */
const struct tn_raw_record *tn_raw_at(const struct tn_raw_reader *r, uint64_t index)
{
	const struct tn_raw_record *first = (const void *)(r->header + 1);

	return index < r->records ? first + index : NULL;
}

/** tn_raw_hz() - ticks per second */
double tn_raw_hz(const struct tn_raw_reader *r)
{
	return r->header->hz;
}

/** tn_raw_run_id() - id of the run document that the file belongs to */
const char *tn_raw_run_id(const struct tn_raw_reader *r)
{
	return r->header->run_id;
}

/** tn_raw_warning() - why the file is not whole; "" when it is */
const char *tn_raw_warning(const struct tn_raw_reader *r)
{
	return r->warning;
}

/** tn_raw_close() - release a reader */
void tn_raw_close(struct tn_raw_reader *r)
{
	if (r->header)
		munmap((void *)r->header, r->size);
	free(r);
}
