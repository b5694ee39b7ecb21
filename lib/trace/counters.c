// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Level counters: one CPU's column of /proc/interrupts and /proc/softirqs. The kernel sums these counts
 * anyway, so reading them outside the window disturbs nothing. Rows that count nothing are not kept,
 * which is what lets a fixed table do on most machines; where it does not, interrupt lines give way.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "trace/trace.h"

/* CPUs whose columns are wanted, and where these stand in a table. */
struct wanted {
	const int *cpu;
	int *column; /* -1: it has none */
	size_t n;
	struct tn_counters *const *to;
};

/* The header names the CPUs that have a column: those online, which need not be 0, 1, 2, ... Returns how many. */
static size_t find_columns(const char *header, const struct wanted *w)
{
	size_t n = 0;
	int number, used;

	for (size_t i = 0; i < w->n; i++)
		w->column[i] = -1;
	for (; sscanf(header, " CPU%d%n", &number, &used) == 1; header += used, n++)
		for (size_t i = 0; i < w->n; i++)
			if (w->cpu[i] == number)
				w->column[i] = (int)n;
	return n;
}

/* A copy with runs of blanks made one. */
static void copy_words(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from && n + 1 < size; from++) {
		if (!isspace((unsigned char)*from))
			to[n++] = *from;
		else if (n && to[n - 1] != ' ')
			to[n++] = ' ';
	}
	while (n && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

/* "NAME: count count ... text". Rows with fewer counts than CPUs, such as ERR, are the machine's, not a CPU's. */
static bool parse_row(char *line, uint64_t *value, size_t columns, struct tn_counter *ret)
{
	char *colon = strchr(line, ':'), *p, *end;

	if (!colon)
		return false;
	*colon = '\0';
	copy_words(ret->name, sizeof(ret->name), line);
	p = colon + 1;
	for (size_t i = 0; i < columns; i++, p = end) {
		value[i] = strtoull(p, &end, 10);
		if (end == p)
			return false;
	}
	copy_words(ret->text, sizeof(ret->text), p);
	return true;
}

/* A row that bears a number is an interrupt line; the rest is few and stands on every machine of the architecture. */
static bool is_numbered(const struct tn_counter *row)
{
	return isdigit((unsigned char)row->name[0]);
}

/* A full table gives up its last numbered row for a named one: the kernel prints CAL, TLB and RES behind all lines. */
static void keep(struct tn_counters *c, const struct tn_counter *row)
{
	size_t last = c->n;

	if (c->n < TN_COUNTERS_MAX) {
		c->row[c->n++] = *row;
		return;
	}
	c->dropped_rows++;
	while (!is_numbered(row) && last--) {
		if (!is_numbered(&c->row[last]))
			continue;
		memmove(&c->row[last], &c->row[last + 1], (c->n - last - 1) * sizeof(c->row[0]));
		c->row[c->n - 1] = *row;
		return;
	}
}

static void add_prefix(struct tn_counter *row, const char *prefix)
{
	char name[sizeof(row->name)];

	memcpy(name, row->name, sizeof(name));
	snprintf(row->name, sizeof(row->name), "%s%.*s", prefix, (int)(sizeof(name) - strlen(prefix) - 1), name);
}

static void keep_wanted(const struct wanted *w, const uint64_t *value, struct tn_counter *row)
{
	for (size_t i = 0; i < w->n; i++) {
		row->value = w->column[i] < 0 ? 0 : value[w->column[i]];
		if (row->value)
			keep(w->to[i], row);
	}
}

static int read_table(const char *path, const char *prefix, const struct wanted *w, struct tn_error *err)
{
	tn_autofclose FILE *f = fopen(path, "re");
	tn_autofree uint64_t *value = NULL;
	tn_autofree char *line = NULL;
	size_t size = 0, columns;
	int r = 0;

	if (!f)
		return tn_error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (getline(&line, &size, f) <= 0)
		return tn_error_set(err, -EPROTO, "%s is empty", path);
	columns = find_columns(line, w);
	value = calloc(columns + 1, sizeof(*value));
	if (!value)
		return tn_error_set(err, -ENOMEM, "no memory for the %zu columns of %s", columns, path);
	for (size_t i = 0; i < w->n && r == 0; i++)
		if (w->column[i] < 0)
			r = tn_error_set(err, -ENODEV, "%s has no column for CPU %d: is it online?", path, w->cpu[i]);
	while (getline(&line, &size, f) > 0) {
		struct tn_counter row = {0};

		if (!parse_row(line, value, columns, &row))
			continue;
		if (*prefix)
			add_prefix(&row, prefix);
		keep_wanted(w, value, &row);
	}
	return r;
}

/**
 * tn_counters_read() - what has happened on CPUs since boot
 * @root: directory before /proc, "" for this machine
 * @cpu: CPU numbers
 * @n: how many, at least 1
 * @ret: for each of them a table: rows that count anything; of more than TN_COUNTERS_MAX those with a name (CAL,
 *"softirq:RCU") and the first interrupt lines are kept, and the others counted in dropped_rows; nothing where it has no
 *column
 * @err: text on failure
 *
 * Each file is read once for all CPUs: on large machines it has a quarter of a million numbers.
 *
 * Return: 0; -ENODEV when a CPU has no column, those of the others are read; -EPROTO for a file without header;
 * -ENOMEM; or the errno of opening.
 */
int tn_counters_read(const char *root, const int *cpu, size_t n, struct tn_counters *const *ret, struct tn_error *err)
{
	static const char *const table[][2] = {{"/proc/interrupts", ""}, {"/proc/softirqs", "softirq:"}};
	tn_autofree int *column = calloc(n, sizeof(*column));
	const struct wanted w = {.cpu = cpu, .column = column, .n = n, .to = ret};
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; i < n; i++)
		memset(ret[i], 0, sizeof(*ret[i]));
	if (!column)
		return tn_error_set(err, -ENOMEM, "no memory for the counters of %zu CPUs", n);
	for (size_t i = 0; i < TN_ARRAY_SIZE(table) && (r == 0 || r == -ENODEV); i++) {
		int failed;

		snprintf(path, sizeof(path), "%s%s", root ? root : "", table[i][0]);
		failed = read_table(path, table[i][1], &w, r ? NULL : err);
		r = failed ? failed : r;
	}
	return r;
}

