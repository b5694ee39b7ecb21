// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bars and sparklines of one line. A value above zero is never drawn as nothing: the smallest step stands for it, so
 * that what is rare is seen to be there. In ASCII a bar has steps of a column, a sparkline denser characters.
 */
#include "report/term.h"

#include <math.h>
#include <string.h>

#define STEPS 8 /* of a column */

static const char *const eighth[STEPS + 1] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
static const char *const level[STEPS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char ascii_level[STEPS + 2] = " .:-=+*%#";

static char *put(char *at, const char *text)
{
	size_t n = strlen(text);

	memcpy(at, text, n);
	at[n] = '\0';
	return at + n;
}

/* @steps of the whole for @share of it: at least one for anything above zero. */
static unsigned int scale(double share, unsigned int steps)
{
	if (!(share > 0.0))
		return 0;
	if (share >= 1.0)
		return steps;
	return share * steps < 1.0 ? 1 : (unsigned int)(share * steps + 0.5);
}

/**
 * tn_term_bar() - a horizontal bar
 * @buf: TN_TERM_BYTES
 * @share: of the columns to fill; what lies outside 0 to 1 counts as the nearer end, NaN as 0
 * @columns: at most TN_TERM_COLUMNS; blanks fill what the bar does not
 * @unicode: eighths of a column, otherwise "#"
 *
 * Return: @buf.
 */
const char *tn_term_bar(char *buf, double share, unsigned int columns, bool unicode)
{
	unsigned int width = columns < TN_TERM_COLUMNS ? columns : TN_TERM_COLUMNS;
	unsigned int steps = scale(share, unicode ? width * STEPS : width);
	unsigned int whole = unicode ? steps / STEPS : steps, rest = unicode ? steps % STEPS : 0;
	char *at = buf;

	*at = '\0';
	for (unsigned int i = 0; i < width; i++) {
		if (i < whole)
			at = put(at, unicode ? eighth[STEPS] : "#");
		else
			at = put(at, i == whole && rest ? eighth[rest] : " ");
	}
	return buf;
}

/**
 * tn_term_spark() - values as columns of eight heights
 * @buf: TN_TERM_BYTES
 * @v: values; NaN and what is not above zero are blank
 * @n: how many, at most TN_TERM_COLUMNS are drawn
 * @highest: what the full height stands for
 * @unicode: block elements, otherwise characters that get denser
 *
 * Return: @buf.
 */
const char *tn_term_spark(char *buf, const double *v, size_t n, double highest, bool unicode)
{
	char *at = buf;

	*at = '\0';
	for (size_t i = 0; i < n && i < TN_TERM_COLUMNS; i++) {
		unsigned int step = scale(highest > 0.0 ? v[i] / highest : 0.0, STEPS);

		at = put(at, unicode ? level[step] : (const char[]){ascii_level[step], '\0'});
	}
	return buf;
}

/**
 * tn_term_colour() - the colour of a class, by what it is
 * @class: the class
 *
 * Red: flushes of kernel TLBs, the subject of this tool; magenta: other IPIs that carry work; blue: scheduling;
 * cyan: time; yellow: devices and deferred work of theirs; bright black: no kernel event, or on purpose.
 *
 * Return: an escape sequence; TN_TERM_PLAIN ends it.
 */
const char *tn_term_colour(enum tn_class class)
{
	switch (class) {
	case TN_CLASS_KERNEL_TLB_FLUSH:
	case TN_CLASS_PAGE_TABLE_FLUSH:
		return "\033[31m";
	case TN_CLASS_USER_TLB_FLUSH:
	case TN_CLASS_SYNC_CORE:
	case TN_CLASS_OTHER_IPI:
		return "\033[35m";
	case TN_CLASS_RESCHEDULE:
	case TN_CLASS_TASK_SWITCH:
	case TN_CLASS_RCU:
		return "\033[34m";
	case TN_CLASS_TICK:
	case TN_CLASS_TIMER:
		return "\033[36m";
	case TN_CLASS_IRQ:
	case TN_CLASS_SOFTIRQ:
	case TN_CLASS_FAULT:
	case TN_CLASS_NMI:
		return "\033[33m";
	default:
		return "\033[90m";
	}
}
