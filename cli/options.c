// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table of options for all verbs. A verb names those it takes in a bit mask, so that parsing, help
 * and the message for a mistyped option come from the same rows. Options and operands may be mixed;
 * "--" ends the options, and "-" alone is an operand.
 */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "cli/cli.h"

enum kind { FLAG, TEXT, LIST, PRESET, HOSTS, NUMBER, DURATION, PERCENT };

struct option {
	unsigned int bit;
	char letter; /* 0: none */
	const char *name;
	const char *value; /* what the help calls it; NULL for a flag */
	const char *help;
	enum kind kind;
	size_t offset; /* in struct cli_args */
	uint64_t min, max;
};

#define AT(member) offsetof(struct cli_args, member)

static const struct option table[] = {
	{CLI_OVERRIDE, 'o', "override", "SECTION.KEY=VALUE", "change one key of the scenario; may be repeated", LIST,
	 0},
	{CLI_OVERRIDE, 0, "isolate", NULL, "isolate the probed CPUs for the run, as -o isolate.what=all does", PRESET,
	 0},
	{CLI_OUTPUT, 0, "output", "FILE", "also write the run document to FILE, raw records beside it", TEXT,
	 AT(output)},
	{CLI_QUIET, 'q', "quiet", NULL, "show no progress", FLAG, AT(quiet)},
	{CLI_NAMES, 0, "names", NULL, "print the names of the scenarios only, one a line", FLAG, AT(names)},
	{CLI_KEYS, 0, "keys", NULL, "print the keys that run -o takes, those of SCENARIO if given", FLAG, AT(keys)},
	{CLI_INTERVAL, 0, "interval", "TIME", "time between two views, 100ms to 60s (default 1s)", DURATION,
	 AT(interval_ns), 100000000, 60000000000},
	{CLI_COUNT, 0, "count", "N", "leave after N views", NUMBER, AT(count), 1, UINT32_MAX},
	{CLI_WORST, 0, "worst", "N", "list the N worst interruptions (default 10)", NUMBER, AT(worst), 0, 1000},
	{CLI_READINESS, 0, "cpus", "LIST", "check these CPUs instead of the isolated ones", TEXT, AT(cpus)},
	{CLI_READINESS, 0, "watch", "TIME", "also count what happens there for this time, 100ms to 24h", DURATION,
	 AT(watch_ns), 100000000, 86400000000000},
	{CLI_STRICT, 0, "strict", NULL, "an expectation that is met only within its uncertainty counts as failed", FLAG,
	 AT(strict)},
	{CLI_CHECK, 0, "check", NULL, "print the expectations only; exit 1 if one failed", FLAG, AT(check)},
	{CLI_COMPARE, 0, "smallest-effect", "PCT", "smallest change that matters, 0 to 1000% (default 5%)", PERCENT,
	 AT(smallest_effect), 0, 100000},
	{CLI_COMPARE, 0, "confidence", "PCT", "of intervals and verdicts, 50 to 99.99% (default 95%)", PERCENT,
	 AT(confidence), 5000, 9999},
	{CLI_COMPARE, 0, "metric", "GLOB", "only metrics that match, such as 'jitter.*'; several with commas", TEXT,
	 AT(metric)},
	{CLI_COMPARE, 0, "seed", "N", "of the bootstrap (default 1)", NUMBER, AT(seed), 0, (1ull << 52) - 1},
	{CLI_COMPARE, 0, "force", NULL, "compare what is not comparable, and say so", FLAG, AT(force)},
	{CLI_COMPARE, 0, "all", NULL, "list unremarkable metrics too", FLAG, AT(all)},
	{CLI_FILTER, 0, "scenario", "GLOB", "only runs of such scenarios", TEXT, AT(scenario)},
	{CLI_FILTER, 0, "kernel", "GLOB", "only runs on such kernels, as 'uname -r' names them", TEXT, AT(kernel)},
	{CLI_FILTER, 0, "host", "GLOB", "only runs on such hosts", TEXT, AT(host)},
	{CLI_FILTER, 0, "state", "GLOB", "only runs that are running, complete, incomplete or aborted", TEXT,
	 AT(state)},
	{CLI_FILTER, 0, "since", "TIME", "only runs started then or later: a date, today, or 12h or 30d ago", TEXT,
	 AT(since)},
	{CLI_FILTER, 0, "until", "TIME", "only runs started before", TEXT, AT(until)},
	{CLI_FILTER, 0, "limit", "N", "at most the N latest", NUMBER, AT(limit), 1, UINT32_MAX},
	{CLI_DELETE, 0, "delete", NULL, "remove these runs and their files", FLAG, AT(delete)},
	{CLI_DELETE, 0, "yes", NULL, "with --delete: do it, instead of showing what would go", FLAG, AT(yes)},
	{CLI_EXPORT, 0, "format", "FORMAT", "json (default), csv, jsonl, perfetto or hdr", TEXT, AT(format)},
	{CLI_EXPORT, 0, "table", "TABLE", "with csv: metrics (default), causes or interruptions", TEXT, AT(table)},
	{CLI_EXPORT, 'o', "output", "FILE", "write to FILE; with json, raw records beside it", TEXT, AT(output)},
	{CLI_QUEUE, 'd', "detach", NULL, "print the id and leave: the run goes on, its result is in the history", FLAG,
	 AT(detach)},
	{CLI_QUEUE, 0, "attached", NULL, "the run ends if this program dies; otherwise the service goes on with it",
	 FLAG, AT(attached)},
	{CLI_QUEUE, 0, "no-wait", NULL, "give up if another run is in progress, instead of waiting for it", FLAG,
	 AT(no_wait)},
	{CLI_QUEUE, 0, "priority", "N", "of those that wait, the highest goes first: 0 to 100 (default 50)", NUMBER,
	 AT(priority), 0, 100},
	{CLI_HOST, 0, "host", "HOST", "at this host instead of here, through ssh", HOSTS, 0},
	{CLI_HOSTS, 0, "host", "HOST", "at this host instead of here, through ssh; may be repeated", HOSTS, 0},
	{CLI_PAGE, 'o', "output", "FILE", "write the page to FILE", TEXT, AT(output)},
	{CLI_SITE, 'o', "output", "FOLDER", "write the site to FOLDER, in place of the one that is there", TEXT,
	 AT(output)},
	{CLI_SITE, 0, "points", "N", "at most N interruptions in a timeline, 1000 to 1000000 (default 4000)", NUMBER,
	 AT(points), 1000, 1000000},
	{CLI_SERVE, 0, "listen", "ADDRESS:PORT", "where to listen (default 127.0.0.1:8790, this host alone)", TEXT,
	 AT(listen)},
	{CLI_SERVE, 0, "name", "LIST", "names it may be asked by, patterns with commas between", TEXT,
	 AT(server_names)},
	{CLI_SERVE, 0, "cpus", "LIST", "run on these CPUs instead of those that are not isolated", TEXT, AT(cpus)},
	{CLI_METRICS, 0, "format", "FORMAT", "prometheus (default) or openmetrics", TEXT, AT(format)},
	{CLI_METRICS, 'o', "output", "FILE", "write to FILE, which appears when it is whole", TEXT, AT(output)},
	{CLI_STORE, 0, "store", "FOLDER", "the history in this folder instead of your own", TEXT, AT(store)},
	{CLI_JSON, 0, "json", NULL, "print JSON instead of text", FLAG, AT(json)},
	{CLI_SOCKET, 0, "socket", "PATH", "socket of the service to talk to", TEXT, AT(socket)},
	{CLI_NO_COLOR, 0, "no-color", NULL, "no colours, as with NO_COLOR in the environment", FLAG, AT(no_color)},
	{CLI_VERSION, 0, "version", NULL, "print the version", FLAG, AT(version)},
	{CLI_HELP, 'h', "help", NULL, "print this help", FLAG, AT(help)},
};

