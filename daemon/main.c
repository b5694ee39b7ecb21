// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tlbnoised: owns runs. One event loop that does all the work, two ways of life: a service on a socket (its own or
 * systemd's), or private to one client on inherited socket pairs, with the very same code behind. The one other
 * thread talks to the service manager, manager.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/now.h"
#include "daemon.h"
#include "system/paths.h"
#include "system/topology.h"
#include "tn-config.h"
#include "varlink/interface.h"

#define CONNECTIONS_MAX 128
#define LINGER_MAX_NS   5000000000ull
#define LINGER_STEP_US  10000

static const char usage[] =
	"Usage: tlbnoised [--socket PATH]\n"
	"Owns the runs of tlbnoise(1). Normally started by systemd, or by tlbnoise itself.\n"
	"\n"
	"  --socket PATH   listen here instead of /run/tlbnoise/io.tlbnoise\n"
	"  --private FD    serve the client on this connected socket, and end with it\n"
	"  --control FD    the client's second connection, for calls while the first one waits for a run\n"
	"  --help          this text\n"
	"  --version       the version\n";

struct options {
	const char *socket;
	int private_fd[2];
	unsigned int n_private;
};

/* What recovery says is kept for status and documents, beside being logged. */
static void recovery_sink(void *userdata, int priority, const char *text)
{
	struct daemon *d = userdata;

	journal_sink(d, priority, text);
	if (priority <= LOG_NOTICE && d->n_recovered < DAEMON_RECOVERED_MAX)
		d->recovered[d->n_recovered++] = strdup(text);
}

static int complain(const char *text)
{
	fprintf(stderr, "tlbnoised: %s\n", text);
	return 2;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{"socket", required_argument, NULL, 's'},  {"control", required_argument, NULL, 'p'},
		{"private", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0},
	};
	struct tn_error err = {0};
	uint64_t fd;
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		switch (c) {
		case 's':
			o->socket = optarg;
			break;
		case 'p':
			if (tn_parse_u64(optarg, 3, 65535, &fd, &err) < 0 || o->n_private == 2 ||
			    fcntl((int)fd, F_GETFD) < 0)
				return complain("--private: give at most two open descriptors above 2");
			o->private_fd[o->n_private++] = (int)fd;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		case 'v':
			puts("tlbnoised " TN_VERSION);
			return -1;
		default:
			return 2;
		}
	}
	if (optind < argc)
		return complain("takes no arguments, only options: see --help");
	return 0;
}

static int open_server(struct daemon *d, const struct options *o, char *own_path, size_t size, struct tn_error *err)
{
	struct tn_varlink_options opt = {
		.vendor = "tlbnoise",
		.product = "tlbnoised",
		.version = TN_VERSION,
		.url = "",
		.interface = TN_INTERFACE,
		.description = tn_interface_description,
		.methods = daemon_methods,
		.max_connections = CONNECTIONS_MAX,
		.log = &d->log,
		.userdata = d,
		.on_disconnect = daemon_disconnected,
		.allow = daemon_allow,
	};
	int r = tn_varlink_server_new(d->event, &opt, &d->server, err);

	if (r < 0)
		return r;
	if (!d->private)
		return socket_open(d, o->socket, own_path, size, err);
	for (unsigned int i = 0; i < o->n_private; i++) {
		r = tn_varlink_server_add_fd(d->server, o->private_fd[i], err);
		if (r < 0)
			return r;
		d->n_private++;
	}
	return 0;
}

