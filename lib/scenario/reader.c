// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scenario text -> sections and pairs, with libinih for the syntax of a pair and of its comments.
 *
 * libinih is lenient where a measurement must not be: it cuts a line at 200 bytes and reads the rest as
 * another line, cuts section names at 50, ignores what follows a "]", never mentions an empty section, and
 * takes an indented line for more of the value above. Some of that depends on how the distribution built
 * it. So the reader function that feeds it its lines, one by one, sees them first: it checks bytes and
 * length, removes byte order mark, carriage return and indentation, and keeps section heads to itself.
 * This also gives the line number, which libinih passes on only in some builds.
 */
#include <errno.h>
#include <ini.h>
#include <string.h>

#include "scenario/internal.h"

#if INI_HANDLER_LINENO
#error "this libinih passes line numbers to its handler: on_pair() needs one more argument"
#endif

struct reader {
	const char *text;
	size_t len, pos;
	struct tn_origin at;
	const struct tn_scenario_sink *sink;
	struct tn_error *err;
	int rc;
};

struct line {
	const char *text;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next line without its end, and without a byte order mark. */
static struct line cut_line(struct reader *r)
{
	struct line l = {r->text + r->pos, r->len - r->pos};
	const char *end = memchr(l.text, '\n', l.len);

	if (end)
		l.len = (size_t)(end - l.text);
	r->pos += l.len + (end != NULL);
	r->at.line++;
	if (r->at.line == 1 && l.len >= 3 && memcmp(l.text, "\xef\xbb\xbf", 3) == 0) {
		l.text += 3;
		l.len -= 3;
	}
	if (l.len > 0 && l.text[l.len - 1] == '\r')
		l.len--;
	return l;
}

static void strip(struct line *l)
{
	while (l->len > 0 && is_blank(l->text[0])) {
		l->text++;
		l->len--;
	}
	while (l->len > 0 && is_blank(l->text[l->len - 1]))
		l->len--;
}

/* "[HEAD]", with nothing behind it but a comment. */
static int read_head(struct reader *r, struct line l)
{
	const char *close = memchr(l.text, ']', l.len);
	char head[TN_SCENARIO_QUOTE], quoted[TN_SCENARIO_QUOTE];
	struct line rest;
	size_t len;

	if (!close)
		return tn_scenario_fail(&r->at, r->err, "'%s' has no closing ]",
					tn_scenario_quote(l.text, l.len, quoted));
	rest = (struct line){close + 1, l.len - (size_t)(close + 1 - l.text)};
	strip(&rest);
	if (rest.len > 0 && rest.text[0] != ';')
		return tn_scenario_fail(&r->at, r->err, "'%s' behind a section head: write it on a line of its own",
					tn_scenario_quote(rest.text, rest.len, quoted));
	len = (size_t)(close - l.text) - 1;
	if (len >= sizeof(head))
		return tn_scenario_fail(&r->at, r->err, "section head '%s' is %zu bytes long, at most %zu",
					tn_scenario_quote(l.text + 1, len, quoted), len, sizeof(head) - 1);
	memcpy(head, l.text + 1, len);
	head[len] = '\0';
	return r->sink->section(r->sink->userdata, tn_scenario_trim(head), &r->at, r->err);
}

/* What libinih may see of the next line: a pair, or nothing. */
static int prepare_line(struct reader *r, struct line *ret, size_t max)
{
	struct line l = cut_line(r);
	char quoted[TN_SCENARIO_QUOTE];
	int rc;

	rc = tn_scenario_check_text(l.text, l.len, &r->at, r->err);
	if (rc < 0)
		return rc;
	strip(&l);
	if (l.len > 0 && l.text[0] == '[') {
		rc = read_head(r, l);
		l.len = 0;
	} else if (l.len > 0 && (l.text[0] == ';' || l.text[0] == '#')) {
		l.len = 0;
	} else if (l.len > max) {
		rc = tn_scenario_fail(&r->at, r->err, "'%s' is %zu bytes long, at most %zu: shorten the line",
				      tn_scenario_quote(l.text, l.len, quoted), l.len, max);
	}
	*ret = l;
	return rc;
}

/* libinih's reader function, fgets() in meaning: one line, or NULL at the end and after an error. */
static char *next_line(char *buf, int size, void *stream)
{
	struct reader *r = stream;
	struct line l = {NULL, 0};

	if (r->rc < 0 || r->pos >= r->len)
		return NULL;
	r->rc = prepare_line(r, &l, (size_t)size - sizeof("\r\n"));
	if (r->rc < 0)
		return NULL;
	memcpy(buf, l.text, l.len);
	memcpy(buf + l.len, "\n", sizeof("\n"));
	return buf;
}

/* libinih's handler; false stops at the next line. A missing value is left to libinih's own error. */
static int on_pair(void *user, const char *section, const char *key, const char *value)
{
	struct reader *r = user;

	(void)section;
	if (!key)
		return 1;
	if (!value)
		return 0;
	if (r->rc == 0)
		r->rc = r->sink->pair(r->sink->userdata, key, value, &r->at, r->err);
	return r->rc == 0;
}

static int syntax_error(struct reader *r, int line)
{
	char quoted[TN_SCENARIO_QUOTE];
	struct line l = {NULL, 0};

	r->pos = 0;
	r->at.line = 0;
	while (r->at.line < line)
		l = cut_line(r);
	strip(&l);
	tn_scenario_quote(l.text, l.len, quoted);
	if (memchr(l.text, '<', l.len) || memchr(l.text, '>', l.len))
		return tn_scenario_fail(&r->at, r->err,
					"'%s' has no '=': an expectation is written METRIC = OP VALUE, "
					"such as jitter.p99 = < 5us",
					quoted);
	return tn_scenario_fail(&r->at, r->err, "'%s' is no section, no 'key = value' and no comment", quoted);
}

/**
 * tn_scenario_read() - split scenario text into section heads and pairs
 * @text: UTF-8, any bytes are coped with; need not end in a newline or NUL
 * @len: its length in bytes
 * @file: its name, for messages
 * @sink: told of each section head (blanks around it removed) and of each pair, in their order
 * @err: the first thing that is wrong
 *
 * Return: 0, -EINVAL for malformed text, what the sink returned, or -ENOMEM.
 */
int tn_scenario_read(const char *text, size_t len, const char *file, const struct tn_scenario_sink *sink,
		     struct tn_error *err)
{
	struct reader r = {.text = text, .len = len, .at = {.file = file}, .sink = sink, .err = err};
	int bad = ini_parse_stream(next_line, &r, on_pair, &r);

	/* A line that libinih understands no word of gets no call: only its number comes back. */
	if (bad > 0 && (r.rc == 0 || bad < r.at.line))
		return syntax_error(&r, bad);
	if (bad < 0)
		return tn_error_set(err, -ENOMEM, "%s: no memory to read it", file);
	return r.rc;
}
