// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables through libsmartcols, which knows about widths of characters and of the terminal. */
#include <errno.h>
#include <libsmartcols.h>

#include "cli/cli.h"

/**
 * cli_table_new() - an empty table
 * @cli: for the width
 * @columns: titles and alignment
 * @n: number of columns
 * @ret: the table
 * @err: message
 *
 * Return: 0 or -ENOMEM.
 */
int cli_table_new(const struct cli *cli, const struct cli_column *columns, size_t n, struct libscols_table **ret,
		  struct tn_error *err)
{
	tn_cleanup(cli_table_freep) struct libscols_table *table = scols_new_table();

	if (!table)
		return tn_error_set(err, -ENOMEM, "no memory for a table");
	if (cli->width) {
		scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(table, cli->width);
	} else {
		scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	}
	for (size_t i = 0; i < n; i++) {
		int flags = (columns[i].right ? SCOLS_FL_RIGHT : 0) | (columns[i].last ? SCOLS_FL_TRUNC : 0);

		if (!scols_table_new_column(table, columns[i].title, 0, flags))
			return tn_error_set(err, -ENOMEM, "no memory for a table");
	}
	*ret = tn_steal_ptr(table);
	return 0;
}

/**
 * cli_table_row() - add a row
 * @table: the table
 * @cells: texts, copied
 * @n: number of cells
 * @err: message
 *
 * Return: 0 or -ENOMEM.
 */
int cli_table_row(struct libscols_table *table, const char *const *cells, size_t n, struct tn_error *err)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	for (size_t i = 0; line && i < n; i++)
		if (scols_line_set_data(line, i, cells[i]))
			line = NULL;
	return line ? 0 : tn_error_set(err, -ENOMEM, "no memory for a table");
}

/**
 * cli_table_text() - the table as text
 * @table: the table
 * @ret: to be freed by the caller; the last line has no newline
 * @err: message
 *
 * Return: 0 or -ENOMEM.
 */
int cli_table_text(struct libscols_table *table, char **ret, struct tn_error *err)
{
	if (scols_print_table_to_string(table, ret))
		return tn_error_set(err, -ENOMEM, "no memory for a table");
	return 0;
}

/**
 * cli_table_print() - the table on stdout
 * @table: the table
 * @err: message
 *
 * Return: 0 or -ENOMEM.
 */
int cli_table_print(struct libscols_table *table, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	int r = cli_table_text(table, &text, err);

	if (r == 0)
		puts(text);
	return r;
}

/**
 * cli_table_free() - counterpart of cli_table_new()
 * @table: the table
 */
void cli_table_free(struct libscols_table *table)
{
	scols_unref_table(table);
}
