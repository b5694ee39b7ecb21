// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb top: one row for each probed CPU, renewed every interval. On a terminal the view redraws in place
 * and q leaves; otherwise one block an interval, with --json one JSON line. The socket is polled together
 * with the keyboard, so a reply that came in one read with the one before is shown an interval late.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/cli.h"
#include "varlink/interface.h"

static const struct cli_column columns[] = {
	{"CPU", .right = true},    {"INTERRUPTIONS/S", .right = true},
	{"STOLEN", .right = true}, {"WORST", .right = true},
	{"BY", .right = false},    {"INTERRUPTIONS/S BY CLASS", .last = true},
};

struct screen {
	bool redraw;   /* stdout is a terminal */
	bool keyboard; /* stdin is one, in raw mode until screen_restore() */
	struct termios saved;
};

static void screen_setup(struct screen *s, const struct cli *cli)
{
	const char *term = getenv("TERM");
	struct termios raw;

	*s = (struct screen){0};
	s->redraw = !cli->args.json && isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
	if (!s->redraw || tcgetattr(STDIN_FILENO, &s->saved) < 0)
		return;
	raw = s->saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	s->keyboard = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	fputs("\033[H\033[2J", stdout);
}

static void screen_restore(struct screen *s)
{
	if (s->keyboard)
		tcsetattr(STDIN_FILENO, TCSANOW, &s->saved);
	s->keyboard = false;
}

/* Classes of one CPU, the busiest first: "kernel-tlb-flush 212, tick 4.0". */
static void format_classes(const cJSON *by_class, char *buf, size_t size)
{
	double below = INFINITY;
	size_t used = 0;

	buf[0] = '\0';
	for (int shown = 0; shown < cJSON_GetArraySize(by_class); shown++) {
		const cJSON *item, *best = NULL;
		int n;

		cJSON_ArrayForEach(item, by_class) {
			if (cJSON_IsNumber(item) && item->valuedouble < below &&
			    (!best || item->valuedouble > best->valuedouble))
				best = item;
		}
		if (!best || best->valuedouble <= 0)
			return;
		cJSON_ArrayForEach(item, by_class) {
			if (!cJSON_IsNumber(item) || item->valuedouble != best->valuedouble)
				continue;
			n = snprintf(buf + used, size - used, "%s%s %.*f", used ? ", " : "", item->string,
				     item->valuedouble < 10 ? 1 : 0, item->valuedouble);
			if (n < 0 || (size_t)n >= size - used)
				return;
			used += (size_t)n;
		}
		below = best->valuedouble;
	}
}

static int add_cpu(struct libscols_table *table, const cJSON *cpu, struct tn_error *err)
{
	char number[16], rate[32], stolen[32], worst[TN_UNIT_TEXT], classes[512];
	double worst_ns = cli_json_number(cpu, "worst_ns");
	const char *cells[TN_ARRAY_SIZE(columns)] = {
		number, rate, stolen, worst, cli_json_text(cpu, "worst_class"), classes,
	};

	snprintf(number, sizeof(number), "%.0f", cli_json_number(cpu, "cpu"));
	snprintf(rate, sizeof(rate), "%.1f", cli_json_number(cpu, "interruptions_per_s"));
	snprintf(stolen, sizeof(stolen), "%.4f %%", cli_json_number(cpu, "stolen_share") * 100);
	if (worst_ns > 0)
		tn_format_ns(worst_ns, worst, sizeof(worst));
	else
		snprintf(worst, sizeof(worst), "-");
	format_classes(cJSON_GetObjectItemCaseSensitive(cpu, "by_class"), classes, sizeof(classes));
	return cli_table_row(table, cells, TN_ARRAY_SIZE(columns), err);
}

static void print_head(const struct cli *cli, const cJSON *reply, const char *eol)
{
	const cJSON *run = cJSON_GetObjectItemCaseSensitive(reply, "run");

	if (!cJSON_IsObject(run)) {
		printf("no run in progress%s", eol);
		return;
	}
	printf("%s%s%s  %s  round %.0f/%.0f  %s  trace level %s  lost %.0f%s", cli_bold(cli),
	       cli_json_text(run, "scenario"), cli_plain(cli), cli_json_text(run, "run"), cli_json_number(run, "round"),
	       cli_json_number(run, "rounds"), cli_json_text(run, "state"), cli_json_text(reply, "level"),
	       cli_json_number(run, "lost"), eol);
}