/**
 * cli_nearest() - look for what the user may have meant
 * @word: as typed
 *
 * Return: what tn_nearest_try() wants, told to allow one error, and one more for each two letters.
 */
struct tn_nearest cli_nearest(const char *word)
{
	return (struct tn_nearest){.text = word, .limit = (unsigned int)strlen(word) / 2 + 1};
}

/**
 * cli_args_init() - defaults, and room for the lists
 * @args: to fill
 * @argc: of main(): no list can be longer
 * @err: message
 *
 * Return: 0 or -ENOMEM.
 */
int cli_args_init(struct cli_args *args, int argc, struct tn_error *err)
{
	size_t room = (size_t)argc + 1;

	*args = (struct cli_args){
		.priority = 50,
		.interval_ns = 1000000000,
		.worst = 10,
		.smallest_effect = 0.05,
		.confidence = 0.95,
		.seed = 1,
	};
	args->override = calloc(room, sizeof(*args->override));
	args->remote = calloc(room, sizeof(*args->remote));
	args->operand = calloc(room, sizeof(*args->operand));
	if (!args->override || !args->remote || !args->operand)
		return tn_error_set(err, -ENOMEM, "no memory for the command line");
	return 0;
}

/**
 * cli_args_free() - counterpart of cli_args_init()
 * @args: what it filled
 */
