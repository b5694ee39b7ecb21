// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The live view on a screen: the run, a row for each CPU with its past as a sparkline, and who interrupts, over all
 * CPUs. Columns come in the order of their importance until the width is used up; the sparkline takes what is left.
 * A line is cut at the last column and the view at the last row: on a screen nothing may wrap or scroll.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/units.h"
#include "base/utf8.h"
#include "cli/top.h"
#include "report/term.h"

#define ROWS_MIN    8
#define SPARK_MIN   6
#define SPARK_MAX   120
#define NAME        17 /* the longest class */
#define RATE        9
#define CLASSES_MIN 4 /* rows kept for classes */

struct page {
	const struct cli *cli;
	FILE *out;
	unsigned int width, rows, used;
};

/* One line, cut at the width: escape sequences take no column, characters one. */
static void put_line(struct page *p, const char *fmt, ...) tn_printf(2, 3);

static void put_line(struct page *p, const char *fmt, ...)
{
	tn_autofree char *text = NULL;
	unsigned int column = 0;
	va_list ap;
	int n;

	if (p->used >= p->rows)
		return;
	p->used++;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return;
	}
	for (const char *at = text; *at; at += n) {
		bool escape = *at == '\033';

		n = escape ? (int)strcspn(at, "m") : (int)tn_utf8_length(at, TN_UTF8_MAX);
		n += escape && at[n];
		if (!n) { /* a name may be any bytes */
			n = 1;
			column += column < p->width ? (fputc('?', p->out), 1) : 0;
			continue;
		}
		if (escape || column < p->width)
			fwrite(at, 1, (size_t)n, p->out);
		column += !escape;
	}
	fprintf(p->out, "\033[K%s", p->used < p->rows ? "\r\n" : "");
}

static const char *colour_of(const struct page *p, const char *class)
{
	enum tn_class c;

	return p->cli->colour && tn_class_parse(class, &c) == 0 ? tn_term_colour(c) : "";
}

static const char *time_left(const cJSON *run, char *buf, size_t size)
{
	double left = cli_json_number(run, "estimated_total_ms") - cli_json_number(run, "elapsed_ms");

	if (left <= 0)
		snprintf(buf, size, "ending");
	else if (left < 120000)
		snprintf(buf, size, "%.0f s left", left / 1000);
	else
		snprintf(buf, size, "%.0f min left", left / 60000);
	return buf;
}

static void put_head(struct page *p, const cJSON *reply, const cJSON *run)
{
	double total = cli_json_number(run, "estimated_total_ms"), lost = cli_json_number(run, "lost");
	char left[32], bar[TN_TERM_BYTES];
	bool colour = p->cli->colour;

	put_line(p, "%s%s%s  %s", cli_bold(p->cli), cli_json_text(run, "scenario"), cli_plain(p->cli),
		 cli_json_text(run, "run"));
	put_line(p, "%s round %.0f of %.0f, %s", cli_json_text(run, "state"), cli_json_number(run, "round"),
		 cli_json_number(run, "rounds"), time_left(run, left, sizeof(left)));
	put_line(
		p, "%s%s%s", colour ? "\033[32m" : "",
		tn_term_bar(bar, total > 0 ? cli_json_number(run, "elapsed_ms") / total : 0, p->width, p->cli->unicode),
		cli_plain(p->cli));
	put_line(p, "attribution level %s, %s%.0f lost%s", cli_json_text(reply, "level"),
		 lost > 0 && colour ? "\033[1;31m" : "", lost, cli_plain(p->cli));
	put_line(p, "%s", "");
}

/* Which columns there is room for, beside CPU, rate and the sparkline. */
struct layout {
	bool stolen, worst, p99, most, by, rest;
	unsigned int spark;
};

static struct layout choose(unsigned int width)
{
	unsigned int used = 4 + 1 + RATE + 1 + SPARK_MIN;
	struct layout l = {0};
	struct {
		bool *is;
		unsigned int width;
	} column[] = {
		{&l.stolen, 10}, {&l.worst, 10}, {&l.p99, 11}, {&l.most, 10}, {&l.by, NAME + 1}, {&l.rest, 20},
	};

	for (size_t i = 0; i < TN_ARRAY_SIZE(column) && used + column[i].width <= width; i++) {
		*column[i].is = true;
		used += column[i].width;
	}
	l.spark = width > used ? SPARK_MIN + width - used : SPARK_MIN;
	l.spark = l.spark < SPARK_MAX ? l.spark : SPARK_MAX;
	return l;
}

