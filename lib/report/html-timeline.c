// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interruptions of each run, for the timelines: one JSON object a run. Columns are base64 of little-endian arrays,
 * 13 bytes an interruption: that is what keeps a million of them in a file that mail takes.
 */
#include <errno.h>
#include <string.h>

#include "report/records.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns of the page are little endian: convert here");

#define POINTS     160000
#define POINTS_MIN 2000 /* of a run, however many runs there are */
#define NO_CAUSE   UINT16_MAX

static void put_base64(FILE *out, const void *data, size_t n)
{
	putc('"', out);
	report_base64(out, data, n);
	putc('"', out);
}

/* Columns of the chosen records. */
struct columns {
	uint32_t *at;  /* 2^32 - 1 is the end of the last window */
	float *length; /* ns */
	uint16_t *cpu, *cause;
	uint8_t *class;
};

static void columns_free(struct columns *c)
{
	free(c->at);
	free(c->length);
	free(c->cpu);
	free(c->cause);
	free(c->class);
}

static int columns_make(size_t n, struct columns *c)
{
	n++;
	c->at = calloc(n, sizeof(*c->at));
	c->length = calloc(n, sizeof(*c->length));
	c->cpu = calloc(n, sizeof(*c->cpu));
	c->cause = calloc(n, sizeof(*c->cause));
	c->class = calloc(n, sizeof(*c->class));
	return c->at && c->length && c->cpu && c->cause && c->class ? 0 : -ENOMEM;
}

static void fill(const struct tn_run *run, const struct html_spans *s, const struct tn_raw_record *rec,
		 const struct html_pick *p, struct columns *c)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct tn_raw_record *r = &rec[p->index[i]];
		const struct html_span *w = html_spans_find(s, r);
		double at = (w->at + (double)(r->start - w->open)) / s->length;

		c->at[i] = (uint32_t)((at < 1.0 ? at : 1.0) * (double)UINT32_MAX);
		c->length[i] = (float)tn_ticks_to_ns(&run->clock, (double)(r->end - r->start));
		c->cpu[i] = r->cpu;
		c->cause[i] = r->cause < run->n_causes && r->cause < NO_CAUSE ? (uint16_t)r->cause : NO_CAUSE;
		c->class[i] = (uint8_t)html_class_slot(r->class);
	}
}

static void put_columns(FILE *out, const struct columns *c, size_t n)
{
	fputs(",\"at\":", out);
	put_base64(out, c->at, n * sizeof(*c->at));
	fputs(",\"length\":", out);
	put_base64(out, c->length, n * sizeof(*c->length));
	fputs(",\"cpu\":", out);
	put_base64(out, c->cpu, n * sizeof(*c->cpu));
	fputs(",\"cause\":", out);
	put_base64(out, c->cause, n * sizeof(*c->cause));
	fputs(",\"class\":", out);
	put_base64(out, c->class, n * sizeof(*c->class));
}

/* What hovering says: who did it, and a sender's stack. */
static void put_causes(FILE *out, const struct tn_run *run)
{
	char who[512];

	fputs(",\"causes\":[", out);
	for (size_t i = 0; i < run->n_causes && i < NO_CAUSE; i++) {
		const struct tn_run_cause *c = &run->cause[i];

		report_who(run, c, who, sizeof(who));
		fputs(i ? ",\n[" : "\n[", out);
		html_json_text(out, who);
		fputs(",[", out);
		for (uint32_t k = 0; k < c->n_stack; k++) {
			fputs(k ? "," : "", out);
			html_json_text(out, c->stack[k]);
		}
		fputs("]]", out);
	}
	fputc(']', out);
}

static void put_rounds(FILE *out, const struct tn_run *run, const struct html_spans *s)
{
	fputs(",\"span\":", out);
	html_number(out, tn_ticks_to_ns(&run->clock, s->length) / 1e9);
	fputs(",\"rounds\":[", out);
	for (size_t i = 0; i < s->rounds; i++) {
		fputs(i ? "," : "", out);
		html_number(out, tn_ticks_to_ns(&run->clock, s->round_at[i]) / 1e9);
	}
	fputs("]", out);
}