void cli_args_free(struct cli_args *args)
{
	free(args->override);
	free(args->remote);
	free(args->operand);
}

static int unknown_option(const char *word, unsigned int allowed, const char *verb, struct tn_error *err)
{
	bool is_long = strncmp(word, "--", 2) == 0;
	struct tn_nearest near = cli_nearest(is_long ? word + 2 : "");
	const char *sep = verb ? " " : "";

	for (size_t i = 0; i < TN_ARRAY_SIZE(table); i++)
		if (table[i].bit & allowed)
			tn_nearest_try(&near, table[i].name);
	verb = verb ? verb : "";
	if (near.word[0])
		return tn_error_set(err, -EINVAL, "unknown option %s; did you mean --%s? See 'tlbnoise%s%s --help'",
				    word, near.word, sep, verb);
	return tn_error_set(err, -EINVAL, "unknown option %s; see 'tlbnoise%s%s --help'", word, sep, verb);
}

static int store_number(struct cli_args *args, const struct option *o, const char *value, struct tn_error *err)
{
	uint64_t v;
	int r;

	if (o->kind == NUMBER)
		r = tn_parse_u64(value, o->min, o->max, &v, err);
	else
		r = tn_parse_duration_ns(value, &v, err);
	if (r < 0)
		return tn_error_prefix(err, r, "--%s %s", o->name, value);
	if (v < o->min || v > o->max)
		return tn_error_set(err, -ERANGE, "--%s %s: out of range; %s", o->name, value, o->help);
	*(uint64_t *)((char *)args + o->offset) = v;
	return 0;
}

/* "5", "5%" or "99.9%": digits, a dot and digits. */
static int parse_percent(const char *text, double *ret)
{
	size_t whole = strspn(text, "0123456789"), fraction = 0, at = whole;

	if (text[at] == '.') {
		fraction = strspn(text + at + 1, "0123456789");
		at += 1 + fraction;
	}
	if (!whole || whole > 9 || fraction > 9 || (at > whole && !fraction) || (text[at] && strcmp(text + at, "%")))
		return -EINVAL;
	*ret = strtod(text, NULL);
	return 0;
}

/* The limits of these are hundredths of a per cent, the value becomes a share. */
static int store_percent(struct cli_args *args, const struct option *o, const char *value, struct tn_error *err)
{
	double percent;

	if (parse_percent(value, &percent) < 0)
		return tn_error_set(err, -EINVAL, "--%s %s: give per cent, such as 5%%", o->name, value);
	if (percent * 100.0 < (double)o->min || percent * 100.0 > (double)o->max)
		return tn_error_set(err, -ERANGE, "--%s %s: out of range; %s", o->name, value, o->help);
	*(double *)(void *)((char *)args + o->offset) = percent / 100.0;
	return 0;
}