static void put_titles(struct page *p, const struct layout *l)
{
	put_line(p, "%s%4s %*s%s%s%s%s%s %-*s%s%s%s", cli_bold(p->cli), "CPU", RATE, "RATE/S",
		 l->stolen ? "    STOLEN" : "", l->p99 ? " JITTER P99" : "", l->rest ? "     P99.9    P99.99" : "",
		 l->most ? "       MAX" : "", "", (int)l->spark, "RATE SO FAR", l->worst ? "     WORST" : "",
		 l->by ? " BY" : "", cli_plain(p->cli));
}

static const struct top_cpu *past_of(const struct top_past *past, int cpu)
{
	for (size_t i = 0; i < past->n; i++)
		if (past->cpu[i].cpu == cpu)
			return &past->cpu[i];
	return NULL;
}

/* The latest views, all CPUs on one scale so that rows can be compared. */
static const char *draw_past(const struct page *p, const struct top_past *past, int cpu, unsigned int columns,
			     char *buf)
{
	const struct top_cpu *of = past_of(past, cpu);
	double v[SPARK_MAX] = {0}, highest = 0;
	size_t n = of && of->n < columns ? of->n : columns;

	for (size_t i = 0; i < past->n; i++)
		for (size_t k = 0; k < past->cpu[i].n; k++)
			highest = fmax(highest, past->cpu[i].rate[k]);
	if (of)
		memcpy(v, of->rate + of->n - n, n * sizeof(*v));
	return tn_term_spark(buf, v, columns, highest, p->cli->unicode);
}

static void put_cpu(struct page *p, const struct layout *l, const struct top_past *past, const cJSON *cpu)
{
	char stolen[24] = "", p99[24] = "", rest[48] = "", most[24] = "", worst[24] = "", spark[TN_TERM_BYTES];
	const char *class = cli_json_text(cpu, "worst_class");
	char time[2][TN_UNIT_TEXT];

	if (l->stolen)
		snprintf(stolen, sizeof(stolen), " %7.3f %%", cli_json_number(cpu, "stolen_share") * 100);
	if (l->p99)
		snprintf(p99, sizeof(p99), "%11.10s", top_time(time[0], sizeof(time[0]), top_jitter(cpu, "p99")));
	if (l->rest)
		snprintf(rest, sizeof(rest), "%10.10s%10.10s",
			 top_time(time[0], sizeof(time[0]), top_jitter(cpu, "p99.9")),
			 top_time(time[1], sizeof(time[1]), top_jitter(cpu, "p99.99")));
	if (l->most)
		snprintf(most, sizeof(most), "%10.10s", top_time(time[0], sizeof(time[0]), top_jitter(cpu, "max")));
	if (l->worst)
		snprintf(worst, sizeof(worst), "%10.10s",
			 top_time(time[0], sizeof(time[0]), cli_json_number(cpu, "worst_ns")));
	put_line(p, "%4.0f %*.1f%s%s%s%s %s%s%s%s%s%s", cli_json_number(cpu, "cpu"), RATE,
		 cli_json_number(cpu, "interruptions_per_s"), stolen, p99, rest, most,
		 draw_past(p, past, (int)cli_json_number(cpu, "cpu"), l->spark, spark), worst,
		 l->by ? colour_of(p, class) : "", l->by ? " " : "", l->by ? class : "", cli_plain(p->cli));
}

/* As many CPUs as leave room for the classes. */
static void put_cpus(struct page *p, const struct top_past *past, const cJSON *cpus)
{
	struct layout l = choose(p->width);
	int n = cJSON_GetArraySize(cpus), shown = 0;
	const cJSON *cpu;
	int room = (int)p->rows - (int)p->used - 1 - CLASSES_MIN;

	room = room < 1 ? 1 : room;
	put_titles(p, &l);
	cJSON_ArrayForEach(cpu, cpus) {
		if (shown < room - (n > room))
			put_cpu(p, &l, past, cpu);
		shown++;
	}
	if (n > room)
		put_line(p, "     and %d more CPUs: make the terminal higher", n - (room - 1));
}

/* Interruptions per second of a class, over all CPUs. */
static double rate_of(const cJSON *cpus, const char *class)
{
	const cJSON *cpu;
	double sum = 0;

	cJSON_ArrayForEach(cpu, cpus) {
		sum += cli_json_number(cJSON_GetObjectItemCaseSensitive(cpu, "by_class"), class);
	}
	return sum;
}

