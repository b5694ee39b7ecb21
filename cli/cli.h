/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CLI_CLI_H
#define TN_CLI_CLI_H

/* What the verbs share: the table of verbs, the parsed command line, output, and the way to the daemon. */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/nearest.h"
#include "result/run.h"
#include "scenario/scenario.h"
#include "varlink/varlink.h"

/* Exit statuses. A verb returns one of them, or a negative errno, which is CLI_FAILED with a message. */
enum { CLI_FINE = 0, CLI_REGRESSION = 1, CLI_FAILED = 2 };

enum cli_option_bit {
	CLI_JSON = 1 << 0,
	CLI_HELP = 1 << 1,
	CLI_NO_COLOR = 1 << 2,
	CLI_SOCKET = 1 << 3,
	CLI_VERSION = 1 << 4,
	CLI_OVERRIDE = 1 << 5,
	CLI_OUTPUT = 1 << 6,
	CLI_QUIET = 1 << 7,
	CLI_NAMES = 1 << 8,
	CLI_INTERVAL = 1 << 9,
	CLI_COUNT = 1 << 10,
	CLI_WORST = 1 << 11,
	CLI_KEYS = 1 << 12,
	CLI_COMPARE = 1 << 13, /* all that compare alone takes */
	CLI_STRICT = 1 << 14,
	CLI_CHECK = 1 << 15,
	CLI_STORE = 1 << 16,
	CLI_FILTER = 1 << 17, /* what selects runs of the history */
	CLI_DELETE = 1 << 18,
	CLI_EXPORT = 1 << 19,    /* --format, and --output for one file */
	CLI_READINESS = 1 << 30, /* what check alone takes */
	CLI_PAGE = 1 << 29,      /* --output for the page of report */
	CLI_SITE = 1 << 28,      /* what dashboard alone takes */
	CLI_SERVE = 1 << 27,     /* what serve alone takes */
	CLI_METRICS = 1 << 26,   /* --format, and --output for the file */
	CLI_HOST = 1 << 20,
	CLI_HOSTS = 1 << 22,                            /* instead of CLI_HOST: several */
	CLI_QUEUE = 1 << 21,                            /* what run alone asks of the service */
	CLI_BASIC = CLI_HELP | CLI_NO_COLOR,            /* what every verb knows but those that never print */
	CLI_COMMON = CLI_BASIC | CLI_JSON | CLI_SOCKET, /* what may stand before the verb */
};

/* The command line after parsing; strings point into argv. */
struct cli_args {
	bool json, help, no_color, version, quiet, names, keys;
	const char *socket, *output;
	const char **override; /* ends with NULL */
	size_t n_override;
	uint64_t interval_ns, count, worst;
	bool force, all, strict, check, delete, yes;
	const char *metric, *store, *format, *table, *cpus;
	uint64_t watch_ns; /* 0: not asked for */
	const char *scenario, *kernel, *host, *state, *since, *until;
	const char *listen, *server_names;
	uint64_t limit;
	double smallest_effect, confidence; /* shares */
	uint64_t seed;
	const char **remote; /* hosts; ends with NULL */
	size_t n_remote;
	bool detach, attached, no_wait;
	uint64_t priority;
	uint64_t points;      /* 0: not given */
	const char **operand; /* ends with NULL */
	size_t n_operand;
};

struct cli {
	const struct cli_verb *verb;
	struct cli_args args;
	bool colour, unicode; /* of stdout */
	unsigned int width;
};

struct cli_verb {
	const char *name;
	const char *operands; /* as the usage line names them */
	const char *summary;
	unsigned int min_operands, max_operands;
	unsigned int options; /* enum cli_option_bit, all it takes */
	int (*run)(const struct cli *cli, struct tn_error *err);
};

/* main.c */
const struct cli_verb *cli_verb_at(size_t index); /* NULL behind the last */
const struct cli_verb *cli_verb_find(const char *name, struct tn_error *err);

/* options.c */
int cli_args_init(struct cli_args *args, int argc, struct tn_error *err);
void cli_args_free(struct cli_args *args);
int cli_args_parse(struct cli_args *args, unsigned int allowed, const char *verb, int argc, char **argv, int *ret_used,
		   struct tn_error *err);
void cli_options_print(FILE *out, unsigned int allowed);
struct tn_nearest cli_nearest(const char *word);

/* output.c */
void cli_output_setup(struct cli *cli);
unsigned int cli_terminal_width(int fd);
bool cli_terminal_has_colour(int fd);
const char *cli_bold(const struct cli *cli);
const char *cli_plain(const struct cli *cli);
int cli_print_json(const cJSON *json, bool one_line, struct tn_error *err);
int cli_print_report(const struct cli *cli, const struct tn_run *run, struct tn_error *err);

/* table.c */
struct libscols_table;
struct cli_column {
	const char *title;
	bool right; /* numbers */
	bool last;  /* gives way first when the terminal is narrow */
};
int cli_table_new(const struct cli *cli, const struct cli_column *columns, size_t n, struct libscols_table **ret,
		  struct tn_error *err);
int cli_table_row(struct libscols_table *table, const char *const *cells, size_t n, struct tn_error *err);
int cli_table_text(struct libscols_table *table, char **ret, struct tn_error *err);
int cli_table_print(struct libscols_table *table, struct tn_error *err);
void cli_table_free(struct libscols_table *table);
TN_DEFINE_CLEANUP(struct libscols_table, cli_table_free);

/* judged.c */
int cli_judged(const struct cli *cli, const struct tn_run *run, bool say, struct tn_error *err);
void cli_print_expectations(const struct tn_run *run);