static int store(struct cli_args *args, const struct option *o, const char *value, struct tn_error *err)
{
	char *at = (char *)args + o->offset;

	switch (o->kind) {
	case FLAG:
		*(bool *)at = true;
		return 0;
	case LIST:
		args->override[args->n_override++] = value;
		return 0;
	case PRESET:
		args->override[args->n_override++] = "isolate.what=all";
		return 0;
	case HOSTS:
	case TEXT:
		if (!*value)
			return tn_error_set(err, -EINVAL, "--%s: the value is empty; give a %s", o->name, o->value);
		if (o->kind == HOSTS) {
			args->remote[args->n_remote++] = value;
			return 0;
		}
		*(const char **)at = value;
		return 0;
	case NUMBER:
	case DURATION:
		return store_number(args, o, value, err);
	case PERCENT:
		return store_percent(args, o, value, err);
	}
	return 0;
}

static const struct option *find_long(const char *name, size_t len, unsigned int allowed)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(table); i++)
		if ((table[i].bit & allowed) && strlen(table[i].name) == len && !strncmp(table[i].name, name, len))
			return &table[i];
	return NULL;
}

static const struct option *find_letter(char letter, unsigned int allowed)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(table); i++)
		if ((table[i].bit & allowed) && table[i].letter && table[i].letter == letter)
			return &table[i];
	return NULL;
}

/* One word that starts with '-'. Returns how many words it took. */
static int parse_option(struct cli_args *args, unsigned int allowed, const char *verb, int argc, char **argv,
			struct tn_error *err)
{
	const char *word = argv[0], *value = NULL;
	const struct option *o;
	int r;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		o = find_long(word + 2, len, allowed);
		value = word[2 + len] ? word + 3 + len : NULL;
	} else {
		o = find_letter(word[1], allowed);
		value = word[2] ? word + 2 : NULL;
	}
	if (!o)
		return unknown_option(word, allowed, verb, err);
	if (!o->value && value)
		return tn_error_set(err, -EINVAL, "%s: the option --%s takes no value", word, o->name);
	if (!o->value || value) {
		r = store(args, o, value, err);
		return r < 0 ? r : 1;
	}
	if (argc < 2)
		return tn_error_set(err, -EINVAL, "%s: needs a value, %s", word, o->value);
	r = store(args, o, argv[1], err);
	return r < 0 ? r : 2;
}

/**
 * cli_args_parse() - options and operands
 * @args: from cli_args_init(); filled further
 * @allowed: enum cli_option_bit
 * @verb: for messages; NULL before the verb: then parsing ends at the first operand, which is the verb
 * @argc: number of words
 * @argv: the words, from the first to parse
 * @ret_used: words taken
 * @err: message
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int cli_args_parse(struct cli_args *args, unsigned int allowed, const char *verb, int argc, char **argv, int *ret_used,
		   struct tn_error *err)
{
	bool options = true;
	int i = 0;

	while (i < argc) {
		int r;

		if (!options || argv[i][0] != '-' || !argv[i][1]) {
			if (!verb)
				break;
			args->operand[args->n_operand++] = argv[i++];
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			options = false;
			i++;
			continue;
		}
		r = parse_option(args, allowed, verb, argc - i, argv + i, err);
		if (r < 0)
			return r;
		i += r;
	}
	*ret_used = i;
	return 0;
}

/**
 * cli_options_print() - the options' part of a help text
 * @out: stream
 * @allowed: those to list
 */
void cli_options_print(FILE *out, unsigned int allowed)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(table); i++) {
		const struct option *o = &table[i];
		char left[64];

		if (!(o->bit & allowed))
			continue;
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			 o->letter ? "," : " ", o->name, o->value ? " " : "", o->value ? o->value : "");
		fprintf(out, "  %-34s %s\n", left, o->help);
	}
}
