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

/* The header names the CPUs that have a column: those online, which need not be 0, 1, 2, ... */
static int find_column(const char *header, int cpu, int *ret_columns)
{
	int column = -1, n = 0, number, used;

	while (sscanf(header, " CPU%d%n", &number, &used) == 1) {
		if (number == cpu)
			column = n;
		n++;
		header += used;
	}
	*ret_columns = n;
	return column;
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
static bool parse_row(char *line, int column, int columns, struct tn_counter *ret)
{
	char *colon = strchr(line, ':'), *p, *end;

	if (!colon)
		return false;
	*colon = '\0';
	copy_words(ret->name, sizeof(ret->name), line);
	p = colon + 1;
	for (int i = 0; i < columns; i++, p = end) {
		uint64_t v = strtoull(p, &end, 10);

		if (end == p)
			return false;
		if (i == column)
			ret->value = v;
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

static int read_table(const char *path, const char *prefix, int cpu, struct tn_counters *c, struct tn_error *err)
{
	tn_autofclose FILE *f = fopen(path, "re");
	tn_autofree char *line = NULL;
	size_t size = 0;
	int column, columns;

	if (!f)
		return tn_error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (getline(&line, &size, f) <= 0)
		return tn_error_set(err, -EPROTO, "%s is empty", path);
	column = find_column(line, cpu, &columns);
	if (column < 0)
		return tn_error_set(err, -ENODEV, "%s has no column for CPU %d: is it online?", path, cpu);
	while (getline(&line, &size, f) > 0) {
		struct tn_counter row = {0};

		if (!parse_row(line, column, columns, &row) || !row.value)
			continue;
		if (*prefix)
			add_prefix(&row, prefix);
		keep(c, &row);
	}
	return 0;
}

/**
 * tn_counters_read() - what has happened on a CPU since boot
 * @root: directory before /proc, "" for this machine
 * @cpu: CPU number
 * @ret: rows that count anything; of more than TN_COUNTERS_MAX those with a name (CAL, "softirq:RCU") and the first
 *	interrupt lines are kept, and the others counted in dropped_rows
 * @err: text on failure
 *
 * Return: 0; -ENODEV when the CPU has no column; -EPROTO for a file without header; or the errno of opening.
 */
int tn_counters_read(const char *root, int cpu, struct tn_counters *ret, struct tn_error *err)
{
	static const char *const table[][2] = {{"/proc/interrupts", ""}, {"/proc/softirqs", "softirq:"}};
	struct tn_counters c = {0};
	char path[PATH_MAX];
	int rc;

	for (size_t i = 0; i < TN_ARRAY_SIZE(table); i++) {
		snprintf(path, sizeof(path), "%s%s", root ? root : "", table[i][0]);
		rc = read_table(path, table[i][1], cpu, &c, err);
		if (rc)
			return rc;
	}
	*ret = c;
	return 0;
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