static int print_view(const struct cli *cli, const struct screen *screen, const cJSON *reply, struct tn_error *err)
{
	tn_cleanup(cli_table_freep) struct libscols_table *table = NULL;
	const cJSON *cpus = cJSON_GetObjectItemCaseSensitive(reply, "cpus"), *cpu;
	struct cli now = *cli; /* the terminal may have changed its width */
	const char *eol = screen->redraw ? "\033[K\n" : "\n";
	tn_autofree char *text = NULL;
	char *save, *line;
	int r;

	now.width = cli_terminal_width(STDOUT_FILENO);
	r = cli_table_new(&now, columns, TN_ARRAY_SIZE(columns), &table, err);
	cJSON_ArrayForEach(cpu, cpus) {
		if (r == 0)
			r = add_cpu(table, cpu, err);
	}
	if (r == 0)
		r = cli_table_text(table, &text, err);
	if (r < 0)
		return r;
	if (screen->redraw)
		fputs("\033[H", stdout);
	print_head(cli, reply, eol);
	for (line = strtok_r(text, "\n", &save); line && cJSON_GetArraySize(cpus); line = strtok_r(NULL, "\n", &save))
		printf("%s%s", line, eol);
	fputs(screen->redraw ? "\033[J" : "\n", stdout);
	return 0;
}

static bool key_says_leave(void)
{
	char keys[16];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	return n > 0 && (memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n));
}

/* Returns 1 to leave, 0 when a reply can be read. */
static int wait_reply(const struct cli_link *link, const struct screen *screen)
{
	struct pollfd p[] = {
		{.fd = link->fd, .events = POLLIN},
		{.fd = screen->keyboard ? STDIN_FILENO : -1, .events = POLLIN},
	};

	for (;;) {
		if (cli_interrupts())
			return 1;
		if (poll(p, TN_ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[1].revents && key_says_leave())
			return 1;
		if (p[1].revents & (POLLHUP | POLLERR | POLLNVAL))
			return 1;
		if (p[0].revents)
			return 0;
	}
}

static int watch(const struct cli *cli, struct cli_link *link, const struct screen *screen, struct tn_error *err)
{
	for (uint64_t shown = 0; !cli->args.count || shown < cli->args.count;) {
		cli_autojson cJSON *reply = NULL;
		int r;

		if (wait_reply(link, screen))
			return CLI_FINE;
		r = cli_receive(link->client, &reply, err);
		if (r == -EINTR)
			continue;
		if (r < 0)
			return r == -EREMOTEIO ? r : cli_link_broken(link, r, err);
		if (cli->args.json)
			r = cli_print_json(reply, true, err);
		else
			r = print_view(cli, screen, reply, err);
		if (r < 0)
			return r;
		if (fflush(stdout))
			return tn_error_set(err, -errno, "cannot write to standard output: %s", strerror(errno));
		shown++;
	}
	return CLI_FINE;
}

/**
 * cli_top() - verb top
 * @cli: --interval, --count, --json
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_top(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(cli_link_close) struct cli_link link = {.fd = -1};
	cli_autojson cJSON *parameters = cJSON_CreateObject();
	struct screen screen;
	int r;

	if (!cJSON_AddNumberToObject(parameters, "interval_ms", (double)(cli->args.interval_ns / 1000000)))
		return tn_error_set(err, -ENOMEM, "no memory for the call");
	r = cli_link_service(cli, &link, err);
	if (r == 0)
		r = tn_varlink_send(link.client, TN_INTERFACE ".Watch", parameters, true, err);
	if (r < 0)
		return r; /* a connection that broke says more when it is read */
	cli_interrupt_catch();
	screen_setup(&screen, cli);
	r = watch(cli, &link, &screen, err);
	screen_restore(&screen);
	return cli_link_says(&link, r, err);
}