/* interrupt.c */
void cli_interrupt_catch(void);
unsigned int cli_interrupts(void); /* how often the user asked to leave */

/* connect.c */
struct cli_link {
	struct tn_varlink_client *client;
	struct tn_varlink_client *control; /* for Stop while @client waits for a run; NULL until cli_link_control() */
	int fd;                            /* of @client, to poll; owned by it */
	pid_t daemon;                      /* the private one, 0 with a service */
	bool leave;                        /* do not wait for the private daemon's end */
	const char *host;                  /* reached through ssh, NULL: this one */
	pid_t ssh, control_ssh;            /* of the two connections, 0: none */
	char path[128];                    /* socket of the service */
};
int cli_link_host(const struct cli *cli, const char *host, struct cli_link *ret, struct tn_error *err);
int cli_link_says(const struct cli_link *link, int code, struct tn_error *err);
int cli_link_service(const struct cli *cli, struct cli_link *ret, struct tn_error *err);
int cli_link_any(const struct cli *cli, struct cli_link *ret, struct tn_error *err);
int cli_link_control(struct cli_link *link, struct tn_error *err);
int cli_link_broken(struct cli_link *link, int code, struct tn_error *err);
void cli_link_close(struct cli_link *link);

/* remote.c */
int cli_remote_open(const char *host, const char *socket, int *ret_fd, pid_t *ret_pid, struct tn_error *err);
int cli_remote_end(pid_t pid, struct tn_error *err);
int cli_remote_verb(const char *host, const char *const *words, struct tn_error *err);

/* call.c */
int cli_receive(struct tn_varlink_client *c, cJSON **ret, struct tn_error *err);
int cli_call(struct tn_varlink_client *c, const char *method, const cJSON *parameters, cJSON **ret,
	     struct tn_error *err);
const char *cli_json_text(const cJSON *object, const char *key);
double cli_json_number(const cJSON *object, const char *key);
void cli_json_freep(cJSON **json);
#define cli_autojson tn_cleanup(cli_json_freep)

/* progress.c */
struct cli_progress {
	bool terminal, silent;
	bool colour, unicode; /* of stderr */
	bool drawn;
	double last_s; /* monotonic; of the last line or redraw */
};
void cli_progress_start(struct cli_progress *p, const struct cli *cli);
void cli_progress_show(struct cli_progress *p, const cJSON *progress);
void cli_progress_note(struct cli_progress *p, const char *text);
void cli_progress_end(struct cli_progress *p);

/* save.c */
int cli_save_check(const char *path, struct tn_error *err);
FILE *cli_save_temporary(const char *path, char *buf, size_t size, struct tn_error *err);
int cli_save_stream(const char *path, int (*write)(const void *what, FILE *out, struct tn_error *err), const void *what,
		    struct tn_error *err);
int cli_save_copy(const char *from, const char *to, struct tn_error *err);
int cli_save(struct tn_run *run, const char *path, struct tn_error *err);

/* inventory.c: what can be run here, as JSON */
int cli_inventory_scenarios(cJSON *scenarios, struct tn_error *err);
int cli_inventory_sources(cJSON *sources, struct tn_error *err);
int cli_inventory_machine(cJSON *machine, struct tn_error *err);
int cli_scenario_check(const char *path, const char *text, const char *const *overrides, struct tn_scenario **ret,
		       struct tn_error *err);
int cli_scenario_load(const char *name, const char *const *overrides, char *path, size_t size, char **ret_text,
		      struct tn_scenario **ret, struct tn_error *err);

/* sets.c, and what it has from run.c */
int cli_run_text(const struct cli *cli, const char *path, const char *text, struct tn_error *err);
int cli_run_set(const struct cli *cli, const char *path, const char *text, struct tn_error *err);

/* hosts.c, and what it has from run.c */
int cli_run_send(const struct cli *cli, struct cli_link *link, const char *path, const char *text, bool attached,
		 struct tn_error *err);
int cli_run_follow(struct cli_link *link, struct cli_progress *progress, cJSON **ret, struct tn_error *err);
int cli_run_verdict(const struct cli *cli, const struct tn_run *run, struct tn_error *err);
int cli_run_hosts(const struct cli *cli, const char *path, const char *text, struct tn_error *err);

int cli_bridge(const struct cli *cli, struct tn_error *err);
int cli_run(const struct cli *cli, struct tn_error *err);
int cli_check(const struct cli *cli, struct tn_error *err);
int cli_list(const struct cli *cli, struct tn_error *err);
int cli_status(const struct cli *cli, struct tn_error *err);
int cli_top(const struct cli *cli, struct tn_error *err);
int cli_stop(const struct cli *cli, struct tn_error *err);
int cli_show(const struct cli *cli, struct tn_error *err);
int cli_compare(const struct cli *cli, struct tn_error *err);
int cli_report(const struct cli *cli, struct tn_error *err);
int cli_dashboard(const struct cli *cli, struct tn_error *err);
int cli_runs(const struct cli *cli, struct tn_error *err);
int cli_export(const struct cli *cli, struct tn_error *err);
int cli_metrics(const struct cli *cli, struct tn_error *err);
int cli_serve(const struct cli *cli, struct tn_error *err);
int cli_import(const struct cli *cli, struct tn_error *err);
int cli_version(const struct cli *cli, struct tn_error *err);
int cli_help(const struct cli *cli, struct tn_error *err);

/* help.c */
void cli_usage(FILE *out);
void cli_verb_help(FILE *out, const struct cli_verb *verb);

#endif