static int on_linger(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;

	(void)usec;
	if (tn_varlink_server_idle(d->server) || tn_now_ns(CLOCK_MONOTONIC) - d->linger_ns >= LINGER_MAX_NS)
		return sd_event_exit(d->event, 0);
	sd_event_source_set_time_relative(source, LINGER_STEP_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/**
 * daemon_linger() - end the event loop, but let clients have what was answered
 * @d: the daemon
 *
 * A document may be larger than what the kernel takes at once for a client that does not read.
 *
 * Return: 0 or a negative errno, which ends the loop as well.
 */
int daemon_linger(struct daemon *d)
{
	d->leaving = true;
	d->linger_ns = tn_now_ns(CLOCK_MONOTONIC);
	return sd_event_add_time_relative(d->event, &d->linger, CLOCK_MONOTONIC, 0, 1000, on_linger, d);
}

/* First signal: end the run in progress and leave with its result kept. Second: leave now. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct daemon *d = userdata;

	(void)source;
	(void)si;
	if (d->leaving)
		return sd_event_exit(d->event, 0);
	if (!d->run)
		return daemon_linger(d);
	jobs_leave(d);
	return 0;
}

/* CPUs of the service without a run. A private daemon runs where its client does. */
static int keep_to_cpus(struct daemon *d, const struct daemon_config *c, struct tn_error *err)
{
	struct tn_topology topology;
	struct tn_cpus cpus;
	int r = tn_topology_read("", &topology, err);

	if (r < 0)
		return r;
	/* What a run isolates is not housekeeping now, and will be again. */
	if (!d->run)
		d->housekeeping = topology.housekeeping;
	cpus = c->cpus == CONFIG_CPU_LIST ? c->cpu_list : d->housekeeping;
	cpus = tn_cpus_and(&cpus, &topology.online);
	if (tn_cpus_empty(&cpus))
		return tn_error_set(err, -ENODEV, "cpus in tlbnoised.conf: none of them is online here");
	d->cpus = cpus;
	/* A run has moved us already: when it is over, this is where we go. */
	return d->run ? 0 : tn_cpus_bind_self(&cpus, err);
}

/* Nothing is changed by a configuration that is wrong. */
static int configure(struct daemon *d, struct tn_error *err)
{
	struct daemon_config config;
	int r = config_load("", &config, err);

	if (r == 0)
		r = keep_to_cpus(d, &config, err);
	if (r < 0)
		return r;
	d->config = config;
	d->log_level = config.log_level;
	return 0;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct daemon *d = userdata;
	struct tn_error err = {0};

	(void)source;
	(void)si;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, tn_now_ns(CLOCK_MONOTONIC) / 1000);
	if (configure(d, &err) < 0)
		tn_log(&d->log, LOG_ERR, "not reloaded, the old configuration stays: %s", err.text);
	else
		tn_log(&d->log, LOG_NOTICE, "configuration reloaded");
	sd_notify(0, "READY=1");
	return 0;
}

static int watch_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (!d->private)
		sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sd_event_add_signal(d->event, NULL, SIGTERM, on_signal, d) < 0)
		return -EIO;
	/* Ctrl-C on a terminal is for the client, which asks us to stop. */
	if (d->private)
		return 0;
	if (sd_event_add_signal(d->event, NULL, SIGHUP, on_reload, d) < 0)
		return -EIO;
	return sd_event_add_signal(d->event, NULL, SIGINT, on_signal, d);
}

static int serve(struct daemon *d, const struct options *o, struct tn_error *err)
{
	struct tn_log recovery = {.sink = recovery_sink, .userdata = d};
	char own_path[256] = "";
	int r;

	r = tn_path_state_dir(d->state_dir, sizeof(d->state_dir), err);
	if (r < 0)
		return r;
	/* Before anything asks which CPUs are isolated: what a killed one isolated is not. */
	r = tn_undo_recover(d->state_dir, &recovery, err);
	if (r < 0)
		return r;
	r = d->private ? config_defaults(&d->config, err) : configure(d, err);
	if (r < 0)
		return r;
	results_recover(&d->config, &recovery);
	if (sd_event_default(&d->event) < 0 || watch_signals(d) < 0)
		return tn_error_set(err, -EIO, "cannot set up the event loop");
	r = open_server(d, o, own_path, sizeof(own_path), err);
	if (r < 0)
		return r;
	r = pulse_start(d, err);
	if (r < 0)
		return r;
	sd_notify(0, "READY=1");
	r = sd_event_loop(d->event);
	pulse_stop(d);
	sd_notify(0, "STOPPING=1");
	if (*own_path)
		unlink(own_path);
	return r < 0 ? tn_error_set(err, r, "event loop: %s", strerror(-r)) : 0;
}

static void release(struct daemon *d)
{
	struct job *job;

	daemon_unwatch(d, NULL);
	pulse_stop(d);
	sd_event_source_disable_unref(d->progress);
	sd_event_source_disable_unref(d->reaper);
	sd_event_source_disable_unref(d->linger);
	if (d->server)
		tn_varlink_server_free(d->server);
	run_free(d->run);
	job_free(d->job);
	while ((job = queue_take(&d->queue)))
		job_free(job);
	for (size_t i = 0; i < d->n_recovered; i++)
		free(d->recovered[i]);
	sd_event_unref(d->event);
}

/*
 * Huge pages are put together by khugepaged, which interrupts all CPUs for each (tlb_remove_table_sync_one()), and has
 * all of them drain their caches of pages as long as any process may have some. None for this one, nor for its probes
 * and workers, which inherit it; programs of others get it back (hackbench, oslat, cyclictest).
 */
static void refuse_huge_pages(void)
{
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

/* Two a CPU for its trace, one for its probe, some for each client: the default of 1024 ends at some 300 CPUs. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct daemon d = {.log_level = LOG_INFO};
	struct options o = {0};
	struct tn_error err = {0};
	int r;

	r = parse_options(argc, argv, &o);
	if (r)
		return r < 0 ? 0 : r;
	refuse_huge_pages();
	allow_descriptors();
	d.private = o.n_private > 0;
	d.log_level = d.private ? LOG_NOTICE : LOG_INFO;
	d.journal = !d.private && journal_reads_us();
	queue_init(&d.queue);
	d.log = (struct tn_log){.sink = journal_sink, .userdata = &d};
	r = serve(&d, &o, &err);
	release(&d);
	return r < 0 ? complain(err.text) : 0;
}