static void put_class(struct page *p, enum tn_class class, double rate, double all)
{
	const char *name = tn_class_name(class);
	unsigned int bar_width = p->width > NAME + RATE + 4 ? p->width - NAME - RATE - 4 : 1;
	char bar[TN_TERM_BYTES];

	put_line(p, " %-*s %*.1f %s%s%s", NAME, name, RATE, rate, colour_of(p, name),
		 tn_term_bar(bar, all > 0 ? rate / all : 0, bar_width, p->cli->unicode), cli_plain(p->cli));
}

static void put_classes(struct page *p, const cJSON *cpus)
{
	double rate[TN_CLASS_COUNT], all = 0;

	for (unsigned int c = 0; c < TN_CLASS_COUNT; c++)
		all += rate[c] = rate_of(cpus, tn_class_name((enum tn_class)c));
	if (!(all > 0))
		return;
	put_line(p, "%s", "");
	put_line(p, "%s %-*s %*s%s", cli_bold(p->cli), NAME, "CLASS, ALL CPUS", RATE, "RATE/S", cli_plain(p->cli));
	for (;;) {
		unsigned int most = 0;

		for (unsigned int c = 1; c < TN_CLASS_COUNT; c++)
			most = rate[c] > rate[most] ? c : most;
		if (!(rate[most] > 0))
			return;
		put_class(p, (enum tn_class)most, rate[most], all);
		rate[most] = 0;
	}
}

/**
 * top_screen() - draw one view over the one before
 * @cli: context; its width is that of the screen
 * @reply: of the method Watch
 * @past: of top_remember()
 * @rows: of the screen
 * @out: the terminal
 */
void top_screen(const struct cli *cli, const cJSON *reply, const struct top_past *past, unsigned int rows, FILE *out)
{
	const cJSON *run = cJSON_GetObjectItemCaseSensitive(reply, "run");
	const cJSON *cpus = cJSON_GetObjectItemCaseSensitive(reply, "cpus");
	struct page p = {
		.cli = cli,
		.out = out,
		.width = cli->width < 20 ? 80 : cli->width,
		.rows = rows < ROWS_MIN ? ROWS_MIN : rows,
	};

	p.width = p.width < TN_TERM_COLUMNS ? p.width : TN_TERM_COLUMNS;
	fputs("\033[H", out);
	if (cJSON_IsObject(run))
		put_head(&p, reply, run);
	else
		put_line(&p, "no run in progress: start one with 'tlbnoise run SCENARIO'; q leaves");
	if (cJSON_GetArraySize(cpus)) {
		put_cpus(&p, past, cpus);
		put_classes(&p, cpus);
	}
	fputs("\033[J", out);
}

static struct top_cpu *add_cpu(struct top_past *p, int cpu)
{
	struct top_cpu *larger = reallocarray(p->cpu, p->n + 1, sizeof(*larger));

	if (!larger)
		return NULL;
	p->cpu = larger;
	larger[p->n] = (struct top_cpu){.cpu = cpu};
	return &larger[p->n++];
}

/**
 * top_remember() - add a view to the past
 * @p: zeroed at first
 * @reply: of the method Watch; another run begins anew
 *
 * Return: 0 or -ENOMEM.
 */
int top_remember(struct top_past *p, const cJSON *reply)
{
	const char *run = cli_json_text(cJSON_GetObjectItemCaseSensitive(reply, "run"), "run");
	const cJSON *cpu;

	if (strcmp(run, p->run))
		top_forget(p);
	snprintf(p->run, sizeof(p->run), "%s", run);
	cJSON_ArrayForEach(cpu, cJSON_GetObjectItemCaseSensitive(reply, "cpus")) {
		struct top_cpu *c = (struct top_cpu *)past_of(p, (int)cli_json_number(cpu, "cpu"));

		if (!c)
			c = add_cpu(p, (int)cli_json_number(cpu, "cpu"));
		if (!c)
			return -ENOMEM;
		if (c->n == TOP_PAST)
			memmove(c->rate, c->rate + 1, --c->n * sizeof(*c->rate));
		c->rate[c->n++] = cli_json_number(cpu, "interruptions_per_s");
	}
	return 0;
}

/**
 * top_forget() - counterpart of top_remember()
 * @p: is zeroed
 */
void top_forget(struct top_past *p)
{
	free(p->cpu);
	*p = (struct top_past){0};
}
