// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables, by libsmartcols: it knows how wide a column must be. A row may have a note, a wrapped line below
 * it that needs the whole width; for these the table is printed to memory first.
 */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <string.h>

#include "report/html-parts.h"
#include "report/parts.h"

#define INDENT      0
#define NOTE_INDENT 4

struct report_table {
	struct libscols_table *table;
	size_t columns, rows;
	char **note; /* of each row, NULL: none */
	bool failed;
};

static void free_table(struct report_table *t)
{
	for (size_t i = 0; i < t->rows; i++)
		free(t->note[i]);
	free(t->note);
	scols_unref_table(t->table);
	free(t);
}

TN_DEFINE_CLEANUP(struct report_table, free_table);

struct report_table *report_table_new(const struct report_column *columns, size_t n)
{
	tn_cleanup(free_tablep) struct report_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->columns = n;
	t->table = scols_new_table();
	if (!t->table)
		return NULL;
	/* Never cut a figure: the columns take the width they need. */
	scols_table_set_termforce(t->table, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(t->table, 4096);
	scols_table_enable_noencoding(t->table, 1);
	scols_table_set_column_separator(t->table, "  ");
	for (size_t i = 0; i < n; i++)
		if (!scols_table_new_column(t->table, columns[i].name, 0, columns[i].text ? 0 : SCOLS_FL_RIGHT))
			return NULL;
	return tn_steal_ptr(t);
}

/** report_table_tighten() - one blank between columns instead of two, for names that leave no room */
void report_table_tighten(struct report_table *t)
{
	scols_table_set_column_separator(t->table, " ");
}

/*
 * Cells are ASCII whatever was asked for: libsmartcols measures text in the locale of the process, and in
 * one that is not UTF-8 it does not come to an end.
 */
static int set_cell(struct libscols_line *line, size_t i, const char *text)
{
	static const struct report ascii;
	tn_autofree char *clean = text ? strdup(text) : NULL;

	if (!clean)
		return -ENOMEM;
	report_clean(&ascii, clean);
	return scols_line_set_data(line, i, clean);
}

/* @cells: as many as there are columns, NULL */
void report_table_cells(struct report_table *t, const char *const *cells)
{
	struct libscols_line *line;
	char **note;

	if (!t)
		return;
	line = scols_table_new_line(t->table, NULL);
	note = reallocarray(t->note, t->rows + 1, sizeof(*note));
	t->failed |= !line || !note;
	if (!note)
		return;
	t->note = note;
	t->note[t->rows++] = NULL;
	for (size_t i = 0; i < t->columns && !t->failed; i++)
		t->failed |= set_cell(line, i, cells[i]) < 0;
}

void report_table_note(struct report_table *t, const char *fmt, ...)
{
	va_list ap;

	if (!t || !t->rows)
		return;
	va_start(ap, fmt);
	if (vasprintf(&t->note[t->rows - 1], fmt, ap) < 0) {
		t->note[t->rows - 1] = NULL;
		t->failed = true;
	}
	va_end(ap);
}

/* The first line has the names of the columns. */
static void print_lines(struct report_table *t, struct report *r, char *text)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	size_t len;

	for (size_t i = 0; line; i++, line = strtok_r(NULL, "\n", &save)) {
		for (len = strlen(line); len && line[len - 1] == ' '; len--)
			;
		fprintf(r->out, "%*s%.*s\n", INDENT, "", (int)len, line);
		if (i && i <= t->rows && t->note[i - 1])
			report_text(r, REPORT_PLAIN, NOTE_INDENT, NOTE_INDENT + 2, "%s", t->note[i - 1]);
	}
}

/* Notes stand in a row of their own across all columns. */
static int print_html(const struct report_table *t, FILE *out)
{
	fputs("<div class=\"table\" tabindex=\"0\">\n<table>\n<thead><tr>", out);
	for (size_t i = 0; i < t->columns; i++) {
		struct libscols_column *c = scols_table_get_column(t->table, i);

		fprintf(out, "<th scope=\"col\"%s>", scols_column_is_right(c) ? " class=\"n\"" : "");
		html_text(out, scols_cell_get_data(scols_column_get_header(c)));
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t k = 0; k < t->rows; k++) {
		struct libscols_line *line = scols_table_get_line(t->table, k);

		fputs("<tr>", out);
		for (size_t i = 0; i < t->columns; i++) {
			const char *cell = scols_cell_get_data(scols_line_get_cell(line, i));
			bool right = scols_column_is_right(scols_table_get_column(t->table, i));

			bool head = !i && cell && *cell;

			fprintf(out, "<%s%s>", head ? "th scope=\"row\"" : "td", right ? " class=\"n\"" : "");
			html_text(out, cell ? cell : "");
			fprintf(out, "</%s>", head ? "th" : "td");
		}
		fputs("</tr>\n", out);
		if (!t->note[k])
			continue;
		fprintf(out, "<tr class=\"note\"><td colspan=\"%zu\">", t->columns);
		html_text(out, t->note[k]);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
	return 0;
}

int report_table_print(struct report_table *table, struct report *r)
{
	tn_cleanup(free_tablep) struct report_table *t = table;
	tn_autofree char *text = NULL;

	if (t && !t->failed && r->opt.html) {
		html_end_list(r->opt.html);
		return print_html(t, r->out);
	}
	if (!t || t->failed || scols_print_table_to_string(t->table, &text) < 0 || !text)
		return -ENOMEM;
	if (strcspn(text, "\n") > r->opt.width) { /* figures are never cut, but blanks between them may go */
		free(tn_steal_ptr(text));
		report_table_tighten(t);
		if (scols_print_table_to_string(t->table, &text) < 0 || !text)
			return -ENOMEM;
	}
	print_lines(t, r, text);
	return 0;
}
