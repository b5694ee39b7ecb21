// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Progress of a run, always on stderr: a line that redraws in place on a terminal, otherwise at most one
 * line a second. With --json and no terminal there is none, since nobody reads it.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/now.h"
#include "base/units.h"
#include "cli/cli.h"
#include "report/term.h"

#define REDRAW_S 0.1
#define LINE_S   1.0
#define BAR      20 /* columns at most, and below BAR_MIN none */
#define BAR_MIN  4

static double now_s(void)
{
	return (double)tn_now_ns(CLOCK_MONOTONIC) / 1e9;
}

/**
 * cli_progress_start() - decide how to show progress
 * @p: to fill
 * @cli: --quiet, --json
 */
void cli_progress_start(struct cli_progress *p, const struct cli *cli)
{
	const char *term = getenv("TERM");
	bool tty = isatty(STDERR_FILENO);

	*p = (struct cli_progress){.last_s = -1};
	p->terminal = tty && term && *term && strcmp(term, "dumb") != 0;
	p->silent = cli->args.quiet || (cli->args.json && !tty);
	p->colour = !cli->args.no_color && cli_terminal_has_colour(STDERR_FILENO);
	p->unicode = cli->unicode;
}

static void format_left(const cJSON *progress, char *buf, size_t size)
{
	double total = cli_json_number(progress, "estimated_total_ms");
	double left = total - cli_json_number(progress, "elapsed_ms");

	if (total <= 0)
		buf[0] = '\0';
	else if (left < 60000)
		snprintf(buf, size, ", %.0f s left", left > 0 ? left / 1000 : 0.0);
	else
		snprintf(buf, size, ", %.0f min left", left / 60000);
}

static void format_text(const cJSON *progress, char *buf, size_t size)
{
	char left[32], worst[TN_UNIT_TEXT], seen[128] = "", lost[48] = "", rounds[48] = "";
	double round = cli_json_number(progress, "round");
	double n = cli_json_number(progress, "interruptions");

	if (!strcmp(cli_json_text(progress, "state"), "queued")) {
		snprintf(buf, size, "waiting for other runs, place %.0f in the queue",
			 cli_json_number(progress, "position"));
		return;
	}
	format_left(progress, left, sizeof(left));
	if (n > 0)
		snprintf(seen, sizeof(seen), ", worst %s (CPU %.0f)",
			 tn_format_ns(cli_json_number(progress, "worst_ns"), worst, sizeof(worst)),
			 cli_json_number(progress, "worst_cpu"));
	if (cli_json_number(progress, "lost") > 0)
		snprintf(lost, sizeof(lost), ", %.0f lost", cli_json_number(progress, "lost"));
	if (round > 0)
		snprintf(rounds, sizeof(rounds), "round %.0f/%.0f ", round, cli_json_number(progress, "rounds"));
	snprintf(buf, size, "%s%s%s, %.0f interruptions%s%s", rounds, cli_json_text(progress, "state"), left, n, seen,
		 lost);
}

/* The bar has what the text leaves of the line: figures come first. */
static void draw_bar(const struct cli_progress *p, const cJSON *progress, const char *text)
{
	double total = cli_json_number(progress, "estimated_total_ms");
	double share = total > 0 ? cli_json_number(progress, "elapsed_ms") / total : 0;
	unsigned int width = cli_terminal_width(STDERR_FILENO), room;
	char bar[TN_TERM_BYTES];

	/* never the last column: there some terminals wrap, and a wrapped line cannot be redrawn */
	width = width ? width - 1 : 200;
	room = width > strlen(text) + 3 ? width - (unsigned int)strlen(text) - 3 : 0;
	fputs("\r\033[K", stderr);
	if (room >= BAR_MIN)
		fprintf(stderr, "[%s%s%s] ", p->colour ? "\033[32m" : "",
			tn_term_bar(bar, share, room < BAR ? room : BAR, p->unicode), p->colour ? TN_TERM_PLAIN : "");
	fprintf(stderr, "%.*s", (int)width, text);
	fflush(stderr);
}

/**
 * cli_progress_show() - a progress reply came
 * @p: from cli_progress_start()
 * @progress: object of type Progress, or NULL
 */
void cli_progress_show(struct cli_progress *p, const cJSON *progress)
{
	double now = now_s();
	char text[256];

	if (p->silent || !cJSON_IsObject(progress))
		return;
	if (p->last_s >= 0 && now - p->last_s < (p->terminal ? REDRAW_S : LINE_S))
		return;
	p->last_s = now;
	format_text(progress, text, sizeof(text));
	if (p->terminal) {
		draw_bar(p, progress, text);
		p->drawn = true;
	} else {
		fprintf(stderr, "%s\n", text);
	}
}

/**
 * cli_progress_note() - a line that stays
 * @p: from cli_progress_start()
 * @text: the line
 */
void cli_progress_note(struct cli_progress *p, const char *text)
{
	cli_progress_end(p);
	fprintf(stderr, "tlbnoise: %s\n", text);
}

/**
 * cli_progress_end() - clear what was drawn
 * @p: from cli_progress_start()
 */
void cli_progress_end(struct cli_progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}
