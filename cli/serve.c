// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verb serve: the dashboard and /metrics over a history, as a service of its own. It keeps to the housekeeping CPUs,
 * lest a page be what interrupts a probe, and reads the store without ever writing. Needs no daemon.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "base/cpus.h"
#include "cli/cli.h"
#include "system/paths.h"
#include "system/topology.h"
#include "web/web.h"

/* Under a service manager with the priority that its journal understands. */
static void tell(void *userdata, int priority, const char *text)
{
	const bool *journal = userdata;

	if (*journal)
		fprintf(stderr, "<%d>%s\n", priority, text);
	else
		fprintf(stderr, "tlbnoise: %s\n", text);
}

/* Before any thread starts: they inherit it. */
static int keep_off_isolated(const struct cli *cli, struct tn_error *err)
{
	struct tn_topology topology;
	struct tn_cpus cpus;
	int r;

	if (cli->args.cpus) {
		r = tn_cpus_parse(cli->args.cpus, &cpus, err);
		if (r < 0)
			return tn_error_prefix(err, r, "--cpus %s", cli->args.cpus);
		return tn_cpus_bind_self(&cpus, err);
	}
	r = tn_topology_read("", &topology, err);
	if (r == 0)
		r = tn_cpus_affinity_self(&cpus, err);
	if (r < 0)
		return r;
	cpus = tn_cpus_and(&cpus, &topology.housekeeping); /* a cpuset may have some of them only */
	return tn_cpus_empty(&cpus) ? 0 : tn_cpus_bind_self(&cpus, err);
}

/* The one socket of a .socket unit; -1 without. */
static int passed_socket(int *ret_fd, struct tn_error *err)
{
	int n = sd_listen_fds(1);

	*ret_fd = -1;
	if (n == 0)
		return 0;
	if (n != 1 || sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
		return tn_error_set(err, n < 0 ? n : -EINVAL,
				    "serve takes one listening stream socket from the service manager");
	*ret_fd = SD_LISTEN_FDS_START;
	return 0;
}

static int choose_store(const struct cli *cli, char *buf, size_t size, struct tn_error *err)
{
	struct stat st;

	if (!cli->args.store)
		return tn_path_results_dir(buf, size, err);
	if (snprintf(buf, size, "%s", cli->args.store) >= (int)size)
		return tn_error_set(err, -ENAMETOOLONG, "--store %.80s...: too long a path", cli->args.store);
	if (stat(buf, &st) < 0)
		return tn_error_set(err, -errno, "--store %s: %s", buf, strerror(errno));
	return 0;
}

static void serve_until_told(struct tn_web *web)
{
	sd_notifyf(0, "READY=1\nSTATUS=http://%s/", tn_web_address(web));
	while (!cli_interrupts()) {
		poll(NULL, 0, 1000); /* a signal ends it early; one just before it waits for a second */
		tn_web_tend(web);
	}
	sd_notify(0, "STOPPING=1");
}

/**
 * cli_serve() - verb serve
 * @cli: --listen, --name, --store, --cpus
 * @err: message
 *
 * Return: exit status or a negative errno.
 */
int cli_serve(const struct cli *cli, struct tn_error *err)
{
	tn_cleanup(tn_web_stopp) struct tn_web *web = NULL;
	bool journal = getenv("JOURNAL_STREAM") != NULL;
	const struct tn_log log = {.sink = tell, .userdata = &journal};
	struct tn_web_options options = {.listen = cli->args.listen, .names = cli->args.server_names, .log = &log};
	char store[256];
	int r = choose_store(cli, store, sizeof(store), err);

	options.store = store;
	if (r == 0)
		r = passed_socket(&options.fd, err);
	if (r == 0)
		r = keep_off_isolated(cli, err);
	if (r < 0)
		return r;
	cli_interrupt_catch();
	r = tn_web_start(&options, &web, err);
	if (r < 0)
		return r;
	tn_log(&log, LOG_INFO, "serving %s on http://%s/", store, tn_web_address(web));
	serve_until_told(web);
	return CLI_FINE;
}
