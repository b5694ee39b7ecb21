// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which interruptions a timeline shows when there are too many for it. Time is cut into columns, finer than the pixels
 * of any screen; in each, for each CPU and class, the shortest and the longest stay, and beside these the longest of
 * all. So what a plot of all of them would cover is covered, and no maximum is lost, neither the run's nor a CPU's
 * nor a class's nor that of any stretch of time. Chance decides nothing: the same records give the same choice.
 */
#include <errno.h>
#include <string.h>

#include "analysis/attribution.h"
#include "report/html-parts.h"

#define COLUMNS_MIN 16
#define LANES_MAX   65536 /* CPUs times classes */
#define CELLS_MAX   1000000

static int by_window(const void *a, const void *b)
{
	const struct html_span *x = a, *y = b;

	if (x->round != y->round)
		return x->round < y->round ? -1 : 1;
	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

/* Rounds one after the other, each as long as its longest window: what lies between is not measured time. */
static void place(struct html_spans *s)
{
	double longest = 0.0;

	for (size_t i = 0; i < s->n; i++) {
		struct html_span *w = &s->span[i];
		double length = (double)(w->close - w->open);

		if (!i || w->round != s->span[i - 1].round) {
			s->length += longest;
			longest = 0.0;
			s->round_at[s->rounds++] = s->length;
		}
		w->at = s->length;
		longest = length > longest ? length : longest;
	}
	s->length += longest;
}

/* @ret: zeroed; the windows of @run by round and CPU. Return: 0 or -ENOMEM. */
int html_spans_make(const struct tn_run *run, struct html_spans *ret)
{
	ret->span = calloc(run->n_cpus + 1, sizeof(*ret->span));
	ret->round_at = calloc(run->n_cpus + 1, sizeof(*ret->round_at));
	if (!ret->span || !ret->round_at)
		return -ENOMEM;
	for (size_t i = 0; i < run->n_cpus; i++) {
		const struct tn_run_cpu *c = &run->cpu[i];

		if (c->window_close_ticks > c->window_open_ticks)
			ret->span[ret->n++] =
				(struct html_span){c->cpu, c->round, c->window_open_ticks, c->window_close_ticks, 0.0};
	}
	qsort(ret->span, ret->n, sizeof(*ret->span), by_window);
	place(ret);
	return 0;
}

void html_spans_free(struct html_spans *s)
{
	free(s->span);
	free(s->round_at);
	*s = (struct html_spans){0};
}

/* The window of a record; NULL: it belongs to none, or is no interval. */
const struct html_span *html_spans_find(const struct html_spans *s, const struct tn_raw_record *rec)
{
	const struct html_span key = {.cpu = rec->cpu, .round = rec->round};
	const struct html_span *w = bsearch(&key, s->span, s->n, sizeof(key), by_window);

	return w && rec->end >= rec->start && rec->start >= w->open && rec->start <= w->close ? w : NULL;
}

static uint64_t length_of(const struct tn_raw_record *rec)
{
	return rec->end - rec->start;
}

/* A heap with the shortest of the longest on top, of indices. */
struct worst {
	const struct tn_raw_record *rec;
	size_t n;
	uint64_t index[HTML_WORST];
};

static void sink(struct worst *w, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < w->n; at = child) {
		uint64_t moved = w->index[at];

		if (child + 1 < w->n && length_of(&w->rec[w->index[child + 1]]) < length_of(&w->rec[w->index[child]]))
			child++;
		if (length_of(&w->rec[moved]) <= length_of(&w->rec[w->index[child]]))
			return;
		w->index[at] = w->index[child];
		w->index[child] = moved;
	}
}

static void offer(struct worst *w, uint64_t index)
{
	if (w->n < HTML_WORST) {
		w->index[w->n++] = index;
		for (size_t i = w->n / 2; w->n == HTML_WORST && i-- > 0;)
			sink(w, i);
	} else if (length_of(&w->rec[index]) > length_of(&w->rec[w->index[0]])) {
		w->index[0] = index;
		sink(w, 0);
	}
}

/* Number of each (CPU, class) that occurs, by CPU times HTML_CLASSES plus class; -1: it does not. */
struct lanes {
	size_t n;
	int32_t *of;
};

static size_t lane_key(const struct tn_raw_record *rec)
{
	return (size_t)rec->cpu * HTML_CLASSES + html_class_slot(rec->class);
}

/* The first pass: what there is. */
static int survey(const struct html_spans *s, const struct tn_raw_record *rec, uint64_t n, struct lanes *lanes,
		  struct worst *worst, struct html_pick *p)
{
	lanes->of = malloc((UINT16_MAX + 1u) * HTML_CLASSES * sizeof(*lanes->of));
	if (!lanes->of)
		return -ENOMEM;
	memset(lanes->of, -1, (UINT16_MAX + 1u) * HTML_CLASSES * sizeof(*lanes->of));
	for (uint64_t i = 0; i < n; i++) {
		int32_t *lane = &lanes->of[lane_key(&rec[i])];

		if (!html_spans_find(s, &rec[i])) {
			p->outside++;
			continue;
		}
		p->total++;
		if (length_of(&rec[i]) > p->max_ticks)
			p->max_ticks = length_of(&rec[i]);
		if (*lane < 0 && lanes->n < LANES_MAX)
			*lane = (int32_t)lanes->n++;
		offer(worst, i);
	}
	return 0;
}

