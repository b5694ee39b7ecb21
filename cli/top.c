// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb top: what the run in progress does to each CPU, renewed every interval. On a terminal the view is drawn in
 * place, q leaves, and the last view stays; otherwise one block an interval, with --json one JSON line. The socket is
 * polled together with the keyboard, so a reply that came in one read with the one before is shown an interval late.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/screen.h"
#include "cli/top.h"
#include "varlink/interface.h"

struct view {
	const struct cli *cli;
	bool screen; /* drawn in place */
	cJSON *last; /* the latest reply */
	struct top_past past;
};

static void view_free(struct view *v)
{
	cJSON_Delete(v->last);
	top_forget(&v->past);
}

static void draw(const struct view *v)
{
	struct winsize ws = {.ws_row = 24, .ws_col = 80};
	struct cli now = *v->cli; /* the terminal may have changed its size */

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws);
	now.width = ws.ws_col;
	if (v->last)
		top_screen(&now, v->last, &v->past, ws.ws_row, stdout);
}

static int show(struct view *v, struct tn_error *err)
{
	int r = 0;

	if (v->cli->args.json)
		r = cli_print_json(v->last, true, err);
	else if (!v->screen)
		r = top_table(v->cli, v->last, stdout, err);
	else if (top_remember(&v->past, v->last) < 0)
		r = tn_error_set(err, -ENOMEM, "no memory for the view");
	else
		draw(v);
	if (r == 0 && fflush(stdout))
		r = tn_error_set(err, -errno, "cannot write to standard output: %s", strerror(errno));
	return r;
}

static bool key_says_leave(void)
{
	char keys[16];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	return n > 0 && (memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n));
}

static void block_requests(sigset_t *before)
{
	static const int requests[] = {SIGINT, SIGTERM, SIGWINCH, SIGTSTP};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < TN_ARRAY_SIZE(requests); i++)
		sigaddset(&set, requests[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

/*
 * Returns 1 to leave, 0 when a reply can be read. What asks for that, or changes the size, is let in only while we
 * wait: else one that came between the look and the wait would be seen as late as the next reply.
 */
static int wait_reply(const struct cli_link *link, const struct view *v)
{
	struct pollfd p[] = {
		{.fd = link->fd, .events = POLLIN},
		{.fd = v->screen && screen_keyboard() ? STDIN_FILENO : -1, .events = POLLIN},
	};

	for (;;) {
		sigset_t before;
		int n;

		if (v->screen && screen_changed()) {
			draw(v);
			fflush(stdout);
		}
		block_requests(&before);
		n = cli_interrupts() || screen_has_changed() ? -1 : ppoll(p, TN_ARRAY_SIZE(p), NULL, &before);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (cli_interrupts())
			return 1;
		if (n < 0)
			continue;
		if (p[1].revents && key_says_leave())
			return 1;
		if (p[1].revents & (POLLHUP | POLLERR | POLLNVAL))
			return 1;
		if (p[0].revents)
			return 0;
	}
}

static void make_text_harmless(char *text)
{
	size_t n;

	for (; text && *text; text += n) {
		n = tn_utf8_length(text, strnlen(text, TN_UTF8_MAX));
		if (n && !tn_utf8_is_control(text, n))
			continue;
		n = n ? n : 1;
		memset(text, '?', n);
	}
}

/* What a terminal would obey may stand in a name, and the service of another host may say anything. */
static void make_harmless(cJSON *json)
{
	cJSON *item;

	if (cJSON_IsString(json))
		make_text_harmless(json->valuestring);
	make_text_harmless(json->string);
	cJSON_ArrayForEach(item, json)
		make_harmless(item);
}

static int watch(struct view *v, struct cli_link *link, struct tn_error *err)
{
	const struct cli *cli = v->cli;

	for (uint64_t shown = 0; !cli->args.count || shown < cli->args.count;) {
		cJSON *reply = NULL;
		int r;

		if (wait_reply(link, v))
			return CLI_FINE;
		r = cli_receive(link->client, &reply, err);
		if (r == -EINTR)
			continue;
		if (r < 0)
			return r == -EREMOTEIO ? r : cli_link_broken(link, r, err);
		cJSON_Delete(v->last);
		make_harmless(reply);
		v->last = reply;
		r = show(v, err);
		if (r < 0)
			return r;
		shown++;
	}
	return CLI_FINE;
}

/* The screen is given back first, so that the last view, and a message, stay on the user's page. */
static void end(struct view *v)
{
	struct cli now = *v->cli;
	struct tn_error ignored;

	if (!v->screen)
		return;
	screen_close();
	now.width = cli_terminal_width(STDOUT_FILENO);
	if (v->last)
		top_table(&now, v->last, stdout, &ignored);
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
	tn_cleanup(view_free) struct view v = {.cli = cli, .screen = !cli->args.json && screen_possible()};
	int r;

	if (!cJSON_AddNumberToObject(parameters, "interval_ms", (double)(cli->args.interval_ns / 1000000)))
		return tn_error_set(err, -ENOMEM, "no memory for the call");
	r = cli_link_service(cli, &link, err);
	if (r == 0)
		r = tn_varlink_send(link.client, TN_INTERFACE ".Watch", parameters, true, err);
	if (r < 0)
		return r; /* a connection that broke says more when it is read */
	cli_interrupt_catch();
	if (v.screen)
		screen_open();
	r = watch(&v, &link, err);
	end(&v);
	return cli_link_says(&link, r, err);
}
