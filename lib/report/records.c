// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interruptions of a run one by one. Raw records have a cause each; what exactly ran in an interruption, and who
 * sent it, is known of the worst ones, which the document lists: these are found by CPU and start. Without raw
 * records the worst ones are all there is.
 */
#include "report/records.h"

#include <errno.h>
#include <string.h>

static int by_place(const void *a, const void *b)
{
	const struct tn_run_worst *x = *(const struct tn_run_worst *const *)a;
	const struct tn_run_worst *y = *(const struct tn_run_worst *const *)b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->start_ticks < y->start_ticks ? -1 : x->start_ticks > y->start_ticks;
}

static int by_time(const void *a, const void *b)
{
	const struct tn_raw_record *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* The worst ones of a document as records, in its order; free() */
struct tn_raw_record *records_of_worst(const struct tn_run *run)
{
	struct tn_raw_record *rec = calloc(run->n_worst + 1, sizeof(*rec));

	for (size_t i = 0; rec && i < run->n_worst; i++) {
		const struct tn_run_worst *w = &run->worst[i];

		rec[i] = (struct tn_raw_record){
			.start = w->start_ticks,
			.end = w->end_ticks,
			.cause = w->cause < 0 ? UINT32_MAX : (uint32_t)w->cause,
			.cpu = (uint16_t)w->cpu,
			.round = (uint16_t)w->round,
			.class = (uint8_t)w->class,
			.entries = w->n_entries > UINT8_MAX ? UINT8_MAX : (uint8_t)w->n_entries,
		};
	}
	return rec;
}

/* @ret: zeroed; records_close() also after a failure. Return: 0 or -ENOMEM. */
int records_open(const struct tn_export *x, struct records *ret)
{
	const struct tn_run *run = x->run;

	ret->run = run;
	ret->worst = calloc(run->n_worst + 1, sizeof(*ret->worst));
	if (!x->raw)
		ret->own = records_of_worst(run);
	if (!ret->worst || (!x->raw && !ret->own) || html_spans_make(run, &ret->spans) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < run->n_worst; i++)
		ret->worst[i] = &run->worst[i];
	qsort(ret->worst, run->n_worst, sizeof(*ret->worst), by_place);
	if (ret->own)
		qsort(ret->own, run->n_worst, sizeof(*ret->own), by_time);
	ret->rec = x->raw ? tn_raw_at(x->raw, 0) : ret->own;
	ret->n = x->raw ? tn_raw_count(x->raw) : run->n_worst;
	return 0;
}

void records_close(struct records *r)
{
	free(r->own);
	free(r->worst);
	html_spans_free(&r->spans);
}

/* What the document says of @rec; NULL: it is none of the worst. */
const struct tn_run_worst *records_worst(const struct records *r, const struct tn_raw_record *rec)
{
	const struct tn_run_worst key = {.cpu = rec->cpu, .start_ticks = rec->start}, *at = &key;
	const struct tn_run_worst **found = bsearch(&at, r->worst, r->run->n_worst, sizeof(*r->worst), by_place);

	return found ? *found : NULL;
}

const struct tn_run_cause *records_cause(const struct records *r, const struct tn_raw_record *rec)
{
	return rec->cause < r->run->n_causes ? &r->run->cause[rec->cause] : NULL;
}

/* Its length; a damaged file may have one that ends before it starts. */
double records_ns(const struct records *r, const struct tn_raw_record *rec)
{
	return rec->end >= rec->start ? tn_ticks_to_ns(&r->run->clock, (double)(rec->end - rec->start)) : NAN;
}

/* Seconds from the opening of its window; NaN where it lies in none. */
double records_at_s(const struct records *r, const struct tn_raw_record *rec)
{
	const struct html_span *w = html_spans_find(&r->spans, rec);

	return w ? tn_ticks_to_ns(&r->run->clock, (double)(rec->start - w->open)) / 1e9 : NAN;
}

/* Kernel entries in it: a record counts to 255, the document goes on. */
unsigned int records_entries(const struct tn_run_worst *w, const struct tn_raw_record *rec)
{
	return w && w->n_entries > rec->entries ? w->n_entries : rec->entries;
}

/* What became of @out. Return: 0; -EPIPE when nobody reads it any more; -EIO. */
int records_written(FILE *out, const char *what, struct tn_error *err)
{
	if (!ferror(out))
		return 0;
	return tn_error_set(err, errno == EPIPE ? -EPIPE : -EIO, "cannot write the %s: %s", what, strerror(errno));
}