#define NOBODY UINT64_MAX

/* The second pass: the extremes of each cell, by lane and column. */
static void mark_extremes(const struct html_spans *s, const struct tn_raw_record *rec, uint64_t n,
			  const struct lanes *lanes, size_t columns, uint64_t (*cell)[2])
{
	for (uint64_t i = 0; i < n; i++) {
		const struct html_span *w = html_spans_find(s, &rec[i]);
		int32_t lane = lanes->of[lane_key(&rec[i])];
		uint64_t *c;
		size_t column;

		if (!w || lane < 0)
			continue;
		column = (size_t)((w->at + (double)(rec[i].start - w->open)) / s->length * (double)columns);
		c = cell[(size_t)lane * columns + (column < columns ? column : columns - 1)];
		if (c[0] == NOBODY || length_of(&rec[i]) < length_of(&rec[c[0]]))
			c[0] = i;
		if (c[1] == NOBODY || length_of(&rec[i]) > length_of(&rec[c[1]]))
			c[1] = i;
	}
}

static int by_index(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void add(struct html_pick *p, uint64_t index)
{
	if (index != NOBODY)
		p->index[p->n++] = index;
}

static void sort_and_unite(struct html_pick *p)
{
	size_t n = 0;

	qsort(p->index, p->n, sizeof(*p->index), by_index);
	for (size_t i = 0; i < p->n; i++)
		if (!n || p->index[n - 1] != p->index[i])
			p->index[n++] = p->index[i];
	p->n = n;
}

static int pick_columns(const struct html_spans *s, const struct tn_raw_record *rec, uint64_t n, size_t columns,
			const struct lanes *lanes, const struct worst *worst, struct html_pick *p)
{
	size_t cells;
	tn_autofree uint64_t(*cell)[2] = NULL;

	cells = columns * lanes->n;
	cell = malloc(cells * sizeof(*cell));
	free(p->index);
	p->index = calloc(2 * cells + HTML_WORST, sizeof(*p->index));
	if (!cell || !p->index)
		return -ENOMEM;
	p->columns = columns;
	p->n = 0;
	memset(cell, 0xff, cells * sizeof(*cell));
	mark_extremes(s, rec, n, lanes, columns, cell);
	for (size_t i = 0; i < cells; i++) {
		add(p, cell[i][0]);
		add(p, cell[i][1]);
	}
	for (size_t i = 0; i < worst->n; i++)
		add(p, worst->index[i]);
	sort_and_unite(p);
	return 0;
}

/* Most cells stay empty where classes are rare: twice the columns are at most twice the records, and may be room. */
static int pick_some(const struct html_spans *s, const struct tn_raw_record *rec, uint64_t n, size_t budget,
		     const struct lanes *lanes, const struct worst *worst, struct html_pick *p)
{
	size_t room = budget > HTML_WORST ? budget - HTML_WORST : 0, columns = room / (2 * lanes->n);
	int r;

	if (columns < COLUMNS_MIN)
		columns = COLUMNS_MIN;
	do {
		r = pick_columns(s, rec, n, columns, lanes, worst, p);
		columns *= 2;
	} while (r == 0 && 2 * p->n <= budget && columns * lanes->n <= CELLS_MAX);
	return r;
}

static int pick_all(const struct html_spans *s, const struct tn_raw_record *rec, uint64_t n, struct html_pick *p)
{
	p->index = calloc(p->total + 1, sizeof(*p->index));
	if (!p->index)
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++)
		if (html_spans_find(s, &rec[i]))
			p->index[p->n++] = i;
	return 0;
}

/*
 * @budget: as many records at most, unless so many CPUs and classes occur that COLUMNS_MIN columns need more
 * @ret: zeroed; release with html_pick_free(), also after a failure
 *
 * Return: 0 or -ENOMEM.
 */
int html_pick(const struct html_spans *s, const struct tn_raw_record *rec, uint64_t n, size_t budget,
	      struct html_pick *ret)
{
	tn_autofree struct worst *worst = calloc(1, sizeof(*worst));
	tn_autofree int32_t *of = NULL;
	struct lanes lanes = {0};
	int r;

	if (!worst)
		return -ENOMEM;
	worst->rec = rec;
	r = survey(s, rec, n, &lanes, worst, ret);
	of = lanes.of;
	if (r < 0)
		return r;
	return ret->total <= budget ? pick_all(s, rec, n, ret) : pick_some(s, rec, n, budget, &lanes, worst, ret);
}

void html_pick_free(struct html_pick *p)
{
	free(p->index);
	*p = (struct html_pick){0};
}