/* Which interruptions these are, in words. */
static void put_note(FILE *out, const struct tn_html_document *d, const struct html_pick *p)
{
	struct report_buf n, all, columns, worst;
	char note[640];

	if (!d->raw)
		snprintf(note, sizeof(note), "The %s longest interruptions, which the document has; %s.",
			 report_count(&n, p->n),
			 d->raw_note && d->raw_note[0] ? d->raw_note : "a file with all of them was not kept");
	else if (p->columns)
		snprintf(note, sizeof(note),
			 "%s of %s interruptions are drawn: in each of %s slices of time the shortest and the longest "
			 "of each CPU and class, and the %s longest of all.",
			 report_count(&n, p->n), report_count(&all, p->total), report_count(&columns, p->columns),
			 report_count(&worst, HTML_WORST));
	else
		snprintf(note, sizeof(note), "All %s interruptions.", report_count(&n, p->n));
	fputs(",\"note\":", out);
	html_json_text(out, note);
	if (d->raw && tn_raw_warning(d->raw)[0]) {
		fputs(",\"warning\":", out);
		html_json_text(out, tn_raw_warning(d->raw));
	}
}

static int put_timeline(FILE *out, const struct tn_html_document *d, unsigned int side, size_t budget)
{
	tn_cleanup(html_spans_free) struct html_spans spans = {0};
	tn_cleanup(html_pick_free) struct html_pick pick = {0};
	tn_cleanup(columns_free) struct columns columns = {0};
	tn_autofree struct tn_raw_record *own = d->raw ? NULL : records_of_worst(d->run);
	const struct tn_raw_record *rec = d->raw ? tn_raw_at(d->raw, 0) : own;
	uint64_t n = d->raw ? tn_raw_count(d->raw) : d->run->n_worst;
	int r = html_spans_make(d->run, &spans);

	if (r == 0 && !d->raw && !own)
		r = -ENOMEM;
	if (r == 0)
		r = html_pick(&spans, rec, n, budget, &pick);
	if (r == 0)
		r = columns_make(pick.n, &columns);
	if (r < 0)
		return r;
	fill(d->run, &spans, rec, &pick, &columns);
	fprintf(out, "{\"side\":%u,\"run\":", side);
	html_json_text(out, d->run->id);
	fprintf(out, ",\"n\":%zu,\"total\":%llu,\"outside\":%llu,\"max\":", pick.n, (unsigned long long)pick.total,
		(unsigned long long)pick.outside);
	html_number(out, tn_ticks_to_ns(&d->run->clock, (double)pick.max_ticks));
	put_note(out, d, &pick);
	put_rounds(out, d->run, &spans);
	put_causes(out, d->run);
	put_columns(out, &columns, pick.n);
	fputs("}", out);
	return 0;
}

/* A JSON list: the timeline of each run of both sides. */
int html_timelines(const struct tn_html_page *page, FILE *out, struct tn_error *err)
{
	size_t runs = page->side[TN_SIDE_A].n + page->side[TN_SIDE_B].n, done = 0;
	size_t budget = (page->points ? page->points : POINTS) / (runs ? runs : 1);

	if (budget < POINTS_MIN)
		budget = POINTS_MIN;
	fputc('[', out);
	for (unsigned int side = 0; side < TN_SIDES; side++)
		for (size_t i = 0; i < page->side[side].n; i++) {
			fputs(done++ ? ",\n" : "\n", out);
			if (put_timeline(out, &page->side[side].document[i], side, budget) < 0)
				return tn_error_set(err, -ENOMEM, "no memory for the timeline of run %s",
						    page->side[side].document[i].run->id);
		}
	fputc(']', out);
	return 0;
}