static const struct tn_counter *find_row(const struct tn_counters *c, const struct tn_counter *like)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->row[i].name, like->name) && !strcmp(c->row[i].text, like->text))
			return &c->row[i];
	return NULL;
}

/*
 * The kernel's counts are 32 bits wide. One that went down from its upper half has wrapped; otherwise the line was
 * freed and requested again by the same device, and began at zero.
 */
static uint64_t count_since(uint64_t before, uint64_t after)
{
	if (after >= before)
		return after - before;
	return before > INT32_MAX && before <= UINT32_MAX ? after + (UINT64_C(1) << 32) - before : after;
}

/**
 * tn_counters_delta() - what happened between two reads
 * @before: at the start
 * @after: at the end, of the same CPU
 * @ret: rows that went up; may be neither @before nor @after
 *
 * A row counts as the same when name and text are: an IRQ number given to another device in between is a new row. A
 * new row began at zero, since rows at zero are not kept; only of an interrupt line, when @before had no room for all
 * of them, is this not known, and the row goes into dropped_rows. What a row counted that has vanished cannot be known
 * any more.
 */
void tn_counters_delta(const struct tn_counters *before, const struct tn_counters *after, struct tn_counters *ret)
{
	*ret = (struct tn_counters){.dropped_rows = after->dropped_rows};
	for (size_t i = 0; i < after->n; i++) {
		const struct tn_counter *old = find_row(before, &after->row[i]);
		struct tn_counter row = after->row[i];

		row.value = count_since(old ? old->value : 0, row.value);
		if (!old && before->dropped_rows && is_numbered(&row))
			ret->dropped_rows++;
		else if (row.value)
			keep(ret, &row);
	}
}
